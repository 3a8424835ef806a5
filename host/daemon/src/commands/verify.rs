//! `tocsin verify`: is the store whole, and, with `--replay`, is it what its journal says?

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tocsin_store::{OpenError, Options, Store};

use super::place::Place;
use super::progress::Progress;
use super::table::json;
use crate::backups;
use crate::commands::out::{say, single};
use crate::config::{Config, store_in};
use crate::operate::api::Actor;
use crate::operate::api::store::{Dismissed, Verified, Verify};
use crate::operate::control::verified;

/// Memory for pages of the store.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Threads of a check while no relay runs.
const THREADS: usize = 2;

pub(super) const EXAMPLES: &str = "\
Examples:
  tocsin verify                            read everything once: seconds
  tocsin verify --replay                   also bring the state about again from the journal: minutes
  tocsin verify --replay --from a.backup   the same from a backup on: quicker, and where the journal was cut
  tocsin rebuild                           what to do about a state that differs from its journal";

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Bring the state about again from the journal in a copy beside the store, and compare every row. Takes minutes
    /// and as much room as the store.
    #[arg(long)]
    replay: bool,
    /// Begin the replay with the state of this backup, which a journal that was cut needs. Default for such a
    /// journal: the oldest of the relay's own backups that fits. The relay reads it when one runs.
    #[arg(long, value_name = "BACKUP", requires = "replay")]
    from: Option<PathBuf>,
    /// Take the records that were set aside, because they could not be read, off the list of `tocsin status`, and
    /// count the digest of the state anew.
    #[arg(long, conflicts_with = "replay")]
    dismiss: bool,
}

pub(super) fn run(place: &Place, args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    if args.dismiss {
        return dismiss(place);
    }
    let from = args.from.as_deref().map(std::path::absolute).transpose()?;
    // A relay that runs holds the store: then it is asked, otherwise the file is read here.
    let report: Verified = match place.is_running()? {
        true => {
            let from = from.map(|path| path.display().to_string());
            place.post("/store/verify", &Verify { replay: args.replay, from })?
        }
        false => offline(place, args.replay, from)?,
    };
    if place.json {
        json(&report)?
    } else {
        print(&report)
    }
    Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn dismiss(place: &Place) -> anyhow::Result<ExitCode> {
    let dismissed: Dismissed = match place.is_running()? {
        true => place.post("/store/dismiss", &Actor { actor: place.person() })?,
        false => {
            let store = open(place)?;
            let dismissed = store.dismiss_set_aside();
            store.close();
            Dismissed { dismissed: dismissed? }
        }
    };
    if place.json {
        json(&dismissed)?;
    } else {
        say!("{} records that were set aside are no longer shown", dismissed.dismissed);
    }
    Ok(ExitCode::SUCCESS)
}

/// The store of a relay that does not run.
pub(super) fn open(place: &Place) -> anyhow::Result<Store> {
    let path = store_in(&place.state_dir()?);
    let is_there =
        path.try_exists().with_context(|| format!("looking for the store at {}", path.display()))?;
    // Of a store that was made and is gone, the store itself says so.
    if !is_there && !Store::was_made(&path) {
        anyhow::bail!("there is no store at {}: nothing was ever kept", path.display());
    }
    // Each page is read once or twice, so that a large cache gains nothing.
    let options = Options { cache_bytes: CACHE_BYTES, ..Options::default() };
    Store::open(&path, options).map_err(|error: OpenError| anyhow::anyhow!(error))
}

fn offline(place: &Place, replay: bool, from: Option<PathBuf>) -> anyhow::Result<Verified> {
    let store = open(place)?;
    let report = if replay { replayed(place, &store, from) } else { read(&store) };
    store.close();
    report
}

fn read(store: &Store) -> anyhow::Result<Verified> {
    let mut progress = Progress::new("reading");
    Ok(verified(&store.verify(THREADS, &mut |done, total| progress.show(done, total))?, None))
}

fn replayed(place: &Place, store: &Store, from: Option<PathBuf>) -> anyhow::Result<Verified> {
    let from = match from {
        Some(from) => Some(from),
        None => checkpoint(place, store)?,
    };
    let mut progress = Progress::new("replaying");
    let report = store.replay(from.as_deref(), &mut |done, total| progress.show(done, total))?;
    Ok(verified(&report, from.as_deref()))
}

/// The backup that a replay begins with when none is named: none while the journal is whole.
pub(super) fn checkpoint(place: &Place, store: &Store) -> anyhow::Result<Option<PathBuf>> {
    if store.journal_cut()?.is_none() {
        return Ok(None);
    }
    let directory = Config::read_backup_dir(&place.path()?)?;
    let ends = store.journal_ends()?.unwrap_or_default();
    Ok(directory.and_then(|directory| backups::checkpoint(&directory, ends)))
}

fn print(report: &Verified) {
    set_aside(report);
    if !report.digest.right {
        say!("a row was changed below the store: the digest of the rows is not the one that the store keeps");
        say!("  when it is seen to: tocsin verify --dismiss");
    }
    match (&report.replayed_after, &report.backup) {
        (Some(_), Some(backup)) => {
            say!("{} entries replayed after the backup {}", report.entries, single(backup));
        }
        (Some(_), None) => say!("{} entries replayed", report.entries),
        (None, _) => {}
    }
    if report.differences.is_empty() && report.digest.right {
        whole(report);
    } else if !report.differences.is_empty() {
        differing(report);
    }
    if !report.digest.right || !report.differences.is_empty() {
        advise(report);
    }
}

pub(super) fn set_aside(report: &Verified) {
    for row in &report.set_aside {
        let seen_to = if row.dismissed { " (dismissed)" } else { "" };
        let (table, key, problem) = (single(&row.table), single(&row.key), single(&row.problem));
        say!("set aside: {table} {key}: {problem}{seen_to}");
    }
}

fn whole(report: &Verified) {
    let (records, tables) = (report.records, report.tables);
    if report.replayed_after.is_some() {
        say!("the store is what its journal says: {records} records in {tables} tables");
        return;
    }
    say!(
        "the store is whole: all {records} records in {tables} tables can be read, and their digest is right"
    );
    say!("the journal is whole: {} entries from entry {} on", report.entries, report.begins);
    if report.begins > 1 {
        say!("  keep_journal dropped the entries before it");
    }
}

fn differing(report: &Verified) {
    match report.replayed_after {
        Some(_) => say!("the store is NOT what its journal says:"),
        None => say!("the store is NOT whole:"),
    }
    for difference in &report.differences {
        say!("  {}", single(difference));
    }
    let more = report.differing.saturating_sub(report.differences.len() as u64);
    if more > 0 {
        say!("  and {more} more");
    }
}

fn advise(report: &Verified) {
    if report.replayed_after.is_none() && report.differences.is_empty() {
        say!("Which row it is, a replay finds: tocsin verify --replay");
    }
    if report.journal_damaged {
        say!(
            "The journal is damaged. Stop the relay, and make the state anew from a backup that was made after the"
        );
        say!("damaged entries: tocsin rebuild --from BACKUP. Or restore a backup: tocsin restore BACKUP");
    } else {
        say!("Stop the relay, and make the state anew from the journal: tocsin rebuild");
    }
}
