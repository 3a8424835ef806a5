//! What happens next, as the property test chooses it, and the command that it becomes.

use proptest::prelude::*;
use tocsin_core::command::{Command, Decoding, Forget, Received, Verdict};
use tocsin_core::delivery::{Delivery, DeliveryState};
use tocsin_core::event::{Event, EventChange, Severity};
use tocsin_core::id::{Id, Kind};
use tocsin_core::incident::IncidentState;
use tocsin_core::routing::{ActionStatus, Routing};
use tocsin_core::transition::IncidentCommand;

use crate::Write;
use crate::tests::memory::Memory;
use crate::tests::samples::{self, START, Script, event, outcome, policy, rejected, routing};

/// What happens next; numbers choose among what is there, or among what is not.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Event {
        change: EventChange,
        key: u8,
        alias: Option<u8>,
        title: u8,
        identity: u8,
        source: bool,
    },
    /// Several entries that are written together.
    Large {
        keys: Vec<u8>,
        identity: u8,
        rejected: usize,
    },
    Undecoded {
        decoding: u8,
    },
    Redecoded {
        receipt: usize,
        keys: Vec<u8>,
        rejected: usize,
    },
    Discarded {
        receipt: usize,
    },
    Commanded {
        incident: usize,
        command: IncidentCommand,
    },
    Modified {
        incident: usize,
        title: Option<u8>,
        severity: Option<Severity>,
        note: bool,
    },
    Ticked {
        minutes: u16,
    },
    Claimed {
        deliveries: Vec<usize>,
    },
    Settled {
        delivery: usize,
        verdict: u8,
    },
    Retried {
        delivery: usize,
    },
    GaveUp {
        delivery: usize,
    },
    Tried {
        delivery: usize,
    },
    Resumed,
    Configured {
        routing: u8,
    },
    Started {
        routing: Option<u8>,
    },
    Passed {
        hours: u16,
    },
    Forgotten {
        hours: u16,
    },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        6 => Just(EventChange::Trigger),
        2 => Just(EventChange::Resolve),
        1 => Just(EventChange::Acknowledge),
        1 => Just(EventChange::Note),
    ];
    prop_oneof![
        8 => (change, 0..4u8, proptest::option::of(0..4u8), 0..3u8, 0..30u8, any::<bool>()).prop_map(
            |(change, key, alias, title, identity, source)| Step::Event {
                change, key, alias, title, identity, source
            }
        ),
        1 => (0..3u8).prop_map(|decoding| Step::Undecoded { decoding }),
        2 => (proptest::collection::vec(0..4u8, 1..7), 0..30u8, 0..3usize)
            .prop_map(|(keys, identity, rejected)| Step::Large { keys, identity, rejected }),
        2 => (0..20usize, proptest::collection::vec(0..4u8, 1..4), 0..2usize)
            .prop_map(|(receipt, keys, rejected)| Step::Redecoded { receipt, keys, rejected }),
        1 => (0..20usize).prop_map(|receipt| Step::Discarded { receipt }),
        2 => (0..6usize, proptest::sample::select(IncidentCommand::ALL.to_vec()))
            .prop_map(|(incident, command)| Step::Commanded { incident, command }),
        1 => (
            0..6usize,
            proptest::option::of(0..3u8),
            proptest::option::of(proptest::sample::select(Severity::ALL.to_vec())),
            any::<bool>(),
        ).prop_map(|(incident, title, severity, note)| Step::Modified { incident, title, severity, note }),
        3 => (0..100u16).prop_map(|minutes| Step::Ticked { minutes }),
        4 => proptest::collection::vec(0..8usize, 0..4).prop_map(|deliveries| Step::Claimed { deliveries }),
        5 => (0..8usize, 0..7u8).prop_map(|(delivery, verdict)| Step::Settled { delivery, verdict }),
        1 => (0..30usize).prop_map(|delivery| Step::Retried { delivery }),
        1 => (0..30usize).prop_map(|delivery| Step::GaveUp { delivery }),
        1 => (0..30usize).prop_map(|delivery| Step::Tried { delivery }),
        1 => Just(Step::Resumed),
        2 => proptest::option::of(0..6u8).prop_map(|routing| Step::Started { routing }),
        2 => (0..6u8).prop_map(|routing| Step::Configured { routing }),
        1 => (0..40u16).prop_map(|hours| Step::Passed { hours }),
        1 => (0..40u16).prop_map(|hours| Step::Forgotten { hours }),
    ]
}

