//! What came in at a source.

use serde::{Deserialize, Serialize};
use tocsin_core::time::Timestamp;

use super::{Text, TimeV1};

/// What came in at one source since it was first heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Requests whose events were applied, replays among them.
    pub accepted: u64,
    /// Requests that were recognised and meant nothing.
    pub ignored: u64,
    /// Events that were messages of this relay that came back: no incident was opened for them.
    pub echoes: u64,
    /// Requests of which some elements were applied and others could not be read.
    pub partly_refused: u64,
    /// Requests that were kept because their plugin failed.
    pub failed: u64,
    /// Requests that only asked whether the source is there.
    pub probes: u64,
    /// When the last request came that was kept.
    pub last_heard: Option<Timestamp>,
    /// When the last request was rejected.
    pub last_rejected: Option<Timestamp>,
    /// Rejected requests, by code; at most one row for each code and `kept`.
    pub rejections: Vec<Rejections>,
    /// Names that requests asked for, the newest last, where the row is about more than one.
    pub names: Vec<String>,
    /// When a confirmation was last asked for, and what came of it.
    pub confirmation: Option<(Timestamp, String)>,
}

/// Requests that were rejected with one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejections {
    /// The caller's code.
    pub code: u16,
    /// Whether the requests were kept all the same.
    pub kept: bool,
    /// How many there were.
    pub count: u64,
    /// When the last one came.
    pub last: Timestamp,
    /// Why the last one was rejected.
    pub reason: String,
    /// How many there were lately, by the beginning of a span of time, oldest first.
    pub recent: Vec<(Timestamp, u64)>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SourceCountsV1<'a> {
    accepted: u64,
    ignored: u64,
    echoes: u64,
    partly_refused: u64,
    failed: u64,
    probes: u64,
    last_heard: Option<TimeV1>,
    last_rejected: Option<TimeV1>,
    rejections: Vec<RejectionsV1<'a>>,
    names: Vec<Text<'a>>,
    confirmation: Option<(TimeV1, Text<'a>)>,
}

#[derive(Serialize, Deserialize)]
struct RejectionsV1<'a> {
    code: u16,
    kept: bool,
    count: u64,
    last: TimeV1,
    reason: Text<'a>,
    recent: Vec<(TimeV1, u64)>,
}

impl<'a> From<&'a SourceCounts> for SourceCountsV1<'a> {
    fn from(counts: &'a SourceCounts) -> Self {
        let SourceCounts {
            accepted,
            ignored,
            echoes,
            partly_refused,
            failed,
            probes,
            last_heard,
            last_rejected,
            rejections,
            names,
            confirmation,
        } = counts;
        Self {
            accepted: *accepted,
            ignored: *ignored,
            echoes: *echoes,
            partly_refused: *partly_refused,
            failed: *failed,
            probes: *probes,
            last_heard: last_heard.map(TimeV1::from),
            last_rejected: last_rejected.map(TimeV1::from),
            rejections: rejections.iter().map(RejectionsV1::from).collect(),
            names: names.iter().map(|name| name.as_str().into()).collect(),
            confirmation: confirmation.as_ref().map(|(at, outcome)| ((*at).into(), outcome.as_str().into())),
        }
    }
}

impl From<SourceCountsV1<'_>> for SourceCounts {
    fn from(v1: SourceCountsV1<'_>) -> Self {
        Self {
            accepted: v1.accepted,
            ignored: v1.ignored,
            echoes: v1.echoes,
            partly_refused: v1.partly_refused,
            failed: v1.failed,
            probes: v1.probes,
            last_heard: v1.last_heard.map(Timestamp::from),
            last_rejected: v1.last_rejected.map(Timestamp::from),
            rejections: v1.rejections.into_iter().map(Rejections::from).collect(),
            names: v1.names.into_iter().map(Text::into_owned).collect(),
            confirmation: v1.confirmation.map(|(at, outcome)| (at.into(), outcome.into_owned())),
        }
    }
}

impl<'a> From<&'a Rejections> for RejectionsV1<'a> {
    fn from(rejections: &'a Rejections) -> Self {
        Self {
            code: rejections.code,
            kept: rejections.kept,
            count: rejections.count,
            last: rejections.last.into(),
            reason: rejections.reason.as_str().into(),
            recent: rejections.recent.iter().map(|(at, count)| ((*at).into(), *count)).collect(),
        }
    }
}

impl From<RejectionsV1<'_>> for Rejections {
    fn from(v1: RejectionsV1<'_>) -> Self {
        Self {
            code: v1.code,
            kept: v1.kept,
            count: v1.count,
            last: v1.last.into(),
            reason: v1.reason.into_owned(),
            recent: v1.recent.into_iter().map(|(at, count)| (at.into(), count)).collect(),
        }
    }
}
