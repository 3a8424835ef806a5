//! Comparing a table of the state with the one that a replay brought about, row by row.

use std::cmp::Ordering;

use redb::Range;

use super::{TableCount, Verified, difference, same};
use crate::error::Fault;
use crate::read::Snapshot;
use crate::table::Bytes;
use crate::tables::Definition;

/// Walks the table in `kept` and in `replayed` at once, in the order of the keys, and puts into `verified` how they
/// differ.
pub(crate) fn compare(
    kept: &Snapshot,
    replayed: &Snapshot,
    table: Definition,
    verified: &mut Verified,
) -> Result<(), Fault> {
    let mut kept = Cursor::new(kept, table)?;
    let mut replayed = Cursor::new(replayed, table)?;
    let mut rows = 0;
    loop {
        let order = match (&kept.row, &replayed.row) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((kept, _)), Some((replayed, _))) => kept.cmp(replayed),
        };
        match (order, &kept.row, &replayed.row) {
            (Ordering::Less, Some((key, _)), _) => {
                verified.differ(table, key, "it is there, and should not be".to_owned());
            }
            (Ordering::Greater, _, Some((key, _))) => {
                verified.differ(table, key, "it is missing".to_owned());
            }
            (_, Some((key, kept)), Some((_, replayed))) if !same::is_same(table, kept, replayed) => {
                verified.differ(table, key, difference::shown(kept, replayed));
            }
            _ => {}
        }
        if order.is_le() {
            rows += 1;
            kept.advance()?;
        }
        if order.is_ge() {
            replayed.advance()?;
        }
    }
    verified.tables.push(TableCount { table: table.name, rows });
    Ok(())
}

/// A row of a table: its key and its value.
type Row = (Vec<u8>, Vec<u8>);

/// The rows of a table that follow from the journal, in order.
struct Cursor {
    table: Definition,
    rows: Range<'static, Bytes, Bytes>,
    row: Option<Row>,
}

impl Cursor {
    fn new(snapshot: &Snapshot, table: Definition) -> Result<Self, Fault> {
        let rows = snapshot.table(table)?.range::<&[u8]>(..)?;
        let mut cursor = Self { table, rows, row: None };
        cursor.advance()?;
        Ok(cursor)
    }

    fn advance(&mut self) -> Result<(), Fault> {
        self.row = None;
        while let Some((key, value)) = self.rows.next().transpose()? {
            if self.table.is_digested(key.value()) {
                self.row = Some((key.value().to_vec(), value.value().to_vec()));
                break;
            }
        }
        Ok(())
    }
}
