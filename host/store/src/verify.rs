//! Having the state follow from the journal again, and comparing what comes out with what is kept, row by row. Of a
//! journal that was cut, the chain alone is checked.
//!
//! Works on one snapshot and a copy that is thrown away; never changes the store.

use std::cmp::Ordering as Cmp;
use std::fs::OpenOptions;
use std::iter::Peekable;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Database, Range, ReadableDatabase, ReadableTableMetadata};

use crate::cut::{self, JournalCut};
use crate::error::{Fault, Problem, ReadError};
use crate::live::{self, Live};
use crate::medium::Medium;
use crate::read::Snapshot;
use crate::read::set_aside::{self, SetAside};
use crate::record::set_aside::Kept;
use crate::rows;
use crate::state::{Head, Tables};
use crate::store::Store;
use crate::table::Bytes;
use crate::tables::{self, Definition};

mod chain;
mod digest;
mod same;
mod words;

pub use digest::DigestCheck;
pub(crate) use digest::check;

/// Entries of the journal folded in one transaction of the copy.
const STEP: usize = 4096;
/// Differences that are told; the rest are counted.
const DIFFERENCES_TOLD: usize = 20;
/// Memory for pages of the copy. Bytes.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// What came of comparing the state with its journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries of the journal that were folded, or, of one that was cut, whose chain was checked.
    pub entries: u64,
    /// The tables that were compared, with how much is in them.
    pub tables: Vec<TableCount>,
    /// How many differences there are.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// The records that could not be read and were set aside: the journal was folded without them from there on.
    pub set_aside: Vec<SetAside>,
    /// The digest of the state that is kept, and that of the rows: they differ when a row was changed below the store.
    pub digest: DigestCheck,
    /// Where the journal was cut. Then only the chain of the entries after it and the digest are checked: nothing can
    /// be folded without those before.
    pub cut: Option<JournalCut>,
}

impl Verified {
    /// Whether the state is what its journal says, and nothing was set aside that no operator has seen to.
    pub fn is_clean(&self) -> bool {
        self.differing == 0 && self.digest.is_right() && self.set_aside.iter().all(|row| row.dismissed)
    }

    /// Counts the rows of the state, where nothing is compared.
    fn count_rows(&mut self, snapshot: &Snapshot) -> Result<(), Fault> {
        for table in tables::ALL.into_iter().filter(|table| table.is_state) {
            let rows = snapshot.table(table)?.len()?;
            self.tables.push(TableCount { table: table.name, rows });
        }
        self.set_aside = set_aside::kept(snapshot)?.into_iter().map(SetAside::from).collect();
        Ok(())
    }

    fn differ(&mut self, table: Definition, key: &[u8], what: String) {
        self.differing += 1;
        if self.differences.len() < DIFFERENCES_TOLD {
            self.differences.push(Difference { table: table.name, key: table.key_words(key), what });
        }
    }
}

/// A table that was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCount {
    /// Its name.
    pub table: &'static str,
    /// Rows that are kept.
    pub rows: u64,
}

/// A row that is not what the journal says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table} {key}: {what}")]
pub struct Difference {
    /// In which table.
    pub table: &'static str,
    /// Which, in words.
    pub key: String,
    /// How it differs.
    pub what: String,
}

impl Store {
    /// Folds the journal again, in a copy beside the file that is gone afterwards (in memory, for a store in a
    /// backend), and compares every row of the state. The copy takes as much room as the state. The store is
    /// read and written meanwhile; what is compared is one snapshot. `progress` is told how many entries of how
    /// many are folded.
    ///
    /// # Errors
    /// The store or the copy cannot be read or written. A record that cannot be read is a difference.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let mut verified = Verified { cut: cut(&snapshot)?, ..Verified::default() };
            match verified.cut {
                Some(cut) => chain::walk(&snapshot, cut, progress, &mut verified)?,
                None => fold_and_compare(live, &snapshot, progress, &mut verified)?,
            }
            verified.digest = check(&snapshot)?;
            Ok(verified)
        })
    }
}

/// Where the journal was cut. A row that cannot be read is as good as none: then the entries that are missing show.
fn cut(snapshot: &Snapshot) -> Result<Option<JournalCut>, Fault> {
    match cut::kept(&snapshot.table(tables::META)?) {
        Err(Fault::Record { .. }) => Ok(None),
        read => read,
    }
}

fn fold_and_compare(
    live: &Live,
    snapshot: &Snapshot,
    progress: &mut dyn FnMut(u64, u64),
    verified: &mut Verified,
) -> Result<(), ReadError> {
    let medium = copy_medium(live)?;
    let copy = live::scratch(&medium, CACHE_BYTES)?;
    follow(snapshot, &copy, progress, verified)?;
    let folded = Snapshot::of_copy(copy.begin_read().map_err(Fault::from)?);
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        compare(snapshot, &folded, table, verified)?;
    }
    Ok(())
}

