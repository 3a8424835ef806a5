//! Undoes a body's `Content-Encoding` (RFC 9110, 8.4): gzip, deflate, br, and lists of them.
//!
//! Never gives more than the source's limit, however much a few bytes would become, nor takes memory that the budget
//! of bodies does not have. Works off the threads that answer requests.

use std::io::{self, Read};
use std::sync::Arc;

use axum::http::StatusCode;
use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use tocsin_core::plugin::{Pair, SourceRequest};

use crate::shared::budget::Portion;
use crate::shared::problem::HttpProblem;

/// The header that says what was done to a body.
const HEADER: &str = "content-encoding";
/// Codings of one body; senders use one.
const CODINGS_MAX: usize = 4;
/// Bytes that the brotli decoder reads at once.
const BROTLI_BUFFER: usize = 4096;
/// Bytes that are decoded before the limit is looked at.
const INFLATED_AT_ONCE: usize = 16 * 1024;
/// What is wrong with a body that goes on after its end.
const AFTER_THE_END: &str = "bytes follow its end";
/// What the header may say.
const KNOWN: &str = "gzip, deflate, br and identity";

/// One thing that was done to a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
        }
    }
}

/// Why a body cannot be had.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    TooLarge,
    /// The budget of bodies has no room for it.
    NoRoom,
    Broken(Coding, String),
}

/// Undoes what was done to the body of `request`, and takes the headers out that are about the encoded body.
///
/// # Errors
/// 415 for a coding that is not known, 400 for a body that is not what its header says, 413 for one that becomes
/// larger than `limit` bytes, 503 when `portion` has no room for it.
pub async fn undo(
    request: &mut SourceRequest,
    limit: usize,
    portion: &Arc<Portion>,
) -> Result<(), HttpProblem> {
    let codings = codings(&request.headers)?;
    request.headers.retain(|header| header.name != HEADER);
    if codings.is_empty() || request.body.is_empty() {
        return Ok(());
    }
    request.headers.retain(|header| header.name != "content-length");
    let body = std::mem::take(&mut request.body);
    let portion = Arc::clone(portion);
    let decoded =
        tokio::task::spawn_blocking(move || decode_all(body, &codings, &Bound { limit, portion })).await;
    let stopped =
        |_| HttpProblem::unavailable("Not decoded", "The body could not be decoded; nothing was kept.");
    request.body = decoded.map_err(stopped)?.map_err(|failure| match failure {
        Failure::TooLarge => HttpProblem::body_too_large(limit, " once its Content-Encoding is undone"),
        Failure::NoRoom => HttpProblem::no_memory(),
        Failure::Broken(coding, why) => HttpProblem::bad_request(format!(
            "The body is not what its Content-Encoding says, {}: {why}.",
            coding.name()
        )),
    })?;
    Ok(())
}

/// What was done, in that order.
fn codings(headers: &[Pair]) -> Result<Vec<Coding>, HttpProblem> {
    let mut codings = Vec::new();
    let named = headers.iter().filter(|header| header.name == HEADER);
    for name in named.flat_map(|header| header.value.split(',')).map(str::trim) {
        match name.to_ascii_lowercase().as_str() {
            // What some clients write in the place of a character set or a transfer encoding.
            "" | "identity" | "none" | "binary" | "8bit" => {}
            label if encoding_rs::Encoding::for_label(label.as_bytes()).is_some() => {}
            "gzip" | "x-gzip" => codings.push(Coding::Gzip),
            "deflate" => codings.push(Coding::Deflate),
            "br" => codings.push(Coding::Brotli),
            _ => {
                let name = tocsin_core::event::single_line(name, 40);
                return Err(unsupported(&format!(
                    "The Content-Encoding `{name}` is not read here: {KNOWN} are."
                )));
            }
        }
    }
    if codings.len() > CODINGS_MAX {
        let detail =
            format!("The Content-Encoding is a list of {}, the limit is {CODINGS_MAX}.", codings.len());
        return Err(unsupported(&detail));
    }
    Ok(codings)
}

fn unsupported(detail: &str) -> HttpProblem {
    HttpProblem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not supported", detail)
}

/// How large a body may become.
struct Bound {
    /// In bytes.
    limit: usize,
    /// What its bytes are taken from.
    portion: Arc<Portion>,
}

