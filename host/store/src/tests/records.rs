//! What is written is read again, in every variant. A new variant in the core does not compile here until it
//! has a place in its chain.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tocsin_core::delivery::{Attempt, Change, ChangeKind, Delivery, DeliveryState};
use tocsin_core::event::{Event, EventChange, Severity};
use tocsin_core::fold::{Effect, Happening, Pause, ReceiptRecord, ReceiptStatus, TimelineItem};
use tocsin_core::id::Id;
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::journal::{Decoding, Entry, Fact, Received, RejectedElements, Verdict};
use tocsin_core::plugin::RejectedElement;
use tocsin_core::routing::{ActionRule, ActionStatus, Routing};
use tocsin_core::time::Timestamp;
use tocsin_core::transition::{Command, Transition};

use super::samples::{START, event, outcome, request, routing};
use crate::Problem;
use crate::record::Stored;
use crate::record::delivery::{References, read_head, with_content, write_content, write_head};

/// All values of a chain: `next` gives the first for none, and for each the one after it.
fn chain<T: Clone>(next: impl Fn(Option<&T>) -> Option<T>) -> Vec<T> {
    std::iter::successors(next(None), |value| next(Some(value))).collect()
}

pub(super) fn assert_kept<T: Stored + PartialEq + Debug>(value: &T) {
    let bytes = value.to_bytes().unwrap();
    assert_eq!(&T::read(&bytes).unwrap(), value, "{}", String::from_utf8_lossy(&bytes));
}

fn id(n: u128) -> Id {
    Id::new(START, n)
}

/// Everything that JSON has to escape, and more.
fn text() -> String {
    "\"quotes\" \\ \n \u{0} \u{1f980} $this->title$".to_owned()
}

fn event_changes() -> Vec<EventChange> {
    use EventChange as E;
    chain(|change| match change {
        None => Some(E::Trigger),
        Some(E::Trigger) => Some(E::Acknowledge),
        Some(E::Acknowledge) => Some(E::Resolve),
        Some(E::Resolve) => Some(E::Note),
        Some(E::Note) => None,
    })
}

fn events() -> Vec<Event> {
    let full = |change| {
        let aliases = vec![text(), "other".to_owned()];
        let (actor, occurred_at) = (Some(text()), Some(Timestamp::from_micros(-1)));
        Event { aliases, actor, occurred_at, ..event(change, &text(), &text()) }
    };
    let with_severity = |severity| Event { severity: Some(severity), ..full(EventChange::Trigger) };
    let bare =
        Event { severity: None, labels: BTreeMap::new(), links: Vec::new(), ..full(EventChange::Note) };
    let changes = event_changes().into_iter().map(full);
    changes.chain(Severity::ALL.map(with_severity)).chain([bare]).collect()
}

fn decodings() -> Vec<Decoding> {
    chain(|decoding| match decoding {
        None => Some(Decoding::Events(events())),
        Some(Decoding::Events(_)) => Some(Decoding::Ignored(text())),
        Some(Decoding::Ignored(_)) => Some(Decoding::Refused(text())),
        Some(Decoding::Refused(_)) => Some(Decoding::Failed(text())),
        Some(Decoding::Failed(_)) => None,
    })
}

fn retry(may_have_arrived: bool) -> Verdict {
    Verdict::Retry { reason: text(), at: START, may_have_arrived }
}

fn verdicts() -> Vec<Verdict> {
    chain(|verdict| match verdict {
        None => Some(Verdict::Delivered(outcome())),
        Some(Verdict::Delivered(_)) => Some(Verdict::Accepted(outcome())),
        Some(Verdict::Accepted(_)) => Some(Verdict::Skipped(text())),
        Some(Verdict::Skipped(_)) => Some(retry(false)),
        Some(Verdict::Retry { may_have_arrived: false, .. }) => Some(retry(true)),
        Some(Verdict::Retry { .. }) => Some(Verdict::Expired { reason: text(), may_have_arrived: true }),
        Some(Verdict::Expired { .. }) => Some(Verdict::Rejected(text())),
        Some(Verdict::Rejected(_)) => Some(Verdict::Misconfigured(text())),
        Some(Verdict::Misconfigured(_)) => None,
    })
}

fn received(decoding: Decoding) -> Received {
    Received {
        source: text(),
        plugin: text(),
        identities: vec![text(), String::new()],
        decoding,
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
    }
}

fn rejected() -> RejectedElements {
    let kept = vec![RejectedElement { place: text(), reason: text() }];
    RejectedElements { count: u64::MAX, kept }
}

