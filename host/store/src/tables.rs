//! Every table, in the order of `README.md`. Nothing else names one, or opens one for writing.

use redb::{ReadOnlyTable, ReadTransaction, Table, TableDefinition, TableError, WriteTransaction};
use tocsin_core::id::AnyId;

use crate::digest::{self, Digest, Running};
use crate::keys;
use crate::table::{Bytes, Covered, Rows, StateTable};

/// The version of what is on disk. Counts up with every change of a table, a key or a record.
pub(crate) const FORMAT: u32 = 5;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// Whether it follows from the journal; the rows `format`, `digest` and `cut` of [`META`] do not.
    pub(crate) is_state: bool,
    keys: KeyShape,
}

impl Definition {
    const fn state(name: &'static str, keys: KeyShape) -> Self {
        Self { name, is_state: true, keys }
    }

    const fn beside(name: &'static str, keys: KeyShape) -> Self {
        Self { name, is_state: false, keys }
    }

    /// As redb wants it. Private: a table of the state is written with its digest alone.
    const fn redb(self) -> TableDefinition<'static, Bytes, Bytes> {
        TableDefinition::new(self.name)
    }

    /// Opens it, to read and write; what is written into a table of the state is counted in `digest`.
    pub(crate) fn open<'t>(
        self,
        transaction: &'t WriteTransaction,
        digest: &Running,
    ) -> Result<StateTable<'t>, TableError> {
        Ok(StateTable::new(transaction.open_table(self.redb())?, self.covered(), digest))
    }

    /// Opens it within a write transaction, to read alone.
    pub(crate) fn look_into(self, transaction: &WriteTransaction) -> Result<impl Rows + '_, TableError> {
        transaction.open_table(self.redb())
    }

    /// Opens it in a snapshot.
    pub(crate) fn read(
        self,
        transaction: &ReadTransaction,
    ) -> Result<ReadOnlyTable<Bytes, Bytes>, TableError> {
        transaction.open_table(self.redb())
    }

    /// The same table for writing past the digest; none of the state.
    pub(crate) fn as_beside(self) -> Option<Beside> {
        (!self.is_state).then_some(Beside(self))
    }

    /// Which rows of it the digest of the state covers.
    pub(crate) fn covered(self) -> Covered {
        let except: &[&[u8]] = if self == META { &[META_FORMAT, META_DIGEST, META_CUT] } else { &[] };
        Covered {
            seed: digest::seed(self.name),
            is_state: self.is_state,
            except,
            is_packed: self == INCIDENTS,
        }
    }

    /// Whether the digest of the state covers the row `key`.
    pub(crate) fn is_digested(self, key: &[u8]) -> bool {
        self.covered().has(key)
    }

    /// Adds a row to `digest`, if the digest of the state covers it.
    pub(crate) fn count(self, digest: &mut Digest, key: &[u8], value: &[u8]) {
        let covered = self.covered();
        if covered.has(key) {
            digest.add(covered.digest(key, value));
        }
    }

    /// Whether `key` is made of what keys of this table are made of.
    pub(crate) fn has_shape(self, key: &[u8]) -> bool {
        self.keys.fits(key)
    }

    /// A key of this table in words; as hexadecimal when it is not of its shape.
    pub(crate) fn key_words(self, key: &[u8]) -> String {
        self.keys.parts(key).unwrap_or_else(|| key.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

pub(crate) const JOURNAL: Definition = Definition::beside("journal", KeyShape::Number);
pub(crate) const INCIDENTS: Definition = Definition::state("incidents", KeyShape::Id);
pub(crate) const INCIDENT_NUMBERS: Definition = Definition::state("incident_numbers", KeyShape::Number);
pub(crate) const INCIDENTS_BY_KIND: Definition =
    Definition::state("incidents_by_kind", KeyShape::TextByteByteId);
pub(crate) const RESOLVED_BY_TIME: Definition = Definition::state("resolved_by_time", KeyShape::TimeId);
pub(crate) const IDENTITIES: Definition = Definition::state("identities", KeyShape::TextText);
pub(crate) const KEYS_BY_INCIDENT: Definition = Definition::state("keys_by_incident", KeyShape::IdText);
pub(crate) const TIMELINE: Definition = Definition::state("timeline", KeyShape::IdSequence);
pub(crate) const RECEIPTS: Definition = Definition::state("receipts", KeyShape::Id);
pub(crate) const DEAD_LETTERS: Definition = Definition::state("dead_letters", KeyShape::Id);
pub(crate) const IGNORED: Definition = Definition::state("ignored", KeyShape::Id);
pub(crate) const SEEN: Definition = Definition::state("seen", KeyShape::TextText);
pub(crate) const SEEN_BY_TIME: Definition = Definition::state("seen_by_time", KeyShape::TimeTextText);
pub(crate) const DELIVERIES: Definition = Definition::state("deliveries", KeyShape::Id);
pub(crate) const DELIVERIES_BY_STATE: Definition =
    Definition::state("deliveries_by_state", KeyShape::StateId);
pub(crate) const DELIVERIES_BY_INCIDENT: Definition =
    Definition::state("deliveries_by_incident", KeyShape::IdId);
pub(crate) const DUE: Definition = Definition::state("due", KeyShape::TextTextTimeId);
pub(crate) const LANES: Definition = Definition::state("lanes", KeyShape::TextId);
pub(crate) const REFERENCES: Definition = Definition::state("references", KeyShape::IdText);
pub(crate) const TOLD: Definition = Definition::state("told", KeyShape::IdTextText);
pub(crate) const TIMERS: Definition = Definition::state("timers", KeyShape::Text);
pub(crate) const TIMERS_BY_TIME: Definition = Definition::state("timers_by_time", KeyShape::TimeText);
pub(crate) const PAUSES: Definition = Definition::state("pauses", KeyShape::Text);
pub(crate) const META: Definition = Definition::state("meta", KeyShape::Text);
pub(crate) const REQUESTS: Definition = Definition::beside("requests", KeyShape::Id);
pub(crate) const REQUESTS_DEAD: Definition = Definition::beside("requests_dead", KeyShape::Id);
pub(crate) const DICTIONARIES: Definition = Definition::beside("dictionaries", KeyShape::Id);
pub(crate) const KEPT: Definition = Definition::beside("kept", KeyShape::Id);
pub(crate) const KEPT_BY_SOURCE: Definition = Definition::beside("kept_by_source", KeyShape::TextByteId);
pub(crate) const KEPT_TOTALS: Definition = Definition::beside("kept_totals", KeyShape::Text);
pub(crate) const SOURCE_COUNTS: Definition = Definition::beside("source_counts", KeyShape::Text);
pub(crate) const SET_ASIDE: Definition = Definition::beside("set_aside", KeyShape::Number);
pub(crate) const AUDIT: Definition = Definition::beside("audit", KeyShape::Number);

/// Row of [`META`]: the format's version.
pub(crate) const META_FORMAT: &[u8] = b"format";
/// Row of [`META`]: the counters. State.
pub(crate) const META_COUNTERS: &[u8] = b"counters";
/// Row of [`META`]: the digest of the state.
pub(crate) const META_DIGEST: &[u8] = b"digest";
/// Row of [`META`]: where the journal was cut.
pub(crate) const META_CUT: &[u8] = b"cut";

/// A table that the digest of the state does not cover, for writing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside(Definition);

impl Beside {
    /// For constants: of a table of the state, there is none.
    const fn of(table: Definition) -> Self {
        assert!(!table.is_state);
        Self(table)
    }

    /// Opens it, to read and write.
    pub(crate) fn open(self, transaction: &WriteTransaction) -> Result<Table<'_, Bytes, Bytes>, TableError> {
        transaction.open_table(self.0.redb())
    }
}

/// The tables that the digest of the state does not cover, for writing.
pub(crate) mod beside {
    use super::Beside;

    pub(crate) const JOURNAL: Beside = Beside::of(super::JOURNAL);
    pub(crate) const REQUESTS: Beside = Beside::of(super::REQUESTS);
    pub(crate) const REQUESTS_DEAD: Beside = Beside::of(super::REQUESTS_DEAD);
    pub(crate) const DICTIONARIES: Beside = Beside::of(super::DICTIONARIES);
    pub(crate) const KEPT: Beside = Beside::of(super::KEPT);
    pub(crate) const KEPT_BY_SOURCE: Beside = Beside::of(super::KEPT_BY_SOURCE);
    pub(crate) const KEPT_TOTALS: Beside = Beside::of(super::KEPT_TOTALS);
    pub(crate) const SOURCE_COUNTS: Beside = Beside::of(super::SOURCE_COUNTS);
    pub(crate) const SET_ASIDE: Beside = Beside::of(super::SET_ASIDE);
    pub(crate) const AUDIT: Beside = Beside::of(super::AUDIT);
}

/// Every table.
pub(crate) const ALL: [Definition; 33] = [
    JOURNAL,
    INCIDENTS,
    INCIDENT_NUMBERS,
    INCIDENTS_BY_KIND,
    RESOLVED_BY_TIME,
    IDENTITIES,
    KEYS_BY_INCIDENT,
    TIMELINE,
    RECEIPTS,
    DEAD_LETTERS,
    IGNORED,
    SEEN,
    SEEN_BY_TIME,
    DELIVERIES,
    DELIVERIES_BY_STATE,
    DELIVERIES_BY_INCIDENT,
    DUE,
    LANES,
    REFERENCES,
    TOLD,
    TIMERS,
    TIMERS_BY_TIME,
    PAUSES,
    META,
    REQUESTS,
    REQUESTS_DEAD,
    DICTIONARIES,
    KEPT,
    KEPT_BY_SOURCE,
    KEPT_TOTALS,
    SOURCE_COUNTS,
    SET_ASIDE,
    AUDIT,
];

/// The table of this name.
pub(crate) fn named(name: &str) -> Option<Definition> {
    ALL.into_iter().find(|table| table.name == name)
}

/// What a table's keys are made of, for telling a person about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyShape {
    Id,
    Number,
    StateId,
    IdId,
    IdSequence,
    IdText,
    IdTextText,
    TextId,
    TextByteId,
    TextByteByteId,
    TextText,
    TimeId,
    TimeText,
    TimeTextText,
    TextTextTimeId,
    Text,
}

