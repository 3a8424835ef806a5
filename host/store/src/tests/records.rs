//! What is written is read again, in every variant. A new variant in the core does not compile here until it
//! has a place in its chain.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tocsin_core::command::RejectedElements;
use tocsin_core::delivery::{Attempt, Change, ChangeKind, Delivery, DeliveryState, LineId};
use tocsin_core::event::{EventChange, Severity};
use tocsin_core::id::DeliveryId;
use tocsin_core::incident::{Incident, IncidentState, Phase};
use tocsin_core::journal::{Cause, Entry, Fact, Fields, Left, Place, Settled, StateChange, Tells};
use tocsin_core::plugin::{RejectedElement, SourceRequest};
use tocsin_core::reason::Reason;
use tocsin_core::receipt::{Effect, ReceiptRecord, ReceiptStatus};
use tocsin_core::state::{Happening, Pause, TimelineItem};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;
use tocsin_core::told::Told;
use tocsin_core::transition::Transition;

use super::samples::{START, event, outcome, request, trace};
use super::story::{self, id};
use crate::RecordProblem;
use crate::record::Stored;
use crate::record::counters::Counters;
use crate::record::delivery::{DeliveryRow, References};
use crate::record::told::ToldRow;

/// All values of a chain: `next` gives the first for none, and for each the one after it.
pub(super) fn chain<T: Clone>(next: impl Fn(Option<&T>) -> Option<T>) -> Vec<T> {
    std::iter::successors(next(None), |value| next(Some(value))).collect()
}

pub(super) fn assert_kept<T: Stored + PartialEq + Debug>(value: &T) {
    let bytes = value.to_bytes().unwrap();
    assert_eq!(&T::read(&bytes).unwrap(), value, "{}", String::from_utf8_lossy(&bytes));
}

/// Everything that a text can have.
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

fn rejected() -> RejectedElements {
    let kept = vec![RejectedElement { place: text(), reason: text() }];
    RejectedElements { count: u64::MAX, kept }
}

/// One of each.
pub(super) fn reasons() -> Vec<Reason> {
    use Reason as R;
    chain(|reason| match reason {
        None => Some(R::Said(text())),
        Some(R::Said(_)) => Some(R::OverBeforeSent),
        Some(R::OverBeforeSent) => Some(R::OpenAgainBeforeSent),
        Some(R::OpenAgainBeforeSent) => Some(R::ToldEarlier),
        Some(R::ToldEarlier) => Some(R::Overtaken),
        Some(R::Overtaken) => Some(R::ToldAsFlapping),
        Some(R::ToldAsFlapping) => Some(R::SteadyBeforeSent),
        Some(R::SteadyBeforeSent) => Some(R::ActionDisabled),
        Some(R::ActionDisabled) => Some(R::TakenByAnotherAction),
        Some(R::TakenByAnotherAction) => Some(R::AcknowledgedBeforeSent),
        Some(R::AcknowledgedBeforeSent) => Some(R::NoTestConnection),
        Some(R::NoTestConnection) => Some(R::OverWithinDelay(u64::MAX)),
        Some(R::OverWithinDelay(_)) => Some(R::OverAfterDelay),
        Some(R::OverAfterDelay) => Some(R::ActionGone),
        Some(R::ActionGone) => Some(R::DisabledDuringDelay),
        Some(R::DisabledDuringDelay) => Some(R::TakenDuringDelay),
        Some(R::TakenDuringDelay) => Some(R::FilteredAfterDelay),
        Some(R::FilteredAfterDelay) => Some(R::Reopened(5)),
        Some(R::Reopened(_)) => Some(R::SteadyIn(IncidentState::Resolved)),
        Some(R::SteadyIn(_)) => Some(R::StillOpen(7_500_000)),
        Some(R::StillOpen(_)) => Some(R::NoEventFor { ms: 3_600_000, source: text().into() }),
        Some(R::NoEventFor { .. }) => Some(R::Answered { connection: text().into(), said: text() }),
        Some(R::Answered { .. }) => Some(R::GivenUpBy(text())),
        Some(R::GivenUpBy(_)) => Some(R::OwnIncident(u64::MAX)),
        Some(R::OwnIncident(_)) => None,
    })
}

/// One of each.
fn causes() -> Vec<Cause> {
    use Cause as C;
    chain(|cause| match cause {
        None => Some(C::Start(text())),
        Some(C::Start(_)) => Some(C::Request(id(1), None)),
        Some(C::Request(..)) => Some(C::DecodedAgain(id(1), None)),
        Some(C::DecodedAgain(..)) => Some(C::Operator(text())),
        Some(C::Operator(_)) => Some(C::Attempts),
        Some(C::Attempts) => Some(C::Trial),
        Some(C::Trial) => Some(C::Outcome),
        Some(C::Outcome) => Some(C::Works(text())),
        Some(C::Works(_)) => Some(C::Timers),
        Some(C::Timers) => Some(C::Interruption),
        Some(C::Interruption) => Some(C::Retention),
        Some(C::Retention) => Some(C::Configured { by: text(), digest: text(), changes: vec![text()] }),
        Some(C::Configured { .. }) => Some(C::Audited { by: text(), what: text() }),
        Some(C::Audited { .. }) => None,
    })
}

