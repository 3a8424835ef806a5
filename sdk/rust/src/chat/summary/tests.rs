//! What default messages say: the usual alert of a Kubernetes cluster, from its opening to its end.
//!
//! Never a peer's markup.

use super::*;
use crate::testing::{context_from_json, example_context};
use crate::{Label, Link, Settings, Severity};

/// The usual alert, owed and sent two minutes after it began.
fn crash_loop() -> Context {
    let file = serde_json::json!({
        "number": 186, "source": "am", "title": "Pod is crash looping.",
        "message": "Pod shop/checkout-api-x2x9q is in waiting state (reason: \"CrashLoopBackOff\").",
        "labels": {
            "alertname": "KubePodCrashLooping", "cluster": "prod-eu-1", "container": "checkout-api",
            "endpoint": "http", "instance": "10.244.3.17:8080", "job": "kube-state-metrics",
            "namespace": "shop", "pod": "checkout-api-x2x9q", "prometheus": "monitoring/k8s",
            "severity": "critical", "team": "payments", "to": "all", "uid": "3f0f6c6e"
        },
        "links": {
            "Alertmanager": "http://alertmanager.example.com:9093",
            "Runbook": "https://runbooks.example.com/crash",
            "Source": "http://prometheus.example.com:9090/graph?g0.expr=up"
        },
        "open_since": "2026-11-28T02:58:11Z", "owed_since": "2026-11-28T03:00:00Z", "now": "2026-11-28T03:00:00Z"
    });
    context_from_json(&file).expect("a context")
}

fn facts() -> Facts {
    Facts::from_settings(&[]).expect("defaults")
}

fn summary(context: &Context, view: View) -> Summary {
    let buttons = Buttons::from_settings(&[]).expect("defaults");
    Summary::of(context, view, &Facts { user_info: true, ..facts() }, &buttons)
}

fn at(text: &str) -> crate::Timestamp {
    crate::Timestamp::parse(text).expect("a time")
}

/// The next change, with the state that it leaves.
fn change(kind: ChangeKind, state: State) -> Context {
    let mut context = crash_loop();
    context.change.kind = kind;
    context.incident.state = state;
    match state {
        State::Acknowledged => context.incident.acknowledged_at = Some(at("2026-11-28T03:02:00Z")),
        State::Resolved => context.incident.resolved_at = Some(at("2026-11-28T05:11:30Z")),
        State::Open => {}
    }
    context.now = at("2026-11-28T05:12:00Z");
    context.owed_since = context.now;
    context
}

#[test]
fn an_opened_incident_is_a_title_a_description_and_one_line() {
    let opened = summary(&crash_loop(), View::Change);
    assert_eq!((opened.mark, opened.title_line().as_str()), ("🚨", "CRITICAL · Pod is crash looping."));
    assert!(opened.description.starts_with("Pod shop/") && opened.said.is_empty());
    assert_eq!(opened.essentials_line(), "#186 · since 02:58 UTC · payments · prod-eu-1/shop · from am");
    assert_eq!(opened.notification, "[CRITICAL] Pod is crash looping. — KubePodCrashLooping, prod-eu-1/shop");
    assert_eq!((opened.late, opened.changes), (None, Vec::new()));
}

#[test]
fn acknowledge_comes_first_then_the_runbook_then_the_incident() {
    let opened = summary(&crash_loop(), View::Change);
    let buttons: Vec<&str> = opened.buttons.iter().map(|button| button.label.as_str()).collect();
    assert_eq!(buttons, ["Acknowledge", "Runbook", "Incident #186"]);
    let links: Vec<String> = opened.links.iter().map(ShownLink::text).collect();
    assert_eq!(
        links,
        ["Alertmanager (alertmanager.example.com:9093)", "Source (prometheus.example.com:9090)"]
    );
    let mut context = crash_loop();
    context.urls.clear();
    let buttons = summary(&context, View::Change).buttons;
    assert_eq!(buttons.len(), 1, "a runbook needs no public address of Tocsin: {buttons:?}");
    context.incident.links = vec![Link { title: "Runbook".to_owned(), url: "javascript:x".to_owned() }];
    let nothing = summary(&context, View::Change);
    assert_eq!((nothing.buttons, nothing.links), (Vec::new(), Vec::new()));
}

