//! Every answer that iTop is known to give, and its verdict.

use tocsin_plugin::testing::{self, example_context};
use tocsin_plugin::{Response, Step};

use super::peer::response;
use super::*;

/// The class of the verdict on an answer to one operation.
fn verdict(operation: &str, response: &Response) -> &'static str {
    let given = [
        ("operation", operation),
        ("stimulus", "ev_assign"),
        ("key", "12"),
        ("fields", r#"{"title": "x"}"#),
        ("organization", "Demo"),
    ];
    let settings: Fields = settings(&given);
    let context = example_context();
    let Ok(Step::Send(_, state)) = Itop::encode(&context, &connection(), &settings) else {
        panic!("not sent")
    };
    match Itop::resume(&context, &connection(), &settings, &state, response) {
        Err(Failure::Retry { after_ms: Some(30_000), .. }) => "retry as asked",
        outcome => testing::verdict(&outcome),
    }
}

#[test]
fn every_known_answer_has_its_verdict() {
    let object = r#""objects":{"UserRequest::12":{"code":0,"message":"","class":"UserRequest","key":"12","fields":{"id":"12"}}}"#;
    for (operation, status, body, expected) in [
        ("update", 200, format!(r#"{{"code":0,"message":null,{object}}}"#), "delivered"),
        ("get", 200, r#"{"code":0,"message":"Found: 0","objects":null}"#.to_owned(), "delivered"),
        ("update", 200, r#"{"code":0,"message":null,"objects":null}"#.to_owned(), "rejected"),
        ("create", 200, r#"{"code":0,"message":null,"objects":{}}"#.to_owned(), "rejected"),
        ("apply_stimulus", 200, r#"{"code":0,"message":null,"objects":null}"#.to_owned(), "rejected"),
        ("update", 200, "<html>login</html>".to_owned(), "retry"),
        (
            "update",
            200,
            "<form><input type=\"password\" name=\"auth_pwd\"></form>".to_owned(),
            "misconfigured",
        ),
        ("update", 200, String::new(), "retry"),
        ("update", 200, r#"{"ok":true}"#.to_owned(), "misconfigured"),
        ("update", 500, "<html>Fatal error</html>".to_owned(), "retry"),
        ("update", 503, r#"{"data":[{"code":100}],"scripts":[]}"#.to_owned(), "retry"),
        ("update", 429, String::new(), "retry"),
        ("update", 302, String::new(), "misconfigured"),
        ("update", 401, String::new(), "misconfigured"),
        ("update", 403, String::new(), "misconfigured"),
        ("update", 404, String::new(), "misconfigured"),
        ("update", 413, String::new(), "rejected"),
    ] {
        assert_eq!(verdict(operation, &response(status, &body)), expected, "{operation} {status} {body}");
    }
    let busy = testing::response(503, &[("retry-after", "30")], "");
    assert_eq!(verdict("get", &busy), "retry as asked");
}

#[test]
fn every_known_code_has_its_verdict() {
    for (code, message, expected) in [
        (1, "Error: Invalid login", "misconfigured"),
        (1, "Error: Portal user is not allowed", "misconfigured"),
        (1, "The current user does not have enough permissions for reading data of class X", "rejected"),
        (1, "Error: the application is in read-only mode", "retry"),
        (2, "Error: Missing parameter 'version'", "rejected"),
        (3, "Error: Missing parameter 'json_data'", "rejected"),
        (4, "Error: Parameter json_data is not a valid JSON structure", "rejected"),
        (5, "Error: Missing parameter 'auth_user'", "misconfigured"),
        (6, "Error: Missing parameter 'auth_pwd'", "misconfigured"),
        (10, "Error: There is no service available for version '9.9'", "misconfigured"),
        (11, "Error: Unknown verb", "rejected"),
        (12, "unsafe", "rejected"),
        (13, "The request page number is not valid", "rejected"),
        (100, "Error: Missing parameter 'comment'", "rejected"),
        (100, "Error: caller_id: No item found with criteria: name: mysql (mysql)", "rejected"),
        (100, "Invalid stimulus: 'ev_maintenance' on the object", "rejected"),
        (100, "Error: title: the attribute is read-only in the state closed", "rejected"),
        (100, "Error: mysql_error = The MySQL server is running with the --read-only option", "retry"),
        (100, "Error: mysql_error = Lock wait timeout exceeded", "retry"),
        (100, "This application is currently under maintenance.", "retry"),
        (-5, "nobody knows", "rejected"),
    ] {
        let body = serde_json::json!({"code": code, "message": message}).to_string();
        for operation in ["update", "apply_stimulus", "get", "create"] {
            assert_eq!(verdict(operation, &response(200, &body)), expected, "{operation} {code} {message}");
        }
    }
}

#[test]
fn every_row_of_the_collected_answers_has_the_verdict_of_its_class() {
    let rows = testing::for_each_answer(env!("CARGO_MANIFEST_DIR"), "out-itop-rest/responses", |answer| {
        let class = answer.class.to_lowercase();
        let expected = if answer.body.contains("data of class") {
            // About that class or about a read-only iTop: another class is asked about first.
            "goes on"
        } else if class.contains("silently refused") {
            "rejected"
        } else if class.contains("retry") && !class.starts_with("permanent") && !class.starts_with("success")
        {
            "retry"
        } else {
            answer.documented()
        };
        let operation = if answer.body.contains("Found: ") { "get" } else { "apply_stimulus" };
        let found = verdict(operation, &response(answer.status, &answer.body));
        assert_eq!(found, expected, "{}", answer.row);
    });
    assert!(rows == 0 || rows > 20, "{rows} rows");
}

#[test]
fn samples_never_panic_and_are_sent_as_raw_data() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-itop-rest", |name, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let given = [
            ("operation", "raw"),
            ("json_data", &*text),
            ("allow_delete", "true"),
            ("fields", &*text),
            ("key", &*text),
        ];
        let raw: Fields = settings(&given[..3]);
        let step = Itop::encode(&example_context(), &connection(), &raw);
        if name.ends_with(".json_data.json") && !text.contains("\"SELECT ") {
            let Ok(Step::Send(request, _)) = &step else { panic!("{name}: {step:?}") };
            let sent = peer::json_data(request);
            assert_eq!(sent, serde_json::from_slice::<serde_json::Value>(bytes).expect(name), "{name}");
        }
        let _ = Itop::encode(&example_context(), &connection(), &settings::<Fields>(&given[1..]));
        let _ = verdict("get", &Response { body: bytes.to_vec(), ..response(200, "") });
    });
}
