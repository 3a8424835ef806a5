//! Records that cannot be read: each is taken out of the state, kept with its bytes, and named. Everything else
//! goes on.
//!
//! Taking a record out is a step between two entries of the journal. What is kept says after which entry it was,
//! so that `verify` takes the same step at the same place. `README.md` describes it.

use std::collections::VecDeque;
use std::sync::mpsc::sync_channel;

use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use tocsin_core::id::Id;

use crate::damage::Place;
use crate::error::{Fault, Problem, ReadError, WriteError};
use crate::read::Snapshot;
use crate::record::Stored;
use crate::rows;
use crate::state::{Head, Tables, TakenOut};
use crate::store::Store;
use crate::tables::{self, Definition};

/// Bytes of a record that are kept. No record is as long; a raw request may be.
const BYTES_KEPT: usize = 256 * 1024;

/// A row that was taken out, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The sequence number of the last entry before.
    pub(crate) after: u64,
    /// The name of its table.
    pub(crate) table: String,
    /// Its key.
    pub(crate) key: Vec<u8>,
    /// What is wrong with it.
    pub(crate) problem: String,
    /// The incident that it was about, if that can be seen.
    pub(crate) incident: Option<Id>,
    /// Its value, as far as there was one.
    pub(crate) bytes: Vec<u8>,
    /// Whether an operator has seen to it. The row stays: `verify` needs it.
    pub(crate) dismissed: bool,
}

/// A record that could not be read and was taken out of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The name of its table.
    pub table: String,
    /// Its key, in words.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// The incident that it was about, if that can be seen.
    pub incident: Option<Id>,
    /// The sequence number of the journal's last entry before it was set aside; none while it only waits for that,
    /// because nothing can be written.
    pub after: Option<u64>,
    /// Whether an operator has seen to it.
    pub dismissed: bool,
}

impl From<Kept> for SetAside {
    fn from(kept: Kept) -> Self {
        let key = match tables::named(&kept.table) {
            Some(table) => table.key_words(&kept.key),
            None => String::new(),
        };
        Self {
            table: kept.table,
            key,
            problem: kept.problem,
            incident: kept.incident,
            after: Some(kept.after),
            dismissed: kept.dismissed,
        }
    }
}

/// Takes the rows at `places` out, as far as they cannot be read, and those that are found on the way. Returns what
/// is known of the state then, and whether anything was changed.
pub(crate) fn run(
    transaction: &WriteTransaction,
    head: Head,
    places: Vec<Place>,
) -> Result<(Head, bool), Fault> {
    let mut tables = Tables::open(transaction, head)?;
    let mut list = transaction.open_table(tables::SET_ASIDE.redb())?;
    let mut next = match list.last()? {
        Some((key, _)) => rows::number(tables::SET_ASIDE, key.value())?,
        None => 0,
    };
    let mut waiting: VecDeque<Place> = places.into();
    let mut any = false;
    while let Some((name, key)) = waiting.pop_front() {
        let Some(table) = tables::named(name) else { continue };
        let (problem, taken) = if is_beside(table) {
            take_out_beside(transaction, table, &key)?
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
    Ok((tables.finish()?, any))
}

/// Tables that the fold does not know. The journal is none of them: an entry is never taken out.
fn is_beside(table: Definition) -> bool {
    [tables::REQUESTS, tables::REQUESTS_DEAD, tables::SOURCE_COUNTS].iter().any(|one| one.name == table.name)
}

fn take_out_beside(
    transaction: &WriteTransaction,
    table: Definition,
    key: &[u8],
) -> Result<(Problem, TakenOut), Fault> {
    let mut rows = transaction.open_table(table.redb())?;
    let read = rows.get(key)?.map(|value| match table.name {
        name if name == tables::SOURCE_COUNTS.name => {
            crate::counts::SourceCounts::read(value.value()).map(|_| ())
        }
        _ => tocsin_core::plugin::SourceRequest::read(value.value()).map(|_| ()),
    });
    let is_key_wrong = table.name == tables::SOURCE_COUNTS.name && std::str::from_utf8(key).is_err();
    let problem = match read {
        Some(Err(problem)) => problem,
        Some(Ok(())) if is_key_wrong => Problem::Body("its key is not a name".to_owned()),
        // It was replaced, or dropped for its age, meanwhile.
        Some(Ok(())) | None => return Ok((Problem::Empty, TakenOut::default())),
    };
    let bytes = rows.remove(key)?.map(|value| value.value().to_vec()).unwrap_or_default();
    Ok((problem, TakenOut { bytes, changed: true, ..TakenOut::default() }))
}

fn put(
    list: &mut redb::Table<'_, tables::Bytes, tables::Bytes>,
    number: u64,
    kept: &Kept,
) -> Result<(), Fault> {
    let key = number.to_be_bytes();
    let value = kept.to_bytes().map_err(|problem| rows::fault(tables::SET_ASIDE, &key, problem))?;
    list.insert(key.as_slice(), value.as_slice())?;
    Ok(())
}

/// Marks every row as seen to by an operator; returns how many were not before.
pub(crate) fn dismiss(transaction: &WriteTransaction) -> Result<u64, Fault> {
    let mut list = transaction.open_table(tables::SET_ASIDE.redb())?;
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

/// What was set aside, oldest first. A store that was made before there was such a table has none.
pub(crate) fn kept(snapshot: &Snapshot) -> Result<Vec<Kept>, Fault> {
    let Some(list) = snapshot.table_if_there(tables::SET_ASIDE)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for row in list.iter()? {
        let (key, value) = row?;
        let read = rows::read(tables::SET_ASIDE, key.value(), value.value());
        found.push(match read {
            Err(Fault::Record { problem, .. }) => Kept {
                after: 0,
                table: tables::SET_ASIDE.name.to_owned(),
                key: key.value().to_vec(),
                problem: problem.to_string(),
                incident: None,
                bytes: Vec::new(),
                dismissed: false,
            },
            other => other?,
        });
    }
    Ok(found)
}

impl Store {
    /// The records that could not be read and were set aside, oldest first, and then those that wait for it.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn set_aside(&self) -> Result<Vec<SetAside>, ReadError> {
        self.reading(|live| {
            let mut found: Vec<SetAside> =
                kept(&Snapshot::new(live)?)?.into_iter().map(SetAside::from).collect();
            for ((name, key), problem) in live.damage().places() {
                let Some(table) = tables::named(name) else { continue };
                let (key, problem) = (table.key_words(&key), problem.to_string());
                let table = name.to_owned();
                found.push(SetAside { table, key, problem, incident: None, after: None, dismissed: false });
            }
            Ok(found)
        })
    }

    /// How many records were ever set aside. Takes the same time however many there are.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn set_aside_count(&self) -> Result<u64, ReadError> {
        self.reading(|live| match Snapshot::new(live)?.table_if_there(tables::SET_ASIDE)? {
            Some(list) => Ok(list.len().map_err(Fault::from)?),
            None => Ok(0),
        })
    }

    /// Marks what was set aside as seen to by an operator; returns how many records were not before. Waits.
    ///
    /// # Errors
    /// It cannot be written, or the store is closed.
    pub fn dismiss_set_aside(&self) -> Result<u64, WriteError> {
        let (done, answer) = sync_channel(1);
        self.dismiss(Box::new(move |result| drop(done.send(result))))?;
        answer.recv().unwrap_or(Err(WriteError::Closed))
    }
}
