//! Simple mode over what senders really send, and mistakes in its settings.

use serde_json::json;
use tocsin_plugin::{Change, Header, check_source};

use super::*;

fn texts(key: &str, lines: &[&str]) -> Setting {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Setting { key: key.to_owned(), value: Value::Texts(lines) }
}

fn decode(body: &serde_json::Value) -> Result<Decoded, Refusal> {
    Webhook::decode(&Request::post_json(&body.to_string()), &settings(&[]))
}

fn changes(decoded: &Decoded) -> Vec<Change> {
    decoded.events.iter().map(|event| event.change).collect()
}

#[test]
fn a_resolve_an_acknowledgement_and_a_note_need_only_their_key() {
    for (word, change) in
        [("resolved", Change::Resolve), ("ack", Change::Acknowledge), ("note", Change::Note)]
    {
        let decoded = decode(&json!({"id": "bk1", "status": word})).expect("decoded");
        assert_eq!((decoded.events[0].key.as_str(), changes(&decoded)), ("bk1", vec![change]));
        assert_eq!(decoded.events[0].title, "", "an incident keeps its title");
    }
    for status in ["trigger", "investigating"] {
        let refusal = decode(&json!({"id": "bk1", "status": status})).expect_err("a trigger without a title");
        assert_eq!(refusal, Refusal::missing("title"));
    }
    assert_eq!(decode(&json!({"status": "resolved"})), Err(Refusal::missing("title")));
}

#[test]
fn the_first_message_may_be_investigating() {
    let decoded =
        decode(&json!({"title": "API down", "status": "investigating", "id": "inv1"})).expect("decoded");
    assert_eq!(changes(&decoded), [Change::Trigger, Change::Acknowledge]);
}