fn routing_of(kind: u8) -> Routing {
    let mut routing = routing();
    match kind {
        0 => {}
        // Held and repeated; the second shares what it tells with the first until that is let go.
        1 | 2 => {
            let minutes = |minutes: u64| Some(minutes * 60 * 1000);
            let [first, second] = &mut routing.actions[..] else { panic!("two actions") };
            (first.delay_ms, first.repeat_ms) = (minutes(30), minutes(40));
            second.delay_ms = minutes(if kind == 1 { 60 } else { 0 });
            second.enters = vec![IncidentState::Open];
            second.leaves = vec![IncidentState::Acknowledged];
        }
        3 => {
            routing.actions[0].status = ActionStatus::Test;
            routing.actions[1].filter = Some("title == \"Title 1\"".to_owned());
        }
        // What sources forget is resolved.
        4 => {
            routing.sources.values_mut().for_each(|rule| rule.auto_resolve_ms = Some(5_400_000));
        }
        _ => routing.actions[0].connection = "chat".into(),
    }
    routing
}

fn verdict_of(kind: u8, script: &Script) -> Verdict {
    match kind {
        0 | 1 => Verdict::Delivered(outcome()),
        2 => Verdict::Accepted(outcome()),
        3 => Verdict::Skipped("nothing to say".to_owned()),
        4 => Verdict::Retry {
            reason: "busy".to_owned(),
            at: script.now.plus_ms(90_000),
            may_have_arrived: true,
        },
        5 => Verdict::Rejected("no such channel".to_owned()),
        _ => Verdict::Misconfigured("no token".to_owned()),
    }
}

/// The `n`th of `all`, or an id of nothing.
fn pick<'a, K: Kind>(all: impl Iterator<Item = &'a Id<K>>, n: usize) -> Id<K> {
    all.copied().nth(n).unwrap_or(Id::from_bytes([9; 16]))
}

fn received(source: bool, identity: u8, decoding: Decoding) -> Received {
    let source = if source { "grafana" } else { "jira" };
    let identities = vec![format!("identity-{identity}")];
    Received { identities, ..samples::received(source, decoding) }
}

fn triggers(keys: &[u8]) -> Vec<Event> {
    keys.iter().map(|key| event(EventChange::Trigger, &format!("key-{key}"), "One of several")).collect()
}

/// A request of two events in each entry.
fn large(keys: &[u8], identity: u8, count: usize, script: &mut Script) -> Write {
    let mut events = triggers(keys);
    let mut rest = events.split_off(events.len().min(2));
    let received =
        Received { rejected: rejected(count), ..received(true, identity, Decoding::Events(events.clone())) };
    let first = script.command(Command::Receive(received));
    let (mut after, mut more) = (events.len() as u64, Vec::new());
    while !rest.is_empty() {
        let events: Vec<_> = rest.drain(..rest.len().min(2)).collect();
        let count = events.len() as u64;
        more.push(Command::Continue { receipt: first.issued.seed, after, events });
        after += count;
    }
    Write { more: first.issued.followed_by(more), ..first }
}

