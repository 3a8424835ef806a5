//! One record that cannot be read costs only itself: it is set aside and named, and all others go on.

use tocsin_core::command::{Command, Decoding, Verdict};
use tocsin_core::delivery::{ChangeKind, Delivery, DeliveryState};
use tocsin_core::event::EventChange;
use tocsin_core::id::{DeliveryId, Id, IncidentId};
use tocsin_core::routing::Routing;
use tocsin_core::timer::Timer;

use super::disk::Disk;
use super::samples::{Script, event, options, outcome, routing, write};
use crate::record::Stored;
use crate::record::set_aside::Kept;
use crate::tables::{self, Definition};
use crate::{DeliveryQuery, IncidentQuery, ReceiptQuery, Receipts, SetAside, Store, keys, raw};

/// A row as it is kept.
pub(super) fn kept() -> Kept {
    Kept {
        after: u64::MAX,
        table: "incidents".to_owned(),
        key: vec![0, 255],
        problem: "it is \"empty\"".to_owned(),
        incident: Some(super::story::id(2)),
        bytes: vec![1, 254],
        dismissed: true,
    }
}

/// A store in which two incidents have opened and got a note: each has two deliveries over each of two connections.
struct Scene {
    disk: Disk,
    store: Store,
    script: Script,
    incidents: Vec<IncidentId>,
}

impl Scene {
    fn new() -> Self {
        Self::with(routing())
    }

    fn with(mut routing: Routing) -> Self {
        let disk = Disk::default();
        let store = Store::open_backend(disk.clone(), options()).unwrap();
        let mut script = Script::new();
        routing.actions.iter_mut().for_each(|action| action.on.push(ChangeKind::Noted));
        write(&store, script.started(Some(routing))).unwrap();
        let mut incidents = Vec::new();
        for key in ["disk", "tape"] {
            let applied = write(&store, script.trigger(key, &format!("{key} Full"))).unwrap();
            incidents.push(applied.receipt.unwrap().effects[0].incident.unwrap().0);
        }
        for key in ["disk", "tape"] {
            let note = Decoding::Events(vec![event(EventChange::Note, key, "")]);
            write(&store, script.received(note)).unwrap();
        }
        Self { disk, store, script, incidents }
    }

    /// Closes the store, puts `bytes` in place of the value of a row, and opens it again.
    fn damage(&mut self, table: Definition, key: &[u8], bytes: &[u8]) {
        self.change(table, key, |_| Some(bytes.to_vec()));
    }

    fn change(
        &mut self,
        table: Definition,
        key: &[u8],
        change: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>,
    ) {
        self.store.close();
        raw::alter(self.disk.clone(), table, key, change);
        self.store = Store::open_backend(self.disk.clone(), options()).unwrap();
    }

    fn all(&self) -> Vec<Delivery> {
        let mut all =
            self.store.deliveries(&DeliveryQuery { limit: 100, ..Default::default() }).unwrap().items;
        all.reverse();
        all
    }

    /// The oldest delivery of the first incident over `connection`.
    fn first(&self, connection: &str) -> Delivery {
        let is_it = |one: &&Delivery| one.connection == connection && one.incident.id == self.incidents[0];
        self.all().iter().find(is_it).unwrap().clone()
    }

    fn due(&self, connection: &str) -> Vec<Delivery> {
        self.store.due(connection, None, self.script.now.plus_ms(1000), 100).unwrap()
    }

    /// Delivers what is due until nothing is; returns how many were delivered.
    fn deliver_all(&mut self) -> usize {
        let mut delivered = 0;
        loop {
            let due: Vec<DeliveryId> =
                ["pager", "chat"].iter().flat_map(|name| self.due(name)).map(|one| one.id).collect();
            if due.is_empty() {
                return delivered;
            }
            let claim = self.script.command(Command::Claim { deliveries: due, records: Vec::new() });
            for begun in write(&self.store, claim).unwrap().claimed {
                write(&self.store, self.script.settled(begun.id, Verdict::Delivered(outcome()))).unwrap();
                delivered += 1;
            }
        }
    }

    /// What was set aside, once the writer has seen to what readers found: it answers in order.
    fn set_aside(&mut self) -> Vec<SetAside> {
        self.store.set_aside().unwrap();
        write(&self.store, self.script.command(Command::Tick)).unwrap();
        self.store.set_aside().unwrap()
    }

