//! Files of an earlier format become files of this one when they are opened: one step for each format, in a transaction of
//! its own.
//!
//! Runs before the log is applied, whose frames are followed as those of this format.

use redb::{Database, ReadableDatabase};

use crate::digest::{Digest, running};
use crate::error::Fault;
use crate::{audit, recover, tables};

/// The earliest format that can be upgraded. It has no table `audit`, no cause `Audited`, and no traces in causes,
/// receipts and lines of timelines.
pub(crate) const FIRST: u32 = 4;

/// Whether a file or a backup of `format` can be used.
pub(crate) const fn is_known(format: u32) -> bool {
    FIRST <= format && format <= tables::FORMAT
}

/// Brings `database` to this format, if it is of an earlier one. Reads the whole journal then.
pub(crate) fn run(database: &Database) -> Result<(), Fault> {
    if format(database)? != Some(FIRST) {
        return Ok(());
    }
    let transaction = recover::begin(database)?;
    audit::fill(&transaction)?;
    // The digest does not cover the row, so that it does not matter which one is counted on.
    let mut meta = tables::META.open(&transaction, &running(Digest::default()))?;
    meta.insert(tables::META_FORMAT, &tables::FORMAT.to_be_bytes())?;
    drop(meta);
    transaction.commit()?;
    Ok(())
}

fn format(database: &Database) -> Result<Option<u32>, Fault> {
    let meta = tables::META.read(&database.begin_read()?)?;
    let format = meta.get(tables::META_FORMAT)?;
    Ok(format.and_then(|value| value.value().try_into().ok().map(u32::from_be_bytes)))
}