fn facts() -> Vec<Fact> {
    let settled =
        |verdict| Fact::Settled { delivery: id(3), took_us: u64::MAX, status: Some(u16::MAX), verdict };
    let modified = |title, severity| Fact::Modified {
        incident: id(2),
        title,
        severity,
        actor: text(),
        text: String::new(),
    };
    let one_of_each = chain(|fact| match fact {
        None => Some(Fact::Started { version: text(), routing: Some(full_routing()) }),
        Some(Fact::Started { .. }) => Some(Fact::Received(received(Decoding::Events(Vec::new())))),
        Some(Fact::Received(_)) => {
            Some(Fact::Redecoded { receipt: id(1), received: received(Decoding::Failed(text())) })
        }
        Some(Fact::Redecoded { .. }) => {
            Some(Fact::Continued { receipt: id(1), after: u64::MAX, events: events() })
        }
        Some(Fact::Continued { .. }) => {
            Some(Fact::Commanded { incident: id(2), command: Command::Note, actor: text(), text: text() })
        }
        Some(Fact::Commanded { .. }) => Some(modified(Some(text()), Some(Severity::Info))),
        Some(Fact::Modified { .. }) => {
            Some(Fact::Claimed { deliveries: vec![id(3), id(4)], records: vec![id(4)] })
        }
        Some(Fact::Claimed { .. }) => Some(settled(Verdict::Skipped(text()))),
        Some(Fact::Settled { .. }) => Some(Fact::Discarded { receipts: vec![id(1), id(5)], actor: text() }),
        Some(Fact::Discarded { .. }) => Some(Fact::Ticked),
        Some(Fact::Ticked) => Some(Fact::Interrupted),
        Some(Fact::Interrupted) => Some(Fact::Retried { delivery: id(3), actor: text() }),
        Some(Fact::Retried { .. }) => Some(Fact::GaveUp { deliveries: vec![id(3), id(6)], actor: text() }),
        Some(Fact::GaveUp { .. }) => Some(Fact::Tried { delivery: id(3), record: true }),
        Some(Fact::Tried { .. }) => Some(Fact::Resumed { connection: text(), reason: text() }),
        Some(Fact::Resumed { .. }) => None,
    });
    let commanded =
        |command| Fact::Commanded { incident: id(2), command, actor: text(), text: String::new() };
    one_of_each
        .into_iter()
        .chain([Fact::Started { version: text(), routing: None }, modified(None, None)])
        .chain([Fact::Received(Received {
            rejected: rejected(),
            remarks: vec![text(), String::new()],
            ..received(Decoding::Events(events()))
        })])
        .chain(Severity::ALL.map(|severity| modified(None, Some(severity))))
        .chain(decodings().into_iter().map(|decoding| Fact::Received(received(decoding))))
        .chain(verdicts().into_iter().map(settled))
        .chain(Command::ALL.map(commanded))
        .collect()
}

fn full_routing() -> Routing {
    let mut routing = routing();
    let statuses = chain(|status| match status {
        None => Some(ActionStatus::Enabled),
        Some(ActionStatus::Enabled) => Some(ActionStatus::Test),
        Some(ActionStatus::Test) => Some(ActionStatus::Disabled),
        Some(ActionStatus::Disabled) => None,
    });
    let first = routing.actions[0].clone();
    routing.actions.extend(statuses.into_iter().map(|status| {
        let (test_connection, filter) = (Some(text()), Some(text()));
        let (on, enters) = (ChangeKind::ALL.to_vec(), IncidentState::ALL.to_vec());
        let leaves = vec![IncidentState::Resolved];
        let (delay_ms, repeat_ms) = (Some(u64::MAX), Some(0));
        ActionRule {
            status,
            test_connection,
            filter,
            on,
            enters,
            leaves,
            delay_ms,
            repeat_ms,
            is_fallback: true,
            ..first.clone()
        }
    }));
    for source in routing.sources.values_mut() {
        source.auto_resolve_ms = Some(u64::MAX);
    }
    routing
}

#[test]
fn every_entry_is_read_as_it_was_written() {
    for fact in facts() {
        assert_kept(&Entry { at: START, seed: id(1), fact });
    }
}