    /// That `tables` were set aside, that `verify` names them and finds nothing else, and that it is clean once an
    /// operator has seen to them, also after everything went on.
    fn check(&mut self, tables: &[&str]) {
        let set_aside = self.set_aside();
        let names: Vec<&str> = set_aside.iter().map(|row| row.table.as_str()).collect();
        assert_eq!(names, tables, "{set_aside:#?}");
        self.assert_no_other_difference();
        let verified = self.store.replay(None, &mut |_, _| {}).unwrap();
        assert_eq!(verified.set_aside.len(), tables.len());
        assert!(!verified.is_clean());
        for key in ["disk", "tape", "more"] {
            write(&self.store, self.script.trigger(key, "Once more")).unwrap();
        }
        self.deliver_all();
        assert_eq!(self.store.dismiss_set_aside().unwrap(), tables.len() as u64);
        assert_eq!(self.store.dismiss_set_aside().unwrap(), 0);
        assert!(self.store.set_aside().unwrap().iter().all(|row| row.dismissed));
        assert_eq!(self.set_aside().len(), tables.len());
        self.assert_no_other_difference();
        assert!(self.store.replay(None, &mut |_, _| {}).unwrap().is_clean());
        let waits = |one: &Delivery| !one.state.is_settled();
        assert!(!self.all().iter().any(waits), "something is blocked for ever");
    }

    fn assert_no_other_difference(&self) {
        self.assert_differences_in(&[]);
    }

    /// That these tables differ from what the journal says, and no others.
    fn assert_differences_in(&self, tables: &[&str]) {
        let verified = self.store.replay(None, &mut |_, _| {}).unwrap();
        let differ: Vec<&str> = verified.differences.iter().map(|difference| difference.table).collect();
        assert_eq!(differ, tables, "{:#?}", verified.differences);
    }
}

#[test]
fn an_unreadable_delivery_stops_no_other_and_its_lane_goes_on() {
    let mut scene = Scene::new();
    let broken = scene.first("pager");
    scene.change(tables::DELIVERIES, &broken.id.to_bytes(), |record| {
        let mut record = record.unwrap();
        record[2] ^= 0x40;
        Some(record)
    });
    let due = scene.due("pager");
    assert_eq!((due.len(), due[0].incident.id), (1, scene.incidents[1]), "the other incident's");
    let set_aside = scene.set_aside();
    assert_eq!(set_aside[0].key, broken.id.to_string());
    assert_eq!(set_aside[0].incident, Some(scene.incidents[0]));
    assert_eq!(scene.due("pager").len(), 2, "the next one of its lane moved up");
    assert_eq!(scene.deliver_all(), 7);
    scene.check(&["deliveries"]);
}

/// A delivery has no copy of its incident, so it shows what is the case.
#[test]
fn a_delivery_shows_its_incident_as_it_is() {
    let mut scene = Scene::new();
    let incident = scene.incidents[0];
    write(&scene.store, scene.script.trigger("disk", "Disk fuller")).unwrap();
    let kept = scene.store.incident(incident).unwrap().unwrap();
    assert_eq!(kept.title, "Disk fuller");
    let its: Vec<Delivery> = scene.all().into_iter().filter(|one| one.incident.id == incident).collect();
    assert!(its.len() > 4 && its.iter().all(|one| one.incident == kept), "{its:#?}");
    let kinds: Vec<ChangeKind> = its.iter().map(|one| one.change.kind).take(3).collect();
    assert_eq!(kinds, [ChangeKind::Opened, ChangeKind::Opened, ChangeKind::Noted], "each has its own change");
}

#[test]
fn a_delivery_whose_change_cannot_be_read_tells_of_an_update() {
    let mut scene = Scene::new();
    let (incident, first) = (scene.incidents[0], scene.first("pager"));
    let line = first.line.unwrap();
    scene.damage(tables::TIMELINE, &keys::timeline(incident, line.entry, line.line), b"\x02\xff");
    assert_eq!(scene.due("pager").len(), 1, "the other incident's");
    scene.set_aside();
    for connection in ["pager", "chat"] {
        let told = scene.first(connection);
        assert_eq!((told.change.kind, told.line), (ChangeKind::Updated, None));
        assert_eq!(told.incident, first.incident);
    }
    assert_eq!(scene.deliver_all(), 8, "none is lost");
    scene.check(&["timeline"]);
}

#[test]
fn a_delivery_whose_line_is_not_there_is_set_aside() {
    let mut scene = Scene::new();
    let (incident, line) = (scene.incidents[0], scene.first("pager").line.unwrap());
    scene.change(tables::TIMELINE, &keys::timeline(incident, line.entry, line.line), |_| None);
    assert_eq!(scene.deliver_all(), 6);
    let set_aside = scene.set_aside();
    assert_eq!(set_aside.len(), 2, "over each connection");
    assert!(set_aside.iter().all(|row| row.problem == "its change is not there"), "{set_aside:#?}");
    // The line was not set aside, so that it is missing.
    scene.assert_differences_in(&["timeline"]);
}

