//! The digest of the state that the store keeps, and counting it anew.

use redb::WriteTransaction;

use crate::digest::{Digest, running};
use crate::error::Fault;
use crate::rows;
use crate::table::Rows;
use crate::tables::{self, Definition};

/// The digest that is kept.
pub(crate) fn kept(meta: &impl Rows) -> Result<Digest, Fault> {
    let wrong = || rows::not(tables::META, tables::META_DIGEST, "a digest of 32 bytes");
    let kept = meta.get(tables::META_DIGEST)?.ok_or_else(wrong)?;
    Digest::from_bytes(kept.value()).ok_or_else(wrong)
}

/// Counts the digest anew from the rows that `transaction` sees, and keeps it. For when what is kept may be wrong: a
/// row that was damaged below the store was not subtracted as it had been added.
pub(crate) fn recount(transaction: &WriteTransaction) -> Result<Digest, Fault> {
    let mut digest = Digest::default();
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        add_rows(&mut digest, table, &table.look_into(transaction)?)?;
    }
    tables::META.open(transaction, &running(digest))?.insert(tables::META_DIGEST, &digest.to_bytes())?;
    Ok(digest)
}

/// Adds the rows of a table of the state.
pub(crate) fn add_rows(digest: &mut Digest, table: Definition, rows: &impl Rows) -> Result<(), Fault> {
    for row in rows.iter()? {
        let (key, value) = row?;
        table.count(digest, key.value(), value.value());
    }
    Ok(())
}
