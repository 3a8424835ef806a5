//! Real senders' requests, from the folder of samples beside the workspace: whatever they are, the relay
//! understands them or says why not, and no plugin traps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Relay, Request, absent, at, settings, source};

/// Where the samples are, if they are.
fn folder(plugin: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples").join(plugin)
}

/// The request that a sample is, by its name.
fn request(source: &str, path: &Path) -> Request {
    let name = path.file_name().expect("a file").to_string_lossy().to_lowercase();
    let bytes = fs::read(path).expect("it can be read");
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
    let post = |kind: &str| Request::new("POST", &at(source)).header("content-type", kind).body(&bytes);
    match extension.as_deref() {
        Some("json") => post("application/json"),
        Some("form") => post("application/x-www-form-urlencoded"),
        _ if name.contains("xml") => post("application/xml"),
        _ if name.contains("empty-body") => Request::new("POST", &at(source)),
        _ if bytes.starts_with(b"GET ") => {
            let text = String::from_utf8_lossy(&bytes);
            let target = text.split(' ').nth(1).unwrap_or_default();
            let query = target.split_once('?').map_or("", |(_, query)| query);
            Request::new("GET", &format!("{}&{query}", at(source)))
        }
        _ => post("application/json"),
    }
}

/// Posts every sample of a plugin's folder to it.
fn post_all(plugin: &str) {
    post_folder(plugin, &source(plugin, plugin), |_| plugin.to_owned());
}

/// Posts every sample of a folder to a relay of these tables, each to the source that is chosen by its name.
fn post_folder(samples: &str, tables: &str, choose: impl Fn(&str) -> String) {
    let Ok(entries) = fs::read_dir(folder(samples)) else {
        absent(&format!(
            "the samples of {samples}: there is no folder ../shared/samples/{samples} beside the workspace"
        ));
        return;
    };
    let mut paths: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the folder is there and empty");
    let relay = Relay::start(tables);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for path in &paths {
        let name = path.display();
        let answer = relay.send(&request(&choose(&name.to_string()), path));
        assert!(matches!(answer.status, 200 | 415 | 422), "{name}: {} {}", answer.status, answer.body);
        if answer.status != 200 {
            let detail = answer.json()["detail"].as_str().expect("a reason").to_owned();
            assert!(detail.len() > 10, "{name}: {detail}");
        }
        *statuses.entry(answer.status).or_default() += 1;
    }
    let kept = relay.list(&["receipts", "list", "--limit", "1000"]);
    assert_eq!(kept.len(), paths.len(), "each of them is kept");
    assert!(kept.iter().all(|receipt| receipt["status"] != "failed"), "{kept:#?}");
    assert!(statuses.contains_key(&200), "some are understood: {statuses:?}");
}

#[test]
fn samples_of_zapier_are_understood_or_refused_with_a_reason() {
    post_all("zapier");
}

#[test]
fn samples_of_statuscake_are_understood_or_refused_with_a_reason() {
    post_all("statuscake");
}

#[test]
fn samples_of_jira_are_understood_or_refused_with_a_reason() {
    post_all("jira");
}

#[test]
fn samples_of_alertmanager_are_understood_or_refused_with_a_reason() {
    post_all("alertmanager");
}

#[test]
fn samples_of_grafana_are_understood_or_refused_with_a_reason() {
    post_all("grafana");
}

/// Sources of `webhook`, one for each of these recipes, and one without.
fn recipes(names: &[&str]) -> String {
    let with = |name: &&str| {
        let recipe = settings(&format!("sources.{name}"), &format!("recipe = \"{name}\""));
        format!("{}{recipe}", source(name, "webhook"))
    };
    names.iter().map(with).chain([source("plain", "webhook")]).collect()
}

#[test]
fn samples_of_uptimerobot_are_understood_by_the_recipe_for_it() {
    post_folder("uptimerobot", &recipes(&["uptimerobot"]), |_| "uptimerobot".to_owned());
}

#[test]
fn samples_of_itop_are_understood_by_the_recipe_for_it_or_refused_with_a_reason() {
    post_folder("itop-webhook-as-source", &recipes(&["itop"]), |_| "itop".to_owned());
}

#[test]
fn samples_of_other_tools_are_understood_by_their_recipes_or_refused_with_a_reason() {
    let known = ["checkmk", "cloudwatch", "newrelic", "pingdom", "stackdriver", "wazuh"];
    let choose =
        |name: &str| known.into_iter().find(|known| name.contains(known)).unwrap_or("plain").to_owned();
    post_folder("generic", &recipes(&known), choose);
}
