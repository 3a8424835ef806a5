//! The answers that peers document, in own words, so that they hold where no samples are.

use super::Verdict::{Accepted, Delivered, Paused, Rejected, Retried, RetriedAfter};
use super::{RESET, RESET_S, Row, judge};

/// A connector behind a host that is not Microsoft's.
pub(super) const CONNECTOR: &str = "settings = { target = \"connector\" }";
/// Credentials of an iTop.
pub(super) const ITOP: &str =
    "settings = { user = \"tocsin\" }\nsecrets = { password = \"password-of-itop\" }";
/// One operation each.
pub(super) const CREATE: &str = "settings = { operation = \"create\", organization = \"Demo\" }";
pub(super) const UPDATE: &str =
    "settings = { operation = \"update\", key = \"12\", fields = '{\"title\": \"x\"}' }";
pub(super) const STIMULUS: &str =
    "settings = { operation = \"apply_stimulus\", key = \"12\", stimulus = \"ev_assign\" }";
pub(super) const GET: &str = "settings = { operation = \"get\", key = \"12\" }";

#[test]
fn answers_of_a_slack_webhook_come_to_what_slack_means() {
    judge(
        "slack",
        vec![
            Row::new(200, "ok", Delivered),
            Row::new(200, "no_channel", Rejected),
            Row::new(200, "<html>Sign in</html>", Rejected),
            Row::new(400, "invalid_blocks", Rejected),
            Row::new(403, "action_prohibited", Paused),
            Row::new(404, "no_service", Paused),
            Row::new(410, "channel_is_archived", Paused),
            Row::new(429, "rate_limited", RetriedAfter(30)).header("retry-after", "30"),
            Row::new(500, "rollup_error", Retried),
        ],
    );
}