fn incidents() -> Vec<Incident> {
    let full = Incident {
        state: IncidentState::Resolved,
        acknowledged_at: Some(START),
        resolved_at: Some(START),
        open_since: START.plus_ms(1),
        reopened: vec![START, START.plus_ms(1)],
        flapping: true,
        unmatched: true,
        last_occurred_at: Some(Timestamp::from_micros(i64::MIN)),
        count: u64::MAX,
        ..Incident::open(id(1), u64::MAX, &text(), &events()[0], Severity::Low, START)
    };
    let states = IncidentState::ALL.map(|state| Incident {
        state,
        acknowledged_at: None,
        resolved_at: None,
        reopened: Vec::new(),
        flapping: false,
        unmatched: false,
        last_occurred_at: None,
        ..full.clone()
    });
    states.into_iter().chain([full.clone()]).collect()
}

#[test]
fn every_incident_is_read_as_it_was_written() {
    incidents().iter().for_each(assert_kept);
}

#[test]
fn every_delivery_is_read_as_it_was_written() {
    let attempt = Attempt { number: 1, at: START, took_us: 7, status: None, summary: text() };
    let log = vec![attempt.clone(), Attempt { number: 2, status: Some(200), ..attempt }];
    let kinds = ChangeKind::ALL.into_iter().cycle();
    for (state, kind) in DeliveryState::ALL.into_iter().chain(DeliveryState::ALL).zip(kinds) {
        let change = Change {
            kind,
            at: START,
            actor: Some(text()),
            text: text(),
            changed: vec!["title".to_owned()],
            before: vec![("title".to_owned(), text())],
        };
        let delivery = Delivery {
            id: id(3),
            action: text(),
            connection: text(),
            test: true,
            incident: incidents().remove(0),
            change,
            state,
            attempts: u32::MAX,
            next_at: START,
            owed_since: START,
            log: log.clone(),
        };
        let (mut head, mut content) = (Vec::new(), Vec::new());
        write_head(&delivery, &mut head).unwrap();
        write_content(&delivery, &mut content).unwrap();
        assert_eq!(with_content(read_head(&head).unwrap(), &content).unwrap(), delivery);
    }
}

fn transitions() -> Vec<Transition> {
    use Transition as T;
    chain(|transition| match transition {
        None => Some(T::Open),
        Some(T::Open) => Some(T::OpenAcknowledged),
        Some(T::OpenAcknowledged) => Some(T::Merge),
        Some(T::Merge) => Some(T::Count),
        Some(T::Count) => Some(T::Reopen),
        Some(T::Reopen) => Some(T::Acknowledge),
        Some(T::Acknowledge) => Some(T::Resolve),
        Some(T::Resolve) => Some(T::Note),
        Some(T::Note) => Some(T::NoteLate),
        Some(T::NoteLate) => Some(T::Orphan),
        Some(T::Orphan) => Some(T::Nothing),
        Some(T::Nothing) => Some(T::Echo),
        Some(T::Echo) => None,
    })
}

#[test]
fn every_receipt_is_read_as_it_was_written() {
    let statuses = chain(|status| match status {
        None => Some(ReceiptStatus::Applied),
        Some(ReceiptStatus::Applied) => Some(ReceiptStatus::PartlyRefused(rejected())),
        Some(ReceiptStatus::PartlyRefused(_)) => Some(ReceiptStatus::Ignored(text())),
        Some(ReceiptStatus::Ignored(_)) => Some(ReceiptStatus::Duplicate(id(9))),
        Some(ReceiptStatus::Duplicate(_)) => Some(ReceiptStatus::Refused(text())),
        Some(ReceiptStatus::Refused(_)) => Some(ReceiptStatus::Failed(text())),
        Some(ReceiptStatus::Failed(_)) => Some(ReceiptStatus::Discarded(text())),
        Some(ReceiptStatus::Discarded(_)) => None,
    });
    let effect = |transition| {
        let incident = (transition != Transition::Orphan).then_some((id(2), 2));
        Effect { change: EventChange::Note, key: text(), transition, incident }
    };
    let effects: Vec<Effect> = transitions().into_iter().map(effect).collect();
    for status in statuses {
        let (source, plugin, effects) = (text(), text(), effects.clone());
        let bare =
            ReceiptRecord { id: id(1), at: START, source, plugin, status, effects, remarks: Vec::new() };
        assert_kept(&bare);
        assert_kept(&ReceiptRecord { remarks: vec![text(), String::new()], ..bare });
    }
}