impl KeyShape {
    /// Whether [`KeyShape::parts`] finds its parts in `key`.
    fn fits(self, key: &[u8]) -> bool {
        let is_utf8 = |bytes| std::str::from_utf8(bytes).is_ok();
        let behind = |bytes: usize| key.split_at_checked(bytes).map(|(_, rest)| rest);
        let texts = |key| keys::split_text(key).is_some_and(|(_, rest)| is_utf8(rest));
        let behind_text = |bytes: usize| keys::split_text(key).is_some_and(|(_, rest)| rest.len() == bytes);
        match self {
            Self::Id => key.len() == keys::ID,
            Self::Number => key.len() == 8,
            Self::StateId => key.len() == 1 + keys::ID,
            Self::IdId => key.len() == 2 * keys::ID,
            Self::IdSequence => key.len() == keys::ID + 12,
            Self::IdText => behind(keys::ID).is_some_and(is_utf8),
            Self::IdTextText => behind(keys::ID).is_some_and(texts),
            Self::TextId => behind_text(keys::ID),
            Self::TextByteId => behind_text(1 + keys::ID),
            Self::TextByteByteId => behind_text(2 + keys::ID),
            Self::TimeId => key.len() == keys::TIME + keys::ID,
            Self::TextText => texts(key),
            Self::TimeText => behind(keys::TIME).is_some_and(is_utf8),
            Self::TimeTextText => behind(keys::TIME).is_some_and(texts),
            // Seldom more than a few rows.
            Self::TextTextTimeId => self.parts(key).is_some(),
            Self::Text => is_utf8(key),
        }
    }

