//! An incident that is forgotten leaves nothing behind, and takes nothing of another along.

use tocsin_core::delivery::DeliveryState;
use tocsin_core::evolve::evolve;
use tocsin_core::id::{DeliveryId, Id, IncidentId, Kind};
use tocsin_core::incident::IncidentState;
use tocsin_core::journal::{Cause, Entry, Fact};
use tocsin_core::state::Position;

use super::disk::Disk;
use super::memory::Memory;
use super::samples::{START, Script, assert_clean, options, write};
use super::story::{self, INCIDENTS, id};
use super::workload;
use crate::{DeliveryQuery, IncidentQuery, Store, keys, raw, tables};

fn forgotten(incidents: Vec<IncidentId>) -> Entry {
    let facts = vec![Fact::IncidentsForgotten { incidents }];
    Entry { at: START, cause: Cause::Retention, facts, policy: 0, epoch: 0 }
}

/// The rows of the state that have `bytes` in their key, or have them as their value.
fn rows_with(store: &Store, bytes: &[u8]) -> Vec<String> {
    let holds = |part: &[u8]| part.windows(bytes.len()).any(|window| window == bytes);
    let state = tables::ALL.into_iter().filter(|table| table.is_state);
    let rows = state.flat_map(|table| raw::rows(store, table).into_iter().map(move |row| (table, row)));
    // What a request did stays in its receipt, which is forgotten by itself.
    let rows = rows.filter(|(table, _)| *table != tables::RECEIPTS);
    rows.filter(|(_, (key, value))| holds(key) || holds(value))
        .map(|(table, (key, _))| format!("{} {}", table.name, table.key_words(&key)))
        .collect()
}

fn names<K: Kind>(store: &Store, of: Id<K>) -> Vec<String> {
    let mut found = rows_with(store, &of.to_bytes());
    // Timers name it in words.
    found.extend(rows_with(store, of.to_string().as_bytes()));
    found
}

#[test]
fn a_forgotten_incident_leaves_no_row_that_names_it() {
    let store = Store::open_backend(redb::backends::InMemoryBackend::new(), options()).unwrap();
    let mut entries = story::entries();
    entries.truncate(entries.len() - 1);
    raw::follow(&store, &entries);
    let [old, other] = INCIDENTS.map(id);
    let tables_of: Vec<String> = names(&store, old);
    for table in ["incidents", "incident_numbers", "identities", "keys_by_incident", "timeline", "deliveries"]
    {
        assert!(tables_of.iter().any(|row| row.starts_with(&format!("{table} "))), "{table}: {tables_of:#?}");
    }
    let kept = names(&store, other);
    let query = DeliveryQuery { incident: Some(old), limit: 100, ..Default::default() };
    let its: Vec<DeliveryId> =
        store.deliveries(&query).unwrap().items.iter().map(|delivery| delivery.id).collect();
    assert!(!its.is_empty());
    raw::follow(&store, &[forgotten(vec![old])]);
    assert_eq!(names(&store, old), Vec::<String>::new());
    for delivery in its {
        assert_eq!(names(&store, delivery), Vec::<String>::new());
    }
    assert_eq!(names(&store, other), kept, "another incident lost something");
    let counts = store.counts().unwrap();
    assert_eq!(counts.incidents_in(IncidentState::Resolved), 0);
    let deliveries = store.deliveries(&DeliveryQuery { limit: 100, ..Default::default() }).unwrap().items;
    for state in DeliveryState::ALL {
        let there = deliveries.iter().filter(|delivery| delivery.state == state).count();
        assert_eq!(counts.deliveries_in(state), there as u64, "{state:?}");
    }
    assert_clean(&store);
}

