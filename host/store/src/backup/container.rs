//! The container of a backup: what its parts are and how long each may be.
//!
//! The order of the parts is in `README.md`. Never trusts a length that it reads beyond its bound.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tocsin_core::time::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::{About, BackupError, Header};
use crate::digest::Digest;
use crate::{tables, upgrade};

/// What every backup begins with.
pub(super) const MAGIC: &[u8; 8] = b"TOCSINBK";
/// The version of the container.
pub(super) const VERSION: u32 = 1;
/// Bytes of the header's text.
pub(super) const HEADER_MAX: usize = 64 * 1024;
/// Bytes of rows that are compressed together.
pub(super) const CHUNK: usize = 1024 * 1024;
/// Bytes of a compressed chunk.
pub(super) const PACKED_MAX: usize = 2 * CHUNK;
/// Bytes of a key or a value. The longest value is a request of 60 MiB.
pub(super) const FIELD_MAX: usize = 256 * 1024 * 1024;
/// In place of a chunk's length: the rows are over.
pub(super) const END: u32 = 0;
/// In place of a chunk's length: the relay could not go on, and its reason follows.
pub(super) const BROKEN_OFF: u32 = u32::MAX;
/// Bytes of the checksum.
pub(super) const CHECKSUM: usize = 16;

/// The header as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderV1 {
    format: u32,
    sequence: u64,
    digest: String,
    taken_at: i64,
    version: String,
    scheduled: bool,
    tables: Vec<(String, u64)>,
}

/// The text of `header`.
pub(super) fn header_text(header: &Header) -> Result<Vec<u8>, BackupError> {
    let written = HeaderV1 {
        format: header.format,
        sequence: header.sequence,
        digest: header.digest.to_string(),
        taken_at: header.about.at.micros(),
        version: header.about.version.clone(),
        scheduled: header.about.is_scheduled,
        tables: header.tables.clone(),
    };
    serde_json::to_vec(&written).map_err(|error| BackupError::Damaged(error.to_string()))
}

/// The header that `text` is. Its checksum was right.
pub(super) fn read_header_text(text: &[u8]) -> Result<Header, BackupError> {
    let damaged = |problem: &str| BackupError::Damaged(format!("its header: {problem}"));
    let written: HeaderV1 = serde_json::from_slice(text).map_err(|error| damaged(&error.to_string()))?;
    if !upgrade::is_known(written.format) {
        return Err(BackupError::Format {
            found: written.format,
            supported: tables::FORMAT,
            version: written.version,
        });
    }
    let names = written.tables.iter().map(|(name, _)| name.as_str());
    // Format 4 has no index of what people did: the restored store gets it when it is opened.
    let has_audit = written.format > upgrade::FIRST;
    let expected = tables::ALL.into_iter().filter(|table| has_audit || *table != tables::AUDIT);
    if !names.eq(expected.map(|table| table.name)) {
        return Err(damaged("it names other tables than its format has"));
    }
    let about = About {
        at: Timestamp::from_micros(written.taken_at),
        version: written.version,
        is_scheduled: written.scheduled,
    };
    let digest = Digest::parse(&written.digest).ok_or_else(|| damaged("its digest is none"))?;
    Ok(Header { about, format: written.format, sequence: written.sequence, digest, tables: written.tables })
}

/// Bytes on their way, counted and summed up.
pub(super) struct Summed<T> {
    inner: T,
    sum: Box<Xxh3>,
    /// How many there were.
    pub(super) bytes: u64,
}

impl<T> Summed<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, sum: Box::new(Xxh3::new()), bytes: 0 }
    }

    /// The checksum of what there was so far.
    pub(super) fn checksum(&self) -> [u8; CHECKSUM] {
        self.sum.digest128().to_be_bytes()
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.passed(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.passed(&out[..read]);
        Ok(read)
    }
}