    fn parts(self, key: &[u8]) -> Option<String> {
        let utf8 = |bytes| std::str::from_utf8(bytes).ok().map(|text| format!("{text:?}"));
        match self {
            Self::Id => whole_id(key),
            Self::Number => key.try_into().ok().map(|bytes| format!("#{}", u64::from_be_bytes(bytes))),
            Self::StateId => {
                key.split_first().and_then(|(state, id)| Some(format!("{state} {}", whole_id(id)?)))
            }
            Self::IdId => {
                let (first, second) = key.split_at_checked(keys::ID)?;
                Some(format!("{} {}", whole_id(first)?, whole_id(second)?))
            }
            Self::IdSequence => {
                let (id, rest) = key.split_at_checked(keys::ID)?;
                let (sequence, counter) = rest.split_first_chunk::<8>()?;
                let counter = u32::from_be_bytes(counter.try_into().ok()?);
                Some(format!("{} {}.{counter}", whole_id(id)?, u64::from_be_bytes(*sequence)))
            }
            Self::IdText => {
                let (id, text) = key.split_at_checked(keys::ID)?;
                Some(format!("{} {}", whole_id(id)?, utf8(text)?))
            }
            Self::IdTextText => {
                let (id, rest) = key.split_at_checked(keys::ID)?;
                Some(format!("{} {}", whole_id(id)?, Self::TextText.parts(rest)?))
            }
            Self::TextId => {
                let (text, id) = keys::split_text(key)?;
                Some(format!("{text:?} {}", whole_id(id)?))
            }
            Self::TextByteId => {
                let (text, rest) = keys::split_text(key)?;
                let (byte, id) = rest.split_first()?;
                Some(format!("{text:?} {byte} {}", whole_id(id)?))
            }
            Self::TextByteByteId => {
                let (text, rest) = keys::split_text(key)?;
                let ([first, second], id) = rest.split_first_chunk()?;
                Some(format!("{text:?} {first} {second} {}", whole_id(id)?))
            }
            Self::TextText => {
                let (text, rest) = keys::split_text(key)?;
                Some(format!("{text:?} {}", utf8(rest)?))
            }
            Self::TimeId => {
                let (time, id) = key.split_first_chunk::<{ keys::TIME }>()?;
                Some(format!("{} {}", keys::read_time(*time), whole_id(id)?))
            }
            Self::TimeText => {
                let (time, rest) = key.split_first_chunk::<{ keys::TIME }>()?;
                Some(format!("{} {}", keys::read_time(*time), utf8(rest)?))
            }
            Self::TimeTextText => {
                let (time, rest) = key.split_first_chunk::<{ keys::TIME }>()?;
                Some(format!("{} {}", keys::read_time(*time), Self::TextText.parts(rest)?))
            }
            Self::TextTextTimeId => {
                let (first, rest) = keys::split_text(key)?;
                let (second, rest) = keys::split_text(rest)?;
                let (time, id) = rest.split_first_chunk::<{ keys::TIME }>()?;
                Some(format!("{first:?} {second:?} {} {}", keys::read_time(*time), whole_id(id)?))
            }
            Self::Text => utf8(key),
        }
    }
}

fn whole_id(bytes: &[u8]) -> Option<String> {
    bytes.try_into().ok().map(|bytes| AnyId::from_bytes(bytes).to_string())
}
