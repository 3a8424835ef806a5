//! What answers mean: an own table that always holds, and the documented answers when they are there.

use tocsin_plugin::testing::{self, response, verdict};

use super::{CONNECTOR, FLOW, account, context, fields};
use crate::Teams;
use tocsin_plugin::prelude::*;

fn resumed(host: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Step, Failure> {
    // After the second try as plain text, so that a refusal is final.
    Teams::resume(&context(host), &account(), &fields(), b"refused", &response(status, headers, body))
}

fn error(code: &str) -> String {
    serde_json::json!({"error": {"code": code, "message": "because"}}).to_string()
}

#[test]
fn a_flows_answers_have_their_verdicts() {
    for (status, body, expected) in [
        (202, String::new(), "accepted"),
        (200, "<html>sign in</html>".to_owned(), "misconfigured"),
        (200, "1".to_owned(), "misconfigured"),
        (200, "Webhook message delivery failed with error: …".to_owned(), "misconfigured"),
        (200, "anything".to_owned(), "accepted"),
        (204, String::new(), "accepted"),
        (302, String::new(), "misconfigured"),
        (400, error("TriggerInputSchemaMismatch"), "rejected"),
        (400, error("InvalidRequestContent"), "rejected"),
        (400, error("WorkflowTriggerIsNotEnabled"), "misconfigured"),
        (400, error("WorkflowDisabled"), "misconfigured"),
        (400, error("FlowSuspended"), "misconfigured"),
        (400, error("DirectApiInvalidAuthorizationScheme"), "misconfigured"),
        (400, String::new(), "rejected"),
        (401, error("DirectApiAuthorizationRequired"), "misconfigured"),
        (401, "<html>".to_owned(), "misconfigured"),
        (403, error("AuthorizationFailed"), "misconfigured"),
        (404, error("WorkflowNotFound"), "misconfigured"),
        (404, String::new(), "misconfigured"),
        (410, String::new(), "misconfigured"),
        (408, String::new(), "retry"),
        (413, String::new(), "rejected"),
        (429, error("WorkflowRunActionLimit"), "retry"),
        (500, error("InternalServerError"), "retry"),
        (502, error("NoResponse"), "retry"),
        (418, "teapot".to_owned(), "rejected"),
    ] {
        assert_eq!(verdict(&resumed(FLOW, status, &[], &body)), expected, "{status} {body}");
    }
}

#[test]
fn a_connectors_answers_have_their_verdicts() {
    let failed = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ";
    for (status, body, expected) in [
        (200, "1".to_owned(), "delivered"),
        (200, "1\n".to_owned(), "delivered"),
        (200, String::new(), "rejected"),
        (200, "10".to_owned(), "rejected"),
        (200, "<html>login</html>".to_owned(), "rejected"),
        (200, format!("{failed}429 with ContextId tcid=1"), "retry"),
        (200, format!("{failed}502 with ContextId tcid=1"), "retry"),
        (200, format!("{failed}413 with ContextId tcid=1"), "rejected"),
        (200, format!("{failed}400 with ContextId tcid=1"), "rejected"),
        (200, format!("{failed}99999 with ContextId tcid=1"), "rejected"),
        (200, "TokenException: x failed with status code 401(Unauthorized)".to_owned(), "retry"),
        (200, r#"{"statusCode": 200, "isSuccessStatusCode": true}"#.to_owned(), "accepted"),
        (200, r#"{"statusCode":503,"isSuccessStatusCode":false}"#.to_owned(), "retry"),
        (200, r#"{"statusCode":403,"isSuccessStatusCode":false}"#.to_owned(), "rejected"),
        (202, String::new(), "rejected"),
        (301, String::new(), "misconfigured"),
        (400, "Summary or Text is required.".to_owned(), "rejected"),
        (400, "Invalid webhook URL".to_owned(), "misconfigured"),
        (403, String::new(), "misconfigured"),
        (404, "Connector configuration not found".to_owned(), "misconfigured"),
        (410, String::new(), "misconfigured"),
        (413, String::new(), "rejected"),
        (429, String::new(), "retry"),
        (503, String::new(), "retry"),
    ] {
        assert_eq!(verdict(&resumed(CONNECTOR, status, &[], &body)), expected, "{status} {body}");
    }
}

#[test]
fn throttling_waits_as_long_as_is_asked_and_half_a_minute_where_nothing_is() {
    let after =
        |host, status, headers: &[(&str, &str)], body: &str| match resumed(host, status, headers, body) {
            Err(Failure::Retry { after_ms, .. }) => after_ms,
            other => panic!("{other:?}"),
        };
    for host in [FLOW, CONNECTOR] {
        assert_eq!(after(host, 429, &[("retry-after", "120")], ""), Some(120_000));
        assert_eq!(after(host, 429, &[], ""), Some(30_000));
        assert_eq!(after(host, 503, &[], ""), None);
    }
    assert_eq!(after(CONNECTOR, 200, &[], "HTTP error 429 with ContextId x"), Some(30_000));
}

#[test]
fn what_an_operator_must_mend_is_said() {
    for (host, status, body, expected) in [
        (FLOW, 401, error("DirectApiAuthorizationRequired"), "&amp;sig="),
        (FLOW, 400, error("WorkflowTriggerIsNotEnabled"), "turn the flow on"),
        (FLOW, 404, error("WorkflowNotFound"), "create the flow again"),
        (CONNECTOR, 410, String::new(), "connectors are being retired: create a Workflow"),
    ] {
        match resumed(host, status, &[], &body) {
            Err(Failure::Misconfigured(why)) => assert!(why.contains(expected), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn documented_answers_have_the_verdicts_of_their_classes() {
    let mut judged = 0;
    let rows = testing::for_each_answer(env!("CARGO_MANIFEST_DIR"), "out-teams/responses", |answer| {
        let host = match answer.row["target"].as_str() {
            Some("workflow") => FLOW,
            Some("legacy") => CONNECTOR,
            // What a caller never sees.
            _ => return,
        };
        let expected = match answer.class.as_str() {
            // The outage of January 2023: it had posted.
            class if class.starts_with("accepted") || class.starts_with("historical") => "accepted",
            _ => answer.documented(),
        };
        let found = resumed(host, answer.status, &[], &answer.body);
        assert_eq!(verdict(&found), expected, "{}", answer.row);
        judged += 1;
    });
    assert!(rows == 0 || judged >= 12, "{judged} rows");
}
