//! Comparing the digest that is kept with that of the rows.

use crate::digest::Digest;
use crate::error::Fault;
use crate::read::Snapshot;
use crate::state_digest::{self, add_rows};
use crate::tables;

/// The digest that is kept, beside that of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DigestCheck {
    /// The one that is kept; none if it cannot be read.
    pub kept: Option<Digest>,
    /// The one of the rows that are there.
    pub rows: Digest,
}

impl DigestCheck {
    /// Whether both are the same.
    pub fn is_right(&self) -> bool {
        self.kept == Some(self.rows)
    }
}

/// Reads every row of the state in `snapshot` once.
pub(crate) fn check(snapshot: &Snapshot) -> Result<DigestCheck, Fault> {
    let mut digest = Digest::default();
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        add_rows(&mut digest, table, &snapshot.table(table)?)?;
    }
    Ok(DigestCheck { kept: kept(snapshot)?, rows: digest })
}

/// The digest that is kept; none if it cannot be read.
pub(super) fn kept(snapshot: &Snapshot) -> Result<Option<Digest>, Fault> {
    match state_digest::kept(&snapshot.table(tables::META)?) {
        Ok(kept) => Ok(Some(kept)),
        Err(Fault::Record { .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}
