//! Reads answers, within their size limit.

use reqwest::header::CONTENT_ENCODING;
use tocsin_core::plugin::{Pair, Response};

use super::error::{SendError, failed};
use crate::config::Proxy;

/// Reads an answer of at most `limit` bytes that came through `proxy`. Replaces a body that is larger or compressed
/// with a text that says so, because a plugin could misread a part of an answer.
pub(super) async fn read(
    answer: reqwest::Response,
    limit: usize,
    proxy: Option<&Proxy>,
) -> Result<Response, SendError> {
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| Pair::new(name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let coding = answer.headers().get(CONTENT_ENCODING);
    let coding = coding
        .map(|coding| String::from_utf8_lossy(coding.as_bytes()).into_owned())
        .filter(|coding| !coding.trim().eq_ignore_ascii_case("identity"));
    let body = match (body(answer, limit, proxy).await?, coding) {
        (None, _) => format!(
            "(an answer of more than {limit} bytes is not read; `body` of the connection may be made larger)"
        )
        .into_bytes(),
        (Some(body), Some(coding)) if !body.is_empty() => {
            format!("(the answer is compressed with {coding}, which the relay did not ask for)").into_bytes()
        }
        (Some(body), _) => body,
    };
    Ok(Response { status, headers, body })
}

/// The body of an answer; none if it has more than `limit` bytes. Does not read the rest.
pub(super) async fn body(
    mut answer: reqwest::Response,
    limit: usize,
    proxy: Option<&Proxy>,
) -> Result<Option<Vec<u8>>, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(error, proxy))? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
