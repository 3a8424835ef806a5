//! Keys: bytes whose order is the order wanted. Drawn in `README.md`; never changed without a new format.

use tocsin_core::delivery::DeliveryState;
use tocsin_core::event::Severity;
use tocsin_core::id::{DeliveryId, Id, IncidentId, Kind};
use tocsin_core::incident::IncidentState;
use tocsin_core::time::Timestamp;

/// Bytes of an id.
pub(crate) const ID: usize = 16;
/// Bytes of a time.
pub(crate) const TIME: usize = 8;
/// Bytes of a text's length.
const LENGTH: usize = 4;
/// Flips the sign, so that times before 1970 sort first.
const SIGN: u64 = 1 << 63;

/// The byte that stands for a state of incidents; from 1, without gaps.
pub(crate) const fn incident_state(state: IncidentState) -> u8 {
    match state {
        IncidentState::Open => 1,
        IncidentState::Acknowledged => 2,
        IncidentState::Resolved => 3,
    }
}

/// The byte that stands for a severity; from 1, the worst first.
pub(crate) const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 1,
        Severity::High => 2,
        Severity::Medium => 3,
        Severity::Low => 4,
        Severity::Info => 5,
    }
}

/// The byte that stands for a state of deliveries; from 1, without gaps.
pub(crate) const fn delivery_state(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Waiting => 1,
        DeliveryState::Due => 2,
        DeliveryState::Sending => 3,
        DeliveryState::Delivered => 4,
        DeliveryState::Accepted => 5,
        DeliveryState::Skipped => 6,
        DeliveryState::NotSent => 7,
        DeliveryState::Rejected => 8,
        DeliveryState::Expired => 9,
        DeliveryState::Discarded => 10,
    }
}

/// `state · id`.
pub(crate) fn state_id<K: Kind>(state: u8, id: Id<K>) -> [u8; 1 + ID] {
    let mut key = [state; 1 + ID];
    key[1..].copy_from_slice(&id.to_bytes());
    key
}

/// `at · id`.
pub(crate) fn time_id<K: Kind>(at: Timestamp, id: Id<K>) -> [u8; TIME + ID] {
    let mut key = [0; TIME + ID];
    key[..TIME].copy_from_slice(&time(at));
    key[TIME..].copy_from_slice(&id.to_bytes());
    key
}

/// `first · second`.
pub(crate) fn id_id(first: IncidentId, second: DeliveryId) -> [u8; 2 * ID] {
    let mut key = [0; 2 * ID];
    key[..ID].copy_from_slice(&first.to_bytes());
    key[ID..].copy_from_slice(&second.to_bytes());
    key
}

/// `incident · sequence · counter`.
pub(crate) fn timeline(incident: IncidentId, sequence: u64, counter: u32) -> [u8; ID + 12] {
    let mut key = [0; ID + 12];
    key[..ID].copy_from_slice(&incident.to_bytes());
    key[ID..ID + 8].copy_from_slice(&sequence.to_be_bytes());
    key[ID + 8..].copy_from_slice(&counter.to_be_bytes());
    key
}

/// `at`, sorting as time does.
pub(crate) fn time(at: Timestamp) -> [u8; TIME] {
    (at.micros().cast_unsigned() ^ SIGN).to_be_bytes()
}

/// What [`time`] wrote.
pub(crate) fn read_time(bytes: [u8; TIME]) -> Timestamp {
    Timestamp::from_micros((u64::from_be_bytes(bytes) ^ SIGN).cast_signed())
}

/// `text`, led by its length.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(LENGTH + text.len() + TIME + ID);
    push_text(&mut key, text);
    key
}

fn push_text(key: &mut Vec<u8>, text: &str) {
    // Longer than 4 GiB cannot be: redb takes 3 GiB, and the part of the configuration or request that it
    // comes from is far smaller. Should it happen, the key is still this text's alone.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    key.extend_from_slice(&length.to_be_bytes());
    key.extend_from_slice(text.as_bytes());
}

/// `text · id`.
pub(crate) fn text_id<K: Kind>(first: &str, id: Id<K>) -> Vec<u8> {
    let mut key = text(first);
    key.extend_from_slice(&id.to_bytes());
    key
}

/// `text · rest`.
pub(crate) fn text_text(first: &str, rest: &str) -> Vec<u8> {
    let mut key = text(first);
    key.extend_from_slice(rest.as_bytes());
    key
}

/// `id · text`.
pub(crate) fn id_text(id: IncidentId, text: &str) -> Vec<u8> {
    [id.to_bytes().as_slice(), text.as_bytes()].concat()
}

/// `incident · action · connection`.
pub(crate) fn id_text_text(id: IncidentId, first: &str, rest: &str) -> Vec<u8> {
    let mut key = id.to_bytes().to_vec();
    push_text(&mut key, first);
    key.extend_from_slice(rest.as_bytes());
    key
}

/// `connection · source · at · delivery`.
pub(crate) fn due(connection: &str, source: &str, at: Timestamp, delivery: DeliveryId) -> Vec<u8> {
    let mut key = text(connection);
    push_text(&mut key, source);
    key.extend_from_slice(&time(at));
    key.extend_from_slice(&delivery.to_bytes());
    key
}

/// `at · source · identity`.
pub(crate) fn seen_by_time(at: Timestamp, source: &str, identity: &str) -> Vec<u8> {
    let mut key = time(at).to_vec();
    push_text(&mut key, source);
    key.extend_from_slice(identity.as_bytes());
    key
}

/// `at · timer`.
pub(crate) fn timer_by_time(at: Timestamp, timer: &str) -> Vec<u8> {
    let mut key = time(at).to_vec();
    key.extend_from_slice(timer.as_bytes());
    key
}

/// The text that `key` begins with, and what follows.
pub(crate) fn split_text(key: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = key.split_first_chunk::<LENGTH>()?;
    let (first, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((std::str::from_utf8(first).ok()?, rest))
}

/// The id that `key` ends with.
pub(crate) fn last_id<K: Kind>(key: &[u8]) -> Option<Id<K>> {
    key.last_chunk::<ID>().map(|bytes| Id::from_bytes(*bytes))
}

/// The ids that `bytes` consist of.
pub(crate) fn ids(bytes: &[u8]) -> Option<Vec<DeliveryId>> {
    let (chunks, rest) = bytes.as_chunks::<ID>();
    rest.is_empty().then(|| chunks.iter().map(|chunk| Id::from_bytes(*chunk)).collect())
}

/// The first key that does not begin with `prefix`; none when there is no such key.
pub(crate) fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix[..=last].to_vec();
    key[last] += 1;
    Some(key)
}