#[test]
fn every_line_of_a_history_is_read_as_it_was_written() {
    let happenings = chain(|what| match what {
        None => Some(Happening::Changed(ChangeKind::Flapping, vec![text()])),
        Some(Happening::Changed(..)) => Some(Happening::Late(EventChange::Resolve)),
        Some(Happening::Late(_)) => {
            Some(Happening::Delivery { id: id(3), action: text(), state: DeliveryState::Expired })
        }
        Some(Happening::Delivery { .. }) => None,
    });
    for what in happenings {
        let bare = TimelineItem { at: START, what, actor: None, text: String::new(), receipt: None };
        assert_kept(&bare);
        assert_kept(&TimelineItem { actor: Some(text()), text: text(), receipt: Some(id(1)), ..bare });
    }
}

#[test]
fn the_rest_is_read_as_it_was_written() {
    assert_kept(&full_routing());
    assert_kept(&Routing::default());
    assert_kept(&Pause { since: START, reason: text() });
    assert_kept(&References(outcome().references));
    assert_kept(&request(START));
    let empty = tocsin_core::plugin::SourceRequest { body: Vec::new(), ..request(START) };
    assert_kept(&empty);
    let mut counters = crate::record::counters::Counters::default();
    counters.number = 7;
    counters.incident_came(IncidentState::Open);
    counters.delivery_came(DeliveryState::Expired);
    assert_kept(&counters);
}

/// Files that were written stay readable: these bytes are version 1 for ever.
#[test]
fn version_1_is_what_it_was() {
    let record = b"\x01{\"at\":1763650000000000,\"seed\":\"01KAGVPN400000000000000001\",\"fact\":{\"settled\":\
        {\"delivery\":\"01KAGVPN400000000000000003\",\"took_us\":120000,\"status\":null,\"verdict\":{\"retry\":\
        {\"reason\":\"busy\",\"at\":1763650000000000}}}}}";
    let verdict = Verdict::Retry { reason: "busy".to_owned(), at: START, may_have_arrived: false };
    let fact = Fact::Settled { delivery: id(3), took_us: 120_000, status: None, verdict };
    let entry = Entry { at: START, seed: id(1), fact };
    assert_eq!(Entry::read(record).unwrap(), entry);
    assert_eq!(String::from_utf8(entry.to_bytes().unwrap()), String::from_utf8(record.to_vec()));
}

/// What was written before an action had triggers by state, a delay and a repetition, and an incident a time
/// since when it is open, is read as without, and written again as it was.
#[test]
fn records_without_the_later_fields_are_read_and_written_as_they_were() {
    let incident = b"\x01{\"id\":\"01KAGVPN400000000000000001\",\"number\":7,\"source\":\"grafana\",\"key\":\"disk\",\
        \"title\":\"Disk full\",\"message\":\"\",\"severity\":\"high\",\"state\":\"open\",\"labels\":{},\"links\":[],\
        \"count\":1,\"opened_at\":1763650000000000,\"updated_at\":1763650000000000,\"acknowledged_at\":null,\
        \"resolved_at\":null,\"last_occurred_at\":null}";
    let read = Incident::read(incident).unwrap();
    assert_eq!((read.open_since, read.opened_at), (START, START));
    assert_eq!(String::from_utf8(read.to_bytes().unwrap()), String::from_utf8(incident.to_vec()));

    let entry = b"\x01{\"at\":1763650000000000,\"seed\":\"01KAGVPN400000000000000001\",\"fact\":{\"started\":\
        {\"version\":\"0.1.0\",\"routing\":{\"sources\":{},\"actions\":[{\"name\":\"page\",\"status\":\"enabled\",\
        \"connection\":\"pager\",\"test_connection\":null,\"on\":[\"opened\"],\"filter\":null}]}}}}";
    let read = Entry::read(entry).unwrap();
    let Fact::Started { routing: Some(routing), .. } = &read.fact else { panic!("{read:?}") };
    let [action] = &routing.actions[..] else { panic!("{routing:?}") };
    assert!(action.enters.is_empty() && action.leaves.is_empty());
    assert_eq!((action.delay_ms, action.repeat_ms), (None, None));
    assert_eq!(String::from_utf8(read.to_bytes().unwrap()), String::from_utf8(entry.to_vec()));
}

#[test]
fn a_record_of_another_version_or_cut_short_is_a_problem_in_words() {
    assert_eq!(Incident::read(&[]), Err(Problem::Empty));
    assert_eq!(Incident::read(b"\x02{}"), Err(Problem::Version(2)));
    assert!(matches!(Incident::read(b"\x01{"), Err(Problem::Body(_))));
    let bytes = request(START).to_bytes().unwrap();
    for length in [1, 4, 20] {
        let cut = tocsin_core::plugin::SourceRequest::read(&bytes[..length]);
        assert_eq!(cut, Err(Problem::Body("it is cut short".to_owned())));
    }
}
