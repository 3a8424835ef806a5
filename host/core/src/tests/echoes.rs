//! Messages of the relay that come back to it as events.

use super::relay::{Relay, SOURCE, action, event, labels, received, resolve, trigger};
use crate::command::{Command, Decoding};
use crate::event::{Event, EventChange, Link};
use crate::incident::{Incident, IncidentState};
use crate::reason::Reason;
use crate::receipt::{ReceiptRecord, ReceiptStatus};
use crate::transition::Transition;

const ITOP: &str = "itop";

/// A relay with one incident.
fn relay() -> (Relay, Incident) {
    let mut relay = Relay::new(vec![action("ticket", "itop")]);
    let incident = relay.incident_of(trigger("disk"));
    (relay, incident)
}

fn says(relay: &mut Relay, event: Event) -> ReceiptRecord {
    relay.request(ITOP, &[], Decoding::Events(vec![event]))
}

fn link(url: String) -> Link {
    Link { title: "R-1".to_owned(), url }
}

#[test]
fn a_ticket_with_the_mark_of_an_incident_opens_none_and_says_whose_it_is() {
    let (mut relay, own) = relay();
    let id = own.id.to_string();
    let delivery = relay.state.deliveries.keys().next().expect("it is owed").to_string();
    let marked = |message: String| Event { message, ..trigger("UserRequest::1") };
    for event in [
        marked(format!("Disk is full\nTocsin incident {id}\nIncident #1: https://tocsin.example/x")),
        marked(format!("<p>Disk</p><p>Tocsin\u{a0}incident\n{id}</p>")),
        marked(format!("Tocsin delivery {delivery}.")),
        Event {
            labels: labels(&[("labels", &format!("infra, tocsin-{}", id.to_lowercase()))]),
            ..trigger("OPS-1")
        },
        Event { aliases: vec![id.clone()], ..trigger("PD-1") },
        Event { change: EventChange::Acknowledge, ..marked(format!("Tocsin incident {id}")) },
        Event {
            title: format!("[P1] {}", own.title.to_uppercase()),
            links: vec![link(format!("https://tocsin.example/incidents/{id}?via=a&until=1&sig=abc"))],
            ..trigger("mail-1")
        },
    ] {
        let receipt = says(&mut relay, event.clone());
        assert_eq!(receipt.status, ReceiptStatus::Ignored(Reason::OwnIncident(1)), "{event:?}");
        assert_eq!(Reason::OwnIncident(1).to_string(), "it came from Tocsin's own incident #1");
        assert_eq!(receipt.effects[0].transition, Transition::Echo);
        assert_eq!(receipt.effects[0].incident, Some((own.id, 1)));
        assert_eq!(receipt.echoes(), 1);
    }
    assert_eq!(relay.state.incidents.len(), 1);
    assert_eq!(relay.state.deliveries.len(), 1);
}

#[test]
fn what_only_looks_like_a_message_of_the_relay_opens_an_incident() {
    let (mut relay, own) = relay();
    let id = own.id.to_string();
    let page = format!("https://tocsin.example/incidents/{id}?via=a&until=1&sig=abc");
    let of = |key: &str, message: String| Event { message, title: "another".to_owned(), ..trigger(key) };
    let quoted = of("a", format!("As in {page} the disk is full again"));
    let unknown = of("b", "Tocsin incident 01KDYQ3M8800000000000000AA".to_owned());
    let glued = of("c", format!("xTocsin incident {id}"));
    let longer = of("d", format!("Tocsin incident {id}0"));
    let words = of("e", format!("the Tocsin incident number {id}"));
    for (count, event) in [quoted, unknown, glued, longer, words].into_iter().enumerate() {
        assert_eq!(says(&mut relay, event).effects[0].transition, Transition::Open, "{count}");
    }
    assert_eq!(relay.state.incidents.len(), 6);
}

#[test]
fn a_resolution_and_an_acknowledgement_of_an_incident_that_is_there_count_whatever_they_quote() {
    let mut relay = Relay::new(vec![]);
    let own = relay.incident_of(trigger("disk"));
    let mark = format!("Tocsin incident {}", own.id);
    let quoting = |event: Event| Event { message: format!("{mark} is over"), ..event };
    relay.event(quoting(event(EventChange::Acknowledge, "disk")));
    assert_eq!(relay.state.incidents[&own.id].state(), IncidentState::Acknowledged);
    relay.event(quoting(trigger("disk")));
    assert_eq!(relay.state.incidents[&own.id].count, 2);
    relay.event(quoting(resolve("disk")));
    assert_eq!(relay.state.incidents[&own.id].state(), IncidentState::Resolved);
}

#[test]
fn the_relays_own_log_entry_is_no_note_but_a_note_that_quotes_the_mark_is() {
    let (mut relay, own) = relay();
    let note = |message: String| Event { message, ..event(EventChange::Note, "disk") };
    let mark = format!("Tocsin incident {}", own.id);
    let told = relay.state.timelines[&own.id].len();
    let entry = relay.event(note(format!("Note at 2026-01-02\nswapped\n{mark}\n")));
    assert_eq!(entry.effects[0].transition, Transition::Echo);
    assert_eq!(relay.state.timelines[&own.id].len(), told);
    let quoted = relay.event(note(format!("see {mark}, it is the same")));
    assert_eq!(quoted.effects[0].transition, Transition::Note);
}

#[test]
fn a_request_with_echoes_and_other_events_is_applied_also_when_they_follow_in_another_entry() {
    let (mut relay, own) = relay();
    let echo = Event { message: format!("Tocsin incident {}", own.id), ..trigger("own") };
    let both = relay.request(ITOP, &[], Decoding::Events(vec![echo.clone(), trigger("cpu")]));
    assert_eq!((both.status.clone(), both.echoes()), (ReceiptStatus::Applied, 1));

    let first = relay.receive(received(SOURCE, &[], Decoding::Events(vec![echo])));
    assert!(matches!(first.status, ReceiptStatus::Ignored(_)), "{first:?}");
    let more = Command::Continue { receipt: first.id, after: 1, events: vec![trigger("net")] };
    let whole = relay.apply(more).receipt.expect("it is remembered");
    assert_eq!((whole.status, whole.effects.len()), (ReceiptStatus::Applied, 2));
}
