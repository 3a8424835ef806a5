//! The log of the latest commits: a few megabytes of the store's file, before the database.
//!
//! A commit is a frame: the journal's entries that it adds, the raw requests that it keeps, and which entry it follows. One
//! sync of a frame stands for the sync of all the pages that the commit changes; the database takes these up later, many
//! commits at a time. While it does, in the background, frames go into the other half of the log. Frames whose entries the
//! database has count for nothing, and are written over. Never decides what is logged, and never reads what is in an entry.

use std::io;

use minicbor::{Decode, Encode};
use tocsin_core::id::ReceiptId;
use xxhash_rust::xxh3::xxh3_64;

use crate::block::{Link, Records};
use crate::medium::Medium;

/// Bytes of a new store's log: a half takes some six thousand alerts of 3.4 KB with two deliveries
/// each. With 16 MiB, such alerts had half as much again written.
pub(crate) const LOG_BYTES: usize = 32 * 1024 * 1024;
/// What a frame begins with.
const MAGIC: [u8; 4] = *b"tlog";
/// Bytes before what a frame says: the magic, their number, the link, and the XXH3 of all that follows it.
const HEAD: usize = 40;
/// Where the checksum stands, and what it covers begins.
const CHECKED: usize = 16;
/// A frame begins at a multiple of this many bytes.
const STEP: usize = 64;

/// What one commit adds.
#[derive(Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Frame {
    /// The records of the journal's entries.
    #[n(0)]
    pub(crate) entries: Records,
    /// The raw requests that came or moved, in their order.
    #[n(1)]
    pub(crate) requests: Vec<Keeping>,
    /// The receipts whose raw requests went.
    #[n(2)]
    pub(crate) forgotten: Vec<ReceiptId>,
    /// The counts of sources.
    #[n(3)]
    pub(crate) counts: Vec<Count>,
    /// The digest of the state that it changes.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) digest: Vec<u8>,
}

/// The counts of one source.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Count {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) source: Vec<u8>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) record: Vec<u8>,
}

impl Frame {
    /// Whether there is nothing in it.
    pub(crate) fn is_void(&self) -> bool {
        self.entries.count == 0
            && self.requests.is_empty()
            && self.forgotten.is_empty()
            && self.counts.is_empty()
    }
}

/// A raw request that is kept with its receipt.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Keeping {
    #[n(0)]
    pub(crate) receipt: ReceiptId,
    #[n(1)]
    pub(crate) source: String,
    /// Whether it is a dead letter.
    #[n(2)]
    pub(crate) is_dead: bool,
    /// Its record; none where the request that is there moves.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) record: Option<Vec<u8>>,
}

/// Where the next frame goes.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Whether it is the second half.
    is_second: bool,
    /// Bytes from the beginning of the half.
    end: usize,
}

impl Log {
    /// Writes `frame`, which follows the entry at `after`, and syncs. Returns whether there was room for it.
    ///
    /// # Errors
    /// It cannot be written. It may be in the log all the same.
    pub(crate) fn append(&mut self, medium: &Medium, after: Link, frame: &Frame) -> io::Result<bool> {
        let bytes = to_bytes(after, frame)?;
        let (end, half) = (self.end + bytes.len(), half(medium));
        if end > half {
            return Ok(false);
        }
        medium.write_log(if self.is_second { half } else { 0 } + self.end, &bytes)?;
        self.end = end;
        Ok(true)
    }

    /// Whether the half is nearly full.
    pub(crate) fn is_filling(&self, medium: &Medium) -> bool {
        self.end > half(medium) / 4 * 3
    }

    /// The database is about to have all that was logged, and has all that is in the other half: the next frame is the
    /// first there.
    pub(crate) const fn turn(&mut self) {
        *self = Self { is_second: !self.is_second, end: 0 };
    }

    /// The database has all that was logged: the next frame is the first of the half.
    pub(crate) const fn restart(&mut self) {
        self.end = 0;
    }
}