/// Every incident of the workload, in whatever state its deliveries are.
#[test]
fn all_incidents_can_be_forgotten_one_by_one() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    let all = store.incidents(&IncidentQuery { limit: 100, ..Default::default() }).unwrap().items;
    for incident in &all {
        assert_eq!(store.incident_by_key("grafana", &incident.key).unwrap().as_ref(), Some(incident));
        raw::follow(&store, &[forgotten(vec![incident.id])]);
        assert_eq!(names(&store, incident.id), Vec::<String>::new());
        assert_eq!(store.incident_by_number(incident.number).unwrap(), None);
        assert_eq!(store.incident_by_key("grafana", &incident.key).unwrap(), None);
    }
    assert_clean(&store);
    for table in [tables::DELIVERIES, tables::LANES, tables::DUE, tables::TIMELINE, tables::TOLD] {
        assert_eq!(raw::rows(&store, table), [], "{}", table.name);
    }
    // A number is not given twice, also after the store was opened again.
    drop(store);
    let store = Store::open_backend(disk, options()).unwrap();
    let applied = write(&store, Script::later().trigger("disk", "Disk full")).unwrap();
    assert_eq!(applied.receipt.unwrap().effects[0].incident.unwrap().1, all.len() as u64 + 1);
    assert_clean(&store);
}

#[test]
fn what_is_forgotten_in_the_store_is_forgotten_in_memory() {
    let store = Store::open_backend(redb::backends::InMemoryBackend::new(), options()).unwrap();
    raw::follow(&store, &story::entries());
    let mut memory = Memory::default();
    for (number, entry) in store.entries(1, usize::MAX).unwrap() {
        let Ok(()) = evolve(&mut memory, &entry);
        memory.position = Position { entry: number, policy: entry.policy, epoch: entry.epoch };
    }
    let incidents = store.incidents(&IncidentQuery { limit: 100, ..Default::default() }).unwrap().items;
    assert!(incidents.iter().eq(memory.incidents.values().rev()));
    let deliveries = store.deliveries(&DeliveryQuery { limit: 100, ..Default::default() }).unwrap().items;
    assert!(deliveries.iter().eq(memory.deliveries.values().rev()));
    assert_eq!(raw::rows(&store, tables::TIMERS).len(), memory.timers.len());
    assert_eq!(raw::rows(&store, tables::TIMELINE).len(), memory.timeline.len());
    assert_eq!(raw::rows(&store, tables::TOLD).len(), memory.told.len());
    assert_eq!(raw::rows(&store, tables::RECEIPTS).len(), memory.receipts.len());
}

/// A leader that was replaced may write a little more before it hears of that.
#[test]
fn entries_of_an_older_term_change_nothing() {
    let store = Store::open_backend(redb::backends::InMemoryBackend::new(), options()).unwrap();
    let [old, _] = INCIDENTS.map(id);
    let mut entries = story::entries();
    entries.truncate(entries.len() - 1);
    let newer =
        Entry { facts: Vec::new(), cause: Cause::Start("2".to_owned()), epoch: 2, ..forgotten(vec![]) };
    let stale = Entry { epoch: 1, ..forgotten(vec![old]) };
    entries.extend([newer, stale.clone(), stale]);
    raw::follow(&store, &entries);
    assert!(store.incident(old).unwrap().is_some());
    raw::follow(&store, &[Entry { epoch: 2, ..forgotten(vec![old]) }]);
    assert_eq!(store.incident(old).unwrap(), None);
    assert_clean(&store);
}

/// A key that another incident has taken over is that one's.
#[test]
fn forgetting_an_incident_leaves_a_key_that_leads_to_another() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    raw::follow(&store, &story::entries()[..2]);
    let [old, other] = INCIDENTS.map(id);
    store.close();
    // As it is left when a row of `identities` could not be read.
    raw::alter(disk.clone(), tables::IDENTITIES, &keys::text_text("grafana", "tape"), |_| {
        Some(other.to_bytes().to_vec())
    });
    let store = Store::open_backend(disk, options()).unwrap();
    raw::follow(&store, &[forgotten(vec![old])]);
    assert_eq!(store.incident_by_key("grafana", "tape").unwrap().map(|incident| incident.id), Some(other));
}
