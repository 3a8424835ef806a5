//! Whatever stands in an incident, Jira's limits hold and nothing of it means anything there.

use super::peer::Peer;
use super::*;
use proptest::prelude::*;
use tocsin_plugin::testing::hostile_context;

/// Jira's limit for a description or comment.
const TEXT_MAX: usize = 32_767;

/// `filler` again and again, as many bytes as the host lets through.
fn fill(filler: &str, bytes: usize) -> String {
    filler.repeat(bytes / filler.len())
}

fn hostile(filler: &str) -> Context {
    let mut context = Context { host: CLOUD.to_owned(), ..hostile_context(filler) };
    context.change.text = fill(filler, 20_000);
    context.change.changed = (0..100).map(|_| filler.to_owned()).collect();
    context
}

/// Panics where a text is longer than Jira takes, or is more than text.
fn check(request: &HttpRequest) {
    let document = body(request);
    let texts = [document.pointer("/fields/description"), document.get("body")];
    let text = texts.into_iter().flatten().next().expect("a description or a body");
    let units = |text: &str| text.encode_utf16().count();
    match text {
        Value::String(wiki) => {
            assert!(units(wiki) <= TEXT_MAX, "{} characters", units(wiki));
            // Each fence stands alone on its line, and they come in pairs.
            let fences = wiki.lines().filter(|line| *line == "{noformat}").count();
            assert_eq!(wiki.to_lowercase().matches("{noformat").count(), fences);
            assert_eq!(fences % 2, 0);
            assert!(!wiki.contains("[~"));
        }
        adf => {
            assert!(units(&adf.to_string()) <= TEXT_MAX, "{} characters", units(&adf.to_string()));
            check_node(adf);
        }
    }
    if let Some(summary) = document.pointer("/fields/summary") {
        let summary = summary.as_str().expect("text");
        assert!((1..=255).contains(&units(summary)) && !summary.chars().any(char::is_control));
    }
}

/// Only the nodes that are made here, none of them empty, and links that show themselves.
fn check_node(node: &Value) {
    match node["type"].as_str() {
        Some("doc" | "paragraph") => {
            node["content"].as_array().expect("nodes").iter().for_each(check_node);
        }
        Some("hardBreak") => {}
        Some("text") => {
            let text = node["text"].as_str().expect("text");
            assert!(!text.is_empty());
            if let Some(marks) = node.get("marks") {
                assert_eq!(marks, &json!([{"type": "link", "attrs": {"href": text}}]));
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn limits_hold_for_the_largest_incident() {
    for filler in ["x", "\"", "\\", "🔥", "ü", "\n", "{noformat}", "[~a]", "]]>", "<!channel>", "\u{1b}\u{0}"]
    {
        for host in [CLOUD, SERVER] {
            let mut context = hostile(filler);
            context.host = host.to_owned();
            let own = fill(filler, 100_000);
            for more in [
                vec![],
                vec![text("summary", &own), text("description", &own), text("comment", &own)],
                vec![text("issue_type", &own), boolean("user_info", true)],
            ] {
                let ticket = ticket(&more);
                check(&sent(Jira::encode(&context, &account(), &ticket)).0);
                let mut noted = context.clone();
                noted.change.kind = ChangeKind::Updated;
                let (key, value) = ("issue".to_owned(), "OPS-1".to_owned());
                noted.references = vec![Reference { key, value, url: None }];
                check(&sent(Jira::encode(&noted, &account(), &ticket)).0);
            }
        }
    }
}

#[test]
fn text_of_an_alert_never_stands_in_a_path_or_in_jql() {
    let mut jira = Peer::new(false);
    let attack = "OPS-1/../../x\" OR project = SEC OR labels = \"";
    let mut context = hostile(attack);
    context.incident.id = attack.to_owned();
    context.attempt = 2;
    let (request, _) =
        sent(Jira::encode(&Context { host: SERVER.to_owned(), ..context.clone() }, &account(), &ticket(&[])));
    let jql = &request.query.iter().find(|parameter| parameter.name == "jql").expect("JQL").value;
    assert_eq!(jql, "labels = \"tocsin-ops1xorprojectsecorlabels\" ORDER BY created ASC");
    jira.told(&context, &ticket(&[]));
    assert_eq!(jira.log, ["POST /issue"]);
    // A reference that cannot be a key is none.
    let (key, value) = ("issue".to_owned(), attack.to_owned());
    context.references = vec![Reference { key, value, url: None }];
    let (request, _) = sent(Jira::encode(&context, &account(), &ticket(&[])));
    assert_eq!(request.path, "/rest/api/3/search/jql");
}

proptest! {
    #[test]
    fn no_text_and_no_answer_makes_it_panic(text in "\\PC{0,300}", status in 100u16..600, answer in "\\PC{0,200}", which in 0usize..10) {
        let mut context = context(ChangeKind::ALL[which]);
        context.incident.title = text.clone();
        context.incident.message = text.clone();
        context.change.text = text;
        for host in [CLOUD, SERVER] {
            context.host = host.to_owned();
            let ticket = ticket(&[]);
            if let Ok(Step::Send(request, state)) = Jira::encode(&context, &account(), &ticket) {
                if request.method == "POST" {
                    check(&request);
                }
                let _ = Jira::resume(&context, &account(), &ticket, &state, &response(status, &[], &answer));
                let _ = Jira::resume(&context, &account(), &ticket, &state, &response(200, &[], &json!({"issues": [{"key": answer}], "key": answer}).to_string()));
            }
        }
    }
}