/// Bytes of a half.
fn half(medium: &Medium) -> usize {
    medium.log_bytes() / 2 / STEP * STEP
}

fn to_bytes(after: Link, frame: &Frame) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; HEAD];
    minicbor::encode(frame, &mut bytes).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - HEAD).map_err(io::Error::other)?;
    let place =
        |bytes: &mut Vec<u8>, at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
    place(&mut bytes, 0, &MAGIC);
    place(&mut bytes, 4, &length.to_be_bytes());
    place(&mut bytes, CHECKED, &after.number.to_be_bytes());
    place(&mut bytes, CHECKED + 8, &after.chain.to_be_bytes());
    let check = check(length, &bytes[CHECKED..]);
    place(&mut bytes, 8, &check.to_be_bytes());
    bytes.resize(bytes.len().next_multiple_of(STEP), 0);
    Ok(bytes)
}

fn check(length: u32, bytes: &[u8]) -> u64 {
    xxh3_64(bytes) ^ u64::from(length).rotate_left(32)
}

/// A frame, and what it follows.
pub(crate) type Logged = (Link, Frame);

/// The frames in the bytes of a log that follow the entry `first`, or a later one: in the order of the entries.
pub(crate) fn read(log: &[u8], first: u64) -> Vec<Logged> {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < log.len() {
        let Some((after, body, end)) = frame_at(log, at) else {
            at += STEP;
            continue;
        };
        if after.number >= first
            && let Ok(frame) = minicbor::decode(body)
        {
            frames.push((after, frame));
        }
        at = end;
    }
    frames.sort_by_key(|(after, _)| after.number);
    frames
}

/// The frame that begins at `at`: what it follows, its body, and where the next one would begin.
fn frame_at(log: &[u8], at: usize) -> Option<(Link, &[u8], usize)> {
    let bytes = log.get(at..)?;
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (written, rest) = rest.split_first_chunk::<8>()?;
    let length = (*magic == MAGIC).then(|| u32::from_be_bytes(*length))?;
    let checked = rest.get(..HEAD - CHECKED + length as usize)?;
    let (number, after) = checked.split_first_chunk::<8>()?;
    let (chain, body) = after.split_first_chunk::<16>()?;
    if check(length, checked) != u64::from_be_bytes(*written) {
        return None;
    }
    let link = Link { number: u64::from_be_bytes(*number), chain: u128::from_be_bytes(*chain) };
    Some((link, body, (at + HEAD + length as usize).next_multiple_of(STEP)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(record: &[u8]) -> Frame {
        let mut frame = Frame::default();
        frame.entries.push(record);
        frame.entries.push(b"");
        let receipt = ReceiptId::from_bytes([7; 16]);
        let source = "shop".to_owned();
        frame.requests.push(Keeping { receipt, source, is_dead: true, record: Some(record.to_vec()) });
        frame.forgotten.push(receipt);
        frame
    }

    #[test]
    fn the_frames_of_both_halves_are_read_in_the_order_of_their_entries_without_those_that_are_torn() {
        let link = |number| Link { number, chain: u128::from(number) << 70 };
        let written: Vec<Logged> =
            (0..6).map(|number| (link(number), frame(&vec![3; 100 * number as usize]))).collect();
        let parts: Vec<Vec<u8>> =
            written.iter().map(|(after, frame)| to_bytes(*after, frame).unwrap()).collect();
        // The first half was written last.
        let log = [parts[4..].concat(), vec![0; 640], parts[..4].concat(), vec![0; 1000]].concat();
        assert_eq!(read(&log, 0), written);
        assert_eq!(read(&log, 2), written[2..]);
        let records: Vec<&[u8]> = written[1].1.entries.iter().collect();
        assert_eq!(records, [[3; 100].as_slice(), b""]);
        for byte in 0..HEAD {
            let mut log = log.clone();
            log[parts[4].len() + byte] ^= 0x10;
            assert_eq!(read(&log, 0), written[..5], "byte {byte}");
        }
    }
}
