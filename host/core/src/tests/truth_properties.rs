//! When all is quiet, the last state that an action sent is the incident's; and what is sent is always the case.
//!
//! The reader's side is a model of its own: it knows the messages that reached it, also those whose answer was lost,
//! and nothing of what the relay remembers. The exceptions are those of [`is_excused`] and of an operator who gives
//! up on a delivery, disables an action or moves it elsewhere, which this does not play.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::relay::{
    HOUR_MS, MINUTE_MS, Relay, SOURCE, action, commanded, delivered, event, received, retried, settled,
};
use crate::command::{Command, Decoding, Verdict};
use crate::delivery::{Change, ChangeKind, Delivery, DeliveryState};
use crate::event::{Event, EventChange, Severity};
use crate::id::{DeliveryId, IncidentId};
use crate::incident::{Incident, IncidentState};
use crate::name::ActionName;
use crate::reason::Reason;
use crate::routing::{ActionRule, ActionStatus, Flapping, Routing, SourceRule};
use crate::transition::IncidentCommand;

/// What may happen. Numbers choose among what is there at that time.
#[derive(Clone, Debug)]
enum Move {
    Wait(u64),
    Event(Event),
    Operate(usize, IncidentCommand),
    Modify(usize, Severity),
    Tick,
    Claim,
    ClaimOne(usize),
    Settle(usize, u8),
    Retry(usize),
    /// The messages that are on their way arrive all the same, or do not.
    Restart(bool),
}

fn events() -> impl Strategy<Value = Event> {
    use EventChange::{Acknowledge, Note, Resolve, Trigger};
    let change =
        prop::sample::select(vec![Trigger, Trigger, Trigger, Resolve, Resolve, Resolve, Acknowledge, Note]);
    let severity = prop::option::of(prop::sample::select(vec![Severity::Critical, Severity::Low]));
    (change, prop::sample::select(vec!["a", "b"]), severity)
        .prop_map(|(change, key, severity)| Event { severity, ..event(change, key) })
}

fn moves() -> impl Strategy<Value = Move> {
    let pick = 0_usize..1000;
    prop_oneof![
        2 => prop::sample::select(vec![1, MINUTE_MS, 6 * MINUTE_MS, 2 * HOUR_MS]).prop_map(Move::Wait),
        9 => events().prop_map(Move::Event),
        2 => (pick.clone(), prop::sample::select(IncidentCommand::ALL.to_vec()))
            .prop_map(|(at, command)| Move::Operate(at, command)),
        1 => (pick.clone(), prop::sample::select(vec![Severity::Critical, Severity::Low]))
            .prop_map(|(at, severity)| Move::Modify(at, severity)),
        2 => Just(Move::Tick),
        3 => Just(Move::Claim),
        2 => pick.clone().prop_map(Move::ClaimOne),
        8 => (pick.clone(), 0..12_u8).prop_map(|(at, how)| Move::Settle(at, how)),
        2 => pick.prop_map(Move::Retry),
        1 => any::<bool>().prop_map(Move::Restart),
    ]
}

/// Actions of which none takes some of the incidents, and the fallback.
fn routing_with_fallback() -> Routing {
    use ChangeKind::{Opened, Resolved};
    let of_all = routing();
    let takers = ["all severe", "ended", "flapping", "severe"];
    let mut actions: Vec<ActionRule> =
        of_all.actions.iter().filter(|rule| takers.contains(&rule.name.as_str())).cloned().collect();
    actions.push(ActionRule { is_fallback: true, on: vec![Opened, Resolved], ..action("rest", "chat") });
    actions.sort_by(|one, other| one.name.cmp(&other.name));
    Routing { sources: of_all.sources, actions }
}