#[test]
fn all_deliveries_of_a_lane_can_be_unreadable() {
    let mut scene = Scene::new();
    let of_lane = |one: &&Delivery| one.connection == "pager" && one.incident.id == scene.incidents[0];
    let lane: Vec<DeliveryId> = scene.all().iter().filter(of_lane).map(|one| one.id).collect();
    for id in &lane {
        scene.damage(tables::DELIVERIES, &id.to_bytes(), b"\x07");
    }
    assert_eq!(scene.deliver_all(), 6);
    scene.check(&["deliveries", "deliveries"]);
}

#[test]
fn a_claim_of_an_unreadable_delivery_is_rejected_and_the_next_round_goes_on() {
    let mut scene = Scene::new();
    let broken = scene.first("pager");
    scene.damage(tables::DELIVERIES, &broken.id.to_bytes(), b"");
    let claim = scene.script.command(Command::Claim { deliveries: vec![broken.id], records: Vec::new() });
    let error = write(&scene.store, claim).unwrap_err();
    assert!(error.to_string().contains("there is no delivery"), "{error}");
    assert_eq!(scene.deliver_all(), 7);
    scene.check(&["deliveries"]);
}

#[test]
fn what_is_being_sent_and_cannot_be_read_does_not_keep_the_relay_from_starting() {
    let mut scene = Scene::new();
    let sending = scene.first("pager");
    write(
        &scene.store,
        scene.script.command(Command::Claim { deliveries: vec![sending.id], records: Vec::new() }),
    )
    .unwrap();
    scene.damage(tables::DELIVERIES, &sending.id.to_bytes(), b"\x02\xa0");
    write(&scene.store, scene.script.started(None)).unwrap();
    let counts = scene.store.counts().unwrap();
    assert_eq!(counts.deliveries_in(DeliveryState::Sending), 0);
    assert_eq!(scene.deliver_all(), 7);
    scene.check(&["deliveries"]);
}

#[test]
fn a_lane_that_cannot_be_read_or_leads_nowhere_is_made_anew() {
    for bytes in [&b"short"[..], &[7; 16]] {
        let mut scene = Scene::new();
        let key = keys::text_id("pager", scene.incidents[0]);
        scene.damage(tables::LANES, &key, bytes);
        write(&scene.store, scene.script.trigger("disk", "Fullest")).unwrap();
        assert_eq!(scene.deliver_all(), 8, "the openings show what the last trigger changed");
        scene.check(&["lanes"]);
    }
}

#[test]
fn an_index_that_leads_nowhere_costs_nothing() {
    let mut scene = Scene::new();
    let nowhere = Id::from_bytes([7; 16]);
    let first = scene.first("pager");
    let wrong = keys::due("pager", "grafana", first.next_at, nowhere);
    scene.change(tables::DUE, &wrong, |_| Some(Vec::new()));
    // As if the key of the first delivery had been changed into it.
    scene.change(tables::DUE, &keys::due("pager", "grafana", first.next_at, first.id), |_| None);
    scene.due("pager");
    scene.set_aside();
    assert_eq!(scene.deliver_all(), 8);
    scene.check(&["deliveries"]);
}

#[test]
fn a_row_of_what_is_due_without_a_source_hides_no_other() {
    let mut scene = Scene::new();
    let first = scene.first("pager");
    let (connection, end) = (keys::text("pager"), first.id.to_bytes());
    // Too short for a source, and the length of a text that is longer than the key.
    for wrong in [[connection.as_slice(), &end[..3]].concat(), [&connection, &[0xff; 4][..], &end].concat()] {
        scene.change(tables::DUE, &wrong, |_| Some(Vec::new()));
    }
    scene.change(tables::DUE, &keys::due("pager", "grafana", first.next_at, first.id), |_| None);
    assert_eq!(scene.due("pager").len(), 1);
    scene.set_aside();
    assert_eq!(scene.due("pager").len(), 2, "the index was made anew");
    assert_eq!(scene.deliver_all(), 8);
    scene.check(&["due", "due"]);
}

