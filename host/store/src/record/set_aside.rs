//! A row that was set aside, on disk.

use serde::{Deserialize, Serialize};
use tocsin_core::id::IncidentId;

use super::{IdV1, Text};

/// A row that was taken out, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The sequence number of the last entry before.
    pub(crate) after: u64,
    /// The name of its table.
    pub(crate) table: String,
    /// Its key.
    pub(crate) key: Vec<u8>,
    /// What is wrong with it.
    pub(crate) problem: String,
    /// The incident that it was about, if that can be seen.
    pub(crate) incident: Option<IncidentId>,
    /// Its value, as far as there was one.
    pub(crate) bytes: Vec<u8>,
    /// Whether an operator has seen to it. The row stays: `verify` needs it.
    pub(crate) dismissed: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SetAsideV1<'a> {
    after: u64,
    table: Text<'a>,
    /// Hexadecimal.
    key: Text<'a>,
    problem: Text<'a>,
    incident: Option<IdV1>,
    /// Hexadecimal.
    bytes: Text<'a>,
    dismissed: bool,
}

impl<'a> From<&'a Kept> for SetAsideV1<'a> {
    fn from(kept: &'a Kept) -> Self {
        let Kept { after, table, key, problem, incident, bytes, dismissed } = kept;
        Self {
            after: *after,
            table: table.into(),
            key: hex(key).into(),
            problem: problem.into(),
            incident: incident.map(IdV1),
            bytes: hex(bytes).into(),
            dismissed: *dismissed,
        }
    }
}

impl From<SetAsideV1<'_>> for Kept {
    fn from(v1: SetAsideV1<'_>) -> Self {
        Self {
            after: v1.after,
            table: v1.table.into_owned(),
            key: bytes(&v1.key),
            problem: v1.problem.into_owned(),
            incident: v1.incident.map(|id| id.0),
            bytes: bytes(&v1.bytes),
            dismissed: v1.dismissed,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Digits that are none end it: what is kept for a person to look at is no reason to fail.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs.map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
