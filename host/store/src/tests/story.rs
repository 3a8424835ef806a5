//! A journal that was written by hand: entries with every cause and every kind of fact, in an order that makes sense. The
//! committed bytes of it are `format/`.

use std::collections::{BTreeMap, BTreeSet};

use tocsin_core::delivery::{Change, ChangeKind, DeliveryState, Reference};
use tocsin_core::event::{EventChange, Link, Severity};
use tocsin_core::id::{DeliveryId, Id, IncidentId, Kind};
use tocsin_core::incident::IncidentState;
use tocsin_core::journal::{
    Cause, Entry, Fact, Fields, Left, Opening, Place, Queued, Receipted, Recorded, Settled, StateChange,
    Tells,
};
use tocsin_core::reason::Reason;
use tocsin_core::receipt::{Effect, ReceiptStatus};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;
use tocsin_core::transition::Transition;

use super::samples::START;

pub(super) fn id<K: Kind>(n: u128) -> Id<K> {
    Id::new(START, n)
}

/// The incident that is forgotten in the end, and the one that stays.
pub(super) const INCIDENTS: [u128; 2] = [10, 20];
/// Over `pager` and over `chat`, of the incident that stays; then one of the other.
const DELIVERIES: [u128; 3] = [21, 22, 11];
const RECEIPTS: [u128; 3] = [1, 2, 3];

fn minute(n: u64) -> Timestamp {
    START.plus_ms(n * 60 * 1000)
}

fn opening(n: u128, number: u64, key: &str) -> Fact {
    Fact::IncidentOpened(Opening {
        id: id(n),
        number,
        source: "grafana".into(),
        key: key.to_owned(),
        title: format!("{key} full"),
        message: "Only 3 % are free.".to_owned(),
        severity: Severity::High,
        labels: BTreeMap::from([("team".to_owned(), "database".to_owned())]),
        links: vec![Link { title: "Runbook".to_owned(), url: "https://example.org/runbook".to_owned() }],
        occurred_at: Some(START),
        unmatched: number == 1,
    })
}

fn recorded(n: u128, kind: ChangeKind) -> Fact {
    Fact::ChangeRecorded(Recorded {
        incident: id(n),
        kind,
        actor: Some("Ada".to_owned()),
        text: Reason::Said("why".to_owned()),
        changed: vec!["title".to_owned()],
        before: vec![("title".to_owned(), "before".to_owned())],
    })
}

pub(super) fn queued(delivery: DeliveryId, incident: IncidentId, change: Tells, place: Place) -> Queued {
    Queued {
        id: delivery,
        incident,
        action: "page".into(),
        connection: "pager".into(),
        test: false,
        change,
        place,
        is_of_state: true,
        is_followed: true,
    }
}

fn receipted(n: u128, status: ReceiptStatus) -> Fact {
    let incident = Some((id(20), 2));
    let (change, transition) = (EventChange::Trigger, Transition::Open);
    Fact::ReceiptRecorded(Receipted {
        receipt: id(n),
        source: "grafana".into(),
        plugin: "grafana 0.1.0 9f86d081".to_owned(),
        status,
        kept: 0,
        effects: vec![Effect { change, key: "disk".to_owned(), transition, incident }],
        remarks: vec!["a time could not be read".to_owned()],
    })
}

fn settled(delivery: u128, state: DeliveryState, left: Option<Left>) -> Fact {
    Fact::DeliverySettled(Settled {
        delivery: id(delivery),
        state,
        summary: "posted".to_owned(),
        took_us: 120_000,
        status: Some(200),
        next_at: None,
        left,
    })
}

