//! What holds of the state after any sequence of entries, whether they fit or not.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::memory::Memory;
use super::relay::{
    HOUR_MS, MINUTE_MS, Relay, SOURCE, action, alias, commanded, delivered, event, labels, occurred,
    received, retried, settled, started,
};
use crate::delivery::DeliveryState;
use crate::event::{Event, EventChange};
use crate::id::Id;
use crate::incident::IncidentState;
use crate::journal::{Decoding, Fact, Outcome, Verdict};
use crate::routing::{ActionRule, ActionStatus, Routing, SourceRule};
use crate::transition::Command;

/// What may happen. Numbers choose among what is there at that time.
#[derive(Clone, Debug)]
enum Move {
    Wait(u64),
    Receive(Vec<Event>, Option<u8>),
    Fail(u8),
    Redecode(usize, Event),
    Operate(usize, Command),
    Claim,
    ClaimOne(usize),
    Settle(usize, u8),
    Retry(usize),
    Restart(bool),
}

fn events() -> impl Strategy<Value = Event> {
    use EventChange::{Acknowledge, Note, Resolve, Trigger};
    let change = prop::sample::select(vec![Trigger, Trigger, Trigger, Resolve, Resolve, Acknowledge, Note]);
    let key = || prop::sample::select(vec!["a", "b", "c", "x"]);
    let at = prop::option::of(0_i64..20);
    (change, key(), prop::collection::vec(key(), 0..3), at, 0..3_u8).prop_map(
        |(change, key, aliases, at, load)| {
            let said = alias(event(change, key), &aliases);
            let said = Event { labels: labels(&[("load", &load.to_string())]), ..said };
            match at {
                Some(at) => occurred(said, at),
                None => said,
            }
        },
    )
}

fn moves() -> impl Strategy<Value = Move> {
    let pick = 0_usize..1000;
    prop_oneof![
        2 => prop::sample::select(vec![1, MINUTE_MS, 2 * HOUR_MS, 25 * HOUR_MS]).prop_map(Move::Wait),
        8 => (prop::collection::vec(events(), 1..3), prop::option::of(0..5_u8))
            .prop_map(|(events, identity)| Move::Receive(events, identity)),
        1 => (0..5_u8).prop_map(Move::Fail),
        1 => (pick.clone(), events()).prop_map(|(at, event)| Move::Redecode(at, event)),
        2 => (pick.clone(), prop::sample::select(Command::ALL.to_vec()))
            .prop_map(|(at, command)| Move::Operate(at, command)),
        3 => Just(Move::Claim),
        1 => pick.clone().prop_map(Move::ClaimOne),
        6 => (pick.clone(), 0..8_u8).prop_map(|(at, how)| Move::Settle(at, how)),
        2 => pick.prop_map(Move::Retry),
        1 => any::<bool>().prop_map(Move::Restart),
    ]
}

fn routing() -> Routing {
    let test = ActionRule { status: ActionStatus::Test, ..action("test", "slack") };
    let filtered = ActionRule { filter: Some("labels.load != '1'".to_owned()), ..action("some", "pager") };
    Routing {
        sources: BTreeMap::from([(SOURCE.to_owned(), SourceRule::default())]),
        actions: vec![action("all", "slack"), action("also", "slack"), filtered, test],
    }
}

fn verdict(relay: &Relay, how: u8) -> Verdict {
    let why = "because".to_owned();
    match how {
        0 => Verdict::Retry { reason: why, at: relay.now.plus_ms(MINUTE_MS) },
        1 => Verdict::Expired(why),
        2 => Verdict::Rejected(why),
        3 => Verdict::Misconfigured(why),
        4 => Verdict::Skipped(why),
        5 => Verdict::Accepted(Outcome {
            updates: vec![("ref".to_owned(), "1".to_owned())],
            ..Outcome::default()
        }),
        _ => delivered(),
    }
}

fn pick(ids: impl Iterator<Item = Id>, at: usize) -> Option<Id> {
    let ids: Vec<_> = ids.collect();
    (!ids.is_empty()).then(|| ids[at % ids.len()])
}