fn timers() -> Vec<Timer> {
    chain(|timer| match timer {
        None => Some(Timer::Steady(id(2))),
        Some(Timer::Steady(_)) => Some(Timer::Silence(text().into())),
        Some(Timer::Silence(_)) => Some(Timer::Held(id(3))),
        Some(Timer::Held(_)) => Some(Timer::Repeat { incident: id(2), action: text().into() }),
        Some(Timer::Repeat { .. }) => Some(Timer::AutoResolve(id(2))),
        Some(Timer::AutoResolve(_)) => None,
    })
}

fn lefts() -> Vec<Left> {
    chain(|left| match left {
        None => Some(Left::Says(IncidentState::Open)),
        Some(Left::Says(_)) => Some(Left::Shows(IncidentState::Acknowledged)),
        Some(Left::Shows(_)) => Some(Left::MaySay(IncidentState::Resolved)),
        Some(Left::MaySay(_)) => None,
    })
}

fn changes() -> Vec<Change> {
    let change = |kind| Change {
        kind,
        at: START,
        actor: Some(text()),
        text: Reason::Said(text()),
        changed: vec!["title".to_owned()],
        before: vec![("title".to_owned(), text())],
    };
    ChangeKind::ALL.into_iter().map(change).collect()
}

/// How an incident can come into a state.
fn state_changes() -> Vec<StateChange> {
    use StateChange as S;
    chain(|by| match by {
        None => Some(S::Acknowledged),
        Some(S::Acknowledged) => Some(S::Unacknowledged),
        Some(S::Unacknowledged) => Some(S::Resolved),
        Some(S::Resolved) => Some(S::Reopened),
        Some(S::Reopened) => None,
    })
}

/// Facts with every variant of what is in them.
fn facts() -> Vec<Fact> {
    let mut facts: Vec<Fact> = story::entries().into_iter().flat_map(|entry| entry.facts).collect();
    facts.extend(reasons().into_iter().map(|why| Fact::DeliveryDropped {
        delivery: id(3),
        state: DeliveryState::Skipped,
        why,
    }));
    facts.extend(timers().into_iter().map(|timer| Fact::TimerSet { timer, at: None }));
    facts.extend(state_changes().into_iter().map(|by| Fact::StateChanged { incident: id(2), by }));
    facts.extend(event_changes().into_iter().map(|change| Fact::EventLate {
        incident: id(2),
        change,
        actor: Some(text()),
        title: text(),
    }));
    facts.extend(changes().into_iter().map(|change| Fact::DeliveryClaimed {
        delivery: id(3),
        change: Some(change),
        is_of_state: true,
    }));
    facts.extend(lefts().into_iter().map(|left| Fact::AttemptLost { delivery: id(3), left: Some(left) }));
    let settled = |(state, left)| Settled {
        delivery: id(3),
        state,
        summary: text(),
        took_us: u64::MAX,
        status: Some(u16::MAX),
        next_at: Some(Timestamp::from_micros(i64::MIN)),
        left,
    };
    let states = DeliveryState::ALL.into_iter().map(|state| (state, None));
    let states = states.chain(lefts().into_iter().map(|left| (DeliveryState::Delivered, Some(left))));
    facts.extend(states.map(settled).map(Fact::DeliverySettled));
    let fields = |severity| Fields { severity: Some(severity), ..Fields::default() };
    let severities = Severity::ALL.into_iter().map(fields).chain([Fields::default()]);
    facts.extend(severities.map(|fields| Fact::IncidentChanged { incident: id(2), fields }));
    facts.extend(
        places()
            .into_iter()
            .zip(tells().into_iter().cycle())
            .map(|(place, change)| Fact::DeliveryQueued(story::queued(id(3), id(2), change, place))),
    );
    facts
}

fn places() -> Vec<Place> {
    chain(|place| match place {
        None => Some(Place::Lane),
        Some(Place::Lane) => Some(Place::Held(START)),
        Some(Place::Held(_)) => Some(Place::Ended(DeliveryState::NotSent, Reason::NoTestConnection)),
        Some(Place::Ended(..)) => None,
    })
}

fn tells() -> Vec<Tells> {
    chain(|tells| match tells {
        None => Some(Tells::Line(u32::MAX)),
        Some(Tells::Line(_)) => Some(Tells::Own(changes().remove(0))),
        Some(Tells::Own(_)) => None,
    })
}