fn opened() -> Vec<Fact> {
    let [old, new] = INCIDENTS;
    let [first, second, of_old] = DELIVERIES;
    let keys = |n, keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Fact::KeysBound { incident: id(n), source: "grafana".into(), keys }
    };
    let own = Change::of_the_relay(ChangeKind::Flapping, START, Reason::Reopened(5));
    let chat = Queued {
        action: "post".into(),
        connection: "chat".into(),
        test: true,
        ..queued(id(second), id(new), Tells::Own(own), Place::Held(minute(5)))
    };
    vec![
        opening(old, 1, "tape"),
        keys(old, &["tape", "LTO-9"]),
        recorded(old, ChangeKind::Opened),
        Fact::DeliveryQueued(queued(id(of_old), id(old), Tells::Line(1), Place::Lane)),
        Fact::TimerSet { timer: Timer::Steady(id(old)), at: Some(minute(60)) },
        opening(new, 2, "disk"),
        keys(new, &["disk"]),
        recorded(new, ChangeKind::Opened),
        Fact::DeliveryQueued(queued(id(first), id(new), Tells::Line(2), Place::Lane)),
        Fact::DeliveryQueued(chat),
        Fact::TimerSet { timer: Timer::Held(id(second)), at: Some(minute(5)) },
        Fact::IncidentHeard { incident: id(new) },
        Fact::IdentitiesSeen {
            source: "grafana".into(),
            identities: vec!["delivery-1".to_owned(), "body:9f86".to_owned()],
            receipt: id(RECEIPTS[0]),
        },
        receipted(RECEIPTS[0], ReceiptStatus::Applied),
    ]
}

fn sent() -> Vec<(Cause, Vec<Fact>)> {
    let new = INCIDENTS[1];
    let [first, second, _] = DELIVERIES;
    let claimed = |n, change| Fact::DeliveryClaimed { delivery: id(n), change, is_of_state: true };
    let now = Change::of_the_relay(ChangeKind::Steady, minute(7), Reason::SteadyIn(IncidentState::Open));
    let references = vec![Reference { key: "message".to_owned(), value: "1".to_owned(), url: None }];
    let fields = Fields {
        title: Some("Disk fuller".to_owned()),
        message: Some("Only 2 % are free.".to_owned()),
        severity: Some(Severity::Critical),
        labels: BTreeMap::from([("ticket".to_owned(), "OPS-1".to_owned())]),
        links: Some(Vec::new()),
        count: Some(2),
        occurred_at: Some(minute(3)),
        reopened: Some(vec![minute(3)]),
        flapping: Some(true),
        unmatched: Some(false),
    };
    vec![
        (Cause::Attempts, vec![claimed(first, None)]),
        (
            Cause::Outcome,
            vec![
                settled(first, DeliveryState::Delivered, Some(Left::Says(IncidentState::Open))),
                Fact::ReferencesSet { incident: id(new), referrer: "pager".into(), references },
                Fact::IncidentChanged { incident: id(new), fields },
                recorded(new, ChangeKind::Referenced),
            ],
        ),
        (Cause::Timers, vec![Fact::DeliveryHeld { delivery: id(second), until: minute(6) }]),
        (
            Cause::Timers,
            vec![
                Fact::TimerSet { timer: Timer::Held(id(second)), at: None },
                Fact::DeliveryReleased {
                    delivery: id(second),
                    connection: "chat".into(),
                    test: false,
                    is_of_state: true,
                },
            ],
        ),
        (Cause::Trial, vec![claimed(second, Some(now))]),
        (
            Cause::Start("0.1.1".to_owned()),
            vec![Fact::AttemptLost { delivery: id(second), left: Some(Left::MaySay(IncidentState::Open)) }],
        ),
        (
            Cause::Outcome,
            vec![
                claimed(second, None),
                settled(second, DeliveryState::Rejected, None),
                Fact::ConnectionPaused { connection: "chat".into(), reason: "no token".to_owned() },
                Fact::ConnectionPaused { connection: "mail".into(), reason: "no password".to_owned() },
            ],
        ),
        (
            Cause::Works("an attempt arrived".to_owned()),
            vec![Fact::ConnectionResumed { connection: "chat".into() }],
        ),
    ]
}

