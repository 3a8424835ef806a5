//! Any commands, given to the store, give what they give over plain maps, and so do the entries that the store keeps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tocsin_core::command::{Command, Issued};
use tocsin_core::decide::{Applied, DecideError, Rejection, decide};
use tocsin_core::delivery::{Delivery, DeliveryState};
use tocsin_core::evolve::evolve;
use tocsin_core::id::{IncidentId, ReceiptId};
use tocsin_core::incident::IncidentState;
use tocsin_core::journal::{Cause, Entry, Fact};
use tocsin_core::receipt::ReceiptStatus;
use tocsin_core::state::Position;
use tocsin_core::time::Timestamp;

mod steps;

use steps::{step, write};

use super::memory::Memory;
use super::samples::{Answer, START, Script, assert_clean, options, routing, submit};
use crate::{DeliveryQuery, IncidentQuery, ReceiptQuery, Receipts, Store, Write, WriteError, raw};

fn into_memory(memory: &mut Memory, write: &Write) -> Result<Applied, Rejection> {
    let mut give = |issued: &Issued| {
        let decided = decide(memory, &write.policy, issued).map_err(|error| match error {
            DecideError::Rejected(rejection) => rejection,
            DecideError::State(never) => match never {},
        })?;
        let (entry, applied) = decided;
        if !entry.is_void() {
            memory.position = end(memory.position.entry + 1, &entry);
        }
        Ok(applied)
    };
    let first = give(&write.issued)?;
    write.more.iter().try_fold(first, |applied, issued| Ok(applied.and_then(give(issued)?)))
}

/// The journal's end, behind `entry`.
fn end(number: u64, entry: &Entry) -> Position {
    Position { entry: number, policy: entry.policy, epoch: entry.epoch }
}

/// What follows from the entries that the store keeps, as they are read.
fn evolved(store: &Store) -> Memory {
    let mut memory = Memory::default();
    for (number, entry) in store.entries(1, usize::MAX).unwrap() {
        let Ok(()) = evolve(&mut memory, &entry);
        memory.position = end(number, &entry);
    }
    memory
}

/// Has everything forgotten that is over, there and here.
fn forget(store: &Store, memory: &mut Memory) {
    let over = memory.incidents.values().filter(|incident| incident.state() == IncidentState::Resolved);
    let incidents: Vec<IncidentId> = over.map(|incident| incident.id).collect();
    let receipts: Vec<ReceiptId> = memory.receipts.keys().copied().step_by(2).collect();
    let facts = vec![Fact::IncidentsForgotten { incidents }, Fact::ReceiptsForgotten { receipts }];
    let Position { entry: last, policy, epoch } = memory.position;
    let entry = Entry { at: START, cause: Cause::Retention, facts, policy, epoch };
    raw::follow(store, std::slice::from_ref(&entry));
    let Ok(()) = evolve(memory, &entry);
    memory.position = end(last + 1, &entry);
}

/// Everything that can be read is as the maps have it.
fn assert_same(store: &Store, memory: &Memory) {
    let limit = usize::MAX;
    let incidents = store.incidents(&IncidentQuery { limit, ..Default::default() }).unwrap().items;
    assert!(incidents.iter().eq(memory.incidents.values().rev()));
    let receipts = store.receipts(&ReceiptQuery { limit, ..Default::default() }).unwrap().items;
    assert!(receipts.iter().eq(memory.receipts.values().rev()));
    let deliveries = store.deliveries(&DeliveryQuery { limit, ..Default::default() }).unwrap().items;
    assert!(deliveries.iter().eq(memory.deliveries.values().rev()));
    for id in memory.incidents.keys() {
        let timeline = store.timeline(*id, limit).unwrap();
        assert!(
            timeline.iter().eq(memory
                .timeline
                .iter()
                .filter(|((of, _), _)| of == id)
                .map(|(_, item)| item)
                .rev())
        );
    }
    for ((connection, incident), references) in &memory.references {
        assert_eq!(&store.references(connection, *incident).unwrap(), references);
    }
    for id in memory.incidents.keys() {
        let all = memory.references.iter().filter(|((_, incident), _)| incident == id);
        let mut expected: Vec<_> =
            all.map(|((connection, _), references)| (connection.to_string(), references.clone())).collect();
        expected.sort_by_key(|(connection, _)| connection.clone());
        assert_eq!(store.references_of(*id).unwrap(), expected);
    }
    for (timer, at) in &memory.timers {
        assert_eq!(store.timer(timer).unwrap(), Some(*at), "{timer}");
    }
    assert_eq!(store.next_timer().unwrap(), memory.timers.values().min().copied());
    assert!(store.pauses().unwrap().into_iter().eq(memory.pauses.clone()));
    for connection in ["chat", "pager"] {
        let mut due: Vec<&Delivery> = memory
            .deliveries
            .values()
            .filter(|delivery| delivery.state == DeliveryState::Due && delivery.connection == connection)
            .collect();
        due.sort_by_key(|delivery| (delivery.next_at, delivery.id));
        assert_eq!(store.next_due(connection, None).unwrap(), due.first().map(|delivery| delivery.next_at));
        for behind in due.iter().map(|delivery| delivery.next_at) {
            let later = due.iter().map(|delivery| delivery.next_at).find(|at| *at > behind);
            assert_eq!(store.next_due(connection, Some(behind)).unwrap(), later);
        }
        let end = Timestamp::from_micros(i64::MAX);
        for after in [None, Some("grafana"), Some("jira"), Some("between"), Some("longer than all")] {
            let expected = in_turn(&due, after);
            assert_eq!(
                store.due(connection, after, end, limit).unwrap().iter().collect::<Vec<_>>(),
                expected
            );
            let few = store.due(connection, after, end, 3).unwrap();
            assert!(few.iter().eq(expected.into_iter().take(3)), "{after:?}");
        }
    }
    assert_same_counts(store, memory);
    assert_same_receipts(store, memory);
}

