//! What holds of the state after any sequence of entries, whether they fit or not.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::memory::Memory;
use super::relay::{
    HOUR_MS, MINUTE_MS, Relay, SOURCE, action, alias, claimed, commanded, delivered, event, labels, occurred,
    partly, received, retried, settled, start,
};
use crate::command::{Command, Decoding, Forget, Outcome, Verdict};
use crate::delivery::{ChangeKind, DeliveryState};
use crate::event::{Event, EventChange, Severity};
use crate::id::{Id, IncidentId, Kind};
use crate::incident::IncidentState;
use crate::routing::{ActionRule, ActionStatus, Router, Routing, SourceRule};
use crate::timer::Timer;
use crate::transition::IncidentCommand;

/// What may happen. Numbers choose among what is there at that time.
#[derive(Clone, Debug)]
enum Move {
    Wait(u64),
    /// With an identity, and with or without elements that cannot be read.
    Receive(Vec<Event>, Option<u8>, bool),
    /// Refused, failed or ignored.
    Fail(u8),
    Redecode(usize, Vec<Event>, bool),
    Continue(usize, u64, Event),
    Discard(usize),
    Operate(usize, IncidentCommand),
    Modify(usize, Option<&'static str>, Option<Severity>, &'static str),
    Tick,
    Claim,
    ClaimOne(usize),
    Try(usize),
    Resume(bool),
    Settle(usize, u8),
    Retry(usize),
    GiveUp(usize),
    /// Everything older than so long that is over.
    Forget(u64),
    /// With so many of the actions, or with the configuration that is in force.
    Restart(Option<usize>),
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
        8 => (prop::collection::vec(events(), 1..3), prop::option::of(0..5_u8), prop::bool::weighted(0.2))
            .prop_map(|(events, identity, partly)| Move::Receive(events, identity, partly)),
        1 => (0..5_u8).prop_map(Move::Fail),
        2 => (pick.clone(), prop::collection::vec(events(), 1..3), any::<bool>())
            .prop_map(|(at, events, partly)| Move::Redecode(at, events, partly)),
        1 => (pick.clone(), 0..3_u64, events())
            .prop_map(|(at, after, event)| Move::Continue(at, after, event)),
        1 => pick.clone().prop_map(Move::Discard),
        2 => (pick.clone(), prop::sample::select(IncidentCommand::ALL.to_vec()))
            .prop_map(|(at, command)| Move::Operate(at, command)),
        1 => (
            pick.clone(),
            prop::option::of(prop::sample::select(vec!["", "disk is full", "other"])),
            prop::option::of(prop::sample::select(Severity::ALL.to_vec())),
            prop::sample::select(vec!["", "why"]),
        ).prop_map(|(at, title, severity, text)| Move::Modify(at, title, severity, text)),
        4 => Just(Move::Tick),
        3 => Just(Move::Claim),
        1 => pick.clone().prop_map(Move::ClaimOne),
        1 => pick.clone().prop_map(Move::Try),
        1 => any::<bool>().prop_map(Move::Resume),
        6 => (pick.clone(), 0..8_u8).prop_map(|(at, how)| Move::Settle(at, how)),
        2 => pick.clone().prop_map(Move::Retry),
        1 => pick.prop_map(Move::GiveUp),
        1 => prop::sample::select(vec![0, HOUR_MS, 26 * HOUR_MS]).prop_map(Move::Forget),
        1 => prop::option::of(0..4_usize).prop_map(Move::Restart),
    ]
}

fn routing() -> Routing {
    let test = ActionRule { status: ActionStatus::Test, ..action("test", "slack") };
    let filtered = ActionRule { filter: Some("labels.load != '1'".to_owned()), ..action("some", "pager") };
    let late = ActionRule { delay_ms: Some(30 * MINUTE_MS), ..action("late", "slack") };
    // A delay and a repetition, on the connection of others; and one that is told of states alone.
    let short = ActionRule {
        delay_ms: Some(1),
        repeat_ms: Some(HOUR_MS),
        filter: Some("severity != 'low'".to_owned()),
        ..action("short", "pager")
    };
    let entered = ActionRule {
        on: Vec::new(),
        enters: vec![IncidentState::Open],
        leaves: vec![IncidentState::Acknowledged],
        delay_ms: Some(MINUTE_MS),
        repeat_ms: Some(1),
        ..action("entered", "slack")
    };
    Routing {
        sources: BTreeMap::from([(SOURCE.into(), SourceRule::default())]),
        actions: vec![action("all", "slack"), filtered, test, short, entered, late],
    }
}