fn ended() -> Vec<(Cause, Vec<Fact>)> {
    let [old, new] = INCIDENTS;
    let second = DELIVERIES[1];
    let by = |by| Fact::StateChanged { incident: id(old), by };
    let operator = || Cause::Operator("Ada".to_owned());
    vec![
        (operator(), vec![Fact::DeliveryRetried { delivery: id(second), is_of_state: true }]),
        (
            operator(),
            vec![Fact::DeliveryDropped {
                delivery: id(second),
                state: DeliveryState::Discarded,
                why: Reason::GivenUpBy("Ada".to_owned()),
            }],
        ),
        (
            Cause::Request(id(RECEIPTS[1]), None),
            vec![
                by(StateChange::Acknowledged),
                by(StateChange::Unacknowledged),
                by(StateChange::Resolved),
                by(StateChange::Reopened),
                by(StateChange::Resolved),
                recorded(old, ChangeKind::Resolved),
                Fact::EventLate {
                    incident: id(new),
                    change: EventChange::Resolve,
                    actor: Some("Grace".to_owned()),
                    title: "Late".to_owned(),
                },
                receipted(RECEIPTS[1], ReceiptStatus::Refused("no title".to_owned())),
            ],
        ),
        (
            operator(),
            vec![Fact::ReceiptsDiscarded { receipts: vec![id(RECEIPTS[1])], actor: "Ada".to_owned() }],
        ),
        (
            Cause::DecodedAgain(id(RECEIPTS[2]), None),
            vec![receipted(RECEIPTS[2], ReceiptStatus::Ignored(Reason::OwnIncident(2)))],
        ),
        (
            Cause::Interruption,
            vec![Fact::TimerSet { timer: Timer::Silence("grafana".into()), at: Some(minute(90)) }],
        ),
        (
            Cause::Retention,
            vec![
                Fact::IdentitiesForgotten { before: minute(30), most: 1 },
                Fact::IncidentsForgotten { incidents: vec![id(old)] },
                Fact::ReceiptsForgotten { receipts: vec![id(RECEIPTS[2])] },
            ],
        ),
    ]
}

/// The journal.
pub(super) fn entries() -> Vec<Entry> {
    let mut entries = vec![
        (Cause::Start("0.1.0".to_owned()), Vec::new()),
        (Cause::Request(id(RECEIPTS[0]), None), opened()),
    ];
    entries.extend(sent());
    entries.extend(ended());
    let at = |n: usize| minute(u64::try_from(n).unwrap());
    let entry = |(n, (cause, facts))| Entry { at: at(n), cause, facts, policy: 0x7070, epoch: 0 };
    entries.into_iter().enumerate().map(entry).collect()
}

/// The place of a fact's kind among all: a new kind does not compile here until it has one.
const fn kind(fact: &Fact) -> u8 {
    match fact {
        Fact::IncidentOpened(_) => 0,
        Fact::IncidentChanged { .. } => 1,
        Fact::StateChanged { .. } => 2,
        Fact::ChangeRecorded(_) => 3,
        Fact::EventLate { .. } => 4,
        Fact::KeysBound { .. } => 5,
        Fact::ReceiptRecorded(_) => 6,
        Fact::ReceiptsDiscarded { .. } => 7,
        Fact::IdentitiesSeen { .. } => 8,
        Fact::IdentitiesForgotten { .. } => 9,
        Fact::DeliveryQueued(_) => 10,
        Fact::DeliveryHeld { .. } => 11,
        Fact::DeliveryReleased { .. } => 12,
        Fact::DeliveryClaimed { .. } => 13,
        Fact::DeliverySettled(_) => 14,
        Fact::DeliveryDropped { .. } => 15,
        Fact::DeliveryRetried { .. } => 16,
        Fact::AttemptLost { .. } => 17,
        Fact::ReferencesSet { .. } => 18,
        Fact::TimerSet { .. } => 19,
        Fact::ConnectionPaused { .. } => 20,
        Fact::ConnectionResumed { .. } => 21,
        Fact::IncidentHeard { .. } => 22,
        Fact::IncidentsForgotten { .. } => 23,
        Fact::ReceiptsForgotten { .. } => 24,
    }
}

#[test]
fn every_kind_of_fact_is_in_the_story() {
    let kinds: BTreeSet<u8> = entries().iter().flat_map(|entry| &entry.facts).map(kind).collect();
    assert!(kinds.into_iter().eq(0..25));
}