/// Entries with every variant of what is in them.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |(cause, facts)| Entry { at: START, cause, facts, policy: u64::MAX, epoch: u64::MAX };
    let of_causes = causes().into_iter().map(|cause| (cause, Vec::new()));
    let of_facts = facts().into_iter().map(|fact| (Cause::Timers, vec![fact]));
    let traced = [Cause::Request(id(1), trace()), Cause::DecodedAgain(id(1), trace())];
    of_causes.chain(of_facts).chain(traced.map(|cause| (cause, Vec::new()))).map(entry).collect()
}

#[test]
fn every_entry_is_read_as_it_was_written() {
    entries().iter().for_each(assert_kept);
    story::entries().iter().for_each(assert_kept);
}

/// In every state.
pub(super) fn incidents() -> Vec<Incident> {
    let full = Incident {
        phase: Phase::Resolved { at: START, acknowledged_at: Some(START) },
        open_since: START.plus_ms(1),
        reopened: vec![START, START.plus_ms(1)],
        flapping: true,
        unmatched: true,
        last_occurred_at: Some(Timestamp::from_micros(i64::MIN)),
        heard_at: Some(START),
        count: u64::MAX,
        ..Incident::open(
            id(1),
            u64::MAX,
            &text().into(),
            &event(EventChange::Trigger, &text(), &text()),
            Severity::Low,
            START,
        )
    };
    let phases =
        [Phase::Open, Phase::Acknowledged(START), Phase::Resolved { at: START, acknowledged_at: None }];
    let phases = phases.map(|phase| Incident {
        phase,
        message: String::new(),
        labels: BTreeMap::new(),
        links: Vec::new(),
        reopened: Vec::new(),
        flapping: false,
        unmatched: false,
        last_occurred_at: None,
        heard_at: None,
        ..full.clone()
    });
    phases.into_iter().chain([full.clone()]).collect()
}

#[test]
fn every_incident_is_read_as_it_was_written() {
    incidents().iter().for_each(assert_kept);
}

/// In every state, with a change of every kind, in a line or of their own.
pub(super) fn deliveries() -> Vec<Delivery> {
    let attempt = Attempt { number: 1, at: START, took_us: 7, status: None, summary: Reason::Overtaken };
    let log =
        vec![attempt.clone(), Attempt { number: 2, status: Some(200), summary: text().into(), ..attempt }];
    let lines = [None, Some(LineId { entry: u64::MAX, line: u32::MAX })].into_iter().cycle();
    let kinds = changes().into_iter().cycle();
    let states = DeliveryState::ALL.into_iter().chain(DeliveryState::ALL);
    let delivery = |((state, change), line)| Delivery {
        id: id(3),
        action: text().into(),
        connection: text().into(),
        test: true,
        incident: incidents().remove(0),
        shown: IncidentState::Acknowledged,
        change,
        line,
        origin: None,
        state,
        attempts: u32::MAX,
        next_at: START,
        owed_since: START,
        log: log.clone(),
    };
    states.zip(kinds).zip(lines).map(delivery).collect()
}