/// The entry of a move, if there is anything to make it with.
fn fact(relay: &Relay, change: &Move) -> Option<Fact> {
    let state = &relay.state;
    let identities = |identity: Option<u8>| identity.map(|n| n.to_string());
    Some(match change {
        Move::Wait(_) => return None,
        Move::Receive(events, identity) => {
            let identity = identities(*identity);
            let identities: Vec<_> = identity.iter().map(String::as_str).collect();
            Fact::Received(received(SOURCE, &identities, Decoding::Events(events.clone())))
        }
        Move::Fail(n) => {
            Fact::Received(received(SOURCE, &[&n.to_string()], Decoding::Failed("trap".to_owned())))
        }
        Move::Redecode(at, event) => Fact::Redecoded {
            receipt: pick(state.receipts.keys().copied(), *at)?,
            received: received(SOURCE, &[], Decoding::Events(vec![event.clone()])),
        },
        Move::Operate(at, command) => commanded(pick(state.incidents.keys().copied(), *at)?, *command),
        Move::Claim => Fact::Claimed { deliveries: state.due_at(relay.now) },
        Move::ClaimOne(at) => {
            Fact::Claimed { deliveries: vec![pick(state.deliveries.keys().copied(), *at)?] }
        }
        Move::Settle(at, how) => settled(pick(state.sending.iter().copied(), *at)?, verdict(relay, *how)),
        Move::Retry(at) => retried(pick(state.deliveries.keys().copied(), *at)?),
        Move::Restart(reload) => started(reload.then(routing)),
    })
}

/// Plays `moves` on a fresh state; what holds is checked after each.
fn play(moves: &[Move]) -> Result<Memory, TestCaseError> {
    let mut relay = Relay::with_routing(routing());
    for change in moves {
        if let Move::Wait(ms) = change {
            relay.wait_ms(*ms);
        } else if let Some(fact) = fact(&relay, change) {
            let before = relay.state.clone();
            if relay.try_apply(fact).is_err() {
                prop_assert_eq!(&relay.state, &before, "a rejected entry changes nothing");
            }
            check_incidents(&relay.state)?;
            check_lanes(&relay.state)?;
        }
    }
    Ok(relay.state)
}

fn check_incidents(state: &Memory) -> Result<(), TestCaseError> {
    let mut identities = BTreeSet::new();
    for id in &state.unresolved {
        let incident = &state.incidents[id];
        let new = identities.insert((&incident.source, &incident.key));
        prop_assert!(new, "two unresolved incidents of the key {}", incident.key);
        prop_assert_eq!(state.find_in(&incident.source, &incident.key), Some(*id), "its key leads to it");
    }
    for incident in state.incidents.values() {
        let resolved = incident.state == IncidentState::Resolved;
        prop_assert_eq!(incident.resolved_at.is_some(), resolved);
        prop_assert_eq!(state.unresolved.contains(&incident.id), !resolved);
    }
    let numbers: BTreeSet<_> = state.incidents.values().map(|incident| incident.number).collect();
    prop_assert!(numbers.into_iter().eq(1..=state.incidents.len() as u64), "numbers without gaps");
    let both = state.incidents.keys().filter(|id| state.deliveries.contains_key(id)).count();
    prop_assert_eq!(both, 0, "an id names one thing");
    Ok(())
}

fn check_lanes(state: &Memory) -> Result<(), TestCaseError> {
    let mut queued = BTreeSet::new();
    for ((connection, incident), lane) in &state.lanes {
        for (place, id) in lane.iter().enumerate() {
            let delivery = &state.deliveries[id];
            prop_assert!(queued.insert(*id), "in one lane, once");
            prop_assert_eq!((&delivery.connection, delivery.incident.id), (connection, *incident));
            let waits = delivery.state == DeliveryState::Waiting;
            prop_assert_eq!(waits, place > 0, "only the first of a lane is due or being sent");
        }
    }
    for delivery in state.deliveries.values() {
        prop_assert_eq!(queued.contains(&delivery.id), !delivery.state.is_settled());
        let due = state.due.contains(&(delivery.next_at, delivery.id));
        prop_assert_eq!(due, delivery.state == DeliveryState::Due);
        prop_assert_eq!(state.sending.contains(&delivery.id), delivery.state == DeliveryState::Sending);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 4096, ..ProptestConfig::default() })]

    #[test]
    fn any_entries_leave_one_incident_per_key_and_ordered_lanes_and_the_same_state_when_applied_again(
        moves in prop::collection::vec(moves(), 1..60),
    ) {
        let first = play(&moves)?;
        prop_assert_eq!(play(&moves)?, first);
    }
}
