//! What iTop bears, whatever an incident holds.

use tocsin_plugin::testing::example_context;
use tocsin_plugin::{Context, Label, Link, Step};

use super::peer::json_data;
use super::*;

fn hostile(filler: &str) -> Context {
    let mut context = example_context();
    let long = filler.repeat(10_000);
    context.incident.title = long.clone();
    context.incident.message = long.clone();
    context.incident.labels =
        (0..100).map(|n| Label { key: format!("{n}{filler}"), value: long.clone() }).collect();
    context.incident.links = (0..50)
        .map(|_| Link { title: long.clone(), url: format!("https://a.example/{}", "x".repeat(1_900)) })
        .collect();
    context.change.text = long.clone();
    context.change.actor = Some(long);
    context
}

/// The data of the first request for every kind of change, with and without a kept ticket.
fn requests(context: &Context, settings: &Fields) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for kind in ChangeKind::ALL {
        for kept in [false, true] {
            let mut context = context.clone();
            context.change.kind = kind;
            if kept {
                let reference = |key: &str, value: &str| tocsin_plugin::Reference {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    url: None,
                };
                context.references = vec![reference("ticket", "12"), reference("ticket_class", "Incident")];
            }
            if let Ok(Step::Send(request, _)) = Itop::encode(&context, &connection(), settings) {
                found.push(json_data(&request));
            }
        }
    }
    assert!(found.len() > 12, "only {} requests", found.len());
    found
}

#[test]
fn no_text_is_too_long_for_its_column() {
    for filler in ["x", "😀", "<", "&\"'", "\u{0}\n", "]]>", "<!channel> "] {
        let context = hostile(filler);
        let long = filler.repeat(10_000);
        for more in
            [&[][..], &[("message", long.as_str()), ("title", long.as_str()), ("comment", long.as_str())]]
        {
            for data in requests(&context, &following(more)) {
                let text = |field: &str| data["fields"][field].as_str().unwrap_or("").to_owned();
                assert!(text("title").chars().count() <= 255, "{filler:?}");
                assert!(!text("title").contains(char::is_control));
                for field in ["description", "solution"] {
                    assert!(text(field).len() <= 65_535, "{filler:?}: {} bytes", text(field).len());
                    assert!(!text(field).contains(char::is_control), "{filler:?}");
                }
                let entry = data["fields"]["private_log"]["add_item"]["message"].as_str().unwrap_or("");
                assert!(entry.len() <= 65_535 && !entry.contains(char::is_control));
                assert!(data["comment"].as_str().is_none_or(|c| !c.is_empty() && c.chars().count() <= 255));
                for html in [text("description"), text("solution"), entry.to_owned()] {
                    assert!(!html.contains("<!channel>"), "{filler:?}");
                }
            }
        }
    }
}

#[test]
fn the_mark_is_there_however_long_the_message_is() {
    let context = hostile("&<>");
    let data =
        requests(&context, &following(&[])).into_iter().find(|data| data["operation"] == "core/create");
    let description = data.expect("it opens")["fields"]["description"].as_str().expect("a text").to_owned();
    let mark = format!("Tocsin incident {}", context.incident.id);
    assert!(description.contains(&mark), "the mark is lost");
    let own = r#"{"description": "own text of <b>ours</b>"}"#;
    let data = requests(&context, &following(&[("fields", own)]))
        .into_iter()
        .find(|d| d["operation"] == "core/create");
    let description = data.expect("it opens")["fields"]["description"].as_str().expect("a text").to_owned();
    assert!(
        description.starts_with("<p>own text of &lt;b&gt;ours&lt;/b&gt;</p>") && description.contains(&mark)
    );
}

#[test]
fn a_severity_becomes_impact_and_urgency() {
    for (severity, impact, urgency) in [
        (Severity::Critical, "1", "1"),
        (Severity::High, "2", "2"),
        (Severity::Medium, "2", "3"),
        (Severity::Low, "3", "4"),
        (Severity::Info, "3", "4"),
    ] {
        let mut context = example_context();
        context.incident.severity = severity;
        let data = requests(&context, &following(&[])).remove(0);
        assert_eq!(
            (&data["fields"]["impact"], &data["fields"]["urgency"]),
            (&impact.into(), &urgency.into())
        );
        assert_eq!(data["fields"]["origin"], "monitoring");
    }
}

#[test]
fn an_id_of_another_shape_never_gets_into_a_query() {
    let mut context = example_context();
    context.incident.id = "x' OR 1 = 1".to_owned();
    context.attempt = 2;
    let outcome = Itop::encode(&context, &connection(), &following(&[]));
    assert!(matches!(outcome, Err(Failure::Rejected(_))), "{outcome:?}");
    // Nor does a reference that is none of iTop's ids.
    let mut context = example_context();
    context.change.kind = ChangeKind::Noted;
    context.references = vec![tocsin_plugin::Reference {
        key: "ticket".to_owned(),
        value: "SELECT UserRequest".to_owned(),
        url: None,
    }];
    let Ok(Step::Send(request, _)) = Itop::encode(&context, &connection(), &following(&[])) else {
        panic!("not sent")
    };
    assert_eq!(
        json_data(&request)["key"],
        "SELECT UserRequest WHERE description LIKE '%Tocsin incident 01KDYQ3M8800000000000000AA%'"
    );
}

#[test]
fn a_state_of_somebody_else_is_refused() {
    for state in [&b""[..], b"{}", b"[1]", br#"{"doing":"dance","at":0}"#, b"\xff"] {
        let response = peer::response(200, r#"{"code":0,"objects":null}"#);
        let outcome = Itop::resume(&example_context(), &connection(), &following(&[]), state, &response);
        assert!(matches!(outcome, Err(Failure::Rejected(_))), "{outcome:?}");
    }
}
