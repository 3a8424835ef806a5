//! `tocsin backup`, `tocsin restore` and `tocsin compact`: the store in one file, and back.
//!
//! A relay that runs is asked for the backup and goes on; restoring and compacting are refused while one runs.

use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use tocsin_store::{Checked, Store, TableBytes, compact, restore};

use super::client::{self, Streamed};
use super::place::Place;
use super::progress::Progress;
use super::table::json;
use super::verify::open;
use crate::backups::{self, file, file::FileError};
use crate::commands::out::{complain, say};
use crate::config::store_in;
use crate::operate::api::Actor;
use crate::operate::api::backup::{BackupFile, BackupTable, Compacted, Restored};
use crate::relay::make_directory;
use crate::runtime::clock;

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file to make, or with --verify to read.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take the place of a file of this name.
    #[arg(long, conflicts_with = "verify")]
    force: bool,
    /// Make nothing: read FILE to its end, and say whether it is whole.
    #[arg(long)]
    verify: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// A file that `tocsin backup` or the relay made.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Makes or checks a backup.
pub(super) fn run(place: &Place, args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    if !args.verify && is_the_store(place, &args.file) {
        anyhow::bail!("{} is the store itself: name another file for the backup", args.file.display());
    }
    let checked = if args.verify {
        let mut progress = Progress::new("checking");
        backups::checked(&args.file, &mut |done, total| progress.show(done, total))?
    } else if place.is_running()? {
        let path = format!("/backup?{}", serde_urlencoded::to_string(Actor { actor: place.person() })?);
        let mut answer = place.stream(&path)?;
        file::put(&args.file, args.force, |out| Ok(copy(&mut answer, out)?))?
    } else {
        let store = open(place)?;
        let made = file::put(&args.file, args.force, |out| offline(&store, out));
        store.close();
        made?
    };
    if place.json {
        json(&summary(&args.file, &checked, began))?;
    } else {
        let done = if args.verify { "is whole" } else { "is made and whole" };
        say!("the backup {} {done}", args.file.display());
        print(&checked, began);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether `file` is the store that is to be backed up, under whatever name.
fn is_the_store(place: &Place, file: &Path) -> bool {
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()));
    let store = place.state_dir().ok().and_then(|state_dir| identity(&store_in(&state_dir)));
    store.is_some() && store == identity(file)
}

fn offline(store: &Store, out: &mut BufWriter<&File>) -> Result<(), FileError> {
    let mut progress = Progress::new("backup");
    store.backup(&backups::about(clock::time_of_day(), false), out, &mut |done, total| {
        progress.show(done, total)
    })?;
    Ok(())
}

/// Writes what comes, and shows how far it is: it is read as a backup on its way.
fn copy(answer: &mut Streamed, out: &mut BufWriter<&File>) -> Result<(), tocsin_store::BackupError> {
    let mut progress = Progress::new("backup");
    tocsin_store::check(Tee { answer, out }, &mut |done, total| progress.show(done, total))?;
    Ok(())
}

/// What is read of it is also written.
struct Tee<'a, 'f> {
    answer: &'a mut Streamed,
    out: &'a mut BufWriter<&'f File>,
}

impl Read for Tee<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.answer.read(into)?;
        self.out.write_all(&into[..read])?;
        Ok(read)
    }
}

fn summary(path: &Path, checked: &Checked, began: Instant) -> BackupFile {
    let table = |table: &TableBytes| BackupTable {
        table: table.table.to_owned(),
        rows: table.rows,
        stored_bytes: table.bytes,
    };
    BackupFile {
        file: path.display().to_string(),
        bytes: checked.bytes,
        rows: checked.header.rows(),
        seconds: began.elapsed().as_secs_f64(),
        digest: checked.header.digest.to_string(),
        sequence: checked.header.sequence,
        taken_at: checked.header.about.at.to_string(),
        version: checked.header.about.version.clone(),
        tables: checked.tables.iter().map(table).collect(),
    }
}

fn print(checked: &Checked, began: Instant) {
    let header = &checked.header;
    say!("  made at {} by Tocsin {}, after entry {}", header.about.at, header.about.version, header.sequence);
    say!("  {} bytes, {} rows, {:.1} s", checked.bytes, header.rows(), began.elapsed().as_secs_f64());
    say!("  digest {}", header.digest);
    let mut tables = checked.tables.clone();
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    for table in tables.iter().filter(|table| table.rows > 0) {
        let rows = if table.rows == 1 { "row " } else { "rows" };
        say!("  {:<24} {:>10} {rows} {:>14} bytes", table.table, table.rows, table.bytes);
    }
}

/// The store's file, of which no relay runs.
pub(super) fn stopped(place: &Place, what: &str) -> anyhow::Result<PathBuf> {
    let socket = place.socket()?;
    if client::is_running(&socket)? {
        anyhow::bail!(
            "a relay runs on this store ({}): stop it, {what}, and start it again",
            socket.display()
        );
    }
    Ok(store_in(&place.state_dir()?))
}

/// Puts a backup in the place of the store.
pub(super) fn run_restore(place: &Place, args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let path = stopped(place, "restore")?;
    let input = File::open(&args.file).with_context(|| format!("{}", args.file.display()))?;
    let input = BufReader::with_capacity(file::BUFFER_BYTES, input);
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    let at: String = clock::time_of_day().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let mut progress = Progress::new("restoring");
    let restored =
        restore(input, &path, &format!("before-restore-{at}"), &mut |done, total| progress.show(done, total))
            .with_context(|| format!("nothing was restored from {}", args.file.display()))?;
    drop(progress);
    if place.json {
        json(&Restored {
            backup: summary(&args.file, &restored.backup, began),
            store: path.display().to_string(),
            before: restored.before.map(|before| before.display().to_string()),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("{} is restored from {}", path.display(), args.file.display());
    print(&restored.backup, began);
    if let Some(before) = &restored.before {
        say!("  the store before is kept as {}: delete it when all is well", before.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Gives free space in the store's file back to the disk.
pub(super) fn run_compact(place: &Place) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let path = stopped(place, "compact")?;
    // Says so if there is none, and leaves a store that takes no repair.
    open_and_close(place)?;
    if std::io::stderr().is_terminal() {
        complain!("compacting {}: this takes about as long as copying it", path.display());
    }
    let compacted = compact(&path)?;
    let seconds = began.elapsed().as_secs_f64();
    if place.json {
        json(&Compacted {
            store: path.display().to_string(),
            bytes_before: compacted.before,
            bytes_after: compacted.after,
            seconds,
        })?;
    } else {
        say!(
            "{}: {} bytes before, {} bytes after, {seconds:.1} s",
            path.display(),
            compacted.before,
            compacted.after
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn open_and_close(place: &Place) -> anyhow::Result<()> {
    open(place)?.close();
    Ok(())
}
