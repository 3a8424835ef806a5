//! What is found when a configuration is read, and what each setting makes of a new issue.

use super::*;
use tocsin_plugin::{Severity, check_action, check_connection};

fn problems(more: &[Setting]) -> Vec<String> {
    let mut settings = vec![text("project", "OPS")];
    settings.extend_from_slice(more);
    let found = check_action::<Jira>(CLOUD, &[text("user", "bot@example.org")], &settings);
    found.into_iter().map(|problem| format!("{}: {}", problem.field, problem.problem)).collect()
}

#[test]
fn mistakes_in_an_action_are_told_when_it_is_saved() {
    assert_eq!(problems(&[]), [""; 0]);
    // A template may be empty for the sample incident.
    assert_eq!(problems(&[text("project", "")]), [""; 0]);
    for (setting, says) in [
        (text("project", "OPS-7"), "project: "),
        (texts("priorities", &["critical = Highest", "sehr hoch = 1"]), "sehr hoch"),
        (texts("labels", &["a b"]), "`a b`"),
        (texts("comment_on", &["updated", "closed"]), "`closed`"),
        (text("fields", "[]"), "fields: is not a JSON object"),
        (text("fields", "{'a': 1}"), "fields: "),
        (text("resolve_fields", "7"), "resolve_fields: "),
    ] {
        let found = problems(&[setting]);
        assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}");
    }
}

#[test]
fn mistakes_in_a_connection_are_told_when_it_is_saved() {
    let problems = |host: &str, settings: &[Setting]| check_connection::<Jira>(host, settings);
    assert_eq!(problems(CLOUD, &[text("user", "bot@example.org")]), []);
    assert_eq!(problems(SERVER, &[text("authentication", "bearer"), seconds("settle", 3_600)]), []);
    for (host, settings, field) in [
        (CLOUD, vec![], "user"),
        (SERVER, vec![text("user", " ")], "user"),
        (SERVER, vec![text("user", "a:b")], "user"),
        (CLOUD, vec![text("authentication", "bearer")], "authentication"),
        (CLOUD, vec![text("user", "bot@example.org"), seconds("settle", 3_601)], "settle"),
    ] {
        let found = problems(host, &settings);
        assert!(found.len() == 1 && found[0].field == field, "{found:?}");
    }
}

fn fields(context: &Context, more: &[Setting]) -> Value {
    body(&sent(Jira::encode(context, &account(), &ticket(more))).0)["fields"].clone()
}

