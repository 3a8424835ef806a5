//! An entry that does not fit changes nothing at all.

use super::relay::{
    Relay, SOURCE, action, claimed, commanded, delivered, event, received, resolve, retried, settled, trigger,
};
use crate::command::{Command, Decoding, Verdict};
use crate::decide::Rejection;
use crate::delivery::DeliveryState;
use crate::event::EventChange;
use crate::id::{DeliveryId, Id, IncidentId, Kind};
use crate::incident::IncidentState;
use crate::time::Timestamp;
use crate::transition::IncidentCommand;

fn nobody<K: Kind>() -> Id<K> {
    Id::new(Timestamp::from_micros(0), 7)
}

/// What `fact` is rejected with, after the whole state was compared.
fn rejected(relay: &mut Relay, command: Command) -> Rejection {
    let before = relay.state.clone();
    let rejection = relay.try_apply(command).expect_err("the entry does not fit");
    assert_eq!(relay.state, before, "a rejected entry changes nothing");
    rejection
}

fn wrong_state(rejection: &Rejection) -> DeliveryState {
    match rejection {
        Rejection::WrongState { state, .. } => *state,
        other => panic!("expected a wrong state, found {other:?}"),
    }
}

/// A relay in the middle of things: deliveries due, sending and waiting; the connection of `page` is paused.
/// With its resolved incident, the delivery that is being sent and the one that is due.
fn busy() -> (Relay, IncidentId, DeliveryId, DeliveryId) {
    let mut relay =
        Relay::new(vec![action("chat", "slack"), action("page", "pager"), action("tell", "mail")]);
    let resolved = relay.incident_of(trigger("disk")).id;
    let claimed = relay.claim();
    relay.event(resolve("disk"));
    let sending = claimed[0];
    relay.settle(claimed[1], Verdict::Misconfigured("no".to_owned()));
    let again = Verdict::Retry { reason: "busy".to_owned(), at: relay.now, may_have_arrived: false };
    let due = relay.settle(claimed[2], again).id;
    (relay, resolved, sending, due)
}

#[test]
fn a_command_for_an_incident_that_is_not_there() {
    let (mut relay, ..) = busy();
    for command in IncidentCommand::ALL {
        let rejection = rejected(&mut relay, commanded(nobody(), command));
        assert_eq!(rejection, Rejection::NoIncident(nobody()));
    }
}

#[test]
fn a_command_that_the_table_refuses_says_so_in_words() {
    let (mut relay, resolved, ..) = busy();
    let rejection = rejected(&mut relay, commanded(resolved, IncidentCommand::Acknowledge));
    let expected = Rejection::Refused {
        number: 1,
        state: IncidentState::Resolved,
        command: IncidentCommand::Acknowledge,
    };
    assert_eq!(rejection, expected);
    assert_eq!(rejection.to_string(), "incident #1 is resolved, so it cannot be acknowledged");
}

#[test]
fn a_claim_of_what_is_not_there_or_not_due_also_beside_one_that_is() {
    let (mut relay, _, sending, due) = busy();
    let claim = |ids: &[DeliveryId]| claimed(ids.to_vec());
    assert_eq!(rejected(&mut relay, claim(&[due, nobody()])), Rejection::NoDelivery(nobody()));
    let rejection = rejected(&mut relay, claim(&[due, sending]));
    assert_eq!(wrong_state(&rejection), DeliveryState::Sending);
    let waiting = relay.state.deliveries_of("chat")[1].id;
    let rejection = rejected(&mut relay, claim(&[due, waiting]));
    assert_eq!(wrong_state(&rejection), DeliveryState::Waiting);
}

/// The second of two equal ids was once written over a state that the first had already changed, and a
/// store's index of what is due kept the wrong one.
#[test]
fn a_claim_that_names_a_delivery_twice() {
    let (mut relay, _, _, due) = busy();
    let rejection = rejected(&mut relay, claimed(vec![due, due]));
    assert_eq!(wrong_state(&rejection), DeliveryState::Sending);
}

/// What is due was once read a moment before its connection was paused, claimed a moment after, and sent over
/// it all the same.
#[test]
fn a_claim_of_what_is_due_over_a_paused_connection_also_beside_one_that_is_not() {
    let (mut relay, _, _, due) = busy();
    let id = relay.state.deliveries_of("page")[0].id;
    assert_eq!(relay.state.deliveries[&id].state, DeliveryState::Due);
    let rejection = rejected(&mut relay, claimed(vec![due, id]));
    assert_eq!(rejection, Rejection::Paused { id, connection: "pager".into() });
    relay.apply(claimed(vec![due]));
}

