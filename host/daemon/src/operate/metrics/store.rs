//! Metrics of the store and its backups.

use std::collections::BTreeMap;
use std::time::Duration;

use tocsin_core::event::Severity;
use tocsin_core::incident::IncidentState;
use tocsin_core::name::ConnectionName;
use tocsin_core::state::Pause;
use tocsin_store::{Counts, Queue, ReadError};

use super::metric::{Metric, Value, gauge, histogram};
use crate::backups;
use crate::config::Config;
use crate::runtime::trouble;
use crate::shared::app::App;

/// States in which an incident may need attention.
const UNRESOLVED: [IncidentState; 2] = [IncidentState::Open, IncidentState::Acknowledged];

/// The values from the store.
pub(super) struct Stored {
    pub(super) counts: Counts,
    /// By connection name.
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) pauses: Vec<(ConnectionName, Pause)>,
    /// The severities of unresolved incidents.
    severities: Vec<(IncidentState, [(Severity, u64); Severity::ALL.len()])>,
    last_entry: u64,
    /// Records that were set aside, and not dismissed.
    set_aside: usize,
}

impl Stored {
    /// Reads the values. Waits for the disk.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn read(app: &App) -> Result<Self, ReadError> {
        let store = &app.store;
        let set_aside = store.set_aside()?;
        let severities = |state| Ok::<_, ReadError>((state, store.severities(state)?));
        Ok(Self {
            counts: store.counts()?,
            queues: store.queues(app.clock.now())?,
            pauses: store.pauses()?,
            severities: UNRESOLVED.into_iter().map(severities).collect::<Result<_, _>>()?,
            last_entry: store.journal_ends()?.map_or(0, |(_, last)| last),
            set_aside: set_aside.iter().filter(|row| !row.dismissed).count(),
        })
    }
}

pub(super) fn all(app: &App, config: &Config, stored: Option<&Stored>) -> Vec<Metric> {
    let mut all = works(app);
    all.extend(has(stored));
    all.extend(backups(app, config));
    all
}

/// The performance of the store. Does not need the disk.
fn works(app: &App) -> Vec<Metric> {
    let gauges = app.store.gauges();
    vec![
        gauge("tocsin_store_trouble", "1 while nothing can be stored.").is(app.store.trouble().is_some()),
        histogram(
            "tocsin_store_commit_duration_seconds",
            "How long a commit took, from the beginning of its transaction until it was on the disk.",
        )
        .is(Value::times(gauges.commit_us)),
        histogram("tocsin_store_commit_commands", "Commands in one commit.")
            .is(Value::numbers(gauges.commands)),
        gauge(
            "tocsin_store_writer_busy_seconds",
            "How long the store's writer has been working on its batch; 0 while it waits for work.",
        )
        .is(Value::Real(app.store.busy_for().as_secs_f64())),
        gauge("tocsin_store_queue_entries", "Entries that wait for the store's writer.").is(gauges.waiting),
        gauge("tocsin_store_queue_limit", "Entries that may wait for the store's writer.").is(gauges.queue),
        gauge("tocsin_store_log_bytes", "Bytes of the store's file that are its log.").is(gauges.log_bytes),
    ]
}

/// The contents of the store.
fn has(stored: Option<&Stored>) -> Vec<Metric> {
    let counts = stored.map(|stored| &stored.counts);
    let mut incidents = gauge("tocsin_incidents", "Incidents that the store has, by state.");
    let mut unresolved = gauge(
        "tocsin_unresolved_incidents",
        "Incidents that are not resolved, by state and severity. 100000 of each state at most.",
    );
    let mut dead = gauge(
        "tocsin_dead_letters",
        "Dead letters: requests that could not be decoded completely (in), deliveries that did not arrive (out).",
    );
    if let Some(Stored { counts, severities, .. }) = stored {
        for (state, count) in counts.incidents {
            incidents.add(&[("state", state.as_str())], count);
        }
        for (state, counts) in severities {
            for (severity, count) in counts {
                unresolved.add(&[("state", state.as_str()), ("severity", severity.as_str())], *count);
            }
        }
        let outgoing = counts.deliveries.iter().filter(|(state, _)| state.is_dead_letter());
        dead.add(&[("direction", "in")], counts.dead_letters);
        dead.add(&[("direction", "out")], outgoing.map(|(_, count)| count).sum::<u64>());
    }
    vec![
        incidents,
        unresolved,
        dead,
        gauge("tocsin_receipts", "Receipts that the store has.").may_be(counts.map(|counts| counts.receipts)),
        gauge("tocsin_kept_requests", "Raw requests that the store has.")
            .may_be(counts.map(|counts| counts.requests)),
        gauge("tocsin_journal_entries", "Entries of the journal that the store has.")
            .may_be(counts.map(|counts| counts.entries)),
        gauge("tocsin_journal_last_entry", "The number of the journal's last entry.")
            .may_be(stored.map(|stored| stored.last_entry)),
        gauge("tocsin_store_file_bytes", "Bytes of the store's file, its log included.")
            .may_be(counts.map(|counts| counts.file_bytes)),
        gauge(
            "tocsin_store_set_aside_records",
            "Records that the store could not read and that were not dismissed.",
        )
        .may_be(stored.map(|stored| stored.set_aside)),
    ]
}

/// The backups that the relay makes by itself.
fn backups(app: &App, config: &Config) -> Vec<Metric> {
    let last = app.backups.last().filter(|_| config.backup.is_some());
    let seconds = |every: Duration| Value::Real(every.as_secs_f64());
    vec![
        gauge(
            "tocsin_backup_interval_seconds",
            "How often the relay makes a backup by itself. Absent if it makes none.",
        )
        .may_be(config.backup.as_ref().map(|plan| seconds(plan.every))),
        gauge(
            "tocsin_backup_last_success_timestamp_seconds",
            "When the relay's newest backup was made. Absent before the first.",
        )
        .may_be(last.as_ref().map(|made| made.at)),
        gauge("tocsin_backup_last_size_bytes", "Bytes of the relay's newest backup.")
            .may_be(last.map(|made| made.bytes)),
        gauge("tocsin_backup_trouble", "1 after the scheduled backup failed, until one is made.")
            .is(trouble::ongoing(backups::TROUBLE).is_some()),
    ]
}
