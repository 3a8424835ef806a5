//! A script that makes the store do everything it does: open, merge and resolve incidents, refuse and decode
//! again, claim, settle, retry, command; one at a time and many at once.

use tocsin_core::command::{Command, Decoding, Issued, Received, Verdict};
use tocsin_core::event::EventChange;
use tocsin_core::journal::Entry;
use tocsin_core::time::Timestamp;
use tocsin_core::transition::IncidentCommand;

use super::samples::{Answer, Gate, Script, claimed, event, outcome, received, rejected, routing, submit};
use crate::{DeliveryQuery, Store, Write, WriteError};

/// What was submitted, and what came back for it.
pub(super) struct Told {
    /// The commands that the store said it has carried out. Each of them has an entry.
    pub(super) kept: Vec<Issued>,
    /// How many it said it could not keep.
    pub(super) failed: usize,
}

/// Runs the script on `store`. Entries about what was not kept before are left out, so it goes on whatever
/// fails.
pub(super) fn run(store: &Store) -> Told {
    let mut told = Told { kept: Vec::new(), failed: 0 };
    let mut script = Script::new();
    told.write(store, vec![script.started(Some(routing()))]);
    told.write(store, vec![script.trigger("disk", "Disk full")]);
    let batch = (0..6).map(|n| script.trigger(&format!("cpu-{n}"), "CPU busy")).collect();
    told.write(store, batch);
    told.write(store, vec![script.received(Decoding::Failed("a trap".to_owned()))]);
    told.write(store, vec![script.trigger("disk", "Disk fuller")]);
    settle(&mut told, &mut script, store);
    redecode(&mut told, &mut script, store);
    let resolved = Decoding::Events(vec![event(EventChange::Resolve, "disk", "")]);
    told.write(store, vec![script.received(resolved)]);
    told.write(store, vec![script.started(None)]);
    told.write(store, vec![script.received(Decoding::Refused("no title".to_owned()))]);
    partly(&mut told, &mut script, store);
    told
}

/// A request that is ignored, and one of several entries that is refused in part.
fn partly(told: &mut Told, script: &mut Script, store: &Store) {
    told.write(store, vec![script.received(Decoding::Ignored("a test message".to_owned()))]);
    let events = (0..3).map(|n| event(EventChange::Trigger, &format!("fan-{n}"), "Fan stands still"));
    let (mut first, rest): (Vec<_>, Vec<_>) = events.enumerate().partition(|(n, _)| *n < 2);
    let decoding = Decoding::Events(first.drain(..).map(|(_, event)| event).collect());
    let partly = Received {
        rejected: rejected(2),
        remarks: vec!["a time could not be read".to_owned()],
        ..received("grafana", decoding)
    };
    let mut write = script.write(partly);
    let more = Command::Continue {
        receipt: write.issued.seed,
        after: 2,
        events: rest.into_iter().map(|(_, event)| event).collect(),
    };
    write.more = write.issued.followed_by(vec![more]);
    told.write(store, vec![write]);
}

fn settle(told: &mut Told, script: &mut Script, store: &Store) {
    let late = Timestamp::from_micros(i64::MAX);
    for connection in ["pager", "chat"] {
        let Ok(due) = store.due(connection, None, late, 3) else { continue };
        let deliveries: Vec<_> = due.iter().map(|delivery| delivery.id).collect();
        // A claim of nothing leaves no entry.
        if deliveries.is_empty() || !told.write(store, vec![script.command(claimed(deliveries.clone()))]) {
            continue;
        }
        let verdicts = [
            Verdict::Delivered(outcome()),
            Verdict::Rejected("no such channel".to_owned()),
            Verdict::Misconfigured("the token is wrong".to_owned()),
        ];
        let settled: Vec<Write> =
            deliveries.into_iter().zip(verdicts).map(|(id, verdict)| script.settled(id, verdict)).collect();
        told.write(store, settled);
    }
    let rejected = DeliveryQuery {
        states: vec![tocsin_core::delivery::DeliveryState::Rejected],
        limit: 1,
        ..Default::default()
    };
    for delivery in store.deliveries(&rejected).into_iter().flat_map(|page| page.items) {
        let retried = Command::Retry { delivery: delivery.id, actor: "operator".to_owned() };
        told.write(store, vec![script.command(retried)]);
        let command = Command::Operate {
            incident: delivery.incident.id,
            command: IncidentCommand::Acknowledge,
            actor: "operator".to_owned(),
            text: "on it".to_owned(),
        };
        told.write(store, vec![script.command(command)]);
    }
}

fn redecode(told: &mut Told, script: &mut Script, store: &Store) {
    let query = crate::ReceiptQuery { which: crate::Receipts::DeadLetters, limit: 1, ..Default::default() };
    for receipt in store.receipts(&query).into_iter().flat_map(|page| page.items) {
        let decoding = Decoding::Events(vec![event(EventChange::Trigger, "memory", "Out of memory")]);
        let received =
            Received { identities: vec!["again".to_owned()], ..received(&receipt.source, decoding) };
        told.write(store, vec![script.command(Command::Redecode { receipt: receipt.id, received })]);
    }
}

/// Which of the commands that were carried out, `kept`, have no entry in `journal`.
pub(super) fn lost<'a>(journal: &[Entry], kept: &'a [Issued]) -> Vec<&'a Issued> {
    // Commands that are written together are of one time; others are not.
    let entries = |at| journal.iter().filter(|entry| entry.at == at).count();
    let commands = |at| kept.iter().filter(|issued| issued.at == at).count();
    kept.iter().filter(|issued| entries(issued.at) < commands(issued.at)).collect()
}

impl Told {
    /// The first by itself, the others in one batch; whether all were kept.
    fn write(&mut self, store: &Store, writes: Vec<Write>) -> bool {
        let all = |write: &Write| [vec![write.issued.clone()], write.more.clone()].concat();
        let commands: Vec<Vec<Issued>> = writes.iter().map(all).collect();
        let mut writes = writes.into_iter();
        let Some(first) = writes.next() else { return true };
        let gate = Gate::close(store, first);
        let answers: Vec<Answer> = writes.map(|write| submit(store, write)).collect();
        let mut results = vec![gate.result.clone()];
        drop(gate);
        results.extend(answers.into_iter().map(|answer| answer.recv().unwrap()));
        let failed = self.failed;
        for (commands, result) in commands.into_iter().zip(results) {
            match result {
                Ok(_) => self.kept.extend(commands),
                Err(WriteError::Storage(_)) => self.failed += 1,
                // About something that an earlier failure kept out.
                Err(WriteError::Rejected(_)) if self.failed > 0 => self.failed += 1,
                Err(error) => panic!("{error}"),
            }
        }
        self.failed == failed
    }
}