#[test]
fn answers_of_slacks_web_api_come_to_what_slack_means() {
    let rows = vec![
        Row::new(200, r#"{"ok":true,"channel":"C024BE91L","ts":"1.2","message":{"ts":"1.2"}}"#, Delivered),
        Row::new(200, "ok", Rejected),
        Row::new(200, r#"{"ok":false,"error":"channel_not_found"}"#, Rejected),
        Row::new(200, r#"{"ok":false,"error":"invalid_blocks"}"#, Rejected),
        Row::new(200, r#"{"ok":false,"error":"invalid_auth"}"#, Paused),
        Row::new(200, r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#, Paused),
        Row::new(404, "not here", Paused),
        Row::new(429, r#"{"ok":false,"error":"ratelimited"}"#, RetriedAfter(20)).header("Retry-After", "20"),
        Row::new(200, r#"{"ok":false,"error":"internal_error"}"#, Retried),
    ];
    let bot = "settings = { mode = \"bot\" }\nsecrets = { token = \"token-of-a-bot\" }";
    let by_bot = |row: Row| row.over(bot).by("settings = { channel = \"C024BE91L\" }");
    judge("slack", rows.into_iter().map(by_bot).collect());
}

#[test]
fn answers_of_a_flow_are_accepted_and_never_delivered() {
    judge(
        "teams",
        vec![
            Row::new(202, "", Accepted),
            Row::new(200, "thanks", Accepted),
            Row::new(400, r#"{"error":{"code":"TriggerInputSchemaMismatch","message":"no"}}"#, Rejected),
            Row::new(400, r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"no"}}"#, Paused),
            Row::new(401, r#"{"error":{"code":"DirectApiAuthorizationRequired","message":"no"}}"#, Paused),
            Row::new(404, r#"{"error":{"code":"WorkflowNotFound","message":"no"}}"#, Paused),
            Row::new(429, "", RetriedAfter(60)).header("Retry-After", "60"),
            Row::new(429, "", RetriedAfter(30)),
            Row::new(502, "", Retried),
        ],
    );
}

#[test]
fn a_connectors_failures_are_found_in_its_200() {
    let failed = |status: u16| {
        format!(
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status} with ContextId x"
        )
    };
    let rows = vec![
        Row::new(200, "1", Delivered),
        Row::new(200, &failed(413), Rejected),
        Row::new(200, &failed(400), Rejected),
        Row::new(200, &failed(429), RetriedAfter(30)),
        Row::new(200, &failed(503), Retried),
        Row::new(200, "", Rejected),
        Row::new(410, "", Paused),
    ];
    judge("teams", rows.into_iter().map(|row| row.over(CONNECTOR)).collect());
}

#[test]
fn answers_of_rocketchat_come_to_what_they_say_of_success() {
    let refused = |word: &str| format!(r#"{{"success":false,"error":"{word}"}}"#);
    let one = |rest: &str| format!(r##"{{"success":true,"responses":[{{"channel":"#ops"{rest}}}]}}"##);
    judge(
        "rocketchat",
        vec![
            Row::new(200, r#"{"success":true}"#, Delivered),
            Row::new(200, &one(r#","message":{"_id":"M"}"#), Delivered),
            Row::new(200, &one(r#","error":"invalid-channel""#), Rejected),
            Row::new(200, &one(""), Accepted),
            Row::new(400, &refused("unknown-error"), Rejected),
            Row::new(400, &refused("invalid-channel"), Paused),
            Row::new(503, &refused("Service Unavailable"), Paused),
            Row::new(503, "upstream is down", Retried),
            Row::new(429, "{}", RetriedAfter(RESET_S)).header("X-RateLimit-Reset", RESET),
        ],
    );
}

#[test]
fn answers_of_googlechat_come_to_what_they_name() {
    let refused =
        |message: &str| format!(r#"{{"error":{{"message":"{message}","status":"INVALID_ARGUMENT"}}}}"#);
    judge(
        "googlechat",
        vec![
            Row::new(200, r#"{"name":"spaces/A/messages/B.C"}"#, Delivered),
            Row::new(200, "{}", Rejected),
            Row::new(400, &refused("Message cannot be empty"), Rejected),
            Row::new(400, &refused("API key not valid. Please pass a valid API key."), Paused),
            Row::new(403, "", Paused),
            Row::new(404, "", Paused),
            Row::new(429, "", RetriedAfter(25)).header("retry-after", "25"),
            Row::new(429, "", Retried),
            Row::new(503, "", Retried),
        ],
    );
}

#[test]
fn answers_of_itop_come_to_what_code_and_objects_say() {
    let object = r#"{"code":0,"message":null,"objects":{"UserRequest::12":{"code":0,"class":"UserRequest","key":"12","fields":{"id":"12"}}}}"#;
    let nothing = r#"{"code":0,"message":null,"objects":null}"#;
    let coded =
        |code: i32, message: &str| format!(r#"{{"objects":null,"code":{code},"message":"{message}"}}"#);
    let rows = vec![
        Row::new(200, object, Delivered).by(CREATE),
        Row::new(200, object, Delivered).by(UPDATE),
        Row::new(200, object, Delivered).by(STIMULUS),
        Row::new(200, r#"{"code":0,"message":"Found: 0","objects":null}"#, Delivered).by(GET),
        Row::new(200, nothing, Rejected).by(CREATE),
        Row::new(200, nothing, Rejected).by(STIMULUS),
        Row::new(200, &coded(1, "Error: Invalid login"), Paused).by(CREATE),
        Row::new(
            200,
            &coded(1, "The current user does not have enough permissions for creating data of class Y"),
            // It answers so for every class, as a read-only iTop does.
            Retried,
        )
        .by(CREATE),
        Row::new(200, &coded(10, "Error: There is no service available"), Paused).by(GET),
        Row::new(200, &coded(11, "Error: Unknown verb"), Rejected).by(UPDATE),
        Row::new(200, &coded(100, "Error: No item found with criteria: x"), Rejected).by(CREATE),
        Row::new(200, &coded(100, "Error: mysql_error = Deadlock found"), Retried).by(CREATE),
        Row::new(503, &coded(100, "This application is currently under maintenance."), Retried).by(CREATE),
        Row::new(500, "<html>Fatal error</html>", Retried).by(CREATE),
        Row::new(200, "<p>iTop: An error occurred</p>", Retried).by(CREATE),
        Row::new(503, "", RetriedAfter(40)).header("Retry-After", "40").by(CREATE),
        Row::new(302, "", Paused).by(CREATE),
    ];
    judge("itop", rows.into_iter().map(|row| row.over(ITOP)).collect());
}

#[test]
fn answers_of_jira_come_to_what_status_and_words_say() {
    let signed = "settings = { user = \"tocsin\" }\nsecrets = { token = \"token-of-jira\" }";
    let rows = vec![
        Row::new(201, r#"{"id":"1","key":"OPS-1"}"#, Delivered),
        Row::new(400, r#"{"errorMessages":[],"errors":{"summary":"is required"}}"#, Rejected),
        Row::new(200, "<html>Log in</html>", Paused),
        Row::new(401, "", Paused),
        Row::new(403, "", Paused),
        Row::new(410, r#"{"errorMessages":["The requested API has been removed."]}"#, Paused),
        Row::new(429, "", RetriedAfter(25)).header("Retry-After", "25"),
        Row::new(503, "", Retried),
    ];
    judge(
        "jira",
        rows.into_iter().map(|row| row.over(signed).by("settings = { project = \"OPS\" }")).collect(),
    );
}

#[test]
fn answers_of_pagerduty_are_accepted_and_never_delivered() {
    let keyed = "secrets = { routing_key = \"0123456789abcdef0123456789abcdef\" }";
    let invalid = |error: &str| {
        format!(r#"{{"status":"invalid event","message":"Event object is invalid","errors":["{error}"]}}"#)
    };
    let rows = vec![
        Row::new(202, r#"{"status":"success","message":"Event processed","dedup_key":"k"}"#, Accepted),
        Row::new(202, "<html>", Paused),
        Row::new(400, &invalid("'summary' is too long"), Rejected),
        Row::new(400, &invalid("Length of 'routing_key' is incorrect"), Paused),
        Row::new(403, "", Paused),
        Row::new(429, "", RetriedAfter(60)),
        Row::new(500, "", Retried),
    ];
    judge("pagerduty", rows.into_iter().map(|row| row.over(keyed)).collect());
}

#[test]
fn answers_of_any_webhook_come_to_what_its_sets_of_statuses_say() {
    let chosen = "settings = { success = \"200, 302\", retry = \"418, 5xx\", pause = \"403\" }";
    let told = "settings = { answer_field = \"result.code\", answer_value = \"0\" }";
    let program = r#"settings = { answer_jq = 'if .ok then true elif .busy then {retry: "busy", after: 33} elif .gone then {pause: "gone"} else "no" end' }"#;
    judge(
        "webhook",
        vec![
            Row::new(204, "", Delivered),
            Row::new(422, "no", Rejected),
            Row::new(302, "", Rejected),
            Row::new(401, "", Paused),
            Row::new(425, "", Retried),
            Row::new(503, "", RetriedAfter(21)).header("Retry-After", "21"),
            Row::new(302, "", Delivered).by(chosen),
            Row::new(201, "", Rejected).by(chosen),
            Row::new(418, "", Retried).by(chosen),
            Row::new(403, "", Paused).by(chosen),
            Row::new(200, r#"{"result":{"code":0}}"#, Delivered).by(told),
            Row::new(200, r#"{"result":{"code":7}}"#, Rejected).by(told),
            Row::new(200, r#"{"ok":true}"#, Delivered).by(program),
            Row::new(200, r#"{"busy":true}"#, RetriedAfter(33)).by(program),
            Row::new(200, r#"{"gone":true}"#, Paused).by(program),
            Row::new(200, "{}", Rejected).by(program),
        ],
    );
}