#[test]
fn every_delivery_is_read_as_it_was_written() {
    for delivery in deliveries() {
        let row = DeliveryRow::from(&delivery);
        assert_kept(&row);
        let (read, change) = (DeliveryRow::read(&row.to_bytes().unwrap()).unwrap(), delivery.change.clone());
        assert_eq!(read.with(delivery.id, delivery.incident.clone(), (change, None)), delivery);
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

/// Of every status, with an effect of every kind.
pub(super) fn receipts() -> Vec<ReceiptRecord> {
    let statuses = chain(|status| match status {
        None => Some(ReceiptStatus::Applied),
        Some(ReceiptStatus::Applied) => Some(ReceiptStatus::PartlyRefused(rejected())),
        Some(ReceiptStatus::PartlyRefused(_)) => Some(ReceiptStatus::Ignored(Reason::OwnIncident(7))),
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
    let receipt = |status| ReceiptRecord {
        id: id(1),
        at: START,
        source: text().into(),
        plugin: text(),
        status,
        effects: effects.clone(),
        remarks: Vec::new(),
        trace: None,
    };
    let bare = ReceiptRecord { effects: Vec::new(), ..receipt(ReceiptStatus::Applied) };
    let full = ReceiptRecord { remarks: vec![text(), String::new()], ..receipt(ReceiptStatus::Applied) };
    let traced = ReceiptRecord { trace: trace(), ..bare.clone() };
    statuses.into_iter().map(receipt).chain([bare, full, traced]).collect()
}

#[test]
fn every_receipt_is_read_as_it_was_written() {
    receipts().iter().for_each(assert_kept);
}

/// Of every kind, with as little and as much as can be.
pub(super) fn lines() -> Vec<TimelineItem> {
    let happenings = chain(|what| match what {
        None => Some(Happening::Changed(ChangeKind::Flapping, vec![text()])),
        Some(Happening::Changed(..)) => Some(Happening::Late(EventChange::Resolve)),
        Some(Happening::Late(_)) => {
            Some(Happening::Delivery { id: id(3), action: text().into(), state: DeliveryState::Expired })
        }
        Some(Happening::Delivery { .. }) => None,
    });
    let both = |what| {
        let bare = TimelineItem {
            at: START,
            what,
            actor: None,
            text: Reason::none(),
            receipt: None,
            before: Vec::new(),
            trace: None,
        };
        let full = TimelineItem {
            actor: Some(text()),
            text: Reason::StillOpen(1),
            receipt: Some(id(1)),
            before: vec![(text(), text())],
            ..bare.clone()
        };
        [bare, full]
    };
    let mut lines: Vec<TimelineItem> = happenings.into_iter().flat_map(both).collect();
    lines.extend(lines.last().cloned().map(|line| TimelineItem { trace: trace(), ..line }));
    lines
}

#[test]
fn every_line_of_a_timeline_is_read_as_it_was_written() {
    lines().iter().for_each(assert_kept);
}

/// What every kind of message leaves behind.
pub(super) fn told() -> Vec<Told> {
    let nothing = Told::nothing(&"page".into(), &"pager".into());
    let mut told = vec![Told { last: Some(id(3)), ..nothing.clone() }, nothing];
    for left in lefts() {
        let mut next = told[0].clone();
        next.learn(left);
        told.push(next);
    }
    told
}

#[test]
fn what_was_told_is_read_as_it_was_written() {
    for told in told() {
        let row = ToldRow::from(&told);
        assert_kept(&row);
        assert_eq!(row.of(told.action.clone(), told.connection.clone()), told);
    }
}

pub(super) fn counters() -> Counters {
    let mut counters = Counters::of_number(7);
    counters.incident_came(IncidentState::Open);
    counters.delivery_came(DeliveryState::Expired);
    counters
}

#[test]
fn the_rest_is_read_as_it_was_written() {
    assert_kept(&Pause { since: START, reason: text() });
    assert_kept(&References(outcome().references));
    assert_kept(&request(START));
    assert_kept(&SourceRequest { body: Vec::new(), ..request(START) });
    assert_kept(&counters());
}

#[test]
fn a_record_of_another_version_or_cut_short_is_a_problem_in_words() {
    assert_eq!(Incident::read(&[]), Err(RecordProblem::Empty));
    assert_eq!(Incident::read(b"\x01{}"), Err(RecordProblem::Version(1)));
    let whole = incidents().remove(0).to_bytes().unwrap();
    for length in 1..whole.len() {
        assert!(matches!(Incident::read(&whole[..length]), Err(RecordProblem::Body(_))), "{length} bytes");
    }
    let bytes = request(START).to_bytes().unwrap();
    for length in [1, 4] {
        assert_eq!(
            SourceRequest::read(&bytes[..length]),
            Err(RecordProblem::Body("it is cut short".to_owned()))
        );
    }
    for length in 5..bytes.len() {
        assert!(
            matches!(SourceRequest::read(&bytes[..length]), Err(RecordProblem::Body(_))),
            "{length} bytes"
        );
    }
}

/// A length that damage made large is no reason to take that much memory.
#[test]
fn a_request_that_claims_to_be_of_gigabytes_is_refused() {
    let mut bytes = request(START).to_bytes().unwrap();
    bytes[1..5].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(SourceRequest::read(&bytes), Err(RecordProblem::Body(_))));
}

/// What a later version adds to a record is left out by this one, which says nothing of it; the format's number keeps
/// such a file from being written by it.
#[test]
fn a_field_that_is_not_known_does_not_keep_a_record_from_being_read() {
    let pause = Pause { since: START, reason: "mend it".to_owned() };
    let mut bytes = pause.to_bytes().unwrap();
    assert_eq!(bytes[1], 0x82, "an array of two");
    bytes[1] = 0x83;
    bytes.push(0xf5);
    assert_eq!(Pause::read(&bytes).unwrap(), pause);
}

fn ids() -> [DeliveryId; 2] {
    [id(1), id(2)]
}

#[test]
fn a_list_of_ids_is_read_as_it_was_written() {
    let bytes: Vec<u8> = ids().iter().flat_map(|id| id.to_bytes()).collect();
    assert_eq!(crate::keys::ids(&bytes).unwrap(), ids());
    assert_eq!(crate::keys::ids(&bytes[1..]), None);
}
