//! Text of an alert stays in its place: neither a query nor a header nor HTML.

use tocsin_plugin::testing::{example_context, request_to_json};
use tocsin_plugin::{Document, Step};

use super::peer::json_data;
use super::*;

fn sent(given: &[(&str, &str)]) -> Result<Step, Failure> {
    Itop::encode(&example_context(), &connection(), &settings(given))
}

fn data(given: &[(&str, &str)]) -> serde_json::Value {
    match sent(given) {
        Ok(Step::Send(request, _)) => json_data(&request),
        other => panic!("not sent: {other:?}"),
    }
}

#[test]
fn a_rendered_query_is_refused_wherever_an_object_is_found() {
    for given in [
        &[("organization", "SELECT Organization")][..],
        &[("organization", "Demo"), ("caller", " select Person WHERE 1")],
        &[("organization", "Demo"), ("fields", r#"{"service_id": "\n(SELECT Service)"}"#)],
        &[("organization", "Demo"), ("fields", r#"{"a_list": [{"functionalci_id": "SELECT Server"}]}"#)],
        &[("operation", "get"), ("criteria", r#"{"org_id": "SELECT Organization"}"#)],
        &[("operation", "raw"), ("json_data", r#"{"operation": "core/get", "key": "SELECT Person"}"#)],
        &[("organization", "query:unknown")],
        &[("operation", "get"), ("key", "SELECT UserRequest WHERE ref = '{{ labels.ref }}'")],
        &[("operation", "get"), ("key", "R-000012")],
    ] {
        assert!(matches!(sent(given), Err(Failure::Rejected(_))), "{given:?}");
    }
}

/// An action whose JSON setting `key` is `text`, with these places as the operator wrote them.
fn with_document(given: &[(&str, &str)], key: &str, text: &str, fixed: &[&str]) -> Result<Step, Failure> {
    let mut settings = values::<Fields>(given);
    let document =
        Document { text: text.to_owned(), fixed: fixed.iter().map(|at| (*at).to_owned()).collect() };
    settings.push(Setting { key: key.to_owned(), value: Value::Document(document) });
    let settings = Fields::from_settings(&settings).expect("settings");
    Itop::encode(&example_context(), &connection(), &settings)
}

#[test]
fn a_query_without_placeholders_is_sent_as_the_operator_wrote_it() {
    let raw = r#"{"operation": "core/update", "comment": "c", "class": "UserRequest", "key": "SELECT UserRequest WHERE id = 3",
                  "fields": {"a~b/c_list": [{"team_id": "SELECT Team WHERE name = 'DBA'"}]}}"#;
    let fixed = ["/key", "/fields/a~0b~1c_list/0/team_id"];
    let step = with_document(&[("operation", "raw")], "json_data", raw, &fixed);
    let Ok(Step::Send(request, _)) = step else { panic!("not sent: {step:?}") };
    assert_eq!(json_data(&request), serde_json::from_str::<serde_json::Value>(raw).expect("JSON"));
    for missing in fixed {
        let others: Vec<&str> = fixed.into_iter().filter(|at| *at != missing).collect();
        let step = with_document(&[("operation", "raw")], "json_data", raw, &others);
        let Err(Failure::Rejected(why)) = step else { panic!("{missing}: {step:?}") };
        assert!(why.contains("json_data") && why.contains("placeholder"), "{why}");
    }
    let fields = r#"{"service_id": "SELECT Service WHERE id = 3"}"#;
    let step = with_document(&[("organization", "Demo")], "fields", fields, &["/service_id"]);
    assert!(matches!(step, Ok(Step::Send(..))), "{step:?}");
}

#[test]
fn a_query_of_the_operator_is_used_by_its_name() {
    let queries =
        ("queries", "demo = SELECT Organization WHERE name = 'Demo'\nweb=SELECT Service WHERE id = 3");
    let data =
        data(&[("organization", "query:demo"), ("fields", r#"{"service_id": "query: web"}"#), queries]);
    assert_eq!(data["fields"]["org_id"], "SELECT Organization WHERE name = 'Demo'");
    assert_eq!(data["fields"]["service_id"], "SELECT Service WHERE id = 3");
}

#[test]
fn a_title_may_begin_with_select() {
    let mut context = example_context();
    context.incident.title = "SELECT on db-1 is slow".to_owned();
    assert!(matches!(Itop::encode(&context, &connection(), &following(&[])), Ok(Step::Send(..))));
}

#[test]
fn an_organization_is_an_id_or_a_name_and_a_caller_an_id_or_an_address() {
    for (organization, caller, org_id, caller_id) in [
        ("3", "7", serde_json::json!("3"), serde_json::json!("7")),
        (
            " Demo ",
            "a@b.example",
            serde_json::json!({"name": "Demo"}),
            serde_json::json!({"email": "a@b.example"}),
        ),
    ] {
        let data = data(&[("organization", organization), ("caller", caller)]);
        assert_eq!((&data["fields"]["org_id"], &data["fields"]["caller_id"]), (&org_id, &caller_id));
    }
    // A placeholder that is empty for this incident: iTop answers an empty key with a fatal error.
    let data = data(&[("organization", "Demo"), ("caller", " "), ("fields", r#"{"team_id": ""}"#)]);
    assert!(data["fields"].get("caller_id").is_none() && data["fields"].get("team_id").is_none(), "{data}");
}

#[test]
fn own_fields_stand_over_the_standard_ones_and_null_takes_one_away() {
    let fields = r#"{"origin": "mail", "impact": null, "title": "a\nb", "service_id": {"name": "Storage"}}"#;
    let data = data(&[("organization", "Demo"), ("fields", fields)]);
    assert_eq!(data["fields"]["origin"], "mail");
    assert_eq!(data["fields"]["title"], "a b");
    assert_eq!(data["fields"]["service_id"], serde_json::json!({"name": "Storage"}));
    assert!(data["fields"].get("impact").is_none() && data["fields"]["urgency"] == "1", "{data}");
}

#[test]
fn own_html_is_kept_where_the_operator_asks_for_it() {
    let fields = ("fields", r#"{"description": "<b>bold</b>", "private_log": "<i>\"x\"</i>"}"#);
    let plain = data(&[("organization", "Demo"), fields]);
    assert!(plain["fields"]["description"].as_str().is_some_and(|d| d.starts_with("<p>&lt;b&gt;bold")));
    assert_eq!(
        plain["fields"]["private_log"]["add_item"]["message"],
        "<p>&lt;i&gt;&quot;x&quot;&lt;/i&gt;</p><p>Tocsin delivery 01KDYQ3M8800000000000000DD</p>"
    );
    let own = data(&[("organization", "Demo"), fields, ("plain_text", "solution, private_log")]);
    assert!(own["fields"]["description"].as_str().is_some_and(|d| d.starts_with("<b>bold</b><p>Tocsin")));
}

#[test]
fn who_is_calling_is_named_and_never_written() {
    for (authentication, body, headers) in [
        ("form", "version=1.3&auth_user=a%26b&auth_pwd={{secret:password:form}}&json_data=%7B", ""),
        ("basic", "version=1.3&json_data=%7B", r#"["authorization: Basic {{basic:a&b:password}}"]"#),
        ("token", "version=1.3&json_data=%7B", r#"["auth-token: {{secret:token}}"]"#),
    ] {
        let connection: Connection = settings(&[("authentication", authentication), ("user", "a&b")]);
        let step = Itop::encode(&example_context(), &connection, &following(&[]));
        let Ok(Step::Send(request, _)) = step else { panic!("not sent") };
        let shown = request_to_json(&request);
        assert!(shown["body"].as_str().is_some_and(|text| text.starts_with(body)), "{shown}");
        assert_eq!(shown.get("headers").map(ToString::to_string).unwrap_or_default(), headers);
    }
    let nobody: Connection = settings(&[]);
    let outcome = Itop::encode(&example_context(), &nobody, &following(&[]));
    assert!(matches!(outcome, Err(Failure::Misconfigured(why)) if why.contains("user")));
}

#[test]
fn raw_data_are_sent_as_they_are_with_their_headers() {
    let json = r#"{"operation": "core/create", "class": "X", "comment": "c", "fields": {"n": 3, "b": false, "z": null}}"#;
    let step = sent(&[
        ("operation", "raw"),
        ("json_data", json),
        ("headers", "X-Team: storage\nContent-type: application/x-www-form-urlencoded"),
        ("header_template", r#"{"X-Incident": "a\r\nAuth-Token: stolen"}"#),
    ]);
    let Ok(Step::Send(request, _)) = step else { panic!("not sent") };
    assert_eq!(json_data(&request), serde_json::from_str::<serde_json::Value>(json).expect("JSON"));
    let headers = request_to_json(&request)["headers"].to_string();
    assert_eq!(headers, r#"["x-team: storage","x-incident: a  Auth-Token: stolen"]"#);
}

#[test]
fn an_empty_criterion_never_widens_a_search() {
    let criteria = ("criteria", r#"{"org_id": {"name": "Demo"}, "ref": ""}"#);
    for more in [("operation", "update"), ("operation", "delete"), ("operation", "get")] {
        let step = sent(&[more, criteria, ("allow_delete", "true"), ("fields", r#"{"title": "x"}"#)]);
        assert!(matches!(&step, Ok(Step::Skipped(why)) if why.contains("`ref`")), "{step:?}");
    }
    let step = sent(&[("operation", "get")]);
    assert!(matches!(&step, Ok(Step::Skipped(why)) if why.contains("no earlier delivery")), "{step:?}");
}
