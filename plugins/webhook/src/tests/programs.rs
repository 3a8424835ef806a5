//! Programs that fail in part: the others' events are there, and the failure has its place.

use serde_json::json;

use super::*;

fn decode(code: &str, body: &serde_json::Value) -> Result<Decoded, Refusal> {
    Webhook::decode(&Request::post_json(&body.to_string()), &settings(&[("jq", code)]))
}

fn outcome(code: &str) -> (Vec<String>, Vec<String>) {
    let body = json!({"alerts": [
        {"id": 1, "name": "A", "state": "firing", "at": {"host": "a"}},
        {"id": 2, "name": "B", "state": "weird", "at": 7},
        {"id": 3, "name": "C", "state": "firing", "at": {"host": "c"}},
    ]});
    let decoded = decode(code, &body).unwrap_or_else(|why| panic!("{code}: {why}"));
    let titles = decoded.events.iter().map(|event| event.title.clone()).collect();
    (titles, decoded.rejected.iter().map(|found| format!("{}: {}", found.place, found.reason)).collect())
}

#[test]
fn one_bad_element_costs_only_itself_and_names_its_index_and_line() {
    for (code, line) in [
        (".alerts[] | {title: .name, status: .state, key: .id}", None),
        (".alerts[]\n| {title: .name,\n   labels: {host: .at.host}}", Some(3)),
        ("[.alerts[]\n| {title: .name,\n   labels: {host: .at.host}}]", Some(3)),
        (".alerts\n| map({title: .name, message: .at.host})", Some(2)),
        (".alerts | map({title: .name,\n labels: {\n (.at.host): \"x\"}})", Some(3)),
        ("def host:\n .at.host;\n.alerts[] | {title: .name,\n labels: {host: host}}", Some(2)),
        (".alerts[] | {title: .name,\n message:\n (try .at.host catch error(\"none\"))}", Some(3)),
        (".alerts[]\n| if .id == 2\n then error(\"two\")\n else {title: .name} end", Some(3)),
        (".alerts[] | .id as $id\n| {title: .name,\n message: \"\\(.at.host) \\($id)\"}", Some(3)),
        (
            ".alerts[] | {title: .name, severity:\n (.state | test(\"f\") | not | tostring),\n message: (1 +\n (.at.host | length) -\n (if .id == 2 then {} else 0 end) | tostring)}",
            Some(4),
        ),
    ] {
        let (titles, rejected) = outcome(code);
        assert_eq!(titles, ["A", "C"], "{code}");
        assert_eq!(rejected.len(), 1, "{code}: {rejected:?}");
        assert!(rejected[0].starts_with("result 2: "), "{code}: {rejected:?}");
        if let Some(line) = line {
            assert!(rejected[0].contains(&format!("line {line}: ")), "{code}: {rejected:?}");
        }
    }
}

#[test]
fn a_request_that_fails_whole_names_the_first_index_and_the_line() {
    let refused = |code: &str, body: serde_json::Value| match decode(code, &body) {
        Err(Refusal::Invalid { problem, .. }) => problem,
        other => panic!("{code}: {other:?}"),
    };
    let why = refused(".alerts[]\n| {title: .name.first}", json!({"alerts": [{"name": "a"}, {"name": "b"}]}));
    assert!(why.starts_with("result 1: could not be applied: line 2: cannot index \"a\""), "{why}");
    let why = refused("{title: .a,\n status: .b.c}", json!({"a": "x", "b": 1}));
    assert!(why.starts_with("could not be applied: line 2: "), "{why}");
    let why = refused(".a\n| tonumber\n| {title: .}", json!({"a": "x"}));
    assert!(why.starts_with("could not be applied: line 2: "), "{why}");
}

#[test]
fn a_deep_program_that_fails_has_the_right_line_or_none() {
    for lines in [20, 300] {
        let code = format!("{{title: ({}.n.x)}}", "1 +\n".repeat(lines));
        let why = decode(&code, &json!({"n": 1})).expect_err("a failure").to_string();
        assert_eq!(why.contains(&format!("line {}: ", lines + 1)), lines == 20, "{why}");
        assert_eq!(why.contains("line "), lines == 20, "{why}");
    }
}

