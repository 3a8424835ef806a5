//! Headers that an operator adds, to iTop and to any other service.

use serde_json::{Value, json};

use super::{Stage, Told, hostile, refused};

/// Lines as they are, and a template.
const HEADERS: &str = r#"headers = ["X-Fixed: as it is", "x-LOWER:  trimmed "]
header_template = '{"X-Team": "$this->labels->team$", "X-Number": "{{ number }}", "X-Nobody": "{{ labels.nobody }}"}'
"#;
/// Any JSON data.
const DATA: &str = r#"json_data = '{"operation": "core/get", "class": "Team", "key": 1}'"#;

#[test]
fn headers_are_sent_as_they_are_or_with_placeholders_to_itop_and_anywhere_else() {
    let actions = [Told::new("raw", &format!("{HEADERS}{DATA}")), Told::new("webhook", HEADERS)];
    let stage = Stage::start(&actions);
    let mut alert = hostile();
    alert["team"] = json!("storage\r\nX-Evil: yes");
    stage.report(&alert);
    for action in ["raw", "webhook"] {
        let request = stage.request(action);
        let header = |name| request.header(name);
        assert_eq!((header("x-fixed"), header("x-lower")), (Some("as it is"), Some("trimmed")), "{action}");
        assert_eq!(
            (header("x-team"), header("x-number")),
            (Some("storage  X-Evil: yes"), Some("1")),
            "{action}"
        );
        assert_eq!(header("x-evil"), None, "{action}");
    }
    assert_eq!(stage.request("webhook").header("x-nobody"), None);
    assert_eq!(stage.request("raw").header("content-type"), Some("application/x-www-form-urlencoded"));
}

#[test]
fn a_content_type_among_the_headers_is_understood_in_any_writing() {
    let written = [
        ("webhook-usual", "Content-type: application/json", "application/json"),
        (
            "webhook-capital",
            "Content-Type: application/json; charset=utf-8",
            "application/json; charset=utf-8",
        ),
        (
            "webhook-loud",
            "CONTENT-TYPE: Application/JSON;Charset=\"UTF-8\"",
            "Application/JSON;Charset=\"UTF-8\"",
        ),
        ("webhook-own", "content-type:application/vnd.api+json", "application/vnd.api+json"),
    ];
    let payload = "payload = '{\"title\": \"$this->title$\", \"n\": 1}'";
    let told = |(name, line, _): (&str, &str, &str)| {
        Told::new(name, &format!("headers = [{}]\n{payload}", Value::from(line)))
    };
    let stage = Stage::start(&written.map(told));
    stage.report(&hostile());
    let title = "Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }}";
    for (name, _, sent) in written {
        let request = stage.request(name);
        assert_eq!(request.header("content-type"), Some(sent));
        assert_eq!(request.json(), json!({ "title": title, "n": 1 }), "{name}");
    }
}

#[test]
fn a_header_that_is_not_the_operators_to_set_is_told_when_the_configuration_is_read() {
    for (peer, line, words) in [
        ("webhook", "Authorization: Bearer abc", "choose `authentication` in the connection"),
        ("webhook", "Host: other.example", "`host`"),
        ("webhook", "X-Team: $this->labels->team$", "belongs into `header_template`"),
        ("webhook", "Content-Type: text/xml", "content_type"),
        ("webhook", "no header", "is not `Name: value`"),
        ("raw", "Authorization: Bearer abc", "who is calling belongs into the connection"),
        ("raw", "Content-Type: application/json", "the header `Content-Type` is set by Tocsin"),
        ("raw", "no header", "Name: value"),
    ] {
        let data = if peer == "raw" { DATA } else { "" };
        let said = refused(Told::new(peer, &format!("headers = [\"{line}\"]\n{data}")));
        let place = format!("actions.{peer}.settings.");
        assert!(said.contains(&place) && said.contains(words), "{line}: {said}");
        assert!(!said.contains("Bearer abc"), "{said}");
    }
}

#[test]
fn a_query_without_placeholders_is_sent_as_it_was_written_and_one_with_them_is_refused() {
    let written = r#"json_data = '{"operation": "core/update", "comment": "{{ title }}", "class": "Team",
      "key": "SELECT Team WHERE name = \"DBA\"", "fields": {"org_id": "SELECT Organization WHERE id = 3"}}'"#;
    let actions = [Told::new("raw", &written.replace('\n', ""))];
    let stage = Stage::start(&actions);
    stage.report(&hostile());
    let data = super::json_data(&stage.request("raw"));
    assert_eq!(data["key"], r#"SELECT Team WHERE name = "DBA""#);
    assert_eq!(data["fields"]["org_id"], "SELECT Organization WHERE id = 3");

    let placed = r#"json_data = '{"operation": "core/get", "class": "Team", "key": "SELECT Team WHERE name = {{ title }}"}'"#;
    let said = refused(Told::new("raw", placed));
    assert!(said.contains("actions.raw.settings.json_data: `key` holds OQL with a placeholder"), "{said}");
}