#[test]
fn an_unreadable_incident_takes_its_deliveries_along_and_the_next_event_opens_another() {
    let mut scene = Scene::new();
    let broken = scene.incidents[0];
    scene.damage(tables::INCIDENTS, &broken.to_bytes(), b"\x02\xa1\x00\x60");
    let listed = scene.store.incidents(&IncidentQuery { limit: 10, ..Default::default() }).unwrap().items;
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [scene.incidents[1]]);
    assert!(scene.store.set_aside().unwrap().iter().any(|row| row.key == broken.to_string()));
    scene.set_aside();
    assert_eq!(scene.store.incident_by_number(1).unwrap(), None);
    assert!(scene.all().iter().all(|one| one.incident.id != broken));
    assert_eq!(scene.deliver_all(), 4, "those of the other incident");
    let applied = write(&scene.store, scene.script.trigger("disk", "Full again")).unwrap();
    assert_eq!(applied.receipt.unwrap().effects[0].incident.unwrap().1, 3);
    scene.check(&["incidents"]);
}

#[test]
fn an_unreadable_incident_takes_its_timers_along() {
    let mut routing = routing();
    routing.sources.values_mut().for_each(|rule| rule.auto_resolve_ms = Some(3_600_000));
    routing.actions[0].repeat_ms = Some(3_600_000);
    let mut scene = Scene::with(routing);
    scene.deliver_all();
    let broken = scene.incidents[0];
    let its = |scene: &Scene| {
        let named = broken.to_string();
        let timers = raw::rows(&scene.store, tables::TIMERS).into_iter().map(|(key, _)| key);
        timers.filter(|key| String::from_utf8_lossy(key).contains(&named)).count()
    };
    assert_eq!(its(&scene), 2, "it is told again of, and resolved when its source forgets it");
    scene.damage(tables::INCIDENTS, &broken.to_bytes(), b"\x02");
    assert_eq!(scene.store.incident_by_number(1).unwrap_or_default(), None);
    scene.set_aside();
    assert_eq!(its(&scene), 0);
    scene.check(&["incidents"]);
}

/// A delivery is read with its incident: one record was damaged, so one is set aside.
#[test]
fn an_unreadable_incident_that_a_delivery_leads_to_is_set_aside_and_not_the_delivery() {
    let mut scene = Scene::new();
    scene.damage(tables::INCIDENTS, &scene.incidents[0].to_bytes(), b"\x02");
    assert_eq!(scene.due("pager").len(), 1);
    scene.set_aside();
    let counts = scene.store.counts().unwrap();
    assert_eq!(counts.deliveries_in(DeliveryState::Due), 2);
    assert_eq!(scene.deliver_all(), 4);
    scene.check(&["incidents"]);
}

#[test]
fn an_incident_under_the_key_of_another_is_noticed() {
    let mut scene = Scene::new();
    let other = scene.store.incident(scene.incidents[1]).unwrap().unwrap();
    scene.damage(tables::INCIDENTS, &scene.incidents[0].to_bytes(), &other.to_bytes().unwrap());
    write(&scene.store, scene.script.trigger("disk", "Full again")).unwrap();
    scene.check(&["incidents"]);
}

#[test]
fn references_that_cannot_be_read_do_not_keep_deliveries_from_being_sent() {
    let mut scene = Scene::new();
    scene.deliver_all();
    let incident = scene.incidents[0];
    scene.damage(tables::REFERENCES, &keys::id_text(incident, "chat"), b"\x02\xff");
    let names: Vec<String> =
        scene.store.references_of(incident).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["pager"]);
    write(&scene.store, scene.script.trigger("disk", "Full again")).unwrap();
    assert_eq!(scene.deliver_all(), 2);
    scene.check(&["references"]);
}

#[test]
fn an_unreadable_line_of_a_timeline_is_left_out() {
    let mut scene = Scene::new();
    let incident = scene.incidents[0];
    let whole = scene.store.timeline(incident, 100).unwrap().len();
    scene.damage(tables::TIMELINE, &keys::timeline(incident, 2, 1), b"\x02nothing");
    assert_eq!(scene.store.timeline(incident, 100).unwrap().len(), whole - 1);
    scene.check(&["timeline"]);
}

#[test]
fn an_unreadable_receipt_is_left_out() {
    let mut scene = Scene::new();
    let all = ReceiptQuery { which: Receipts::All, limit: 100, ..Default::default() };
    let receipts = scene.store.receipts(&all).unwrap().items;
    scene.damage(tables::RECEIPTS, &receipts[1].id.to_bytes(), b"\x02");
    assert_eq!(scene.store.receipts(&all).unwrap().items.len(), receipts.len() - 1);
    scene.check(&["receipts"]);
}

