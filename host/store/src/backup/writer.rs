//! Writes a container, chunk by chunk. Knows nothing of the store.

use std::io::Write;

use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::Compressor;

use super::container::{BROKEN_OFF, CHUNK, END, HEADER_MAX, MAGIC, Summed, VERSION, header_text};
use super::{BackupError, Header};

/// How hard zstd tries: a third of the size at the speed of a disk.
const LEVEL: i32 = 3;

/// A container that is being written.
pub(super) struct Writer<W: Write> {
    out: Summed<W>,
    packer: Compressor<'static>,
    /// Bytes of rows that are not written yet.
    chunk: Vec<u8>,
    rows: u64,
    /// Bytes of all rows with their lengths.
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Writes everything before the rows.
    pub(super) fn begin(out: W, header: &Header) -> Result<Self, BackupError> {
        let text = header_text(header)?;
        let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= HEADER_MAX);
        let length = length.ok_or_else(|| BackupError::Damaged("its header is too long".to_owned()))?;
        let mut out = Summed::new(out);
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_be_bytes())?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&text)?;
        out.write_all(&xxh3_64(&text).to_be_bytes())?;
        Ok(Self { out, packer: Compressor::new(LEVEL)?, chunk: Vec::with_capacity(CHUNK), rows: 0, bytes: 0 })
    }

    /// How many rows were written.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the next row.
    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
        for field in [key, value] {
            let length = u32::try_from(field.len())
                .map_err(|_| BackupError::Damaged("a row is longer than 4 GiB".to_owned()))?;
            self.push(&length.to_be_bytes())?;
            self.push(field)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(part);
            bytes = rest;
            if self.chunk.len() == CHUNK {
                self.pack()?;
            }
        }
        Ok(())
    }

    fn pack(&mut self) -> Result<(), BackupError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let packed = self.packer.compress(&self.chunk)?;
        self.chunk.clear();
        let length = u32::try_from(packed.len())
            .map_err(|_| BackupError::Damaged("a chunk is longer than 4 GiB".to_owned()))?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&packed)?;
        Ok(())
    }

    /// Writes everything after the rows.
    pub(super) fn finish(mut self) -> Result<(), BackupError> {
        self.pack()?;
        self.out.write_all(&END.to_be_bytes())?;
        self.out.write_all(&self.rows.to_be_bytes())?;
        self.out.write_all(&self.bytes.to_be_bytes())?;
        let checksum = self.out.checksum();
        self.out.write_all(&checksum)?;
        self.out.flush()?;
        Ok(())
    }

    /// Ends what cannot be finished with the reason.
    pub(super) fn break_off(mut self, reason: &str) -> Result<(), BackupError> {
        self.out.write_all(&BROKEN_OFF.to_be_bytes())?;
        self.out.write_all(&u32::try_from(reason.len()).unwrap_or(0).to_be_bytes())?;
        self.out.write_all(reason.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }
}
