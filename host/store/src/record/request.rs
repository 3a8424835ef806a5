//! Raw requests on disk: version byte, length of the head, the head as JSON, then the body as it came, since
//! bytes as JSON would be four times as long.

use serde::{Deserialize, Serialize};
use tocsin_core::plugin::{Pair, SourceRequest};

use super::{Problem, Stored, Text, TimeV1, V1};

#[derive(Serialize, Deserialize)]
struct HeadV1<'a> {
    method: Text<'a>,
    path: Text<'a>,
    query: Vec<(Text<'a>, Text<'a>)>,
    headers: Vec<(Text<'a>, Text<'a>)>,
    received_at: TimeV1,
}

/// Bytes of the head's length.
const LENGTH: usize = 4;

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
        out.reserve(body.len() + 512);
        out.push(V1);
        let start = out.len();
        out.extend_from_slice(&[0; LENGTH]);
        serde_json::to_writer(&mut *out, &head)?;
        let length = u32::try_from(out.len() - start - LENGTH)
            .map_err(|_| Problem::Body("its headers are longer than 4 GiB".to_owned()))?;
        out[start..start + LENGTH].copy_from_slice(&length.to_be_bytes());
        out.extend_from_slice(body);
        Ok(())
    }

    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let rest = match bytes.split_first() {
            Some((&V1, rest)) => rest,
            Some((version, _)) => return Err(Problem::Version(*version)),
            None => return Err(Problem::Empty),
        };
        let cut = || Problem::Body("it is cut short".to_owned());
        let (length, rest) = rest.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
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
