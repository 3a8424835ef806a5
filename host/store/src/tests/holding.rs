//! Held deliveries, repetitions and what operators put right, on disk: over restarts and crashes, and replayed
//! again.

use tocsin_core::command::{Command, Decoding, Verdict};
use tocsin_core::delivery::{ChangeKind, Delivery, DeliveryState};
use tocsin_core::event::{EventChange, Severity};
use tocsin_core::id::{Id, IncidentId};
use tocsin_core::incident::IncidentState;
use tocsin_core::reason::Reason;
use tocsin_core::routing::Routing;
use tocsin_core::timer::Timer;
use tocsin_core::transition::IncidentCommand;

use super::disk::{Disk, Survives};
use super::samples::{Script, assert_clean, claimed, event, options, outcome, routing, write};
use crate::{DeliveryQuery, Store};

const DELAY_MS: u64 = 300_000;

/// Both actions are told of openings; `page`, whose content comes first, only after five minutes, and then every
/// hour.
fn late() -> Routing {
    let mut routing = routing();
    let page = &mut routing.actions[0];
    (page.delay_ms, page.repeat_ms) = (Some(DELAY_MS), Some(3_600_000));
    routing
}

fn open(disk: &Disk) -> Store {
    Store::open_backend(disk.clone(), options()).unwrap()
}

fn begin(disk: &Disk, routing: Routing) -> (Store, Script, IncidentId) {
    let (store, mut script) = (open(disk), Script::new());
    write(&store, script.started(Some(routing))).unwrap();
    let applied = write(&store, script.trigger("disk", "Disk full")).unwrap();
    let incident = applied.receipt.unwrap().effects[0].incident.unwrap().0;
    (store, script, incident)
}

fn tick(store: &Store, script: &mut Script, ms: u64) {
    script.now = script.now.plus_ms(ms);
    write(store, script.command(Command::Tick)).unwrap();
}

fn of(store: &Store, action: &str) -> Vec<Delivery> {
    let query = DeliveryQuery { action: Some(action.into()), limit: 100, ..Default::default() };
    store.deliveries(&query).unwrap().items.into_iter().rev().collect()
}

fn deliver(store: &Store, script: &mut Script, connection: &str) -> Delivery {
    let due = store.due(connection, None, script.now, 1).unwrap().remove(0);
    write(store, script.command(claimed(vec![due.id]))).unwrap();
    write(store, script.settled(due.id, Verdict::Delivered(outcome()))).unwrap();
    due
}

#[test]
fn what_is_held_is_still_held_when_the_store_is_opened_again_and_is_let_go_at_its_time() {
    let disk = Disk::default();
    let (store, mut script, _) = begin(&disk, late());
    let held = of(&store, "page").remove(0);
    assert_eq!(held.state, DeliveryState::Waiting);
    assert_eq!(store.timer(&Timer::Held(held.id)).unwrap(), Some(held.next_at));
    drop(store);

    let store = open(&disk);
    write(&store, script.started(None)).unwrap();
    assert_eq!(of(&store, "page"), std::slice::from_ref(&held));
    assert_eq!(store.due_connections().unwrap(), ["chat"]);
    assert_eq!(assert_clean(&store), 3);
    tick(&store, &mut script, DELAY_MS);
    assert_eq!(store.due("pager", None, script.now, 10).unwrap()[0].id, held.id);
    assert_eq!(store.timer(&Timer::Held(held.id)).unwrap(), None);
    assert_clean(&store);
}

#[test]
fn a_crash_within_a_hold_loses_nothing_that_is_held() {
    let disk = Disk::default();
    let (store, script, _) = begin(&disk, late());
    for survives in Survives::ALL {
        let store = open(&disk.crashed(survives));
        let mut again = Script::new();
        again.now = script.now;
        let script = &mut again;
        write(&store, script.started(None)).unwrap();
        assert_eq!(of(&store, "page")[0].state, DeliveryState::Waiting, "{survives:?}");
        tick(&store, script, DELAY_MS);
        assert_eq!(of(&store, "page")[0].state, DeliveryState::Due, "{survives:?}");
        assert_clean(&store);
    }
    drop(store);
}

