//! What records look like on disk: one version byte, then a body.
//!
//! What follows from the journal, and the journal itself, is CBOR with numbered fields: the core's own types say which
//! ([`tocsin_core::journal`]). What is kept beside is JSON. `README.md` says how a record evolves.

use std::borrow::Cow;

use minicbor::{Decode, Encode};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tocsin_core::id::IncidentId;
use tocsin_core::incident::Incident;
use tocsin_core::journal::Entry;
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::{Pause, TimelineItem};
use tocsin_core::time::Timestamp;

pub(crate) mod counters;
pub(crate) mod delivery;
pub(crate) mod packed;
pub(crate) mod request;
pub(crate) mod set_aside;
pub(crate) mod source_counts;
pub(crate) mod told;

use counters::Counters;
use delivery::{DeliveryRow, References};
use source_counts::{SourceCounts, SourceCountsV1};
use told::ToldRow;

/// The version byte of records with a JSON body.
pub(crate) const V1: u8 = 1;
/// The version byte of records with a CBOR body, and of requests that are compressed.
pub(crate) const V2: u8 = 2;
/// The version byte of records with a CBOR body that is compressed.
pub(crate) const V3: u8 = 3;

/// What is wrong with a record's bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// There are none.
    #[error("it is empty")]
    Empty,
    /// A version byte that this version does not know.
    #[error("it is of version {0}, which this version of Tocsin does not know")]
    Version(u8),
    /// The body is not what the version byte says.
    #[error("{0}")]
    Body(String),
    /// A row that this one leads to is not there.
    #[error("{0} is not there")]
    Gone(&'static str),
    /// A row that another one points at is not there.
    #[error("it is not there, although {0} points at it")]
    Missing(&'static str),
}

impl From<serde_json::Error> for RecordProblem {
    fn from(error: serde_json::Error) -> Self {
        Self::Body(error.to_string())
    }
}

/// A type that is kept as one record.
pub(crate) trait Stored: Sized {
    /// Appends the record to `out`.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), RecordProblem>;
    /// Reads what [`Stored::write`] wrote, in any version ever released.
    fn read(bytes: &[u8]) -> Result<Self, RecordProblem>;

    /// The record by itself.
    fn to_bytes(&self) -> Result<Vec<u8>, RecordProblem> {
        let mut out = Vec::with_capacity(512);
        self.write(&mut out)?;
        Ok(out)
    }
}

/// Writes version 1 of a record with a JSON body.
fn write_v1(out: &mut Vec<u8>, body: &impl Serialize) -> Result<(), RecordProblem> {
    out.push(V1);
    Ok(serde_json::to_writer(out, body)?)
}

/// Reads version 1 of a record with a JSON body.
fn read_v1<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordProblem> {
    match bytes.split_first() {
        Some((&V1, body)) => Ok(serde_json::from_slice(body)?),
        Some((version, _)) => Err(RecordProblem::Version(*version)),
        None => Err(RecordProblem::Empty),
    }
}

/// Writes version 2 of a record with a CBOR body.
fn write_v2(out: &mut Vec<u8>, body: &impl Encode<()>) -> Result<(), RecordProblem> {
    out.push(V2);
    minicbor::encode(body, out).map_err(|error| RecordProblem::Body(error.to_string()))
}

/// Reads version 2 of a record with a CBOR body.
fn read_v2<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, RecordProblem> {
    match bytes.split_first() {
        Some((&V2, body)) => minicbor::decode(body).map_err(|error| RecordProblem::Body(error.to_string())),
        Some((version, _)) => Err(RecordProblem::Version(*version)),
        None => Err(RecordProblem::Empty),
    }
}

/// Records with a CBOR body.
macro_rules! numbered {
    ($($record:ty),+ $(,)?) => {$(
        impl Stored for $record {
            fn write(&self, out: &mut Vec<u8>) -> Result<(), RecordProblem> {
                write_v2(out, self)
            }

            fn read(bytes: &[u8]) -> Result<Self, RecordProblem> {
                read_v2(bytes)
            }
        }
    )+};
}

numbered! {
    Counters,
    DeliveryRow,
    // Compressed with others of its row.
    Entry,
    Pause,
    ReceiptRecord,
    References,
    TimelineItem,
    ToldRow,
}

/// Records with a CBOR body that is compressed where that makes it smaller.
macro_rules! packed {
    ($($record:ty),+ $(,)?) => {$(
        impl Stored for $record {
            fn write(&self, out: &mut Vec<u8>) -> Result<(), RecordProblem> {
                packed::write(out, self)
            }

            fn read(bytes: &[u8]) -> Result<Self, RecordProblem> {
                packed::read(bytes)
            }
        }
    )+};
}

packed! {
    Incident,
}

/// Records with a JSON body, with its type.
macro_rules! json {
    ($($record:ty => $v1:ty),+ $(,)?) => {$(
        impl Stored for $record {
            fn write(&self, out: &mut Vec<u8>) -> Result<(), RecordProblem> {
                write_v1(out, &<$v1>::from(self))
            }

            fn read(bytes: &[u8]) -> Result<Self, RecordProblem> {
                read_v1::<$v1>(bytes).map(Self::from)
            }
        }
    )+};
}

json! {
    set_aside::Kept => set_aside::SetAsideV1<'_>,
    SourceCounts => SourceCountsV1<'_>,
}

/// A text that is borrowed to be written and owned after it was read.
type Text<'a> = Cow<'a, str>;

/// An id, as its 26 characters.
#[derive(Clone, Copy)]
struct IdV1(IncidentId);

impl Serialize for IdV1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IdV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A time, as microseconds since the Unix epoch.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct TimeV1(i64);

impl From<Timestamp> for TimeV1 {
    fn from(at: Timestamp) -> Self {
        Self(at.micros())
    }
}

impl From<TimeV1> for Timestamp {
    fn from(at: TimeV1) -> Self {
        Self::from_micros(at.0)
    }
}
