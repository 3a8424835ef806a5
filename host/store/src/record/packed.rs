//! Records that are compressed where that makes them smaller: version byte 3, then the body of version 2 as one frame of
//! zstd that has its length in it.
//!
//! How well zstd compresses may change with its version. So what is compared, and what the digest of the state is made
//! of, is the record as it was before ([`plain`]).

use std::borrow::Cow;
use std::cell::RefCell;

use minicbor::{Decode, Encode};
use zstd::bulk::{Compressor, Decompressor};

use super::{RecordProblem, V2, V3, read_v2, write_v2};

/// Bytes of a body that is not worth compressing.
const SMALL: usize = 256;
/// Bytes of a body that is compressed at most. What a damaged length makes room for.
const LARGE: usize = 16 * 1024 * 1024;
/// How hard zstd tries: the body of an incident takes 10 µs.
const LEVEL: i32 = 3;
/// How hard it tries with entries of the journal, which are compressed again and again: 8 KB take 20 µs.
const QUICK_LEVEL: i32 = 1;

thread_local! {
    /// Making one takes longer than compressing an incident.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static QUICK: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Writes a record, compressed if that is smaller.
pub(super) fn write(out: &mut Vec<u8>, record: &impl Encode<()>) -> Result<(), RecordProblem> {
    let start = out.len();
    write_v2(out, record)?;
    let body = &out[start + 1..];
    if !(SMALL..=LARGE).contains(&body.len()) {
        return Ok(());
    }
    let packed = COMPRESSOR.with_borrow_mut(|kept| compress(kept, LEVEL, body))?;
    if packed.len() < body.len() {
        out.truncate(start);
        out.push(V3);
        out.extend_from_slice(&packed);
    }
    Ok(())
}

/// Reads a record of either version.
pub(super) fn read<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, RecordProblem> {
    read_v2(&plain(bytes)?)
}

/// The record as it was before it was compressed, if it was.
pub(crate) fn plain(bytes: &[u8]) -> Result<Cow<'_, [u8]>, RecordProblem> {
    let Some((&V3, packed)) = bytes.split_first() else { return Ok(Cow::Borrowed(bytes)) };
    let mut plain = vec![V2];
    plain.extend_from_slice(&decompress(packed)?);
    Ok(Cow::Owned(plain))
}

/// Bytes that are no record of their own: version byte 3 and a frame of zstd, or version byte 2 and the bytes.
pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>, RecordProblem> {
    if (SMALL..=LARGE).contains(&bytes.len()) {
        let packed = QUICK.with_borrow_mut(|kept| compress(kept, QUICK_LEVEL, bytes))?;
        if packed.len() < bytes.len() {
            return Ok([&[V3], packed.as_slice()].concat());
        }
    }
    Ok([&[V2], bytes].concat())
}

/// What [`pack`] was given.
pub(crate) fn unpack(packed: &[u8]) -> Result<Cow<'_, [u8]>, RecordProblem> {
    match packed.split_first() {
        Some((&V3, packed)) => decompress(packed).map(Cow::Owned),
        Some((&V2, bytes)) => Ok(Cow::Borrowed(bytes)),
        Some((version, _)) => Err(RecordProblem::Version(*version)),
        None => Err(RecordProblem::Empty),
    }
}

fn compress(
    kept: &mut Option<Compressor<'static>>,
    level: i32,
    body: &[u8],
) -> Result<Vec<u8>, RecordProblem> {
    let mut compressor = kept.take().map_or_else(|| Compressor::new(level), Ok).map_err(problem)?;
    let packed = compressor.compress(body).map_err(problem)?;
    *kept = Some(compressor);
    Ok(packed)
}

fn decompress(packed: &[u8]) -> Result<Vec<u8>, RecordProblem> {
    let length = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    let length = length.and_then(|length| usize::try_from(length).ok()).filter(|length| *length <= LARGE);
    let length = length.ok_or_else(|| RecordProblem::Body("it does not say how long it is".to_owned()))?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = kept.take().map_or_else(Decompressor::new, Ok).map_err(problem)?;
        let body = decompressor.decompress(packed, length).map_err(problem)?;
        *kept = Some(decompressor);
        Ok(body)
    })
}

fn problem(error: std::io::Error) -> RecordProblem {
    RecordProblem::Body(format!("it cannot be decompressed: {error}"))
}