#[test]
fn what_is_configured_stands_in_the_issue() {
    let opened = context(ChangeKind::Opened);
    let own = fields(
        &opened,
        &[
            text("project", "SEC"),
            text("issue_type", "10002"),
            text("summary", "db-1:\n disk"),
            text("description", "Own text"),
            texts("priorities", &["high = High", "critical = 1"]),
            texts("labels", &["shop", " "]),
            text("fields", r#"{"components": [{"name": "Shop"}], "duedate": null, "summary": "wins"}"#),
        ],
    );
    assert_eq!(own["project"], json!({"key": "SEC"}));
    assert_eq!(own["issuetype"], json!({"id": "10002"}));
    assert_eq!(own["priority"], json!({"id": "1"}));
    assert_eq!(own["summary"], "wins");
    assert_eq!(own["components"], json!([{"name": "Shop"}]));
    assert_eq!(own["labels"], json!(["shop", "tocsin-01kdyq3m8800000000000000aa"]));
    assert!(own.get("duedate").is_none() && own["description"].to_string().contains("Own text"));
    let low = Context {
        incident: tocsin_plugin::Incident { severity: Severity::Low, ..opened.incident.clone() },
        ..opened.clone()
    };
    assert!(fields(&low, &[texts("priorities", &["high = High"])]).get("priority").is_none());
    let bare = fields(
        &opened,
        &[boolean("mark", false), texts("labels", &[]), text("fields", r#"{"description": null}"#)],
    );
    assert!(bare.get("labels").is_none() && bare.get("description").is_none(), "{bare}");
}

#[test]
fn a_test_is_marked_and_an_empty_project_is_rejected() {
    let mut opened = context(ChangeKind::Opened);
    opened.test = true;
    assert_eq!(fields(&opened, &[])["summary"], "TEST - Disk full on db-1");
    opened.incident.title = " \n".to_owned();
    assert_eq!(fields(&opened, &[])["summary"], "TEST - Incident #42");
    let rejected = Jira::encode(&opened, &account(), &ticket(&[text("project", " ")]));
    assert!(matches!(rejected, Err(Failure::Rejected(why)) if why.contains("`project`")));
}

#[test]
fn without_a_mark_nothing_is_searched() {
    let unmarked = ticket(&[boolean("mark", false)]);
    let retried = Context { attempt: 2, ..context(ChangeKind::Updated) };
    assert_eq!(sent(Jira::encode(&retried, &account(), &unmarked)).0.method, "POST");
    let resolved = Jira::encode(&context(ChangeKind::Resolved), &account(), &unmarked);
    assert_eq!(
        sent(resolved).0.method,
        "POST",
        "the record of an incident that was over before it could be sent"
    );
}

#[test]
fn an_address_for_people_is_the_configured_one_or_one_on_the_connections_host() {
    let url = |settings: &[Setting], host: &str, given: &str| {
        let account = Account::from_settings(settings).expect("an account");
        super::super::api::Requests::new(&account, host).web_address("OPS-7", Some(given), host)
    };
    let user = text("user", "bot");
    for (host, given, expected) in [
        (SERVER, "https://jira.example/rest/api/2/issue/1", Some("https://jira.example/browse/OPS-7")),
        (
            SERVER,
            "http://JIRA.example:8080/jira/rest/api/2/issue/1",
            Some("http://JIRA.example:8080/jira/browse/OPS-7"),
        ),
        (SERVER, "https://evil.example/rest/api/2/issue/1", None),
        (SERVER, "https://jira.example@evil.example/rest/api/2/issue/1", None),
        (SERVER, "https://jira.example:x@evil.example/rest/", None),
        (SERVER, "https://evil.example\\jira.example/rest/", None),
        (SERVER, "javascript://jira.example/rest/", None),
        (SERVER, "jira.example/rest/", None),
        ("api.atlassian.com", "https://api.atlassian.com/ex/jira/1/rest/api/3/issue/1", None),
    ] {
        assert_eq!(url(std::slice::from_ref(&user), host, given).as_deref(), expected, "{given}");
    }
    let own = [user, text("web_url", "https://tickets.example/")];
    assert_eq!(url(&own, SERVER, "nonsense").as_deref(), Some("https://tickets.example/browse/OPS-7"));
}

#[test]
fn a_resolution_that_moves_nothing_still_comments() {
    let stays = ticket(&[texts("resolve_transition", &[])]);
    let (key, value) = ("issue".to_owned(), "OPS-7".to_owned());
    let mut resolved =
        Context { references: vec![Reference { key, value, url: None }], ..context(ChangeKind::Resolved) };
    resolved.change.text = "\n/var is at 97 %. ".to_owned();
    let (request, _) = sent(Jira::encode(&resolved, &account(), &stays));
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/rest/api/3/issue/OPS-7/comment"));
    let text = body(&request).to_string();
    assert!(text.contains("Resolved after 0 s · Disk full on db-1") && !text.contains("97 %"), "{text}");
}

#[test]
fn a_message_that_comes_again_with_an_update_stands_once() {
    let (key, value) = ("issue".to_owned(), "OPS-7".to_owned());
    let mut updated =
        Context { references: vec![Reference { key, value, url: None }], ..context(ChangeKind::Updated) };
    updated.change.text = "/var is at 97 %.".to_owned();
    updated.change.changed = vec!["message".to_owned()];
    let text = body(&sent(Jira::encode(&updated, &account(), &ticket(&[]))).0).to_string();
    assert_eq!(text.matches("97 %").count(), 1, "{text}");
    updated.references.clear();
    updated.attempt = 1;
    updated.change.kind = ChangeKind::Opened;
    let text = body(&sent(Jira::encode(&updated, &account(), &ticket(&[]))).0).to_string();
    assert_eq!(text.matches("97 %").count(), 1, "{text}");
}