#[test]
fn without_a_status_the_fields_that_senders_use_are_looked_at_in_order() {
    for name in
        ["state", "event_type", "alert_status", "alert_state", "current_state", "alert_action", "action"]
    {
        let decoded = decode(&json!({"title": "CPU", name: "Recovered", "n": 1})).expect("decoded");
        assert_eq!(changes(&decoded), [Change::Resolve], "{name}");
        let remark = format!("the status `Recovered` was taken from `{name}`");
        assert!(decoded.remarks[0].starts_with(&remark), "{decoded:?}");
        assert_eq!(decoded.events[0].labels.len(), 1, "{decoded:?}");
    }
    let first_known =
        decode(&json!({"title": "CPU", "state": "banana", "event_type": "x", "action": "close"}));
    assert_eq!(changes(&first_known.expect("decoded")), [Change::Resolve]);
    let named = decode(&json!({"title": "CPU", "status": "firing", "state": "ok"})).expect("decoded");
    assert_eq!(changes(&named), [Change::Trigger], "the named field comes first");
    assert!(decode(&json!({"title": "CPU", "status": "banana", "state": "ok"})).is_err());
    let suspended = decode(&json!({"title": "Replication broken", "state": "suspended"})).expect("decoded");
    assert_eq!(changes(&suspended), [Change::Trigger], "another thing's state");
    let nested = settings(&[("title_field", "alert.title"), ("status_field", "alert.status")]);
    let body = Request::post_json(r#"{"alert": {"title": "CPU", "state": "OK"}}"#);
    assert_eq!(changes(&Webhook::decode(&body, &nested).expect("decoded")), [Change::Resolve]);
}

#[test]
fn a_prefix_of_the_title_is_a_status_and_the_recovery_finds_its_trigger() {
    for (down, up) in [
        ("CPU high", "[OK] CPU high"),
        ("[FIRING:1] CPU high", "[RESOLVED] CPU high"),
        ("Down: web", "Up: web"),
        ("[Triggered on {host:db-1}] CPU high", "[Recovered on {host:db-1}] CPU high"),
    ] {
        let down = decode(&json!({"title": down})).expect("decoded");
        let up = decode(&json!({"title": up})).expect("decoded");
        assert_eq!((changes(&down), changes(&up)), (vec![Change::Trigger], vec![Change::Resolve]));
        assert_eq!(down.events[0].key, up.events[0].key);
        assert!(up.remarks[0].starts_with("no status found in a field"), "{:?}", up.remarks);
    }
    let hosts = ["db-1", "db-2"].map(|host| {
        let title = format!("[Triggered on {{host:{host}}}] CPU high");
        decode(&json!({ "title": title })).expect("decoded").events[0].key.clone()
    });
    assert_ne!(hosts[0], hosts[1], "two hosts are two incidents");
    let named =
        [("firing", "[FIRING] CPU high"), ("resolved", "[RESOLVED] CPU high")].map(|(status, title)| {
            decode(&json!({"title": title, "status": status})).expect("decoded").events[0].key.clone()
        });
    assert_eq!(named[0], named[1], "beside a status, too, the prefix is no part of the key");
}

#[test]
fn what_has_no_status_at_all_opens_and_says_so() {
    let decoded = decode(&json!({"title": "Door open"})).expect("decoded");
    assert_eq!(changes(&decoded), [Change::Trigger]);
    assert!(decoded.remarks[0].starts_with("no status found: opened"), "{:?}", decoded.remarks);
}

#[test]
fn each_element_of_a_list_is_an_event_and_a_bad_one_costs_only_itself() {
    let list = json!([{"title": "A", "status": "down"}, {"title": "B", "status": "weird"}, 7, {"id": "c", "status": "ok"}]);
    let decoded = decode(&list).expect("decoded");
    assert_eq!(changes(&decoded), [Change::Trigger, Change::Resolve]);
    let places: Vec<&str> = decoded.rejected.iter().map(|rejected| rejected.place.as_str()).collect();
    assert_eq!(places, ["[1]", "[2]"]);
    assert!(decoded.rejected[0].reason.contains("`weird`"), "{:?}", decoded.rejected);
    assert!(decode(&json!([{"titel": "x"}, {"titel": "y"}])).is_err());
    assert!(matches!(decode(&json!([])), Err(Refusal::Malformed(_))));
    let addressed = settings(&[("title_field", "0.title"), ("status_field", "1.status")]);
    let body = Request::post_json(r#"[{"title": "A"}, {"status": "ok"}]"#);
    assert_eq!(changes(&Webhook::decode(&body, &addressed).expect("decoded")), [Change::Resolve]);
}

#[test]
fn what_is_left_out_is_remarked() {
    let mut body =
        json!({"title": "A", "status": "down", "url": "/panel", "severity": "red", "ts": "yesterday"});
    for number in 0..80 {
        body[format!("n{number}")] = json!(number);
    }
    let with_time = settings(&[("time_field", "ts")]);
    let decoded = Webhook::decode(&Request::post_json(&body.to_string()), &with_time).expect("decoded");
    for part in
        ["`red` is not known", "`ts` could not be read", "`/panel` is no http", "values were left out"]
    {
        assert!(decoded.remarks.iter().any(|remark| remark.contains(part)), "{part}: {:?}", decoded.remarks);
    }
    let program = r#"{title: "A", severity: "red", occurred_at: "yesterday", links: {a: "/panel", b: null},
        labels: ([range(80) | {key: "n\(.)", value: "x"}] | from_entries)}"#;
    let decoded = Webhook::decode(&Request::post_json("{}"), &settings(&[("jq", program)])).expect("decoded");
    for part in [
        "`red` is not known",
        "`occurred_at` could not be read",
        "`/panel` is no http",
        "values were left out",
    ] {
        assert!(decoded.remarks.iter().any(|remark| remark.contains(part)), "{part}: {:?}", decoded.remarks);
    }
    assert_eq!(decoded.remarks.len(), 4, "{:?}", decoded.remarks);
}

#[test]
fn severities_of_the_source_come_first_in_simple_mode_and_in_programs() {
    let own = texts("severities", &["page = critical", "warning = low"]);
    let program = Setting {
        key: "jq".to_owned(),
        value: Value::Text("{title: .title, severity: .severity}".to_owned()),
    };
    for given in [vec![own.clone()], vec![own.clone(), program]] {
        let settings = In::from_settings(&given).expect("settings");
        for (word, severity) in
            [("Page", Severity::Critical), ("warning", Severity::Low), ("Sev 2", Severity::High)]
        {
            let body = json!({"title": "A", "status": "down", "severity": word});
            let decoded =
                Webhook::decode(&Request::post_json(&body.to_string()), &settings).expect("decoded");
            assert_eq!(decoded.events[0].severity, Some(severity), "{word}");
        }
    }
}

#[test]
fn a_mistake_in_the_fields_is_found_when_the_configuration_is_read() {
    let text = |key: &str, value: &str| Setting { key: key.to_owned(), value: Value::Text(value.to_owned()) };
    let problems = check_source::<Webhook>(&[text("id_field", ".id"), text("severity_field", "alert[sev]")]);
    let shown: Vec<String> = problems.iter().map(|p| format!("{} {}", p.field, p.problem)).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("id_field") && shown[0].ends_with("write `id`"), "{shown:?}");
    assert!(shown[1].starts_with("severity_field") && shown[1].ends_with("write `alert.sev`"), "{shown:?}");
    let both = [
        texts("trigger_words", &["Stillstand"]),
        texts("resolve_words", &["Läuft", "still-stand", "STILLSTAND"]),
    ];
    let problems = check_source::<Webhook>(&both);
    assert!(problems.len() == 2 && problems[0].field == "resolve_words", "{problems:?}");
    assert_eq!(check_source::<Webhook>(&[texts("severities", &["page"])])[0].field, "severities");
    assert_eq!(
        check_source::<Webhook>(&[text("id_field", "alerts.0.id"), texts("trigger_words", &["x"])]),
        []
    );
}