fn routing() -> Routing {
    use ChangeKind::{Acknowledged, Flapping as Flaps, Opened, Reopened, Resolved};
    let on = |name: &str, connection: &str, on: &[ChangeKind]| ActionRule {
        on: on.to_vec(),
        ..action(name, connection)
    };
    let usual = [Opened, Acknowledged, Resolved, Reopened, Flaps];
    let severe = Some(r#"severity == "critical""#.to_owned());
    let flapping = Some(Flapping { reopenings: 2, window_ms: 10 * MINUTE_MS });
    Routing {
        sources: [(SOURCE.into(), SourceRule { flapping, ..SourceRule::default() })].into(),
        actions: vec![
            action("all", "mail"),
            ActionRule { filter: severe.clone(), ..action("all severe", "mail") },
            on("ended", "mail", &[Resolved]),
            on("flapping", "pager", &[Flaps]),
            ActionRule { delay_ms: Some(5 * MINUTE_MS), ..on("late", "slack", &usual) },
            on("narrow", "pager", &[Opened, Resolved]),
            action("record", "itop"),
            ActionRule { repeat_ms: Some(20 * MINUTE_MS), ..on("repeats", "pager", &[Opened, Resolved]) },
            ActionRule { filter: severe, ..on("severe", "slack", &[Opened, Resolved]) },
            ActionRule {
                enters: vec![IncidentState::Open],
                leaves: vec![IncidentState::Acknowledged],
                ..on("states", "slack", &[])
            },
            ActionRule {
                status: ActionStatus::Test,
                test_connection: Some("sandbox".into()),
                ..on("test", "slack", &usual)
            },
            on("usual", "slack", &usual),
        ],
    }
}

/// The relay and the readers of its messages.
struct World {
    relay: Relay,
    /// What a reader believes, by action and incident.
    readers: BTreeMap<(ActionName, IncidentId), IncidentState>,
    /// Of which incidents an attempt may have reached a reader.
    tried: BTreeSet<(ActionName, IncidentId)>,
}

impl World {
    fn new(routing: Routing) -> Self {
        let relay = Relay::with_routing(routing);
        Self { relay, readers: BTreeMap::new(), tried: BTreeSet::new() }
    }

    /// The message of this delivery reaches its reader.
    fn arrive(&mut self, delivery: &Delivery) {
        let Delivery { action, incident, change, .. } = delivery;
        let reader = (action.clone(), incident.id);
        self.tried.insert(reader.clone());
        // The message shows the incident as it was when its attempt began.
        let shown = delivery.shown;
        let is_unresolved = shown != IncidentState::Resolved;
        let word = match change.kind {
            // A pager is opened by it, whatever the incident is for the moment.
            ChangeKind::Flapping if !is_unresolved => Some(IncidentState::Open),
            ChangeKind::Flapping => Some(shown),
            ChangeKind::Repeated => Some(IncidentState::Open),
            kind if kind.entered().is_some() => kind.entered(),
            _ => (is_unresolved && !self.readers.contains_key(&reader)).then_some(shown),
        };
        if let Some(word) = word {
            self.readers.insert(reader, word);
        }
    }

    fn sending(&self, at: usize) -> Option<Delivery> {
        let ids: Vec<DeliveryId> = self.relay.state.sending.iter().copied().collect();
        let id = ids.get(at % ids.len().max(1))?;
        self.relay.state.deliveries.get(id).cloned()
    }

    fn claim(&mut self, deliveries: Vec<DeliveryId>) -> Result<(), TestCaseError> {
        let state = &self.relay.state;
        let records =
            deliveries.iter().filter(|id| state.deliveries[id].action == "record").copied().collect();
        let claimed = self.relay.apply(Command::Claim { deliveries, records }).claimed;
        claimed.iter().try_for_each(|delivery| self.check_sent(delivery))
    }

    /// What is sent is the case.
    fn check_sent(&self, delivery: &Delivery) -> Result<(), TestCaseError> {
        let Delivery { action, incident, change, .. } = delivery;
        let present = &self.relay.state.incidents[&incident.id];
        prop_assert_eq!(incident, present, "{} shows the incident as it is", action);
        let is_over = incident.state() == IncidentState::Resolved;
        let words =
            format!("{action} says {} of what is {}", change.kind.as_str(), incident.state().as_str());
        if let Some(state) = change.kind.entered() {
            prop_assert_eq!(state == IncidentState::Resolved, is_over, "{}", &words);
        }
        match change.kind {
            ChangeKind::Repeated => prop_assert_eq!(incident.state(), IncidentState::Open, "{}", &words),
            ChangeKind::Flapping => prop_assert!(incident.flapping, "{}", &words),
            ChangeKind::Steady => prop_assert!(!incident.flapping, "{}", &words),
            _ => {}
        }
        let rule = self.relay.rule(action);
        if rule.is_done_with(present) {
            prop_assert_eq!(change.kind, ChangeKind::Resolved, "another action took it: {}", &words);
        }
        let is_new = !self.tried.contains(&(action.clone(), incident.id));
        if is_over && !incident.flapping && is_new && rule.is_triggered(None, ChangeKind::Opened) {
            prop_assert_eq!((action.as_str(), change.kind), ("record", ChangeKind::Resolved), "{}", &words);
        }
        Ok(())
    }

    fn settle(&mut self, delivery: &Delivery, how: u8) {
        let why = "because".to_owned();
        let at = self.relay.now.plus_ms(MINUTE_MS);
        let arrives = matches!(how, 1 | 4 | 8..);
        if arrives {
            self.arrive(delivery);
        }
        let verdict = match how {
            0 => Verdict::Retry { reason: why, at, may_have_arrived: false },
            1 | 2 => Verdict::Retry { reason: why, at, may_have_arrived: true },
            3 => Verdict::Expired { reason: why, may_have_arrived: false },
            4 | 5 => Verdict::Expired { reason: why, may_have_arrived: true },
            6 => Verdict::Rejected(why),
            7 => Verdict::Misconfigured(why),
            _ => delivered(),
        };
        if matches!(how, 2 | 5) {
            self.tried.insert((delivery.action.clone(), delivery.incident.id));
        }
        self.relay.apply(settled(delivery.id, verdict));
    }

    fn play(&mut self, step: &Move) -> Result<(), TestCaseError> {
        let state = &self.relay.state;
        let incident = |at: usize| state.incidents.keys().nth(at % state.incidents.len().max(1)).copied();
        match step {
            Move::Wait(ms) => self.relay.wait_ms(*ms),
            Move::Event(event) => {
                let decoding = Decoding::Events(vec![event.clone()]);
                self.relay.apply(Command::Receive(received(SOURCE, &[], decoding)));
            }
            Move::Operate(at, command) => {
                if let Some(id) = incident(*at) {
                    // Refused where the table says no.
                    drop(self.relay.try_apply(commanded(id, *command)));
                }
            }
            Move::Modify(at, severity) => {
                if let Some(incident) = incident(*at) {
                    let (actor, text, severity) = ("Ada".to_owned(), String::new(), Some(*severity));
                    self.relay.apply(Command::Modify { incident, title: None, severity, actor, text });
                }
            }
            Move::Tick => drop(self.relay.apply(Command::Tick)),
            Move::Claim => self.claim(state.due_at(self.relay.now))?,
            Move::ClaimOne(at) => {
                let due = state.due_at(self.relay.now);
                if let Some(id) = due.get(at % due.len().max(1)) {
                    self.claim(vec![*id])?;
                }
            }
            Move::Settle(at, how) => {
                if let Some(delivery) = self.sending(*at) {
                    self.settle(&delivery, *how);
                }
            }
            Move::Retry(at) => {
                let ids: Vec<DeliveryId> = state.deliveries.keys().copied().collect();
                if let Some(id) = ids.get(at % ids.len().max(1)) {
                    drop(self.relay.try_apply(retried(*id)));
                }
            }
            Move::Restart(arrives) => self.restart(*arrives),
        }
        Ok(())
    }

    fn restart(&mut self, arrives: bool) {
        let sending: Vec<DeliveryId> = self.relay.state.sending.iter().copied().collect();
        for id in sending {
            let delivery = self.relay.state.deliveries[&id].clone();
            self.tried.insert((delivery.action.clone(), delivery.incident.id));
            if arrives {
                self.arrive(&delivery);
            }
        }
        self.relay.restart(None);
    }

    /// Delivers all that is due, until nothing is.
    fn deliver(&mut self) -> Result<(), TestCaseError> {
        loop {
            let due = self.relay.state.due_at(self.relay.now);
            if due.is_empty() {
                return Ok(());
            }
            self.claim(due)?;
            while let Some(delivery) = self.sending(0) {
                self.settle(&delivery, u8::MAX);
            }
        }
    }

    /// Lets every timer run out, delivers everything and retries every dead letter.
    fn quiet(&mut self) -> Result<(), TestCaseError> {
        self.restart(false);
        for _ in 0..3 {
            self.relay.wait_ms(11 * MINUTE_MS);
            self.relay.apply(Command::Tick);
            self.deliver()?;
            let deliveries = self.relay.state.deliveries.values();
            let dead = deliveries.filter(|delivery| delivery.state.is_dead_letter());
            let dead: Vec<DeliveryId> = dead.map(|delivery| delivery.id).collect();
            for id in dead {
                self.relay.apply(retried(id));
            }
            self.deliver()?;
        }
        for delivery in self.relay.state.deliveries.values() {
            let (DeliveryState::Delivered | DeliveryState::Skipped) = delivery.state else {
                return Err(TestCaseError::fail(format!("{delivery:#?} is not settled")));
            };
        }
        Ok(())
    }

    fn check_last_words(&self) -> Result<(), TestCaseError> {
        let router = &self.relay.policy;
        for incident in self.relay.state.incidents.values() {
            for rule in &router.routing().actions {
                let word = self.readers.get(&(rule.name.clone(), incident.id)).copied();
                let change = |kind| Change::of_the_relay(kind, self.relay.now, Reason::none());
                let lets = |kind| router.lets_through(&rule.name, incident, &change(kind));
                let words = format!("{}: {word:?}, but it is {}", rule.name, incident.state().as_str());
                let is_right = word.is_none_or(|word| {
                    (word == IncidentState::Resolved) == (incident.state() == IncidentState::Resolved)
                });
                prop_assert!(
                    is_right || is_excused(rule, incident, lets(ChangeKind::Reopened)),
                    "{}",
                    &words
                );
                if word.is_none() && incident.state() != IncidentState::Resolved {
                    let opens = rule.is_triggered(None, ChangeKind::Opened) && lets(ChangeKind::Opened);
                    prop_assert!(!opens, "{}", &words);
                }
                if matches!(rule.name.as_str(), "all" | "record") && word.is_some() {
                    prop_assert_eq!(word, Some(incident.state()), "{}", &words);
                }
            }
        }
        Ok(())
    }
}

/// Plays these moves, lets all become quiet, and checks what readers know.
fn play(routing: Routing, moves: &[Move]) -> Result<World, TestCaseError> {
    let mut world = World::new(routing);
    for step in moves {
        world.play(step)?;
    }
    world.quiet()?;
    world.check_last_words()?;
    world.relay.check();
    Ok(world)
}

/// The exceptions: an action that does not tell of every resolution keeps calling it open, and one whose filter no
/// longer matches keeps calling it resolved.
fn is_excused(rule: &ActionRule, incident: &Incident, lets_reopened: bool) -> bool {
    if incident.state() == IncidentState::Resolved {
        let unresolved = [IncidentState::Open, IncidentState::Acknowledged];
        !unresolved.iter().all(|left| rule.is_triggered(Some(*left), ChangeKind::Resolved))
    } else {
        !lets_reopened
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn when_all_is_quiet_the_last_state_sent_is_the_incidents_state(
        moves in prop::collection::vec(moves(), 1..28),
    ) {
        play(routing(), &moves)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn when_all_is_quiet_an_incident_that_an_action_told_of_is_not_unmatched(
        moves in prop::collection::vec(moves(), 1..28),
    ) {
        let world = play(routing_with_fallback(), &moves)?;
        let state = &world.relay.state;
        for incident in state.incidents.values().filter(|incident| incident.state() != IncidentState::Resolved) {
            let takes = |rule: &&ActionRule| {
                rule.status == ActionStatus::Enabled
                    && !rule.is_fallback
                    && world.relay.policy.would_open(rule, incident)
            };
            let knows = |rule: &ActionRule| world.readers.contains_key(&(rule.name.clone(), incident.id));
            let is_taken = world.relay.policy.routing().actions.iter().filter(takes).any(knows);
            prop_assert!(!(incident.unmatched && is_taken), "{:#?}", incident);
            let rest = world.readers.get(&("rest".into(), incident.id));
            prop_assert!(!incident.unmatched || rest.is_some_and(|word| *word != IncidentState::Resolved));
        }
    }
}

/// An update shows the state to who knows none, and changes nothing for who knows one.
#[test]
fn an_acknowledgement_that_may_have_arrived_is_taken_back_although_an_update_arrived_after_it() {
    use EventChange::{Acknowledge, Resolve, Trigger};
    let says = |change| Move::Event(event(change, "a"));
    let moves = [
        says(Acknowledge),
        Move::Claim,
        Move::Settle(617, 3),
        says(Trigger),
        Move::Claim,
        says(Resolve),
        Move::Restart(true),
        says(Trigger),
        says(Resolve),
        says(Trigger),
    ];
    play(routing(), &moves).expect("the last word is the incident's state");
}

/// The message that it flaps waits, and is overtaken by the one that it is steady.
#[test]
fn who_knows_an_acknowledgement_from_before_the_flapping_is_told_that_nobody_is_on_it() {
    use EventChange::{Acknowledge, Resolve, Trigger};
    let says = |change| Move::Event(event(change, "a"));
    let mut moves = vec![says(Acknowledge)];
    for _ in 0..2 {
        moves.extend([Move::Claim, Move::Settle(0, 8)]);
    }
    moves.extend([says(Resolve), says(Trigger), says(Resolve), says(Trigger)]);
    play(routing(), &moves).expect("the last word is the incident's state");
}

/// The reopening from before the flapping goes out once the incident is steady; the message behind it says what it left out.
#[test]
fn an_incident_that_was_acknowledged_while_it_flapped_is_not_left_as_open() {
    use EventChange::{Acknowledge, Resolve, Trigger};
    let says = |change| Move::Event(event(change, "a"));
    let moves = [
        says(Trigger),
        Move::Operate(0, IncidentCommand::Resolve),
        Move::Claim,
        Move::Claim,
        says(Trigger),
        says(Resolve),
        says(Trigger),
        says(Acknowledge),
    ];
    play(routing(), &moves).expect("the last word is the incident's state");
}