#[test]
fn six_labels_are_shown_named_things_first_and_noise_last() {
    let opened = summary(&crash_loop(), View::Change);
    let keys: Vec<&str> = opened.labels.iter().map(|label| label.label.as_str()).collect();
    assert_eq!(keys, ["alertname", "pod", "to", "instance", "container", "endpoint"]);
    assert_eq!(opened.more().as_deref(), Some("+ 3 more labels"));
    let mut context = crash_loop();
    let label = |key: &str, value: &str| Label { key: key.to_owned(), value: value.to_owned() };
    context.incident.labels = vec![
        label("alertname", "Pod is crash looping."),
        label("app", "checkout"),
        label("container", "Checkout"),
        label("Severity", "page"),
        label("level", "CRITICAL"),
        label("empty", " "),
        label("pod-template-hash", "5d"),
        label("zone", "a"),
    ];
    let repeated = summary(&context, View::Change);
    let keys: Vec<&str> = repeated.labels.iter().map(|label| label.label.as_str()).collect();
    assert_eq!(keys, ["app", "zone", "pod-template-hash"], "what repeats something is left out");
    assert_eq!(repeated.more(), None);
    assert_eq!(repeated.notification, "[CRITICAL] Pod is crash looping.");
}

#[test]
fn the_operator_chooses_other_facts() {
    let shown = |chosen: &str| {
        let facts = Facts { attributes: vec![chosen.to_owned()], ..facts() };
        let summary = Summary::of(&crash_loop(), View::Change, &facts, &Buttons::from_settings(&[]).unwrap());
        (summary.labels.len(), summary.more_labels, summary.links.len())
    };
    assert_eq!((shown("none"), shown("list"), shown("pod,uid")), ((0, 0, 0), (16, 0, 2), (2, 0, 2)));
    let auto = crate::chat::attributes(&crash_loop().incident, &["auto".to_owned()]);
    assert_eq!(auto.last().map(|last| last.value.as_str()), Some("3 more labels"));
}

#[test]
fn an_update_says_what_changed() {
    let mut context = change(ChangeKind::Updated, State::Open);
    context.change.changed =
        ["severity", "title", "labels", "labels.pod", "labels.new"].map(str::to_owned).into();
    context.change.before = [("severity", "medium"), ("title", "Pod restarts"), ("labels.pod", "old-pod")]
        .map(|(key, value)| Label { key: key.to_owned(), value: value.to_owned() })
        .into();
    let updated = summary(&context, View::Change);
    assert_eq!(updated.lead, "CRITICAL · severity medium → critical");
    assert_eq!(
        updated.changes,
        ["title: Pod restarts → Pod is crash looping.", "pod: old-pod → checkout-api-x2x9q"]
    );
    assert!(updated.notification.starts_with("[CRITICAL] Severity medium → critical: Pod is crash"));
    context.change.changed = vec!["labels.pod".to_owned(); 30];
    let many = summary(&context, View::Change);
    assert_eq!((many.lead.as_str(), many.changes.len()), ("CRITICAL · updated", 6));
    assert_eq!(many.changes[5], "25 more changes");
    assert_eq!(summary(&context, View::Present).changes, [""; 0]);
}

#[test]
fn a_resolution_says_how_long_it_lasted() {
    let mut context = change(ChangeKind::Resolved, State::Resolved);
    let resolved = summary(&context, View::Change);
    assert_eq!(resolved.title_line(), "Resolved after 2 h 13 min · Pod is crash looping.");
    assert!(resolved.essentials_line().starts_with("#186 · since 02:58 UTC · until 05:11 UTC · payments"));
    assert!(
        resolved.notification.starts_with("[RESOLVED] Pod is crash looping. — after 2 h 13 min, KubePod"),
        "{}",
        resolved.notification
    );
    context.change.actor = Some("jane".to_owned());
    assert_eq!(summary(&context, View::Change).lead, "Resolved by jane after 2 h 13 min");
    context.test = true;
    assert_eq!(summary(&context, View::Present).lead, "TEST - Resolved by jane after 2 h 13 min");
}

