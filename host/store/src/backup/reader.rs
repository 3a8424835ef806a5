//! Reads a container, chunk by chunk, and finds whatever is wrong with it. Knows nothing of the store.

use std::io::Read;

use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::Decompressor;

use super::container::{
    BROKEN_OFF, CHECKSUM, CHUNK, END, FIELD_MAX, HEADER_MAX, MAGIC, PACKED_MAX, Summed, VERSION,
    read_header_text,
};
use super::{BackupError, Header, damaged};

/// Bytes of the reason why a backup was broken off.
const REASON_MAX: usize = 4096;

/// A container that is being read.
pub(super) struct Reader<R: Read> {
    input: Summed<R>,
    header: Header,
    unpacker: Decompressor<'static>,
    /// Bytes of rows that were unpacked, and how many of them were read.
    chunk: Vec<u8>,
    at: usize,
    /// Bytes of all rows so far, with their lengths.
    bytes: u64,
}

impl<R: Read> Reader<R> {
    /// Reads everything before the rows.
    pub(super) fn begin(input: R) -> Result<Self, BackupError> {
        let mut input = Summed::new(input);
        let mut magic = [0; MAGIC.len()];
        let mut read = 0;
        while read < magic.len() {
            match input.read(&mut magic[read..])? {
                0 => break,
                more => read += more,
            }
        }
        if magic[..read] != MAGIC[..read] || read == 0 {
            return Err(BackupError::Foreign);
        }
        if read < magic.len() {
            return Err(BackupError::Cut);
        }
        let version = number(&mut input)?;
        if version != VERSION {
            return Err(BackupError::Container { found: version, supported: VERSION });
        }
        let length = usize::try_from(number(&mut input)?).unwrap_or(usize::MAX);
        if length > HEADER_MAX {
            return Err(damaged(format!("its header would be {length} bytes long")));
        }
        let mut text = vec![0; length];
        input.read_exact(&mut text)?;
        if long(&mut input)? != xxh3_64(&text) {
            return Err(damaged("its header does not have its checksum".to_owned()));
        }
        let header = read_header_text(&text)?;
        Ok(Self { input, header, unpacker: Decompressor::new()?, chunk: Vec::new(), at: 0, bytes: 0 })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next row.
    pub(super) fn row(&mut self, key: &mut Vec<u8>, value: &mut Vec<u8>) -> Result<(), BackupError> {
        for field in [key, value] {
            let mut length = Vec::with_capacity(4);
            self.take(4, &mut length)?;
            let length = length.try_into().map_or(usize::MAX, |bytes| u32::from_be_bytes(bytes) as usize);
            if length > FIELD_MAX {
                return Err(damaged(format!("a row would be {length} bytes long")));
            }
            field.clear();
            self.take(length, field)?;
        }
        Ok(())
    }

    /// Appends the next `length` bytes of rows to `out`, which grows with what is there, not with what is promised.
    fn take(&mut self, mut length: usize, out: &mut Vec<u8>) -> Result<(), BackupError> {
        self.bytes += length as u64;
        while length > 0 {
            if self.at == self.chunk.len() && !self.unpack()? {
                return Err(damaged("it has fewer rows than its header says".to_owned()));
            }
            let end = self.chunk.len().min(self.at + length);
            out.extend_from_slice(&self.chunk[self.at..end]);
            length -= end - self.at;
            self.at = end;
        }
        Ok(())
    }

    /// Reads the next chunk; whether there is one.
    fn unpack(&mut self) -> Result<bool, BackupError> {
        let length = match number(&mut self.input)? {
            END => return Ok(false),
            BROKEN_OFF => return Err(self.reason()),
            length => usize::try_from(length).unwrap_or(usize::MAX),
        };
        if length > PACKED_MAX {
            return Err(damaged(format!("a chunk would be {length} bytes long")));
        }
        let mut packed = vec![0; length];
        self.input.read_exact(&mut packed)?;
        let chunk = self.unpacker.decompress(&packed, CHUNK);
        self.chunk = chunk.map_err(|error| damaged(format!("a chunk cannot be unpacked: {error}")))?;
        self.at = 0;
        if self.chunk.is_empty() {
            return Err(damaged("a chunk is empty".to_owned()));
        }
        Ok(true)
    }

    fn reason(&mut self) -> BackupError {
        let read = number(&mut self.input).and_then(|length| {
            let mut reason = vec![0; usize::try_from(length).unwrap_or(REASON_MAX).min(REASON_MAX)];
            self.input.read_exact(&mut reason)?;
            Ok(reason)
        });
        match read {
            Ok(reason) => BackupError::BrokenOff(String::from_utf8_lossy(&reason).into_owned()),
            Err(_) => BackupError::Cut,
        }
    }

    /// Reads everything after the rows, of which there were `rows`. Returns how many bytes there were in all.
    pub(super) fn finish(mut self, rows: u64) -> Result<u64, BackupError> {
        if self.at != self.chunk.len() || self.unpack()? {
            return Err(damaged("it has more rows than its header says".to_owned()));
        }
        if (long(&mut self.input)?, long(&mut self.input)?) != (rows, self.bytes) {
            return Err(damaged("its counts at the end are not those of its rows".to_owned()));
        }
        let checksum = self.input.checksum();
        let mut written = [0; CHECKSUM];
        self.input.read_exact(&mut written)?;
        if checksum != written {
            return Err(damaged("it does not have its checksum".to_owned()));
        }
        let bytes = self.input.bytes;
        match self.input.read(&mut [0])? {
            0 => Ok(bytes),
            _ => Err(damaged("something follows its end".to_owned())),
        }
    }
}

fn number(input: &mut impl Read) -> Result<u32, BackupError> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn long(input: &mut impl Read) -> Result<u64, BackupError> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}
