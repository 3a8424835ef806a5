//! Other keys of the same problem: a recovery finds its incident although a name changed.

use super::relay::{HOUR_MS, Relay, SOURCE, alias, resolve, trigger};
use crate::command::Decoding;
use crate::event::Event;
use crate::incident::{Incident, IncidentState};

/// The unresolved incidents of this key.
fn unresolved<'a>(relay: &'a Relay, key: &str) -> Vec<&'a Incident> {
    let open = relay.state.unresolved.iter().map(|id| &relay.state.incidents[id]);
    open.filter(|incident| incident.key == key).collect()
}

#[test]
fn a_recovery_under_a_new_name_finds_its_incident_by_an_alias() {
    let mut relay = Relay::new(Vec::new());
    let opened = relay.incident_of(alias(trigger("host-a/disk"), &["id-7"]));
    let resolved = relay.incident_of(alias(resolve("host-b/disk"), &["id-7"]));
    assert_eq!((resolved.id, resolved.state()), (opened.id, IncidentState::Resolved));
    assert_eq!(resolved.key, "host-a/disk", "an incident keeps the key that it was opened with");
}

#[test]
fn a_name_that_an_incident_was_once_seen_under_stays_its_name() {
    let mut relay = Relay::new(Vec::new());
    let opened = relay.incident_of(alias(trigger("old"), &["id-7"]));
    relay.event(alias(trigger("new"), &["id-7"]));
    for key in ["new", "old", "id-7"] {
        assert_eq!(relay.incident_of(trigger(key)).id, opened.id, "{key}");
    }
}

#[test]
fn an_unresolved_incident_is_found_before_a_resolved_one() {
    let mut relay = Relay::new(Vec::new());
    relay.event(trigger("a"));
    relay.event(resolve("a"));
    let b = relay.incident_of(trigger("b"));
    assert_eq!(relay.incident_of(alias(trigger("a"), &["b"])).id, b.id);
}

#[test]
fn aliases_do_not_reach_into_another_source() {
    let mut relay = Relay::new(Vec::new());
    relay.event(alias(trigger("a"), &["shared"]));
    let events = Decoding::Events(vec![alias(trigger("b"), &["shared"])]);
    let receipt = relay.request("other", &[], events);
    assert_eq!(receipt.effects[0].incident.map(|(_, number)| number), Some(2));
}

/// An alias was once taken from the unresolved incident that it named. That one could never be resolved by
/// its source any more, and its next trigger opened a second incident beside it.
#[test]
fn an_alias_does_not_take_a_key_from_another_unresolved_incident() {
    let mut relay = Relay::new(Vec::new());
    let a = relay.incident_of(trigger("a"));
    let b = relay.incident_of(trigger("b"));
    assert_eq!(relay.incident_of(alias(trigger("a"), &["b"])).id, a.id);
    assert_eq!(relay.incident_of(trigger("b")).id, b.id);
    relay.event(resolve("a"));
    relay.wait_ms(2 * HOUR_MS);
    assert_eq!(relay.incident_of(trigger("b")).id, b.id);
    assert_eq!(unresolved(&relay, "b").len(), 1);
    assert_eq!(relay.incident_of(resolve("b")).id, b.id);
}

/// The same by way of a resolved incident that still has another name: reopening it there once made it an
/// incident that its own key did not lead to.
#[test]
fn a_resolved_incident_whose_key_moved_on_is_not_reopened_by_its_other_names() {
    let mut relay = Relay::new(Vec::new());
    let a = relay.incident_of(alias(trigger("a"), &["x"]));
    relay.event(resolve("a"));
    let b = relay.incident_of(trigger("b"));
    relay.event(alias(trigger("a"), &["b"]));
    let by_other_name = relay.incident_of(trigger("x"));
    assert_eq!(by_other_name.id, b.id, "what was `a` is `b` now");
    relay.event(resolve("b"));
    relay.wait_ms(2 * HOUR_MS);
    relay.event(trigger("a"));
    assert_eq!(unresolved(&relay, "a").len(), 1);
    assert_eq!(relay.state.incidents[&a.id].state(), IncidentState::Resolved);
}

#[test]
fn a_reopened_incident_is_found_by_its_own_key_again() {
    let mut relay = Relay::new(Vec::new());
    let a = relay.incident_of(alias(trigger("a"), &["x"]));
    relay.event(resolve("a"));
    // Another incident takes the key over and is resolved in turn.
    relay.event(trigger("b"));
    relay.event(alias(Event { title: "moved".to_owned(), ..trigger("a") }, &["b"]));
    relay.event(resolve("b"));
    assert_eq!(relay.incident_of(trigger("x")).id, a.id);
    assert_eq!(relay.incident_of(trigger("a")).id, a.id);
    assert_eq!(relay.state.find_in(&SOURCE.into(), "a"), Some(a.id));
}