#[test]
fn a_number_that_is_none_costs_only_its_element() {
    let alerts: Vec<_> = ["1", "x", "", "3"].map(|n| json!({ "n": n })).to_vec();
    let decoded = decode(".alerts[] | {title: \"A\", key: (.n | tonumber)}", &json!({"alerts": alerts}))
        .expect("decoded");
    let keys: Vec<&str> = decoded.events.iter().map(|event| event.key.as_str()).collect();
    assert_eq!(keys, ["1", "3"]);
    let places: Vec<&str> = decoded.rejected.iter().map(|rejected| rejected.place.as_str()).collect();
    assert_eq!(places, ["result 2", "result 3"]);
}

#[test]
fn a_program_without_end_is_refused_and_a_long_failure_is_cut() {
    assert!(
        decode("repeat({title: \"x\"})", &json!({}))
            .is_err_and(|why| why.to_string().contains("10000 results"))
    );
    assert!(
        decode("def f: error(\"x\"), f; f", &json!({}))
            .is_err_and(|why| why.to_string().contains("10000 results"))
    );
    let why = decode(".a | .b", &json!({"a": "x".repeat(100_000)})).expect_err("a failure").to_string();
    assert!(why.len() < 600 && why.contains('…'), "{why}");
}

#[test]
fn a_list_of_results_may_hold_as_many_events_as_a_request() {
    let alerts: Vec<_> =
        (0..5000).map(|number| json!({"name": format!("alert {number}"), "x": "y".repeat(100)})).collect();
    let code = "[.alerts[] | {title: .name, message: .x, labels: {a: \"1\", b: \"2\", c: \"3\"}}]";
    assert_eq!(decode(code, &json!({"alerts": alerts})).expect("decoded").events.len(), 5000);
}

#[test]
fn a_program_may_answer_its_sender() {
    let decoded = decode("{reply: {status: 202, headers: {\"X-A\": \"b\"}, body: {ok: true}}}", &json!({}))
        .expect("decoded");
    let reply = decoded.reply.expect("a reply");
    assert_eq!((reply.status, reply.body.as_slice()), (202, br#"{"ok":true}"#.as_slice()));
    let names: Vec<&str> = reply.headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["x-a", "content-type"]);
    let with_event = decode("{title: \"x\", reply: {body: \"thanks\"}}", &json!({})).expect("decoded");
    assert!(with_event.events.len() == 1 && with_event.reply.is_some_and(|reply| reply.body == b"thanks"));
    for wrong in ["7", "{status: 99}", "{stauts: 200}"] {
        assert!(decode(&format!("{{reply: {wrong}}}"), &json!({})).is_err(), "{wrong}");
    }
}

#[test]
fn marks_change_nothing_but_the_place_of_a_failure() {
    // Each of these fails, as itself and with marks, with the same words; so the line is found.
    for code in [
        "{title: (.n |= (. + 1) | .n)} | error(.title)",
        "label $out | (1, break $out, 2) | error(\"x\")",
        "def f: if . > 100000 then error(\"deep\") else . + 1 | f end; 0 | f",
        "reduce range(5) as $i (0; . + $i) | error(tostring)",
        "[limit(2; repeat(1))] | first(.[]) | error(tostring)",
        "with_entries(.value |= tostring) | error(.n)",
        "path(.a.b) | join(\".\") | error(.)",
        "del(.n) | to_entries | map(.key) | add | error(.)",
        "(.a?, .n.x?) , (try error(\"y\") catch error(.))",
        "[paths] | .[0].x",
        "to_entries | group_by(.key) | .[0] | from_entries | .n.x",
    ] {
        let why = decode(&format!("\n{code}"), &json!({"n": 1, "z": {"b": [1]}})).err();
        let why = why.map(|why| why.to_string()).unwrap_or_default();
        assert!(why.contains("line 2: "), "{code}: {why}");
    }
}