#[test]
fn event_grids_validation_is_answered_before_anything_else() {
    let event = json!({"id": "2d1781af", "topic": "/subscriptions/x", "subject": "", "data": {"validationCode": "512d38b6"},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "dataVersion": "1"});
    for given in [&[][..], &[("recipe", "github")], &[("jq", "error(\"never\")")]] {
        let decoded = Webhook::decode(&Request::post_json(&json!([event]).to_string()), &settings(given))
            .expect("an answer");
        let reply = decoded.reply.expect("a reply");
        assert_eq!((reply.status, reply.body), (200, br#"{"validationResponse":"512d38b6"}"#.to_vec()));
        assert!(decoded.events.is_empty() && decoded.ignored.is_some());
    }
    let mut by_header = Request::post_json(r#"[{"data": {"validationCode": "1"}}]"#);
    assert!(Webhook::decode(&by_header, &settings(&[])).is_err());
    by_header
        .headers
        .push(Header { name: "aeg-event-type".to_owned(), value: "SubscriptionValidation".to_owned() });
    assert!(Webhook::decode(&by_header, &settings(&[])).is_ok_and(|decoded| decoded.reply.is_some()));
    let two = json!([event, {"title": "x", "status": "down"}]).to_string();
    assert!(
        Webhook::decode(&Request::post_json(&two), &settings(&[]))
            .is_ok_and(|decoded| decoded.reply.is_none())
    );
}

#[test]
fn a_document_in_a_form_or_a_query_is_the_document() {
    let document = r#"{"title": "A", "status": "ok"}"#;
    let encoded = "payload=%7B%22title%22%3A+%22A%22%2C+%22status%22%3A+%22ok%22%7D";
    let form =
        Header { name: "content-type".to_owned(), value: "application/x-www-form-urlencoded".to_owned() };
    let as_form =
        Request { headers: vec![form], body: encoded.as_bytes().to_vec(), ..Request::post_json("") };
    let parameter = tocsin_plugin::Parameter { name: "payload".to_owned(), value: document.to_owned() };
    let as_query = Request { query: vec![parameter], ..Request::post_json("") };
    let multipart =
        Header { name: "content-type".to_owned(), value: "multipart/form-data; boundary=b".to_owned() };
    let body = format!("--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{document}\r\n--b--\r\n");
    let as_multipart =
        Request { headers: vec![multipart], body: body.into_bytes(), ..Request::post_json("") };
    for request in [as_form, as_query, as_multipart] {
        let decoded = Webhook::decode(&request, &settings(&[])).expect("decoded");
        assert_eq!(changes(&decoded), [Change::Resolve]);
    }
}

#[test]
fn an_overlong_id_of_a_delivery_is_shortened() {
    let mut request = Request::post_json(r#"{"title": "A", "status": "down"}"#);
    request.headers.push(Header { name: "idempotency-key".to_owned(), value: "x".repeat(5000) });
    let decoded = Webhook::decode(&request, &settings(&[])).expect("decoded");
    assert!(decoded.delivery_id.is_some_and(|id| id.len() <= keys::BYTES_MAX));
}