fn assert_same_counts(store: &Store, memory: &Memory) {
    let counts = store.counts().unwrap();
    for state in IncidentState::ALL {
        let count = memory.incidents.values().filter(|incident| incident.state() == state).count();
        assert_eq!(counts.incidents_in(state), count as u64);
    }
    for state in DeliveryState::ALL {
        let count = memory.deliveries.values().filter(|delivery| delivery.state == state).count();
        assert_eq!(counts.deliveries_in(state), count as u64);
    }
    let dead = memory.receipts.values().filter(|receipt| receipt.status.is_dead_letter()).count();
    assert_eq!(counts.dead_letters, dead as u64);
}

fn assert_same_receipts(store: &Store, memory: &Memory) {
    let limit = usize::MAX;
    for (which, is_one) in [
        (Receipts::DeadLetters, (|status| status.is_dead_letter()) as fn(&ReceiptStatus) -> bool),
        (Receipts::Ignored, |status| matches!(status, ReceiptStatus::Ignored(_))),
    ] {
        let found = store.receipts(&ReceiptQuery { which, limit, ..Default::default() }).unwrap().items;
        let expected = memory.receipts.values().rev().filter(|receipt| is_one(&receipt.status));
        assert!(found.iter().eq(expected), "{which:?}");
    }
}

/// What is `due`, earliest first, with its sources in turn: those behind `after` begin, by length and name.
fn in_turn<'a>(due: &[&'a Delivery], after: Option<&str>) -> Vec<&'a Delivery> {
    let mut rounds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut places: Vec<_> = due
        .iter()
        .map(|delivery| {
            let source = delivery.incident.source.as_str();
            let is_behind = after.is_none_or(|after| (source.len(), source) > (after.len(), after));
            let round = rounds.entry(source).or_default();
            *round += 1;
            ((*round, !is_behind, source.len(), source), *delivery)
        })
        .collect();
    places.sort_by_key(|(place, _)| *place);
    places.into_iter().map(|(_, delivery)| delivery).collect()
}

/// The source of a write, in whose turn the writer takes it.
fn source_of(write: &Write) -> String {
    match &write.issued.command {
        Command::Receive(received) | Command::Redecode { received, .. } => received.source.to_string(),
        _ => String::new(),
    }
}

fn answered(answer: Answer) -> Result<Applied, WriteError> {
    answer.recv().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_through_the_store_give_what_they_give_in_memory_and_so_do_its_entries(
        steps in proptest::collection::vec(step(), 1..120),
        batch in 1..40usize,
    ) {
        let mut memory = Memory::default();
        let mut script = Script::new();
        let mut writes: Vec<Write> = vec![script.started(Some(routing()))];
        let mut expected = vec![into_memory(&mut memory, &writes[0])];
        for step in steps {
            let Some(write) = write(step, &mut script, &memory) else { continue };
            expected.push(into_memory(&mut memory, &write));
            writes.push(write);
        }
        let backend = redb::backends::InMemoryBackend::new();
        let store = Store::open_backend(backend, crate::Options { batch, ..options() }).unwrap();
        // The writer serves sources in turn: what is of another source waits until those before it are written.
        let (mut results, mut waiting, mut source) = (Vec::new(), Vec::new(), String::new());
        for write in writes {
            let next = source_of(&write);
            if next != source {
                results.extend(std::mem::take(&mut waiting).into_iter().map(answered));
                source = next;
            }
            waiting.push(submit(&store, write));
        }
        results.extend(waiting.into_iter().map(answered));
        let expected: Vec<_> = expected.into_iter().map(|result| result.map_err(WriteError::Rejected)).collect();
        prop_assert_eq!(results, expected);
        assert_same(&store, &memory);
        prop_assert!(evolved(&store) == memory, "what follows from the entries");
        assert_clean(&store);
        forget(&store, &mut memory);
        assert_same(&store, &memory);
        prop_assert!(evolved(&store) == memory, "what follows from what was forgotten");
        assert_clean(&store);
    }
}
