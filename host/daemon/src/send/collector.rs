//! Sends traces to a collector, by OTLP over HTTP (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
//!
//! The library makes the bodies; the requests are the relay's own. Never follows a redirect. No error shows the
//! collector's path or a header.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tocsin_core::egress::Policy;
use url::Url;

use super::answer::body;
use super::error::{SendError, failed};
use super::transport::How;
use crate::config::{Secret, Traces};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The size limit of an answer, in bytes: it has a few numbers and one text.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The longest pause that a collector may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A collector.
#[derive(Clone, Debug)]
pub(crate) struct Collector(Arc<Inner>);

struct Inner {
    how: How,
    client: reqwest::Client,
    endpoint: Url,
    headers: HeaderMap,
    last: Mutex<Option<Result<Accepted, Failure>>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The headers are secrets.
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

/// A request that a collector accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// How many spans of it the collector rejected.
    pub(crate) rejected: u64,
}

/// Why a collector accepted nothing of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// In words for people.
    pub(crate) words: String,
    /// Whether the same request may succeed later.
    pub(crate) may_pass: bool,
    /// How long the collector wants to be left alone, if it says so.
    pub(crate) after: Option<Duration>,
}

impl Collector {
    /// The collector of a configuration.
    ///
    /// # Errors
    /// The TLS library finds no root certificates, or the like.
    pub(crate) async fn new(traces: &Traces) -> Result<Self, SendError> {
        let policy = Policy { private: true, link_local: false };
        let transport = traces.transport.clone();
        let how = How { policy, timeout: TIMEOUT, concurrency: 1, transport, oauth2: None };
        // A client parses the root certificates, which takes tens of milliseconds.
        let building = tokio::task::spawn_blocking(move || (how.client(), how)).await;
        let (client, how) = building.map_err(|error| SendError::Misconfigured(error.to_string()))?;
        let client = client.map_err(|error| failed(error, how.proxy()))?;
        let (endpoint, headers) = (traces.endpoint.clone(), headers(&traces.headers));
        Ok(Self(Arc::new(Inner { how, client, endpoint, headers, last: Mutex::default() })))
    }

    /// What came of the last request. The library's own error does not say.
    pub(crate) fn last(&self) -> Option<Result<Accepted, Failure>> {
        self.lock().take()
    }

    /// Nothing behind this mutex can be left half changed.
    fn lock(&self) -> MutexGuard<'_, Option<Result<Accepted, Failure>>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, spans: Bytes) -> Result<Accepted, Failure> {
        let Inner { how, client, endpoint, headers, .. } = &*self.0;
        let lost = |error: SendError| Failure {
            may_pass: matches!(error, SendError::Network { .. }),
            words: error.to_string(),
            after: None,
        };
        how.check(endpoint).await.map_err(lost)?;
        let request = client.post(endpoint.clone()).headers(headers.clone()).body(spans);
        let answer = how.send(request).await.map_err(lost)?;
        if !answer.status().is_success() {
            return Err(refused(answer.status(), answer.headers()));
        }
        let answer = body(answer, ANSWER_BYTES_MAX, how.proxy()).await.map_err(lost)?;
        Ok(Accepted { rejected: answer.as_deref().and_then(rejected).unwrap_or(0) })
    }
}

#[async_trait]
impl HttpClient for Collector {
    /// Sends the body alone: the library also reads address and headers from variables of the environment, and the
    /// relay's configuration is the only place for them.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let result = self.exchange(request.into_body()).await;
        let words = result.as_ref().err().map(|failure| failure.words.clone());
        *self.lock() = Some(result);
        match words {
            Some(words) => Err(words.into()),
            None => Ok(Response::new(Bytes::new())),
        }
    }
}

/// The headers of each request. The configuration has checked them.
fn headers(configured: &BTreeMap<String, Secret>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        let header = HeaderName::from_bytes(name.as_bytes()).ok();
        if let Some((name, mut value)) = header.zip(HeaderValue::from_str(value.reveal()).ok()) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    headers
}

/// An answer that is no success. Those of the standard's list may pass
/// (<https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes>).
fn refused(status: StatusCode, headers: &HeaderMap) -> Failure {
    let advice = match status.as_u16() {
        300..=399 => ", a redirect: write the final address as `traces.otlp`",
        401 | 403 => ": check `traces.headers`",
        404 | 405 => ": check the path of `traces.otlp`",
        413 => ": raise the size limit of the collector",
        415 => ": it does not take OTLP as protobuf",
        _ => "",
    };
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Failure {
        words: format!("the collector answered {}{advice}", status.as_u16()),
        may_pass: matches!(status.as_u16(), 429 | 502 | 503 | 504),
        after: seconds.map(|seconds| Duration::from_secs(seconds).min(PAUSE_MAX)),
    }
}

/// How many spans a success says were rejected: `partial_success.rejected_spans` of an `ExportTraceServiceResponse`
/// (<https://github.com/open-telemetry/opentelemetry-proto>), which are the fields 1 and 1.
fn rejected(answer: &[u8]) -> Option<u64> {
    let partial = Field::first(answer)?.bytes()?;
    Field::first(partial)?.number()
}

/// The field 1 of a message, if the message begins with it, as those of every known collector do.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn first(message: &'a [u8]) -> Option<Self> {
        let (tag, mut rest) = message.split_first()?;
        let number = varint(&mut rest)?;
        match tag {
            0x08 => Some(Self::Number(number)),
            0x0a => Some(Self::Bytes(rest.get(..usize::try_from(number).ok()?)?)),
            _ => None,
        }
    }

    fn bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    fn number(self) -> Option<u64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

/// A number of protobuf.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_collector_rejected_of_a_success_is_read_and_anything_else_is_nothing() {
        assert_eq!(rejected(&[0x0a, 0x02, 0x08, 0x07]), Some(7));
        assert_eq!(rejected(&[0x0a, 0x06, 0x08, 0xac, 0x02, 0x12, 0x01, b'x']), Some(300));
        for nothing in
            [&[][..], b"ok", &[0x0a], &[0x0a, 0x7f, 0x08], &[0x0a, 0x03, 0x12, 0x01, b'x'], &[0xff; 32]]
        {
            assert_eq!(rejected(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn only_the_answers_of_the_standards_list_are_worth_another_request() {
        let refused = |status: u16, after: Option<&'static str>| {
            let after = after.map(|after| (RETRY_AFTER, HeaderValue::from_static(after)));
            refused(StatusCode::from_u16(status).expect("a status"), &after.into_iter().collect())
        };
        for status in [429, 502, 503, 504] {
            assert!(refused(status, None).may_pass, "{status}");
        }
        for status in [301, 400, 401, 404, 413, 500] {
            assert!(!refused(status, None).may_pass, "{status}");
        }
        assert_eq!(refused(503, Some("3")).after, Some(Duration::from_secs(3)));
        assert_eq!(refused(503, Some("86400")).after, Some(PAUSE_MAX));
        assert_eq!(refused(503, Some("Fri, 31 Dec 1999 23:59:59 GMT")).after, None);
        assert!(refused(401, None).words.ends_with("answered 401: check `traces.headers`"));
    }
}
