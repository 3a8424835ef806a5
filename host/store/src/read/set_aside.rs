//! The records that were set aside, for the operator who looks after them.

use redb::{ReadableTable, ReadableTableMetadata};
use tocsin_core::id::IncidentId;

use super::Snapshot;
use crate::error::{Fault, ReadError};
use crate::record::set_aside::Kept;
use crate::store::Store;
use crate::{rows, tables};

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
    pub incident: Option<IncidentId>,
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
}
