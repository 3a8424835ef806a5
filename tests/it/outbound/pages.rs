//! The page behind a link in a message: who may see it, what it does, and that looking does nothing.

mod bounds;
mod browser;

use serde_json::Value;

use super::{open, resolve, to_webhook};
use crate::harness::{Answer, Receiver, Relay, Request};

/// A relay with a public address whose messages go to `receiver`.
fn relay(receiver: &Receiver, lines: &str) -> Relay {
    Relay::start(&format!("public_url = \"https://tocsin.example\"\n{}", to_webhook(receiver, lines)))
}

/// The path and query of a link in a message, by its purpose.
fn link(message: &Value, purpose: &str) -> String {
    let url = message["urls"][purpose].as_str().unwrap_or_else(|| unreachable!("{purpose} in {message:#}"));
    url.strip_prefix("https://tocsin.example").expect("it is below the public address").to_owned()
}

fn get(relay: &Relay, link: &str) -> Answer {
    relay.send(&Request::new("GET", link))
}

fn confirm(relay: &Relay, link: &str, form: &str) -> Answer {
    relay.send(&Request::form(link, form))
}

#[test]
fn a_message_leads_to_its_incidents_page() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "");
    let alert = r#"{"title":"<b>Disk</b> \"full\"","id":"disk","message":"line one\nline two",
        "severity":"high","team":"db"}"#;
    relay.post("hook", alert).expect(200);
    let message = receiver.wait(1)[0].json();
    let page = get(&relay, &link(&message, "incident")).expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    for words in ["#1 &lt;b&gt;Disk&lt;&#x2f;b&gt;", "line one\nline two", ">open<", ">high<", "opened"] {
        assert!(page.body.contains(words), "{words} in {}", page.body);
    }
    assert!(!page.body.contains("<b>Disk"), "{}", page.body);
}

#[test]
fn looking_changes_nothing_and_confirming_does() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "");
    open(&relay, "disk", "high");
    let link = link(&receiver.wait(1)[0].json(), "acknowledge");
    get(&relay, &link).expect(200);
    let page = get(&relay, &link);
    assert!(page.body.contains("Are you on it?"), "{}", page.body);
    assert_eq!(relay.incident()["state"], "open");

    let done = confirm(&relay, &link, "do=acknowledge&name=Ada&text=on+my+way").expect(303);
    let next = done.header("location").expect("a page to look at").to_owned();
    let path = link.split('?').next().expect("a path");
    let page = get(&relay, &format!("{path}{next}")).expect(200);
    assert!(page.body.contains("It is acknowledged.") && page.body.contains("Hand back"), "{}", page.body);
    let incident = relay.incident();
    assert_eq!(incident["state"], "acknowledged");
    let line =
        incident["timeline"].as_array().expect("lines").iter().find(|line| line["what"] == "acknowledged");
    let line = line.expect("it is in the timeline");
    assert_eq!(line["actor"], "Ada (by a link that tell sent)");
    assert_eq!(line["text"], "on my way");
    assert_eq!(receiver.wait(2)[1].json()["change"]["actor"], "Ada (by a link that tell sent)");
}

#[test]
fn everything_that_the_page_offers_is_done_and_written_down() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "");
    open(&relay, "disk", "high");
    let message = receiver.wait(1)[0].json();
    let link = link(&message, "incident");
    for (form, state, written) in [
        ("do=note&text=ordered+a+disk", "open", "ordered a disk"),
        ("do=acknowledge", "acknowledged", "whoever has a link that tell sent"),
        ("do=unacknowledge", "open", "unacknowledged"),
        ("do=modify&title=Disk+of+db-1&severity=low", "open", "updated (title, severity)"),
        ("do=resolve&text=new+disk", "resolved", "new disk"),
        ("do=reopen", "open", "reopened"),
        ("do=delete&text=it+was+a+test", "resolved", "deleted: it was no incident. it was a test"),
    ] {
        confirm(&relay, &link, form).expect(303);
        assert_eq!(relay.incident()["state"], state, "{form}");
        let page = get(&relay, &link).expect(200);
        assert!(page.body.contains(written), "{form}: {}", page.body);
    }
    let incident = relay.incident();
    assert_eq!((&incident["title"], &incident["severity"]), (&"Disk of db-1".into(), &"low".into()));
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_changed() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "readers_may = [\"acknowledge\", \"note\", \"reopen\"]\n");
    open(&relay, "disk", "high");
    let message = receiver.wait(1)[0].json();
    assert!(message["urls"]["resolve"].is_null(), "{message:#}");
    let link = link(&message, "acknowledge");
    let refused = confirm(&relay, &link, "do=resolve").expect(422);
    assert!(refused.body.contains("this link does not allow that"), "{}", refused.body);
    confirm(&relay, &link, "do=nonsense").expect(422);
    let empty = confirm(&relay, &link, "do=note&text=+").expect(422);
    assert!(empty.body.contains("The note is empty."), "{}", empty.body);
    assert_eq!(relay.incident()["state"], "open");
    resolve(&relay, "disk");
    let late = confirm(&relay, &link, "do=acknowledge").expect(409);
    assert!(late.body.contains("Nothing was changed: incident #1 is resolved"), "{}", late.body);
    assert!(get(&relay, &link).body.contains("Reopen"));
}

