//! How large a request may be: what the source says, what the configuration says, what the plugin suggests.

use serde_json::json;

use crate::harness::{Relay, Request, Site, at, guest, source};

/// The largest body that the guest suggests.
const SUGGESTED: usize = 2 * 1024 * 1024;

fn relay(tables: &str) -> Relay {
    let site = Site::new(&format!("{tables}{}", source("large", "asks-to-confirm")));
    site.drop_plugin("asks-to-confirm.wasm", &guest("asks-to-confirm"));
    Relay::start_in(site)
}

fn body_of(bytes: usize) -> Request {
    Request::json(&at("large"), &"x".repeat(bytes))
}

/// What the relay says to a body of this many bytes, which it does not read.
fn too_large(relay: &Relay, bytes: usize) -> String {
    Request::json(&at("large"), "").promise(bytes, relay.address()).problem(413)
}

/// One alert of kube-prometheus with the labels and annotations that it usually has.
fn kubernetes_alert(number: usize) -> serde_json::Value {
    let pod = format!("checkout-api-7d9f8b6c5d-{number:05}");
    json!({
        "status": "firing",
        "labels": {
            "alertname": "KubePodCrashLooping", "cluster": "prod-eu-1", "container": "checkout-api",
            "endpoint": "http", "instance": "10.42.17.23:8080", "job": "kube-state-metrics",
            "namespace": "shop-production", "pod": pod, "prometheus": "monitoring/kube-prometheus-stack",
            "reason": "CrashLoopBackOff", "service": "kube-prometheus-stack-kube-state-metrics",
            "severity": "warning", "uid": format!("5f0c9d1e-7a44-4f8e-9d0a-{number:012}"),
        },
        "annotations": {
            "description": format!("Pod shop-production/{pod} (checkout-api) is in waiting state (reason: \
                \"CrashLoopBackOff\") on cluster prod-eu-1. Its container was restarted again and again within \
                the last fifteen minutes, so that requests to it fail."),
            "runbook_url": "https://runbooks.example.com/runbooks/kubernetes/kubepodcrashlooping",
            "summary": "Pod is crash looping.",
            "dashboard_url": format!("https://grafana.example.com/d/kubernetes-compute-resources-pod?var-cluster=\
                prod-eu-1&var-namespace=shop-production&var-pod={pod}&from=now-1h&to=now"),
        },
        "startsAt": "2026-11-28T22:14:05.731Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.com/graph?g0.expr=max_over_time%28kube_pod_container_status_\
            waiting_reason%7Bjob%3D%22kube-state-metrics%22%2Cnamespace%3D~%22.%2A%22%2Creason%3D%22CrashLoopBackOff\
            %22%7D%5B5m%5D%29+%3E%3D+1&g0.tab=1",
        "fingerprint": format!("{number:016x}"),
    })
}

#[test]
fn a_group_of_a_thousand_kubernetes_alerts_opens_a_thousand_incidents_without_any_configuration() {
    let relay = Relay::start(&source("kube", "alertmanager"));
    let alerts: Vec<_> = (0..1000).map(kubernetes_alert).collect();
    let group = json!({
        "receiver": "tocsin", "status": "firing", "alerts": alerts, "version": "4", "truncatedAlerts": 0,
        "groupLabels": { "alertname": "KubePodCrashLooping" },
        "commonLabels": { "alertname": "KubePodCrashLooping", "namespace": "shop-production" },
        "commonAnnotations": { "summary": "Pod is crash looping." },
        "externalURL": "https://alertmanager.example.com", "groupKey": "{}:{alertname=\"KubePodCrashLooping\"}",
    });
    let body = group.to_string();
    assert!(body.len() > 1_250_000, "{} bytes", body.len());
    relay.post("kube", &body).expect(200);
    assert_eq!(relay.json_of_any_code(&["status"])["counts"]["incidents"]["open"], 1000);
}

#[test]
fn a_plugin_suggests_how_large_the_bodies_of_its_sender_are() {
    let relay = relay("");
    relay.send(&body_of(SUGGESTED)).expect(200);
    let detail = too_large(&relay, SUGGESTED + 1);
    assert!(detail.contains(&SUGGESTED.to_string()), "{detail}");
    assert_eq!(relay.list(&["sources", "list"])[0]["body_limit"], SUGGESTED);
}

#[test]
fn what_the_operator_says_counts_more_than_what_the_plugin_suggests() {
    let relay = relay("[limits]\nbody = \"1MiB\"\n");
    relay.send(&body_of(1 << 20)).expect(200);
    too_large(&relay, (1 << 20) + 1);
    let tables =
        format!("[limits]\nbody = \"1MiB\"\n{}body_limit = \"3MiB\"\n", source("large", "asks-to-confirm"));
    let site = Site::new(&tables);
    site.drop_plugin("asks-to-confirm.wasm", &guest("asks-to-confirm"));
    let relay = Relay::start_in(site);
    relay.send(&body_of(3 << 20)).expect(200);
    too_large(&relay, (3 << 20) + 1);
}

#[test]
fn a_body_of_eight_megabytes_fits_into_the_memory_and_time_of_its_plugin() {
    let relay = Relay::start(&format!("{}body_limit = \"8MiB\"\n", source("hook", "webhook")));
    let one = kubernetes_alert(0).to_string().len() + 1;
    let alerts: Vec<_> = (0..(8 << 20) / one - 1).map(kubernetes_alert).collect();
    let body = json!({ "title": "Disk full", "alerts": alerts }).to_string();
    assert!(body.len() > 8_000_000 && body.len() <= 8 << 20, "{} bytes", body.len());
    relay.post("hook", &body).expect(200);
    assert_eq!(relay.incident()["title"], "Disk full");
}