fn verdict(relay: &Relay, how: u8) -> Verdict {
    let why = "because".to_owned();
    match how {
        0 => Verdict::Retry { reason: why, at: relay.now.plus_ms(MINUTE_MS), may_have_arrived: true },
        1 => Verdict::Expired { reason: why, may_have_arrived: false },
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

fn pick<K: Kind>(ids: impl Iterator<Item = Id<K>>, at: usize) -> Option<Id<K>> {
    let ids: Vec<_> = ids.collect();
    (!ids.is_empty()).then(|| ids[at % ids.len()])
}

/// What of a request could not be read.
fn places(is_partly: bool) -> &'static [&'static str] {
    if is_partly { &["alerts[1]"] } else { &[] }
}

/// The command of a move, if there is anything to make it with.
fn command(relay: &Relay, change: &Move) -> Option<Command> {
    let state = &relay.state;
    let identities = |identity: Option<u8>| identity.map(|n| n.to_string());
    Some(match change {
        Move::Wait(_) => return None,
        Move::Receive(events, identity, is_partly) => {
            let identity = identities(*identity);
            let identities: Vec<_> = identity.iter().map(String::as_str).collect();
            Command::Receive(partly(&identities, events.clone(), places(*is_partly)))
        }
        Move::Fail(n) => {
            let why = "why".to_owned();
            let decoding = match n % 3 {
                0 => Decoding::Refused(why),
                1 => Decoding::Ignored(why),
                _ => Decoding::Failed(why),
            };
            Command::Receive(received(SOURCE, &[&n.to_string()], decoding))
        }
        Move::Redecode(at, events, is_partly) => Command::Redecode {
            receipt: pick(state.receipts.keys().copied(), *at)?,
            received: partly(&[], events.clone(), places(*is_partly)),
        },
        Move::Continue(at, after, event) => Command::Continue {
            receipt: pick(state.receipts.keys().copied(), *at)?,
            after: *after,
            events: vec![event.clone()],
        },
        Move::Discard(at) => Command::Discard {
            receipts: vec![pick(state.receipts.keys().copied(), *at)?],
            actor: "Ada".to_owned(),
        },
        Move::Operate(at, command) => commanded(pick(state.incidents.keys().copied(), *at)?, *command),
        Move::Claim => claimed(state.due_at(relay.now)),
        Move::ClaimOne(at) => claimed(vec![pick(state.deliveries.keys().copied(), *at)?]),
        Move::Try(at) => {
            Command::Try { delivery: pick(state.deliveries.keys().copied(), *at)?, record: false }
        }
        Move::Resume(is_slack) => Command::Resume {
            connection: if *is_slack { "slack" } else { "pager" }.into(),
            reason: "it works".to_owned(),
        },
        Move::Settle(at, how) => settled(pick(state.sending.iter().copied(), *at)?, verdict(relay, *how)),
        Move::Retry(at) => retried(pick(state.deliveries.keys().copied(), *at)?),
        Move::GiveUp(at) => Command::GiveUp {
            deliveries: vec![pick(state.deliveries.keys().copied(), *at)?],
            actor: "Ada".to_owned(),
        },
        Move::Modify(at, title, severity, text) => Command::Modify {
            incident: pick(state.incidents.keys().copied(), *at)?,
            title: title.map(str::to_owned),
            severity: *severity,
            actor: "Ada".to_owned(),
            text: (*text).to_owned(),
        },
        Move::Tick => Command::Tick,
        Move::Forget(ms) => {
            let before = relay.now.minus_ms(*ms);
            Command::Forget(Forget {
                incidents: state.incidents.keys().copied().collect(),
                resolved_before: before,
                receipts: state.receipts.keys().copied().collect(),
                came_before: before,
                dead_letters_came_before: before.minus_ms(HOUR_MS),
            })
        }
        Move::Restart(_) => start(),
    })
}

/// The configuration without the last `less` actions.
fn with_fewer(less: usize) -> Routing {
    let mut routing = routing();
    routing.actions.truncate(routing.actions.len() - less);
    routing
}

/// Plays `moves` on a fresh state; what holds is checked after each.
fn play(moves: &[Move]) -> Result<Memory, TestCaseError> {
    let mut relay = Relay::with_routing(routing());
    for change in moves {
        if let Move::Wait(ms) = change {
            relay.wait_ms(*ms);
        } else if let Some(command) = command(&relay, change) {
            if let Move::Restart(Some(less)) = change {
                relay.policy = Router::new(with_fewer(*less)).expect("its filters compile");
            }
            let before = relay.state.clone();
            if relay.try_apply(command).is_err() {
                prop_assert_eq!(&relay.state, &before, "a rejected entry changes nothing");
            }
            if matches!(change, Move::Forget(_)) {
                check_forgotten(&before, &relay.state)?;
            }
            if !matches!(change, Move::Try(_)) {
                check_begun(&before, &relay.state)?;
            }
            check_incidents(&relay.state)?;
            check_lanes(&relay.state)?;
            if matches!(change, Move::Tick) {
                check_repetitions(&relay)?;
            }
        }
    }
    relay.check();
    Ok(relay.state)
}

/// Nothing is forgotten that is not over, and nothing else changes.
fn check_forgotten(before: &Memory, after: &Memory) -> Result<(), TestCaseError> {
    for (id, incident) in &before.incidents {
        let its = before.deliveries.values().filter(|delivery| delivery.incident.id == *id);
        let is_over = incident.state() == IncidentState::Resolved
            && its.clone().all(|delivery| delivery.state.is_settled());
        match after.incidents.get(id) {
            None => prop_assert!(is_over, "#{} is forgotten, and not over", incident.number),
            Some(kept) => {
                prop_assert_eq!(kept, incident);
                prop_assert!(its.into_iter().all(|delivery| after.deliveries.contains_key(&delivery.id)));
            }
        }
    }
    let known = |id: &IncidentId| after.incidents.contains_key(id);
    prop_assert!(after.deliveries.values().all(|delivery| known(&delivery.incident.id)));
    prop_assert!(after.keys.values().all(known));
    prop_assert!(after.timelines.keys().all(known));
    Ok(())
}

/// Nothing is sent over a connection that is paused.
fn check_begun(before: &Memory, after: &Memory) -> Result<(), TestCaseError> {
    for id in after.sending.difference(&before.sending) {
        let connection = &after.deliveries[id].connection;
        prop_assert!(!before.pauses.contains_key(connection), "begun over {connection}, which is paused");
    }
    Ok(())
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
        let resolved = incident.state() == IncidentState::Resolved;
        prop_assert_eq!(incident.resolved_at().is_some(), resolved);
        prop_assert!(incident.opened_at <= incident.open_since);
        prop_assert_eq!(state.unresolved.contains(&incident.id), !resolved);
    }
    let numbers: BTreeSet<_> = state.incidents.values().map(|incident| incident.number).collect();
    prop_assert_eq!(numbers.len(), state.incidents.len(), "each has a number of its own");
    prop_assert!(numbers.last().is_none_or(|last| *last <= state.numbers), "no number beyond the last");
    let delivery = |id: &&IncidentId| state.deliveries.contains_key(&Id::from_bytes(id.to_bytes()));
    let both = state.incidents.keys().filter(delivery).count();
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
        let is_held = state.timers.contains_key(&Timer::Held(delivery.id));
        prop_assert_eq!(queued.contains(&delivery.id), !delivery.state.is_settled() && !is_held);
        prop_assert!(!is_held || delivery.state == DeliveryState::Waiting, "only what waits is held");
        let due = state.due.contains(&(delivery.next_at, delivery.id));
        prop_assert_eq!(due, delivery.state == DeliveryState::Due);
        prop_assert_eq!(state.sending.contains(&delivery.id), delivery.state == DeliveryState::Sending);
    }
    Ok(())
}

/// One tick never tells twice, and never of what somebody is on or what is over.
fn check_repetitions(relay: &Relay) -> Result<(), TestCaseError> {
    let mut told = BTreeSet::new();
    for delivery in relay.state.deliveries.values() {
        if delivery.change.kind == ChangeKind::Repeated && delivery.owed_since == relay.now {
            prop_assert_eq!(delivery.shown, IncidentState::Open);
            prop_assert!(told.insert((&delivery.action, delivery.incident.id)), "told twice at once");
        }
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