#[test]
fn what_happened_and_who_did_it_stand_in_the_title_line() {
    let lead = |kind, state, view| {
        let mut context = change(kind, state);
        context.change.actor = Some("jane".to_owned());
        summary(&context, view).lead
    };
    for (kind, state, expected) in [
        (ChangeKind::Opened, State::Open, "CRITICAL"),
        (ChangeKind::Opened, State::Acknowledged, "CRITICAL · acknowledged by jane"),
        (ChangeKind::Acknowledged, State::Acknowledged, "CRITICAL · acknowledged by jane"),
        (ChangeKind::Unacknowledged, State::Open, "CRITICAL · no longer acknowledged by jane"),
        (ChangeKind::Reopened, State::Open, "CRITICAL · reopened by jane"),
        (ChangeKind::Repeated, State::Open, "CRITICAL · still open after 2 h 13 min by jane"),
        (ChangeKind::Noted, State::Resolved, "Resolved after 2 h 13 min · note by jane"),
        (ChangeKind::Flapping, State::Open, "CRITICAL · flapping by jane"),
        (ChangeKind::Steady, State::Resolved, "Resolved after 2 h 13 min · steady again by jane"),
    ] {
        assert_eq!(lead(kind, state, View::Change), expected, "{kind:?}");
    }
    assert_eq!(lead(ChangeKind::Noted, State::Acknowledged, View::Present), "CRITICAL · acknowledged");
    let essentials = |context: &Context| summary(context, View::Change).essentials_line();
    let mut opened = crash_loop();
    opened.change.actor = Some("probe".to_owned());
    assert!(essentials(&opened).ends_with(" · by probe"), "{}", essentials(&opened));
    let taken = change(ChangeKind::Acknowledged, State::Acknowledged);
    assert!(essentials(&taken).contains(" · acknowledged 03:02 UTC · "), "{}", essentials(&taken));
}

#[test]
fn nothing_is_said_twice() {
    let mut context = change(ChangeKind::Resolved, State::Resolved);
    let texts = |context: &Context| {
        let summary = summary(context, View::Change);
        (summary.said, summary.description)
    };
    let message = context.incident.message.clone();
    context.change.text = format!(" {message}\n");
    assert_eq!(texts(&context), (String::new(), message.clone()));
    context.change.text = format!("closed: {message}");
    assert_eq!(texts(&context), (context.change.text.clone(), String::new()));
    context.change.text = "on my way".to_owned();
    assert_eq!(texts(&context), ("on my way".to_owned(), message));
    context.incident.message = "pod is  crash looping.".to_owned();
    context.change.text = "Pod is crash looping.".to_owned();
    assert_eq!(texts(&context), (String::new(), String::new()));
}

#[test]
fn a_late_message_says_how_late_it_is() {
    let mut context = crash_loop();
    context.now = at("2026-11-28T03:04:59Z");
    assert_eq!(summary(&context, View::Change).late, None);
    context.now = at("2026-11-28T03:47:59Z");
    let late = summary(&context, View::Change);
    assert_eq!(late.late.as_deref(), Some("47 min late"));
    assert!(late.notification.contains(" — 47 min late, KubePod"), "{}", late.notification);
    assert_eq!(summary(&context, View::Present).late, None);
}

#[test]
fn the_severity_is_a_word_and_a_shape() {
    let mut context = example_context();
    let mut seen = Vec::new();
    for severity in Severity::ALL {
        context.incident.severity = severity;
        let summary = summary(&context, View::Change);
        assert_eq!(summary.lead, severity.as_str().to_uppercase());
        seen.push(summary.mark);
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[test]
fn who_made_the_change_is_named_once_also_without_the_title_line() {
    let mut context = change(ChangeKind::Acknowledged, State::Acknowledged);
    context.change.actor = Some("jane".to_owned());
    let whole = summary(&context, View::Change);
    assert!(whole.lead.ends_with("acknowledged by jane"), "{}", whole.lead);
    assert!(!whole.essentials_line().contains("jane"), "{}", whole.essentials_line());
    let bare = whole.without_lead();
    assert!(bare.essentials_line().ends_with("from am · by jane"), "{}", bare.essentials_line());
    assert_eq!(bare.clone().without_lead(), bare);

    let mut opened = crash_loop();
    opened.change.actor = Some("jane".to_owned());
    let line = summary(&opened, View::Change).without_lead().essentials_line();
    assert_eq!(line.matches("by jane").count(), 1, "{line}");
    let present = summary(&context, View::Present).without_lead().essentials_line();
    assert!(!present.contains("jane"), "{present}");
}
