//! What a request that changes nothing is answered, and what an acknowledgement of an unknown incident does.

use serde_json::json;

use crate::harness::{Receiver, Relay, action, connection, settings, source};

fn config(receiver: &Receiver) -> String {
    let on = "on = [\"opened\", \"acknowledged\"]\n";
    format!(
        "{}{}{}{}{on}",
        source("pages", "webhook"),
        settings("sources.pages", "jq = '.[] | {title: .name, status: .state, key: .id, message: .text}'"),
        connection("hook", "webhook", &receiver.url("/hook")),
        action("tell", "hook"),
    )
}

#[test]
fn a_resolve_without_an_incident_is_answered_nothing_and_the_receipt_says_so() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config(&receiver));
    let answer = relay.post("pages", r#"[{"id":"checkout","state":"resolved"}]"#).expect(200);
    let said = answer.json();
    assert_eq!((&said["status"], &said["incidents"]), (&json!("nothing"), &json!([])));
    assert_eq!(relay.list(&["receipts", "list"])[0]["status"], "nothing");
    let words = relay.run(&["receipts", "show", &answer.receipt()]).expect(0).stdout;
    let first = format!("{} nothing: no incident for `checkout`\n", answer.receipt());
    assert!(words.starts_with(&first), "{words}");
    let listed = relay.run(&["receipts", "list"]).expect(0).stdout;
    assert!(listed.contains("no incident for `checkout`"), "{listed}");
    assert!(relay.list(&["receipts", "list", "--dead-letters"]).is_empty());
    assert!(relay.list(&["incidents", "list"]).is_empty());
    // One event that does something is enough.
    let both = r#"[{"id":"checkout","state":"resolved"},{"id":"search","name":"Slow","state":"down"}]"#;
    assert_eq!(relay.post("pages", both).expect(200).json()["status"], "applied");
}

#[test]
fn an_acknowledgement_of_an_unknown_incident_opens_and_acknowledges_it() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&config(&receiver));
    let body =
        r#"[{"id":"checkout","name":"Checkout is slow","state":"acknowledged","text":"We look into it."}]"#;
    let said = relay.post("pages", body).expect(200).json();
    assert_eq!(said["status"], "applied");
    assert_eq!(said["incidents"][0]["change"], "opened and acknowledged");
    let incident = relay.incident();
    assert_eq!(
        (&incident["state"], &incident["title"]),
        (&json!("acknowledged"), &json!("Checkout is slow"))
    );
    assert_eq!(incident["message"], "We look into it.");
    let kinds: Vec<String> = receiver.wait(2).iter().map(|request| request.kind()).collect();
    assert_eq!(kinds, ["opened", "acknowledged"]);
    let again = relay.post("pages", body).expect(200).json();
    assert_eq!(
        (&again["status"], &again["incidents"][0]["change"]),
        (&json!("nothing"), &json!("unchanged"))
    );
    let resolved = relay.post("pages", r#"[{"id":"checkout","state":"resolved"}]"#).expect(200).json();
    assert_eq!(resolved["incidents"][0]["change"], "resolved");
    let late = relay.post("pages", body).expect(200).json();
    assert_eq!(late["status"], "nothing", "a resolved incident stays resolved: {late}");
    assert_eq!(relay.incident()["state"], "resolved");
    relay.stop();
    relay.run(&["verify", "--replay"]).expect(0);
}