#[test]
fn a_verdict_on_what_is_not_there_or_not_being_sent() {
    let (mut relay, _, sending, due) = busy();
    assert_eq!(rejected(&mut relay, settled(nobody(), delivered())), Rejection::NoDelivery(nobody()));
    let rejection = rejected(&mut relay, settled(due, delivered()));
    assert_eq!(wrong_state(&rejection), DeliveryState::Due);
    relay.settle(sending, delivered());
    let rejection = rejected(&mut relay, settled(sending, Verdict::Misconfigured("no".to_owned())));
    assert_eq!(wrong_state(&rejection), DeliveryState::Delivered);
}

#[test]
fn a_retry_of_what_is_not_there_or_under_way_or_arrived() {
    let (mut relay, _, sending, _) = busy();
    assert_eq!(rejected(&mut relay, retried(nobody())), Rejection::NoDelivery(nobody()));
    let waiting = relay.state.deliveries_of("page")[1].id;
    assert_eq!(wrong_state(&rejected(&mut relay, retried(waiting))), DeliveryState::Waiting);
    assert_eq!(wrong_state(&rejected(&mut relay, retried(sending))), DeliveryState::Sending);
    relay.settle(sending, delivered());
    assert_eq!(wrong_state(&rejected(&mut relay, retried(sending))), DeliveryState::Delivered);
}

#[test]
fn giving_up_on_what_is_in_flight_or_named_twice() {
    let (mut relay, _, sending, due) = busy();
    let gave_up = |ids: &[DeliveryId]| Command::GiveUp { deliveries: ids.to_vec(), actor: "Ada".to_owned() };
    assert_eq!(wrong_state(&rejected(&mut relay, gave_up(&[due, sending]))), DeliveryState::Sending);
    relay.settle(sending, Verdict::Rejected("no".to_owned()));
    let dead = sending;
    assert_eq!(rejected(&mut relay, gave_up(&[dead, nobody()])), Rejection::NoDelivery(nobody()));
    assert_eq!(wrong_state(&rejected(&mut relay, gave_up(&[dead, dead]))), DeliveryState::Discarded);
    relay.apply(gave_up(&[dead]));
    assert_eq!(relay.state.deliveries[&dead].state, DeliveryState::Discarded);
    assert_eq!(wrong_state(&rejected(&mut relay, retried(dead))), DeliveryState::Discarded);
}

#[test]
fn decoding_again_what_is_not_there_or_was_applied() {
    let (mut relay, ..) = busy();
    let again = |receipt| {
        let received = received(SOURCE, &["1"], Decoding::Events(vec![trigger("new")]));
        Command::Redecode { receipt, received }
    };
    assert_eq!(rejected(&mut relay, again(nobody())), Rejection::NoReceipt(nobody()));
    let applied = relay.event(event(EventChange::Note, "disk"));
    let rejection = rejected(&mut relay, again(applied.id));
    assert_eq!(rejection, Rejection::NotDecodable { id: applied.id, status: "applied" });
    assert_eq!(
        rejection.to_string(),
        format!(
            "receipt {} is applied: only a refused, partly refused, failed or ignored one can be decoded again",
            applied.id
        )
    );
}

#[test]
fn more_events_of_a_request_that_is_not_there_or_has_fewer_than_they_say() {
    let (mut relay, ..) = busy();
    let more = |receipt, after| Command::Continue { receipt, after, events: vec![trigger("more")] };
    assert_eq!(rejected(&mut relay, more(nobody(), 0)), Rejection::NoReceipt(nobody()));
    let id = relay.event(trigger("disk")).id;
    assert_eq!(rejected(&mut relay, more(id, 2)), Rejection::NotContinued { id, after: 2 });
    for decoding in [Decoding::Refused(String::new()), Decoding::Ignored(String::new())] {
        let id = relay.request(SOURCE, &[], decoding).id;
        assert_eq!(rejected(&mut relay, more(id, 0)), Rejection::NotContinued { id, after: 0 });
    }
}

#[test]
fn discarding_what_is_no_dead_letter() {
    let (mut relay, ..) = busy();
    let id = relay.request(SOURCE, &[], Decoding::Ignored("a test message".to_owned())).id;
    let rejection = rejected(&mut relay, Command::Discard { receipts: vec![id], actor: "Ada".to_owned() });
    assert_eq!(rejection, Rejection::NotDeadLetter { id, status: "ignored" });
}
