//! The action: what it may be told, what it never lets out, what a saved mistake says.

use proptest::prelude::*;
use serde_json::json;
use tocsin_plugin::{Header, Label, Part, Reference};

use super::*;

fn request(context: &Context, out: &[(&str, &str)]) -> HttpRequest {
    match Webhook::encode(context, &settings(&[]), &settings(out)) {
        Ok(Step::Send(request, _)) => *request,
        other => panic!("{other:?}"),
    }
}

fn body(request: &HttpRequest) -> Vec<u8> {
    let bytes = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.clone(),
        other => panic!("{other:?}"),
    };
    request.body.iter().flat_map(bytes).collect()
}

fn problems(connection: &[(&str, &str)], out: &[(&str, &str)]) -> Vec<String> {
    let connection = settings(connection);
    let mut problems = Webhook::check_connection("peer.example", &connection).err().unwrap_or_default();
    problems
        .extend(Webhook::check_action("peer.example", &connection, &settings(out)).err().unwrap_or_default());
    problems.into_iter().map(|problem| format!("{} {}", problem.field, problem.problem)).collect()
}

fn is_told(connection: &[(&str, &str)], out: &[(&str, &str)], field: &str, what: &str) {
    let found = problems(connection, out);
    let is_told = |problem: &String| problem.starts_with(&format!("{field} ")) && problem.contains(what);
    assert!(found.iter().any(is_told), "{out:?}: {field} {what}: {found:#?}");
}

#[test]
fn a_mistake_is_told_when_it_is_saved_under_its_field() {
    for (connection, out, field, what) in [
        (vec![("authentication", "basic")], vec![], "user", "missing"),
        (vec![("authentication", "basic"), ("user", "a:b")], vec![], "user", "colon"),
        (vec![("user", "me")], vec![], "user", "`basic`"),
        (vec![("authentication", "header")], vec![], "header_name", "missing"),
        (vec![("authentication", "header"), ("header_name", "X Key")], vec![], "header_name", "not a header"),
        (vec![("authentication", "header"), ("header_name", "Host")], vec![], "header_name", "set by Tocsin"),
        (vec![("header_name", "X-Key")], vec![], "header_name", "`header`"),
        (vec![("idempotency_header", "a b")], vec![], "idempotency_header", "not a header"),
        (vec![("test_path", "/health")], vec![], "test_path", "`test_method` is none"),
        (vec![("test_method", "GET"), ("test_path", "/../x")], vec![], "test_path", "climbs"),
        (vec![], vec![("success", "all")], "success", "neither a status"),
        (vec![], vec![("success", " ")], "success", "empty"),
        (vec![], vec![("retry", "200, 500")], "retry", "holds 200, and so does `success`"),
        (vec![], vec![("pause", "5xx")], "pause", "holds 500, and so does `retry`"),
        (vec![], vec![("answer_value", "0")], "answer_value", "`answer_field`"),
        (vec![], vec![("answer_jq", ".a |")], "answer_jq", "line 1, column 5"),
        (vec![], vec![("payload_jq", ".a |\n nothing_such")], "payload_jq", "line 2, column 2"),
        (vec![], vec![("payload_jq", "$request")], "payload_jq", "`$request`"),
        (vec![], vec![("payload", "{}"), ("payload_jq", ".")], "payload_jq", "beside `payload`"),
        (vec![], vec![("payload", "{}"), ("payload_text", "x")], "payload_text", "beside `payload`"),
        (vec![], vec![("payload", "{}"), ("method", "GET")], "payload", "GET sends no body"),
        (vec![], vec![("payload_text", "x"), ("method", "HEAD")], "payload_text", "HEAD sends no body"),
    ] {
        is_told(&connection, &out, field, what);
    }
    assert_eq!(problems(&[], &[]), [""; 0]);
}

