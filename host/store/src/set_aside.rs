//! Records that cannot be read: each is taken out of the state, kept with its bytes, and named. Everything else
//! goes on.
//!
//! Taking a record out is a step between two entries of the journal. What is kept says after which entry it was,
//! so that `verify` takes the same step at the same place. `README.md` describes it.

use std::collections::VecDeque;

use redb::{ReadableTable, WriteTransaction};

use crate::damage::Place;
use crate::error::{Fault, RecordProblem};
use crate::record::Stored;
use crate::record::set_aside::Kept;
use crate::record::source_counts::SourceCounts;
use crate::state::{Head, Tables, TakenOut};
use crate::table::{Bytes, Rows};
use crate::tables::{self, Beside, Definition};
use crate::{dictionaries, rows, state_digest};

/// Bytes of a record that are kept. No record is as long; a raw request may be.
const BYTES_KEPT: usize = 256 * 1024;

/// Takes the rows at `places` out, as far as they cannot be read, and those that are found on the way. Returns what
/// is known of the state then, and whether anything was changed.
pub(crate) fn run(
    transaction: &WriteTransaction,
    head: Head,
    places: Vec<Place>,
) -> Result<(Head, bool), Fault> {
    let mut tables = Tables::open(transaction, head)?;
    let mut list = tables::beside::SET_ASIDE.open(transaction)?;
    let mut next = last_number(&list)?;
    let mut waiting: VecDeque<Place> = places.into();
    let mut any = false;
    while let Some((name, key)) = waiting.pop_front() {
        let Some(table) = tables::named(name) else { continue };
        let (problem, taken) = if let Some(beside) = writable_beside(table) {
            take_out_beside(transaction, table, beside, &key)?
        } else {
            let Some(problem) = tables.problem(table, &key)? else { continue };
            (problem, tables.take_out(table, &key)?)
        };
        waiting.extend(taken.more);
        if !taken.changed {
            continue;
        }
        any = true;
        next += 1;
        let mut bytes = taken.bytes;
        bytes.truncate(BYTES_KEPT);
        let kept = Kept {
            after: tables.sequence(),
            table: name.to_owned(),
            key,
            problem: problem.to_string(),
            incident: taken.incident,
            bytes,
            dismissed: false,
        };
        put(&mut list, next, &kept)?;
    }
    drop(list);
    let (mut head, _) = tables.finish()?;
    if any {
        // Damage below the store changed rows that the digest had counted as they were.
        head.digest = state_digest::recount(transaction)?;
    }
    Ok((head, any))
}

/// What `transaction` says is committed. What of it cannot be read is set aside, and made anew.
pub(crate) fn readable_head(transaction: WriteTransaction) -> Result<Head, Fault> {
    let (head, unreadable) = Head::read_in_part(&transaction)?;
    if unreadable.is_empty() {
        return Ok(head);
    }
    let (mut head, any) = run(&transaction, head, unreadable)?;
    if !any {
        // A digest that is missing leaves nothing to set aside.
        head.digest = state_digest::recount(&transaction)?;
    }
    transaction.commit()?;
    Ok(head)
}

/// Names what is lost otherwise.
pub(crate) fn note(transaction: &WriteTransaction, lost: &Kept) -> Result<(), Fault> {
    let mut list = tables::beside::SET_ASIDE.open(transaction)?;
    let number = last_number(&list)? + 1;
    put(&mut list, number, lost)
}

fn last_number(list: &impl Rows) -> Result<u64, Fault> {
    let Some((key, _)) = list.last()? else { return Ok(0) };
    rows::number(tables::SET_ASIDE, key.value())
}

/// Tables that do not follow from the journal. The journal is none of them: an entry is never taken out.
fn writable_beside(table: Definition) -> Option<Beside> {
    let known = [tables::REQUESTS, tables::REQUESTS_DEAD, tables::SOURCE_COUNTS];
    table.as_beside().filter(|_| known.contains(&table))
}

fn take_out_beside(
    transaction: &WriteTransaction,
    table: Definition,
    beside: Beside,
    key: &[u8],
) -> Result<(RecordProblem, TakenOut), Fault> {
    let mut rows = beside.open(transaction)?;
    let read = if table == tables::SOURCE_COUNTS {
        rows.get(key)?.map(|value| SourceCounts::read(value.value()).map(|_| ()))
    } else {
        let dictionaries = tables::DICTIONARIES.look_into(transaction)?;
        match dictionaries::request(&rows, table, &dictionaries, key) {
            Ok(request) => request.map(|_| Ok(())),
            Err(Fault::Record { problem, .. }) => Some(Err(problem)),
            Err(fault) => return Err(fault),
        }
    };
    let is_key_wrong = table.name == tables::SOURCE_COUNTS.name && std::str::from_utf8(key).is_err();
    let problem = match read {
        Some(Err(problem)) => problem,
        Some(Ok(())) if is_key_wrong => RecordProblem::Body("its key is not a name".to_owned()),
        // It was replaced, or dropped for its age, meanwhile.
        Some(Ok(())) | None => return Ok((RecordProblem::Empty, TakenOut::default())),
    };
    let bytes = rows.remove(key)?.map(|value| value.value().to_vec()).unwrap_or_default();
    Ok((problem, TakenOut { bytes, changed: true, ..TakenOut::default() }))
}

fn put(list: &mut redb::Table<'_, Bytes, Bytes>, number: u64, kept: &Kept) -> Result<(), Fault> {
    let key = number.to_be_bytes();
    let value = kept.to_bytes().map_err(|problem| rows::fault(tables::SET_ASIDE, &key, problem))?;
    list.insert(key.as_slice(), value.as_slice())?;
    Ok(())
}

/// Marks every row as seen to by an operator; returns how many were not before.
pub(crate) fn dismiss(transaction: &WriteTransaction) -> Result<u64, Fault> {
    let mut list = tables::beside::SET_ASIDE.open(transaction)?;
    let mut dismissed = Vec::new();
    for row in list.iter()? {
        let (key, value) = row?;
        let number = rows::number(tables::SET_ASIDE, key.value())?;
        let kept: Kept = rows::read(tables::SET_ASIDE, key.value(), value.value())?;
        if !kept.dismissed {
            dismissed.push((number, Kept { dismissed: true, ..kept }));
        }
    }
    for (number, kept) in &dismissed {
        put(&mut list, *number, kept)?;
    }
    Ok(dismissed.len() as u64)
}
