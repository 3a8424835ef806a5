//! Raw requests on disk: version byte, in version 3 the id of the dictionary, length of the rest, then, compressed (zstd):
//! length of the head, the head as JSON, the body as it came.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use tocsin_core::id::{Id, ReceiptId};
use tocsin_core::plugin::{Pair, SourceRequest};
use zstd::bulk::Decompressor;
use zstd::dict::EncoderDictionary;
use zstd::zstd_safe::{self, CCtx};

use super::{RecordProblem, Stored, Text, TimeV1, V2, V3};
use crate::keys::ID;

#[derive(Serialize, Deserialize)]
struct HeadV1<'a> {
    method: Text<'a>,
    path: Text<'a>,
    query: Vec<(Text<'a>, Text<'a>)>,
    headers: Vec<(Text<'a>, Text<'a>)>,
    received_at: TimeV1,
}

/// Bytes of a length.
const LENGTH: usize = 4;
/// How hard zstd tries: as hard as it does while it is still faster than the disk.
const LEVEL: i32 = 5;
/// Bytes of a request beyond which a dictionary makes no difference.
const LARGE: usize = 256 * 1024;

thread_local! {
    /// Making one takes longer than compressing a request.
    static CONTEXT: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
}

/// Earlier requests that others are compressed with.
pub(crate) struct Dictionary {
    /// The receipt of the request that made it due.
    pub(crate) id: ReceiptId,
    encoder: EncoderDictionary<'static>,
}

impl Dictionary {
    /// One of these contents.
    pub(crate) fn new(id: ReceiptId, contents: &[u8]) -> Self {
        Self { id, encoder: EncoderDictionary::copy(contents, LEVEL) }
    }
}

/// What is compressed.
pub(crate) fn plain(request: &SourceRequest) -> Result<Vec<u8>, RecordProblem> {
    let SourceRequest { method, path, query, headers, body, received_at } = request;
    let head = HeadV1 {
        method: method.into(),
        path: path.into(),
        query: query.iter().map(pair).collect(),
        headers: headers.iter().map(pair).collect(),
        received_at: (*received_at).into(),
    };
    let head = serde_json::to_vec(&head)?;
    let mut plain = Vec::with_capacity(LENGTH + head.len() + body.len());
    plain.extend_from_slice(&length(head.len())?);
    plain.extend_from_slice(&head);
    plain.extend_from_slice(body);
    Ok(plain)
}

/// The record of what [`plain`] made, compressed with `dictionary`.
pub(crate) fn pack(
    plain: &[u8],
    dictionary: Option<&Dictionary>,
    out: &mut Vec<u8>,
) -> Result<(), RecordProblem> {
    let dictionary = dictionary.filter(|_| plain.len() <= LARGE);
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(plain.len()));
    CONTEXT
        .with_borrow_mut(|context| match dictionary {
            Some(dictionary) => {
                context.compress_using_cdict(&mut packed, plain, dictionary.encoder.as_cdict())
            }
            None => context.compress(&mut packed, plain, LEVEL),
        })
        .map_err(|code| RecordProblem::Body(zstd_safe::get_error_name(code).to_owned()))?;
    match dictionary {
        Some(dictionary) => {
            out.push(V3);
            out.extend_from_slice(&dictionary.id.to_bytes());
        }
        None => out.push(V2),
    }
    out.extend_from_slice(&length(plain.len())?);
    out.extend_from_slice(&packed);
    Ok(())
}

/// The id of the dictionary that a record was compressed with, if there was one.
pub(crate) fn dictionary_of(bytes: &[u8]) -> Option<ReceiptId> {
    let (version, rest) = bytes.split_first()?;
    let (id, _) = rest.split_first_chunk()?;
    (*version == V3).then(|| Id::from_bytes(*id))
}

/// Reads a record, which was compressed with `dictionary`.
pub(crate) fn unpack(bytes: &[u8], dictionary: Option<&[u8]>) -> Result<SourceRequest, RecordProblem> {
    unpack_with(bytes, &mut decompressor(bytes, dictionary)?)
}

/// What reads records that were compressed with the same `dictionary` as this one.
pub(crate) fn decompressor(
    bytes: &[u8],
    dictionary: Option<&[u8]>,
) -> Result<Decompressor<'static>, RecordProblem> {
    let dictionary = match (bytes.first(), dictionary) {
        (Some(&V2), _) => [].as_slice(),
        (Some(&V3), Some(dictionary)) => dictionary,
        (Some(&V3), None) => return Err(RecordProblem::Gone("the dictionary that it is compressed with")),
        (Some(version), _) => return Err(RecordProblem::Version(*version)),
        (None, _) => return Err(RecordProblem::Empty),
    };
    Decompressor::with_dictionary(dictionary).map_err(problem)
}

/// Reads a record with the [`decompressor`] of its dictionary.
pub(crate) fn unpack_with(
    bytes: &[u8],
    decompressor: &mut Decompressor<'static>,
) -> Result<SourceRequest, RecordProblem> {
    let rest = match bytes.split_first() {
        Some((&V2, rest)) => rest,
        Some((&V3, rest)) => rest.get(ID..).ok_or_else(cut)?,
        Some((version, _)) => return Err(RecordProblem::Version(*version)),
        None => return Err(RecordProblem::Empty),
    };
    let (length, packed) = rest.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
    // Room is made for what the length says, so the packed bytes must say the same.
    let packed_length = zstd_safe::get_frame_content_size(packed).ok().flatten();
    if packed_length != Some(length as u64) {
        return Err(RecordProblem::Body("its length is not that of its contents".to_owned()));
    }
    parse(&decompressor.decompress(packed, length).map_err(problem)?)
}

fn parse(plain: &[u8]) -> Result<SourceRequest, RecordProblem> {
    let (length, rest) = plain.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
    let (head, body) = rest.split_at_checked(length).ok_or_else(cut)?;
    let head: HeadV1<'static> = serde_json::from_slice(head)?;
    Ok(SourceRequest {
        method: head.method.into_owned(),
        path: head.path.into_owned(),
        query: head.query.into_iter().map(unpair).collect(),
        headers: head.headers.into_iter().map(unpair).collect(),
        body: body.to_vec(),
        received_at: head.received_at.into(),
    })
}

/// A record by itself, without a dictionary.
impl Stored for SourceRequest {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), RecordProblem> {
        pack(&plain(self)?, None, out)
    }

    fn read(bytes: &[u8]) -> Result<Self, RecordProblem> {
        unpack(bytes, None)
    }
}

fn length(bytes: usize) -> Result<[u8; LENGTH], RecordProblem> {
    let length =
        u32::try_from(bytes).map_err(|_| RecordProblem::Body("it is longer than 4 GiB".to_owned()))?;
    Ok(length.to_be_bytes())
}

fn cut() -> RecordProblem {
    RecordProblem::Body("it is cut short".to_owned())
}

fn problem(error: std::io::Error) -> RecordProblem {
    RecordProblem::Body(error.to_string())
}

fn pair(pair: &Pair) -> (Text<'_>, Text<'_>) {
    let Pair { name, value } = pair;
    (name.into(), value.into())
}

fn unpair((name, value): (Text<'_>, Text<'_>)) -> Pair {
    Pair { name: name.into_owned(), value: value.into_owned() }
}