/// Where the copy is made. Its syncs are left out: it need not survive anything.
fn copy_medium(live: &Live) -> Result<Arc<Medium>, Fault> {
    /// Tells apart copies that one process makes at the same time.
    static COPIES: AtomicU64 = AtomicU64::new(0);
    let Some(path) = live.path() else { return Ok(Medium::scratch(InMemoryBackend::new())) };
    let mut name = path.as_os_str().to_owned();
    let copy = COPIES.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".verify-{}-{copy}", std::process::id()));
    let name = PathBuf::from(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&name)?;
    // Without its name, the file goes with its last user, also when that is killed.
    let _ = std::fs::remove_file(&name);
    Ok(Medium::scratch(FileBackend::new(file)?))
}

/// Folds the journal of `snapshot` into `copy`.
fn follow(
    snapshot: &Snapshot,
    copy: &Database,
    progress: &mut dyn FnMut(u64, u64),
    verified: &mut Verified,
) -> Result<(), Fault> {
    let journal = snapshot.table(tables::JOURNAL)?;
    let total = journal.len()?;
    let mut entries = journal.range::<&[u8]>(..)?;
    let mut head = Head::default();
    let set_aside = set_aside::kept(snapshot)?;
    verified.set_aside = set_aside.iter().cloned().map(SetAside::from).collect();
    let mut set_aside = set_aside.into_iter().peekable();
    progress(0, total);
    while verified.entries < total {
        let transaction = copy.begin_write()?;
        let mut tables = Tables::open(&transaction, head)?;
        for row in entries.by_ref().take(STEP) {
            let (key, value) = row?;
            let before = rows::sequence(key.value())?.saturating_sub(1);
            take_out(&mut tables, &mut set_aside, before)?;
            follow_entry(&mut tables, key.value(), value.value(), verified)?;
            verified.entries += 1;
        }
        head = tables.finish()?;
        transaction.commit()?;
        progress(verified.entries, total);
    }
    if set_aside.peek().is_none() {
        return Ok(());
    }
    let transaction = copy.begin_write()?;
    let mut tables = Tables::open(&transaction, head)?;
    take_out(&mut tables, &mut set_aside, u64::MAX)?;
    tables.finish()?;
    transaction.commit()?;
    Ok(())
}

/// Takes the same rows out of the copy that were set aside in the store up to the entry `before`.
fn take_out(
    tables: &mut Tables<'_>,
    set_aside: &mut Peekable<impl Iterator<Item = Kept>>,
    before: u64,
) -> Result<(), Fault> {
    while let Some(row) = set_aside.next_if(|row| row.after <= before) {
        if let Some(table) = tables::named(&row.table) {
            tables.take_out(table, &row.key)?;
        }
    }
    Ok(())
}

fn follow_entry(
    tables: &mut Tables<'_>,
    key: &[u8],
    record: &[u8],
    verified: &mut Verified,
) -> Result<(), Fault> {
    let number = rows::sequence(key)?;
    let chain = rows::chain(record);
    chain::look(tables.sequence(), tables.chain(), (key, number, record), verified);
    match rows::entry(key, record) {
        Ok((chain, entry)) => tables.follow(number, chain, &entry),
        Err(Fault::Record { problem, .. }) => {
            verified.differ(tables::JOURNAL, key, unreadable(&problem));
            tables.pass(number, chain);
            Ok(())
        }
        Err(fault) => Err(fault),
    }
}

fn unreadable(problem: &Problem) -> String {
    format!("it cannot be read: {problem}")
}

/// Walks both tables at once, in the order of their keys.
fn compare(
    kept: &Snapshot,
    folded: &Snapshot,
    table: Definition,
    verified: &mut Verified,
) -> Result<(), Fault> {
    let mut kept = Cursor::new(kept, table)?;
    let mut folded = Cursor::new(folded, table)?;
    let mut rows = 0;
    loop {
        let order = match (&kept.row, &folded.row) {
            (None, None) => break,
            (Some(_), None) => Cmp::Less,
            (None, Some(_)) => Cmp::Greater,
            (Some((kept, _)), Some((folded, _))) => kept.cmp(folded),
        };
        match (order, &kept.row, &folded.row) {
            (Cmp::Less, Some((key, _)), _) => {
                verified.differ(table, key, "it is there, and should not be".to_owned());
            }
            (Cmp::Greater, _, Some((key, _))) => {
                verified.differ(table, key, "it is missing".to_owned());
            }
            (_, Some((key, kept)), Some((_, folded))) if !same::is_same(table, kept, folded) => {
                verified.differ(table, key, words::difference(kept, folded));
            }
            _ => {}
        }
        if order.is_le() {
            rows += 1;
            kept.advance()?;
        }
        if order.is_ge() {
            folded.advance()?;
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
