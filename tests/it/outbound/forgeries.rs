//! Texts of an alert that pretend: a link whose text is another address, and marks that turn the direction of a text.

use serde_json::json;

use crate::harness::{Receiver, Relay, Request, action, connection, settings, source};

const TURNED: &str = "safe\u{202e}gpj.exe\u{2066}\u{200f}\u{61c} end";

#[test]
fn a_links_text_that_looks_like_another_address_is_not_shown() {
    let receiver = Receiver::start();
    let own = "message = '{% for l in links %}{{ l.url | link(l.title) }}{% endfor %}'";
    let tables = format!(
        "{}{}{}{}{}{}",
        source("hook", "webhook"),
        settings("sources.hook", "jq = '{title: .title, key: .id, links: .links}'"),
        connection("slack", "slack", &receiver.url("/services/T/B/X")),
        action("shown", "slack"),
        action("own", "slack"),
        settings("actions.own", own)
    );
    let relay = Relay::start(&tables);
    for (id, title) in [
        ("1", "ｈｔｔｐｓ：／／ｂａｎｋ．ｅｘａｍｐｌｅ"),
        ("2", "https\u{200b}:\u{ad}//bank.example"),
        ("3", "bank。example"),
        ("4", "𝐛𝐚𝐧𝐤․example"),
    ] {
        let link = json!({"title": title, "url": "https://evil.example/x"});
        let alert = json!({"title": "Disk", "id": id, "links": [link]});
        relay.post("hook", &alert.to_string()).expect(200);
        relay.settled();
        let got: Vec<String> = receiver
            .requests()
            .iter()
            .skip(2 * (id.parse::<usize>().expect("a number") - 1))
            .map(|r| r.body.clone())
            .collect();
        assert_eq!(got.len(), 2, "{got:#?}");
        for body in got {
            assert!(body.contains("https://evil.example/x"), "{body}");
            assert!(!body.contains(title), "{title}: {body}");
        }
    }
}

#[test]
fn marks_of_direction_reach_neither_pages_nor_tickets_nor_messages() {
    let receiver = Receiver::scripted(|request, _| {
        let body =
            if request.path.contains("/rest/") { r#"{"issues":[],"key":"OPS-1","id":"1"}"# } else { "ok" };
        crate::harness::Reply::body(200, body)
    });
    let tables = format!(
        "public_url = \"https://tocsin.example\"\n{}{}{}{}[connections.jira.secrets]\ntoken = \"0123456789\"\n{}{}{}{}{}",
        source("hook", "webhook"),
        connection("slack", "slack", &receiver.url("/services/T/B/X")),
        connection("jira", "jira", &receiver.url("/jira")),
        settings("connections.jira", "authentication = \"bearer\""),
        action("slack", "slack"),
        action("jira", "jira"),
        settings("actions.jira", "project = \"OPS\""),
        connection("hook", "webhook", &receiver.url("/hook")),
        action("hook", "hook"),
    );
    let relay = Relay::start(&tables);
    let alert = json!({"title": TURNED, "id": "1", "message": TURNED, "links": [{"title": TURNED, "url": "https://a.example/"}]});
    relay.post("hook", &alert.to_string()).expect(200);
    relay.settled();
    let got = receiver.requests();
    let marks = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}'];
    let of = |path: &str| got.iter().filter(|request| request.path.starts_with(path)).collect::<Vec<_>>();
    let told = [of("/jira"), of("/services")].concat();
    assert!(
        told.iter().any(|request| request.path.ends_with("/issue") && request.body.contains("safegpj.exe")),
        "{got:#?}"
    );
    assert!(
        told.iter().all(|request| !request.body.contains(marks) && !request.body.contains("\\u202e")),
        "{told:#?}"
    );
    let message = of("/hook")[0].json();
    let url = message["urls"]["incident"].as_str().expect("a link");
    let page = relay
        .send(&Request::new("GET", url.strip_prefix("https://tocsin.example").expect("ours")))
        .expect(200);
    let title =
        page.body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title");
    assert!(title.contains("safegpj.exe") && !title.contains(marks), "{title}");
}