#[test]
fn a_timer_that_cannot_be_read_goes_off_when_its_index_says() {
    let mut scene = Scene::new();
    let timer = Timer::Silence("grafana".into());
    let at = scene.store.timer(&timer).unwrap().unwrap();
    scene.damage(tables::TIMERS, timer.to_string().as_bytes(), b"soon");
    assert!(scene.store.timer(&timer).is_err());
    scene.set_aside();
    assert_eq!(scene.store.timer(&timer).unwrap(), Some(at));
    scene.check(&["timers"]);
}

#[test]
fn a_row_of_the_timers_index_that_leads_nowhere_is_not_found_due_for_ever() {
    for row in [&b"\0\0\0\0\0\0\0\0silence nobody"[..], b"\0\0\0\0\0\0\0\0what?", b"\0\0"] {
        let mut scene = Scene::new();
        scene.change(tables::TIMERS_BY_TIME, row, |_| Some(Vec::new()));
        let _ = scene.store.next_timer().unwrap();
        write(&scene.store, scene.script.command(Command::Tick)).unwrap();
        assert!(scene.store.next_timer().unwrap().unwrap() > scene.script.now);
        scene.check(&["timers_by_time"]);
    }
}

#[test]
fn a_pause_that_cannot_be_read_ends() {
    let mut scene = Scene::new();
    let first = scene.first("pager");
    write(
        &scene.store,
        scene.script.command(Command::Claim { deliveries: vec![first.id], records: Vec::new() }),
    )
    .unwrap();
    let settled = scene.script.settled(first.id, Verdict::Misconfigured("the token".to_owned()));
    write(&scene.store, settled).unwrap();
    scene.damage(tables::PAUSES, b"pager", b"\x02\x82\x60\x60");
    assert_eq!(scene.store.pauses().unwrap(), []);
    assert_eq!(scene.deliver_all(), 8);
    scene.check(&["pauses"]);
}

#[test]
fn identities_and_numbers_that_cannot_be_read_are_set_aside() {
    let mut scene = Scene::new();
    scene.damage(tables::IDENTITIES, &keys::text_text("grafana", "disk"), b"?");
    scene.damage(tables::INCIDENT_NUMBERS, &1u64.to_be_bytes(), b"?");
    scene.damage(tables::SEEN, &keys::text_text("grafana", "delivery-3"), b"?");
    assert!(scene.store.incident_by_number(1).is_err());
    write(&scene.store, scene.script.trigger("disk", "Full again")).unwrap();
    let names: Vec<String> = scene.set_aside().into_iter().map(|row| row.table).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    // Nothing has looked at the third.
    scene.assert_differences_in(&["seen"]);
}

#[test]
fn counters_are_counted_anew_when_they_cannot_be_read() {
    let mut scene = Scene::new();
    let before = scene.store.counts().unwrap();
    scene.damage(tables::META, tables::META_COUNTERS, b"\x02\x83");
    let counts = scene.store.counts().unwrap();
    assert_eq!((counts.incidents, counts.deliveries), (before.incidents, before.deliveries));
    write(&scene.store, scene.script.started(None)).unwrap();
    assert_eq!(scene.deliver_all(), 8);
    scene.check(&["meta"]);
}

#[test]
fn counts_and_raw_requests_that_cannot_be_read_are_set_aside() {
    let mut scene = Scene::new();
    let receipts = scene.store.receipts(&ReceiptQuery { limit: 1, ..Default::default() }).unwrap().items;
    scene.damage(tables::REQUESTS, &receipts[0].id.to_bytes(), b"\x01");
    scene.damage(tables::SOURCE_COUNTS, b"grafana", b"\x01");
    assert!(scene.store.request(receipts[0].id).is_err());
    assert!(scene.store.source_counts().unwrap().is_empty());
    scene.check(&["requests", "source_counts"]);
}

#[test]
fn what_cannot_be_set_aside_because_the_disk_is_full_is_named_all_the_same() {
    let mut scene = Scene::new();
    let broken = scene.first("pager");
    scene.damage(tables::DELIVERIES, &broken.id.to_bytes(), b"\x02\xa0");
    scene.disk.fail(super::disk::Failure::GoneFrom(1));
    assert_eq!(scene.due("pager").len(), 1);
    let _ = write(&scene.store, scene.script.command(Command::Tick));
    let set_aside = scene.store.set_aside().unwrap();
    assert_eq!((set_aside.len(), set_aside[0].after), (1, None), "{set_aside:?}");
    scene.disk.heal();
    write(&scene.store, scene.script.command(Command::Tick)).unwrap();
    assert_eq!(scene.deliver_all(), 7);
    scene.check(&["deliveries"]);
}