impl Bound {
    /// Makes `decoded` at least `more` bytes larger, as far as that may be.
    fn reserve(&self, decoded: &mut Vec<u8>, more: usize) -> Result<(), Failure> {
        if decoded.capacity() - decoded.len() < more {
            let before = decoded.capacity();
            let wanted = decoded.len() + more.max(decoded.len() / 2);
            self.portion.grow(wanted - before).map_err(|_| Failure::NoRoom)?;
            decoded.reserve_exact(wanted - decoded.len());
        }
        Ok(())
    }
}

fn decode_all(mut body: Vec<u8>, codings: &[Coding], bound: &Bound) -> Result<Vec<u8>, Failure> {
    for coding in codings.iter().rev() {
        body = decode(&body, *coding, bound)?;
    }
    Ok(body)
}

fn decode(body: &[u8], coding: Coding, bound: &Bound) -> Result<Vec<u8>, Failure> {
    match coding {
        // A proxy decoded it and left the header.
        Coding::Gzip if matches!(body.trim_ascii_start(), [b'{' | b'[', ..]) => Ok(body.to_vec()),
        Coding::Gzip => read(MultiGzDecoder::new(body), coding, bound),
        // The standard means zlib; some senders leave its frame out.
        Coding::Deflate if is_zlib(body) => match inflate(body, true, bound) {
            Err(Failure::Broken(..)) => inflate(body, false, bound),
            inflated => inflated,
        },
        Coding::Deflate => inflate(body, false, bound),
        Coding::Brotli if is_large_window(body) => {
            Err(Failure::Broken(coding, "its window is larger than RFC 7932 allows".to_owned()))
        }
        Coding::Brotli => {
            let mut decoder = brotli_decompressor::Decompressor::new(body, BROTLI_BUFFER);
            let decoded = read(&mut decoder, coding, bound)?;
            // Asked once more after its end, it says whether bytes are left over. A few of them, `{` among them, are
            // a whole stream of nothing.
            match (decoder.read(&mut [0]), decoder.get_ref()) {
                (Ok(0), []) => Ok(decoded),
                _ => Err(Failure::Broken(coding, AFTER_THE_END.to_owned())),
            }
        }
    }
}

/// Whether `body` begins as zlib does (RFC 1950, 2.2).
fn is_zlib(body: &[u8]) -> bool {
    match body {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    }
}

/// Whether `body` begins with the window size that RFC 7932, 9.1, reserves: decoders that know it set a gigabyte
/// aside.
fn is_large_window(body: &[u8]) -> bool {
    body.first().is_some_and(|first| first & 0x7f == 0x11)
}

/// The stream in `body`, with or without zlib's frame. Without its frame nothing but its own end tells a whole stream
/// from one that was cut.
fn inflate(body: &[u8], framed: bool, bound: &Bound) -> Result<Vec<u8>, Failure> {
    let broken = |why: &str| Failure::Broken(Coding::Deflate, why.to_owned());
    let mut state = Decompress::new(framed);
    let mut decoded = Vec::new();
    loop {
        let (before, length) = (state.total_in(), decoded.len());
        let rest = usize::try_from(before).ok().and_then(|read| body.get(read..)).unwrap_or_default();
        bound.reserve(&mut decoded, INFLATED_AT_ONCE)?;
        let status = state.decompress_vec(rest, &mut decoded, FlushDecompress::None);
        if decoded.len() > bound.limit {
            return Err(Failure::TooLarge);
        }
        match status {
            Ok(Status::StreamEnd) if state.total_in() < body.len() as u64 => {
                return Err(broken(AFTER_THE_END));
            }
            Ok(Status::StreamEnd) => return Ok(decoded),
            Ok(_) if state.total_in() == before && decoded.len() == length => {
                return Err(broken("it ends too early"));
            }
            Ok(_) => {}
            Err(error) => return Err(broken(&error.to_string())),
        }
    }
}

fn read(mut decoder: impl Read, coding: Coding, bound: &Bound) -> Result<Vec<u8>, Failure> {
    let mut decoded = Vec::new();
    let mut piece = [0; INFLATED_AT_ONCE];
    loop {
        match decoder.read(&mut piece) {
            Ok(0) => return Ok(decoded),
            Ok(length) if decoded.len() + length > bound.limit => return Err(Failure::TooLarge),
            Ok(length) => {
                bound.reserve(&mut decoded, length)?;
                decoded.extend_from_slice(&piece[..length]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(Failure::Broken(coding, "it ends too early".to_owned()));
            }
            Err(error) => return Err(Failure::Broken(coding, error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
