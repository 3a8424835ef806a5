//! Raw requests on disk: version byte, length of the rest, then, compressed (zstd): length of the head, the head as
//! JSON, the body as it came.

use serde::{Deserialize, Serialize};
use tocsin_core::plugin::{Pair, SourceRequest};

use super::{Problem, Stored, Text, TimeV1, V2};

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
const LEVEL: i32 = 3;

impl Stored for SourceRequest {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let Self { method, path, query, headers, body, received_at } = self;
        let head = HeadV1 {
            method: method.into(),
            path: path.into(),
            query: query.iter().map(pair).collect(),
            headers: headers.iter().map(pair).collect(),
            received_at: (*received_at).into(),
        };
        let head = serde_json::to_vec(&head)?;
        let too_long = |_| Problem::Body("it is longer than 4 GiB".to_owned());
        let mut plain = Vec::with_capacity(LENGTH + head.len() + body.len());
        plain.extend_from_slice(&u32::try_from(head.len()).map_err(too_long)?.to_be_bytes());
        plain.extend_from_slice(&head);
        plain.extend_from_slice(body);
        let packed = zstd::bulk::compress(&plain, LEVEL).map_err(|error| Problem::Body(error.to_string()))?;
        out.reserve(1 + LENGTH + packed.len());
        out.push(V2);
        out.extend_from_slice(&u32::try_from(plain.len()).map_err(too_long)?.to_be_bytes());
        out.extend_from_slice(&packed);
        Ok(())
    }

    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let rest = match bytes.split_first() {
            Some((&V2, rest)) => rest,
            Some((version, _)) => return Err(Problem::Version(*version)),
            None => return Err(Problem::Empty),
        };
        let cut = || Problem::Body("it is cut short".to_owned());
        let (length, packed) = rest.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
        // Room is made for what the length says, so the packed bytes must say the same.
        let packed_length = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
        if packed_length != Some(length as u64) {
            return Err(Problem::Body("its length is not that of its contents".to_owned()));
        }
        let plain =
            zstd::bulk::decompress(packed, length).map_err(|error| Problem::Body(error.to_string()))?;
        let (length, rest) = plain.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
        let (head, body) = rest.split_at_checked(length).ok_or_else(cut)?;
        let head: HeadV1<'static> = serde_json::from_slice(head)?;
        Ok(Self {
            method: head.method.into_owned(),
            path: head.path.into_owned(),
            query: head.query.into_iter().map(unpair).collect(),
            headers: head.headers.into_iter().map(unpair).collect(),
            body: body.to_vec(),
            received_at: head.received_at.into(),
        })
    }
}

fn pair(pair: &Pair) -> (Text<'_>, Text<'_>) {
    let Pair { name, value } = pair;
    (name.into(), value.into())
}

fn unpair((name, value): (Text<'_>, Text<'_>)) -> Pair {
    Pair { name: name.into_owned(), value: value.into_owned() }
}