#[test]
fn what_is_let_go_tells_of_the_incident_as_it_is() {
    let (store, mut script, incident) = begin(&Disk::default(), late());
    write(&store, script.trigger("disk", "Disk fuller")).unwrap();
    tick(&store, &mut script, DELAY_MS);
    let now = store.incident(incident).unwrap().unwrap();
    assert_eq!(now.title, "Disk fuller");
    for action in ["page", "post"] {
        assert!(of(&store, action).iter().all(|delivery| delivery.incident == now), "{action}");
    }
    assert_clean(&store);
}

#[test]
fn what_was_over_within_the_delay_is_skipped() {
    let (store, mut script, incident) = begin(&Disk::default(), late());
    let resolved = Decoding::Events(vec![event(EventChange::Resolve, "disk", "")]);
    write(&store, script.received(resolved)).unwrap();
    tick(&store, &mut script, DELAY_MS);
    assert!(of(&store, "page").iter().all(|delivery| delivery.state == DeliveryState::Skipped));
    assert_eq!(store.timeline(incident, 1).unwrap()[0].text, "not told: it was over within the delay of 5m");
    assert_eq!(store.counts().unwrap().deliveries_in(DeliveryState::Skipped), 2);
    assert_clean(&store);
}

#[test]
fn a_repetition_is_set_in_the_store_and_survives_its_reopening() {
    let disk = Disk::default();
    let (store, mut script, incident) = begin(&disk, late());
    tick(&store, &mut script, DELAY_MS);
    deliver(&store, &mut script, "pager");
    let timer = Timer::Repeat { incident, action: "page".into() };
    assert!(store.timer(&timer).unwrap().is_some());
    drop(store);
    let store = open(&disk);
    write(&store, script.started(None)).unwrap();
    tick(&store, &mut script, 2 * 3_600_000);
    let told = deliver(&store, &mut script, "pager");
    assert_eq!(told.change.kind, ChangeKind::Repeated);
    assert!(matches!(told.change.text, Reason::StillOpen(_)), "{:?}", told.change.text);
    assert_eq!(told.change.text, "still open after 2h 5m");
    assert_clean(&store);
}

#[test]
fn an_incident_is_reopened_and_corrected_and_replayed_to_the_same_state() {
    let (store, mut script, incident) = begin(&Disk::default(), late());
    let command = |command| Command::Operate {
        incident,
        command,
        actor: "operator".to_owned(),
        text: "not yet".to_owned(),
    };
    write(&store, script.command(command(IncidentCommand::Resolve))).unwrap();
    write(&store, script.command(command(IncidentCommand::Reopen))).unwrap();
    let corrected = Command::Modify {
        incident,
        title: Some("The disk of db-1".to_owned()),
        severity: Some(Severity::Critical),
        actor: "operator".to_owned(),
        text: String::new(),
    };
    write(&store, script.command(corrected)).unwrap();
    let kept = store.incident(incident).unwrap().unwrap();
    assert_eq!((kept.state(), kept.severity), (IncidentState::Open, Severity::Critical));
    assert_eq!(kept.title, "The disk of db-1");
    assert!(kept.open_since > kept.opened_at);
    assert_eq!(store.incident_by_key("grafana", "disk").unwrap(), Some(kept));
    assert_clean(&store);
}

#[test]
fn what_all_peers_call_an_incident_is_read_at_once() {
    let (store, mut script, incident) = begin(&Disk::default(), routing());
    assert_eq!(store.references_of(incident).unwrap(), []);
    write(&store, script.trigger("memory", "Out of memory")).unwrap();
    for connection in ["pager", "chat", "chat"] {
        deliver(&store, &mut script, connection);
    }
    let references = outcome().references;
    let expected = [("chat".to_owned(), references.clone()), ("pager".to_owned(), references.clone())];
    assert_eq!(store.references_of(incident).unwrap(), expected);
    let other = store.incident_by_key("grafana", "memory").unwrap().unwrap().id;
    assert_eq!(store.references_of(other).unwrap(), [("chat".to_owned(), references)]);
    assert_eq!(store.references_of(Id::from_bytes([9; 16])).unwrap(), []);
}
