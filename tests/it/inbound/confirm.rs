//! A sender asks for an address to be opened that confirms its subscription.

use serde_json::Value;

use crate::harness::{Relay, Request, Site, at, guest, source, until};

const ADDRESS: &str = "https://localhost/?Action=ConfirmSubscription&Token=2336412f37";

fn relay(lines: &str) -> Relay {
    let site = Site::new(&format!("{}{lines}", source("sns", "asks-to-confirm")));
    site.drop_plugin("asks-to-confirm.wasm", &guest("asks-to-confirm"));
    Relay::start_in(site)
}

fn ask(relay: &Relay, address: &str) {
    let request = Request::json(&at("sns"), "{}").header("x-confirm", address);
    assert_eq!(relay.send(&request).expect(200).json()["status"], "ignored");
}

/// What the source says of the last confirmation.
fn outcome(relay: &Relay) -> Option<String> {
    let confirmation: &Value = &relay.list(&["sources", "list"])[0]["requests"]["confirmation"];
    confirmation["outcome"].as_str().map(str::to_owned)
}

#[test]
fn unless_the_operator_wants_it_the_address_is_only_logged() {
    let relay = relay("");
    ask(&relay, ADDRESS);
    assert!(relay.log().contains(ADDRESS), "{}", relay.log());
    let outcome = outcome(&relay).expect("it is noted");
    assert!(outcome.contains("set `confirm = true`"), "{outcome}");
}

#[test]
fn an_address_of_this_machine_is_refused_as_for_any_delivery() {
    let relay = relay("confirm = true\n");
    ask(&relay, ADDRESS);
    let why = until("it was tried", || outcome(&relay));
    assert!(why.starts_with("not confirmed: ") && why.contains("is this machine"), "{why}");
    let log = relay.log();
    assert!(log.contains("not confirmed") && log.contains(ADDRESS), "{log}");
}

#[test]
fn a_host_that_the_plugin_does_not_know_is_not_asked() {
    let relay = relay("confirm = true\n");
    ask(&relay, "https://internal.example.org/?Token=1");
    let why = outcome(&relay).expect("it is decided at once");
    assert!(why.contains("`internal.example.org` is none that the plugin knows: localhost"), "{why}");
}

#[test]
fn a_plugin_that_knows_no_host_cannot_be_set_to_confirm() {
    let site = Site::new(&format!("{}confirm = true\n", source("jira", "jira")));
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("sources.jira.confirm") && said.contains("`jira` knows no host"), "{said}");
}