#[test]
fn a_mistake_in_what_is_said_about_the_body_is_told_when_it_is_saved() {
    for (connection, out, field, what) in [
        (vec![], vec![("payload_text", "x"), ("data_location", "a/b")], "data_location", "is for JSON"),
        (vec![], vec![("data_location", "root/{{ source }}")], "data_location", "takes no placeholders"),
        (vec![], vec![("data_location", "$this->source$/x")], "data_location", "takes no placeholders"),
        (vec![], vec![("data_location", "a/root.result")], "data_location", "write `root/result`"),
        (vec![], vec![("content_type", "json")], "content_type", "not a media type"),
        (vec![], vec![("content_type", "text/xml")], "content_type", "`payload_text`"),
        (vec![], vec![("content_type", "text/plain; charset=latin1")], "content_type", "UTF-8"),
        (
            vec![],
            vec![("content_type", "application/json"), ("payload_text", "{}")],
            "content_type",
            "`payload`",
        ),
        (
            vec![],
            vec![("content_type", "application/x-www-form-urlencoded"), ("payload_text", "a=1")],
            "content_type",
            "sent as a form",
        ),
        (
            vec![],
            vec![("content_type", "application/x-www-form-urlencoded"), ("data_location", "a")],
            "content_type",
            "no place",
        ),
        (vec![], vec![("header_template", "[1]")], "header_template", "list"),
        (vec![], vec![("header_template", "3")], "header_template", "neither an object"),
        (vec![], vec![("header_template", r#"{"a:b": "c"}"#)], "header_template", "colon"),
        (
            vec![],
            vec![("header_template", r#"{"Authorization": "x"}"#)],
            "header_template",
            "`authentication`",
        ),
        (vec![], vec![("header_template", r#"{"Idempotency-Key": "x"}"#)], "header_template", "connection's"),
        (
            vec![("sign", "true")],
            vec![("header_template", r#"{"Webhook-Id": "x"}"#)],
            "header_template",
            "connection's",
        ),
        (vec![], vec![("query", "[]")], "query", "not a JSON object"),
        (vec![], vec![("path", "/a/../b")], "path", "climbs"),
        (
            vec![],
            vec![("if_reference", "a"), ("unless_reference", "a ")],
            "unless_reference",
            "nothing would",
        ),
    ] {
        is_told(&connection, &out, field, what);
    }
}

#[test]
fn mistakes_in_lists_of_lines_name_the_line() {
    for (field, lines, what) in [
        ("headers", vec!["X-A: 1", "no colon"], "line 2: is not `Name: value`"),
        ("headers", vec!["X-A: {{ incident.title }}"], "belongs into `header_template`"),
        ("headers", vec!["X-A: $this->title$"], "belongs into `header_template`"),
        ("headers", vec!["Authorization: Token geheim"], "choose `authentication`"),
        (
            "headers",
            vec!["Content-Type: application/json", "content-type: a/b"],
            "more than one content type",
        ),
        ("headers", vec!["Transfer-Encoding: chunked"], "set by Tocsin"),
        ("write_back", vec!["ticket: id"], "`ticket: id`; expected `name = path"),
        ("reference", vec!["ticket = a", "ticket = b"], "`ticket` twice"),
        ("reference_url", vec!["ticket = a"], "not in `reference`"),
    ] {
        let lines = lines.into_iter().map(str::to_owned).collect();
        let given = [Setting { key: field.to_owned(), value: Value::Texts(lines) }];
        let out = Out::from_settings(&given).expect("settings");
        let found = Webhook::check_action("peer.example", &settings(&[]), &out).expect_err("a mistake");
        let told = format!("{} {}", found[0].field, found[0].problem);
        assert!(told.starts_with(field) && told.contains(what), "{told}");
        assert!(!told.contains("geheim"), "{told}");
    }
}

#[test]
fn a_request_about_one_thing_is_not_sent_when_a_placeholder_of_its_path_is_empty() {
    // As the host renders `/tickets/{{ … }}`, `/tickets/{{ … }}/notes`, `{{ … }}` and `/tickets/{{ … }}/`.
    for (path, slash) in
        [("/tickets/", "false"), ("/tickets//notes", "false"), ("", "false"), ("/tickets//", "true")]
    {
        for method in ["PUT", "PATCH", "DELETE"] {
            let outcome = sent(&[], &[("method", method), ("path", path), ("trailing_slash", slash)]);
            let told = matches!(&outcome, Err(Failure::Rejected(why)) if why.contains("a placeholder"));
            assert!(told, "{method} {path}: {outcome:?}");
        }
    }
    let goes = |out: &[(&str, &str)]| request(&example_context(), out).path;
    for method in ["POST", "GET", "HEAD"] {
        assert_eq!(goes(&[("method", method), ("path", "/hooks/")]), "/hooks/");
        assert_eq!(goes(&[("method", method), ("path", "")]), "");
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(goes(&[("method", method), ("path", "/tickets/5")]), "/tickets/5");
        assert_eq!(
            goes(&[("method", method), ("path", "/tickets/5/"), ("trailing_slash", "true")]),
            "/tickets/5/"
        );
        assert_eq!(goes(&[("method", method)]), "", "the connection's address itself");
    }
}

#[test]
fn a_path_that_itself_ends_in_a_slash_is_told_when_it_is_saved() {
    for (path, slash, what) in [
        ("/tickets/sample/", "false", "`trailing_slash = true`"),
        ("/tickets//x", "false", "empty part"),
        ("", "false", "leave `path` out"),
        ("/tickets/sample", "true", "as `trailing_slash` says"),
    ] {
        is_told(&[], &[("method", "PUT"), ("path", path), ("trailing_slash", slash)], "path", what);
        assert_eq!(problems(&[], &[("path", path), ("trailing_slash", slash)]), [""; 0], "POST to {path}");
    }
}

#[test]
fn what_is_wrong_with_one_incidents_values_does_not_pause_the_connection() {
    for (field, value) in [
        ("path", "/tickets/../x"),
        ("header_template", r#"{"X-\u00fc": "1"}"#),
        ("payload_jq", ".incident.title | tonumber"),
    ] {
        let outcome = sent(&[], &[(field, value)]);
        assert!(matches!(&outcome, Err(Failure::Rejected(why)) if why.contains(field)), "{outcome:?}");
    }
}

#[test]
fn a_document_keeps_its_numbers_to_the_last_digit() {
    let document = r#"{"n":12345678901234567890123,"f":1.10,"b":"1.0"}"#;
    assert_eq!(body(&request(&example_context(), &[("payload", document)])), document.as_bytes());
    let located = request(&example_context(), &[("payload", document), ("data_location", "/a//b\"c/")]);
    assert_eq!(body(&located), format!(r#"{{"a":{{"b\"c":{document}}}}}"#).as_bytes());
}

#[test]
fn a_program_sees_the_document_that_is_sent_without_one() {
    let mut context = example_context();
    context.references = vec![Reference {
        key: "ticket".to_owned(),
        value: "7".to_owned(),
        url: Some("https://t.example/7".to_owned()),
    }];
    let whole = body(&request(&context, &[]));
    let same = body(&request(&context, &[("payload_jq", ".")]));
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
    assert_eq!(read(&whole), read(&same));
    assert_eq!(read(&whole)["references"], json!({"ticket": "7", "ticket_url": "https://t.example/7"}));
}

#[test]
fn a_program_may_make_a_large_document_and_no_boundless_one() {
    let made = |code: &str| sent(&[], &[("payload_jq", code)]);
    let Ok(Step::Send(request, _)) = made(r#"{a: ("x" * 5000000), b: [range(30000)]}"#) else {
        panic!("not sent")
    };
    assert!(body(&request).len() > 5_000_000);
    for (code, why) in [
        (r#""x" * 63000000"#, "more than 60 MiB"),
        ("reduce range(200) as $i (1; [.])", "within one another"),
        ("1, 2", "more than one result"),
        ("empty", "gives nothing"),
    ] {
        let outcome = made(code);
        assert!(matches!(&outcome, Err(Failure::Rejected(said)) if said.contains(why)), "{code}");
    }
    let Ok(Step::Send(request, _)) = made("[1e1000, 1.5, -0]") else { panic!("not sent") };
    assert!(serde_json::from_slice::<serde_json::Value>(&body(&request)).is_ok());
}

#[test]
fn an_untried_connection_asks_for_nothing_and_a_tried_one_for_what_was_chosen() {
    let probe = |given: &[(&str, &str)]| Webhook::probe("peer.example", &settings(given));
    assert_eq!(probe(&[]), None);
    let asked = probe(&[("test_method", "HEAD"), ("test_path", "health"), ("authentication", "bearer")]);
    let request = asked.expect("a probe").request;
    assert_eq!((request.method.as_str(), request.path.as_str()), ("HEAD", "/health"));
    assert!(testing::request_to_json(&request).to_string().contains("Bearer {{secret:token}}"));
    let answer = |status| {
        let response = Response { status, headers: Vec::new(), body: Vec::new() };
        Webhook::probed("peer.example", &settings(&[]), &response)
    };
    assert!(answer(200).is_ok());
    assert!(matches!(answer(401), Err(Failure::Misconfigured(_))));
    assert!(matches!(answer(503), Err(Failure::Retry { .. })));
}

#[test]
fn a_program_judges_an_answer_that_its_status_does_not() {
    let code = r#"if .ok then true
        elif .error == "no_project" then {pause: "the project is gone; choose another"}
        elif .error == "slow" then {retry: "told to wait", after: ($response.headers["x-wait"] | tonumber)}
        elif .error then "the service says \(.error)" else .ok end"#;
    for (body, verdict, words) in [
        (r#"{"ok": true}"#, "delivered", "answered 200"),
        (r#"{"error": "no_project"}"#, "pause", "choose another"),
        (r#"{"error": "slow"}"#, "retry", "told to wait"),
        (r#"{"error": "bad field"}"#, "rejected", "the service says bad field"),
        (r#"{"ok": null}"#, "rejected", "gave null instead of true"),
        ("busy", "rejected", "could not be applied"),
        ("", "rejected", "gave null instead of true"),
    ] {
        let headers = vec![Header { name: "x-wait".to_owned(), value: "30".to_owned() }];
        let response = Response { status: 200, headers, body: body.as_bytes().to_vec() };
        let out = [("answer_jq", code)];
        let (found, said) =
            match Webhook::resume(&example_context(), &settings(&[]), &settings(&out), &[], &response) {
                Ok(Step::Delivered(outcome)) => ("delivered", outcome.summary),
                Err(Failure::Retry { reason, after_ms: Some(30_000) }) => ("retry", reason),
                Err(Failure::Misconfigured(why)) => ("pause", why),
                Err(Failure::Rejected(why)) => ("rejected", why),
                other => panic!("{other:?}"),
            };
        assert!(found == verdict && said.contains(words), "{body}: {found} {said}");
    }
}

#[test]
fn documents_of_others_arrive_as_they_are() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-generic-webhook/good", |name, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let expected: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
        let sent = body(&request(&example_context(), &[("payload", &text)]));
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&sent).ok(), Some(expected.clone()), "{name}");
        // A record that is put where the sample has it makes the sample.
        if let Some(record) = expected.get("root").and_then(|root| root.get("result")) {
            let out = [("payload", record.to_string()), ("data_location", "root/result".to_owned())];
            let out: Vec<(&str, &str)> = out.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let sent = body(&request(&example_context(), &out));
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&sent).ok(), Some(expected), "{name}");
        }
    });
}

/// Texts that have broken templates, headers, forms and addresses before.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "\r\nX-Evil: 1",
        "\n",
        "\0",
        "\"",
        "'",
        "\\",
        "{{ incident.key }}",
        "$this->title$",
        "&admin=1",
        "=",
        "%0d%0a",
        "../",
        "/..",
        "%2e%2e",
        "?a=b",
        "#",
        "<!channel>",
        "]]>",
        "</x>",
        "\u{202e}",
        "🔥",
        "ü",
        "a",
        " ",
        ";",
        ":",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_text_of_an_alert_leaves_its_place(text in hostile()) {
        let quoted = json!(text).to_string();
        let out = [
            ("path", format!("/tickets/{text}/x")),
            ("query", format!(r#"{{"q": {quoted}}}"#)),
            ("header_template", format!(r#"{{"X-Title": {quoted}}}"#)),
            ("payload", format!(r#"{{"title": {quoted}, "kept": 1}}"#)),
            ("content_type", "application/x-www-form-urlencoded".to_owned()),
        ];
        let out: Vec<(&str, &str)> = out.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let mut context = example_context();
        context.incident.labels = vec![Label { key: text.clone(), value: text.clone() }];
        match Webhook::encode(&context, &settings(&[]), &settings(&out)) {
            Ok(Step::Send(request, _)) => {
                prop_assert!(!request.path.contains(['?', '#', '\r', '\n', ' ']));
                prop_assert!(request.path.starts_with("/tickets/") && request.path.ends_with("/x"));
                prop_assert!(!request.path.to_ascii_lowercase().split('/').any(|part| part == ".." || part == "%2e%2e"));
                prop_assert_eq!(request.query.len(), 1);
                prop_assert!(request.headers.iter().all(|line| ["idempotency-key", "x-title"].contains(&line.name.as_str())));
                let shown = testing::request_to_json(&request)["headers"].to_string();
                prop_assert!(!shown.contains("\\r") && !shown.contains("\\n"));
                let form = String::from_utf8(body(&request)).expect("a form is ASCII");
                prop_assert_eq!(form.split('&').count(), 2);
                prop_assert_eq!(form.matches('=').count(), 2);
            }
            Err(Failure::Rejected(why)) => {
                prop_assert!(why.contains("climbs") || why.contains("has a `;`"), "{}", why);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn no_answer_is_too_odd_for_a_verdict(status in 0_u16..700, body in prop::collection::vec(any::<u8>(), 0..60), path in "[a-z:.{}\"0-9]{0,12}") {
        let out = [("answer_field", path.as_str()), ("answer_value", "1"), ("answer_jq", ".a")];
        let response = Response { status, headers: Vec::new(), body };
        let verdict = Webhook::resume(&example_context(), &settings(&[]), &settings(&out), &[], &response);
        prop_assert!(!matches!(verdict, Ok(Step::Send(..))));
    }
}