#[test]
fn whoever_comes_second_is_told_so_and_what_he_said_is_kept() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "readers_may = [\"acknowledge\", \"note\"]\n");
    open(&relay, "disk", "high");
    let link = link(&receiver.wait(1)[0].json(), "incident");
    let path = link.split('?').next().expect("a path");
    let after = |form: &str| {
        let done = confirm(&relay, &link, form).expect(303);
        let next = done.header("location").expect("a page to look at").to_owned();
        get(&relay, &format!("{path}{next}")).expect(200).body
    };
    let said = |page: &str, words: &str| assert!(page.contains(words), "{words:?} is not in {page}");
    said(&after("do=acknowledge&name=Ann"), "It is acknowledged.");
    let second = after("do=acknowledge&name=Bob&text=swap+the+disk");
    said(&second, "It was acknowledged already");
    said(&second, "swap the disk");
    said(&second, "Bob (by a link that tell sent)");
    for _ in 0..2 {
        said(&after("do=note&text=pressed+twice"), "The note is written down.");
    }
    let page = get(&relay, &link).expect(200).body;
    assert_eq!(page.matches("pressed twice").count(), 1, "{page}");
    said(&get(&relay, &format!("{link}&do=acknowledge")).body, "`acknowledge` is not possible any more");
    said(&get(&relay, &format!("{link}&do=resolve")).body, "This link does not allow `resolve`");
    // What an old address says was done is not said once it is no longer so.
    let stale = get(&relay, &format!("{link}&done=resolve")).body;
    assert!(!stale.contains("It is resolved"), "{stale}");
}

#[test]
fn a_link_that_was_changed_or_has_expired_says_nothing_of_the_incident() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "");
    open(&relay, "very secret", "high");
    let link = link(&receiver.wait(1)[0].json(), "incident");
    let (path, query) = link.split_once('?').expect("a query");
    let sig = query.split("sig=").nth(1).expect("a signature");
    let turned: String = sig.chars().rev().collect();
    for bad in [
        path.to_owned(),
        format!("/incidents/01HZZZZZZZZZZZZZZZZZZZZZZZ?{query}"),
        format!("/incidents/1?{query}"),
        format!("{path}?{}", query.replace("via=tell", "via=other")),
        format!("{path}?{}", query.replace("until=", "until=9")),
        format!("{path}?{}", query.replace(sig, &turned)),
    ] {
        for answer in [get(&relay, &bad), confirm(&relay, &bad, "do=resolve")] {
            let answer = answer.expect(403);
            assert!(!answer.body.contains("very secret"), "{bad}: {}", answer.body);
        }
    }
    assert_eq!(relay.incident()["state"], "open");
}

#[test]
fn a_link_ends_after_its_time() {
    let receiver = Receiver::start();
    let tables = to_webhook(&receiver, "");
    let relay = Relay::start(&format!(
        "public_url = \"https://tocsin.example\"\n{tables}[limits]\nkeep_links = \"0s\"\n"
    ));
    open(&relay, "very secret", "high");
    let link = link(&receiver.wait(1)[0].json(), "incident");
    let answer = get(&relay, &link).expect(410);
    assert!(
        answer.body.contains("This link was good until") && !answer.body.contains("secret"),
        "{}",
        answer.body
    );
    confirm(&relay, &link, "do=resolve").expect(410);
    assert_eq!(relay.incident()["state"], "open");
}

#[test]
fn links_stay_good_over_a_restart_and_messages_have_none_without_a_public_address() {
    let receiver = Receiver::start();
    let mut relay = relay(&receiver, "");
    open(&relay, "disk", "high");
    let link = link(&receiver.wait(1)[0].json(), "incident");
    relay.stop();
    relay.restart();
    get(&relay, &link).expect(200);

    let alone = Receiver::start();
    let relay = Relay::start(&to_webhook(&alone, ""));
    open(&relay, "disk", "high");
    let message = alone.wait(1)[0].json();
    assert!(message["urls"].as_object().is_none_or(serde_json::Map::is_empty), "{message:#}");
}
