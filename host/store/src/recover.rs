//! Opening after a crash or an error: what the log has beyond the database is brought into it.
//!
//! Decides nothing: entries are followed as they were recorded. A frame that follows another entry than the journal's
//! last is of an earlier round, and counts for nothing.

use redb::{Database, Durability, WriteTransaction};

use crate::error::{Fault, RecordProblem};
use crate::log::{self, Frame};
use crate::record::set_aside::Kept;
use crate::requests::Requests;
use crate::state::{Head, Tables};
use crate::{counts, set_aside};

/// The name under which commits that were lost are set aside.
const LOG: &str = "log";

/// The next transaction of `database`, whose commit is on disk when it returns. Opening after it takes milliseconds,
/// however large the file is.
pub(crate) fn begin(database: &Database) -> Result<WriteTransaction, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate).map_err(|error| Fault::Damaged(error.to_string()))?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Brings what `log` has beyond `database` into it. Whether some of it is lost, which is noted then.
pub(crate) fn run(database: &Database, log: &[u8]) -> Result<bool, Fault> {
    let (head, _) = Head::read_in_part(&begin(database)?)?;
    let frames = log::read(log, head.position.entry);
    if frames.is_empty() {
        return Ok(false);
    }
    let mut unreadable = None;
    loop {
        let head = set_aside::readable_head(begin(database)?)?;
        let transaction = begin(database)?;
        match follow(&transaction, head.clone(), &frames) {
            Ok(followed) => {
                let last = frames.last().map(|(after, _)| after.number);
                let lost = last.filter(|last| *last > followed.position.entry);
                if let Some(last) = lost {
                    set_aside::note(&transaction, &lost_commits(followed.position.entry, last))?;
                }
                transaction.commit()?;
                return Ok(lost.is_some());
            }
            // It could be read when the entry was recorded.
            Err(Fault::Record { table, row, problem, key }) => {
                drop(transaction);
                let place = (table, row.to_vec());
                if unreadable.replace(place.clone()).as_ref() == Some(&place) {
                    return Err(Fault::Record { table, row, problem, key });
                }
                let transaction = begin(database)?;
                set_aside::run(&transaction, head, vec![place])?;
                transaction.commit()?;
            }
            Err(fault) => return Err(fault),
        }
    }
}

fn follow(transaction: &WriteTransaction, mut head: Head, frames: &[log::Logged]) -> Result<Head, Fault> {
    for (after, frame) in frames {
        // Of the same journal and the same state: following an entry twice would not be noticed otherwise.
        if *after == head.link() && *frame.digest == head.digest.to_bytes() {
            head = take(transaction, head, frame)?;
        }
    }
    Ok(head)
}

fn take(transaction: &WriteTransaction, head: Head, frame: &Frame) -> Result<Head, Fault> {
    let mut tables = Tables::open(transaction, head)?;
    let mut requests = Requests::open(transaction)?;
    frame.entries.iter().try_for_each(|record| tables.append(record))?;
    frame.requests.iter().try_for_each(|keeping| requests.put(keeping))?;
    requests.forget(&frame.forgotten)?;
    requests.finish()?;
    counts::put(transaction, &frame.counts)?;
    Ok(tables.finish()?.0)
}

/// A frame that can be read follows the entry `last`, and one before it cannot.
fn lost_commits(end: u64, last: u64) -> Kept {
    let problem = format!("the log is damaged: the entries {} to {last}, and maybe more, are lost", end + 1);
    Kept {
        after: end,
        table: LOG.to_owned(),
        key: (end + 1).to_be_bytes().to_vec(),
        problem: RecordProblem::Body(problem).to_string(),
        incident: None,
        bytes: Vec::new(),
        dismissed: false,
    }
}
