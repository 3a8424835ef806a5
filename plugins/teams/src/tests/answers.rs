//! What answers mean: an own table that always holds, and the documented answers when they are there.

use serde_json::Value;
use tocsin_plugin::testing;
use tocsin_plugin::{Certainty, Header, Response, Step};

use super::{CONNECTOR, FLOW, account, context, fields};
use crate::Teams;
use tocsin_plugin::prelude::*;

fn resumed(host: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Step, Failure> {
    let headers = headers.iter().map(|(n, v)| Header { name: (*n).to_owned(), value: (*v).to_owned() });
    let response = Response { status, headers: headers.collect(), body: body.as_bytes().to_vec() };
    Teams::resume(&context(host), &account(), &fields(), &[], &response)
}

fn word(outcome: &Result<Step, Failure>) -> &'static str {
    match outcome {
        Ok(Step::Delivered(receipt)) if receipt.certainty == Certainty::Delivered => "delivered",
        Ok(Step::Delivered(_)) => "accepted",
        Ok(_) => "something else",
        Err(Failure::Retry { .. }) => "retry",
        Err(Failure::Rejected(_)) => "rejected",
        Err(Failure::Misconfigured(_)) => "misconfigured",
    }
}

fn error(code: &str) -> String {
    serde_json::json!({"error": {"code": code, "message": "because"}}).to_string()
}

#[test]
fn a_flows_answers_have_their_verdicts() {
    for (status, body, expected) in [
        (202, String::new(), "accepted"),
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
        assert_eq!(word(&resumed(FLOW, status, &[], &body)), expected, "{status} {body}");
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
        assert_eq!(word(&resumed(CONNECTOR, status, &[], &body)), expected, "{status} {body}");
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

/// The verdict that a row's `class` documents; nothing for what a caller never sees.
fn documented(target: &str, class: &str) -> Option<(&'static str, &'static str)> {
    let host = match target {
        "workflow" => FLOW,
        "legacy" => CONNECTOR,
        _ => return None,
    };
    let verdict = match class.split([' ', '(']).next()? {
        "success" => "delivered",
        // The outage of January 2023: it had posted.
        "accepted" | "historical" => "accepted",
        "retry" => "retry",
        "permanent" if class.starts_with("permanent(config)") => "misconfigured",
        "permanent" => "rejected",
        other => panic!("`{other}` is a class without a verdict"),
    };
    Some((host, verdict))
}

#[test]
fn documented_answers_have_the_verdicts_of_their_classes() {
    let mut judged = 0;
    let files = testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-teams/responses", |name, bytes| {
        let rows: Vec<Value> =
            serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        for row in rows {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let Some((host, expected)) = documented(&text("target"), &text("class")) else { continue };
            let status =
                row["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
            let body = row["body"].as_str().map_or_else(|| row["body"].to_string(), str::to_owned);
            assert_eq!(word(&resumed(host, status, &[], &body)), expected, "{row}");
            judged += 1;
        }
    });
    assert!(files == 0 || judged >= 12, "{judged} rows");
}
