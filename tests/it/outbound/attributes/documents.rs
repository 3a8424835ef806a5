//! Whole documents of the operator's own: iTop's JSON data, and the payload of any other service.

use serde_json::json;

use super::{Stage, Told, form, hostile, json_data, refused};

#[test]
fn json_data_reach_itop_as_they_are_with_placeholders_in_their_strings_alone() {
    let data = r#"
        {"operation": "core/create", "comment": "from Tocsin $this->name()$", "class": "UserRequest",
         "output_fields": "id, friendlyname",
         "fields": {"org_id": {"name": "Demo"}, "title": "$this->title$", "description": "$this->html(title)$",
                    "impact": 1, "is_urgent": false, "parent_id": null, "$this->labels->team$": ["{{ number }}", 2.50]}}
    "#;
    let stage = Stage::start(&[Told::new("raw", &format!("json_data = '''{data}'''"))]);
    stage.report(&hostile());
    let request = stage.request("raw");
    assert_eq!((request.method.as_str(), request.header("content-type")), ("POST", Some(FORM)));
    let form = form(&request.body);
    assert_eq!(
        (&form["version"], &form["auth_user"], &form["auth_pwd"]),
        (&json!("1.3"), &json!("tocsin"), &json!("its-password"))
    );
    let fields = json!({
        "org_id": { "name": "Demo" },
        "title": "Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }}",
        "description":
            "Disk &quot;full&quot; &lt;!channel&gt; &lt;users/all&gt; @all $this-&gt;message$ {{ message }}",
        "impact": 1,
        "is_urgent": false,
        "parent_id": null,
        "storage": ["1", 2.50],
    });
    assert_eq!(
        json_data(&request),
        json!({
            "operation": "core/create",
            "comment": "from Tocsin #1",
            "class": "UserRequest",
            "output_fields": "id, friendlyname",
            "fields": fields,
        })
    );
}

/// What iTop reads.
const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn json_data_that_are_no_json_or_no_operation_are_told_when_the_configuration_is_read() {
    for (data, words) in [
        (r#"{"operation": 'core/get'}"#, "line 1, column 15: "),
        (r#"{"operation": 'core/get'}"#, "a single quote (') stands"),
        (r#"{"class": "UserRequest"}"#, "`raw` needs JSON data with an `operation`"),
        (r#"{"operation": "core/delete", "class": "UserRequest"}"#, "nothing is deleted in iTop unless"),
        (r#"{"operation": "core/get", "key": "SELECT Team WHERE name = '$this->title$'"}"#, "OQL"),
        (r#"{"operation": "core/get", "key": "$this->titel$"}"#, "unknown placeholder `$this->titel$`"),
    ] {
        let said = refused(Told::new("raw", &format!("json_data = '''{data}'''")));
        assert!(said.contains("actions.raw.settings.") && said.contains(words), "{data}: {said}");
    }
}

#[test]
fn a_payload_arrives_as_it_is_written_whatever_an_alert_holds() {
    let payload = r#"{
        "summary": "$this->title$", "priority": 3, "price": 1.5, "number": 18446744073709551615,
        "urgent": false, "old": null,
        "tags": ["$this->labels->team$", {"{{ labels.host }}": "said: \"{{ message }}\""}]
    }"#;
    let stage = Stage::start(&[Told::new("webhook", &format!("payload = '''{payload}'''"))]);
    stage.report(&hostile());
    let request = stage.request("webhook");
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(
        request.json(),
        json!({
            "summary": "Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }}",
            "priority": 3,
            "price": 1.5,
            "number": u64::MAX,
            "urgent": false,
            "old": null,
            "tags": ["storage", { "db-1": "said: \"/var is at 97 %.\"" }],
        })
    );
}

#[test]
fn a_payload_that_is_no_json_is_told_when_the_configuration_is_read() {
    for (payload, words) in [
        ("{'title': \"$this->title$\"}", "line 1, column 2: "),
        ("{'title': \"$this->title$\"}", "a single quote (') stands"),
        ("{\n \"title\": $this->title$\n}", "line 2, column "),
        ("{\"title\": \"$this->titel$\"}", "unknown placeholder `$this->titel$`"),
        ("{\"title\": \"a\", \"title\": \"b\"}", "`title`"),
    ] {
        let said = refused(Told::new("webhook", &format!("payload = '''{payload}'''")));
        assert!(
            said.contains("actions.webhook.settings.payload: ") && said.contains(words),
            "{payload}: {said}"
        );
    }
}