/// What `step` writes, given what is there.
pub(super) fn write(step: Step, script: &mut Script, memory: &Memory) -> Option<Write> {
    let command = match step {
        Step::Event { change, key, alias, title, identity, source } => {
            let mut event = event(change, &format!("key-{key}"), &format!("Title {title}"));
            event.aliases = alias.map(|alias| format!("key-{alias}")).into_iter().collect();
            event.occurred_at = (title == 2).then_some(START);
            Command::Receive(received(source, identity, Decoding::Events(vec![event])))
        }
        Step::Large { keys, identity, rejected } => return Some(large(&keys, identity, rejected, script)),
        Step::Undecoded { decoding } => {
            let why = "why".to_owned();
            let decoding = match decoding {
                0 => Decoding::Ignored(why),
                1 => Decoding::Refused(why),
                _ => Decoding::Failed(why),
            };
            Command::Receive(received(true, 99, decoding))
        }
        Step::Redecoded { receipt, keys, rejected: count } => {
            let receipt = pick(memory.receipts.keys(), receipt);
            let decoding = Decoding::Events(triggers(&keys));
            let received = Received { rejected: rejected(count), ..received(true, 98, decoding) };
            Command::Redecode { receipt, received }
        }
        Step::Discarded { receipt } => Command::Discard {
            receipts: vec![pick(memory.receipts.keys(), receipt)],
            actor: "operator".to_owned(),
        },
        Step::Commanded { incident, command } => Command::Operate {
            incident: pick(memory.incidents.keys(), incident),
            command,
            actor: "operator".to_owned(),
            text: "a note".to_owned(),
        },
        Step::Modified { incident, title, severity, note } => Command::Modify {
            incident: pick(memory.incidents.keys(), incident),
            title: title.map(|n| if n == 0 { " ".to_owned() } else { format!("Title {n}") }),
            severity,
            actor: "operator".to_owned(),
            text: if note { "why".to_owned() } else { String::new() },
        },
        Step::Ticked { minutes } => {
            script.now = script.now.plus_ms(u64::from(minutes) * 60 * 1000);
            Command::Tick
        }
        step => delivery_command(step, script, memory)?,
    };
    Some(script.command(command))
}

/// Another configuration, in which everything is other than before.
fn configured(routing: u8, script: &mut Script, memory: &Memory) -> Command {
    let before = script.policy.routing().clone();
    script.policy = policy(routing_of(routing));
    let names = before.sources.keys().chain(script.policy.routing().sources.keys());
    Command::Configure {
        by: "test".to_owned(),
        digest: routing.to_string(),
        changes: vec!["everything".to_owned()],
        sources: names.cloned().collect(),
        connections: memory.pauses.keys().cloned().collect(),
    }
}

/// The same of a delivery or of the relay itself.
fn delivery_command(step: Step, script: &mut Script, memory: &Memory) -> Option<Command> {
    let in_state = |state: DeliveryState| {
        let found = move |delivery: &&Delivery| delivery.state == state;
        memory.deliveries.values().filter(found).map(|delivery| &delivery.id)
    };
    Some(match step {
        Step::Claimed { deliveries } => Command::Claim {
            deliveries: deliveries.iter().map(|n| pick(in_state(DeliveryState::Due), *n)).collect(),
            records: deliveries.iter().take(1).map(|n| pick(in_state(DeliveryState::Due), *n)).collect(),
        },
        Step::Settled { delivery, verdict } => Command::Settle {
            delivery: pick(in_state(DeliveryState::Sending), delivery),
            took_us: 1,
            status: Some(200),
            verdict: verdict_of(verdict, script),
        },
        Step::Retried { delivery } => Command::Retry {
            delivery: pick(memory.deliveries.keys(), delivery),
            actor: "operator".to_owned(),
        },
        Step::GaveUp { delivery } => Command::GiveUp {
            deliveries: vec![pick(memory.deliveries.keys(), delivery)],
            actor: "operator".to_owned(),
        },
        Step::Tried { delivery } => {
            Command::Try { delivery: pick(in_state(DeliveryState::Due), delivery), record: false }
        }
        Step::Resumed => {
            let connection = memory.pauses.keys().next().cloned().unwrap_or_else(|| "".into());
            Command::Resume { connection, reason: "it works".to_owned() }
        }
        Step::Started { routing } => {
            if let Some(routing) = routing {
                script.policy = policy(routing_of(routing));
            }
            Command::Start { version: "test".to_owned() }
        }
        Step::Configured { routing } => configured(routing, script, memory),
        Step::Passed { hours } => {
            script.now = script.now.plus_ms(u64::from(hours) * 60 * 60 * 1000);
            return None;
        }
        Step::Forgotten { hours } => {
            let before = script.now.minus_ms(u64::from(hours) * 60 * 60 * 1000);
            Command::Forget(Forget {
                incidents: memory.incidents.keys().copied().collect(),
                resolved_before: before,
                receipts: memory.receipts.keys().copied().collect(),
                came_before: before,
                dead_letters_came_before: before.minus_ms(60 * 60 * 1000),
            })
        }
        Step::Event { .. }
        | Step::Large { .. }
        | Step::Undecoded { .. }
        | Step::Redecoded { .. }
        | Step::Discarded { .. }
        | Step::Commanded { .. }
        | Step::Modified { .. }
        | Step::Ticked { .. } => return None,
    })
}
