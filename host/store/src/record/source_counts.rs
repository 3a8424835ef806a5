//! What came in at a source.

use serde::{Deserialize, Serialize};
use tocsin_core::time::Timestamp;

use super::{Text, TimeV1};
use crate::counts::{Rejections, SourceCounts};

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
