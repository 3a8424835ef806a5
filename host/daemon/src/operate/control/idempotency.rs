//! `Idempotency-Key`: a request that is repeated with the same key is done once, and answered again with the first
//! answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! Answers are kept in memory for a day: [`ANSWERS_MAX`] of them with [`BYTES_MAX`] bytes in all, of which one caller has
//! at most half. A restart forgets them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::Bytes;

use super::guard::Caller;
use crate::runtime::signing::{sha256, sha256_of};
use crate::shared::problem::HttpProblem;

/// The header of a request.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key at most.
const KEY_CHARS_MAX: usize = 255;
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Answers that are kept at most.
const ANSWERS_MAX: usize = 1000;
/// Bytes of an answer at most; a larger one is not kept.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of all answers at most.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Answers of one caller at most, so that its requests do not push out those of all others.
const CALLER_ANSWERS_MAX: usize = ANSWERS_MAX / 2;
/// Bytes of the answers of one caller at most.
const CALLER_BYTES_MAX: usize = BYTES_MAX / 2;

/// The id of a caller, and the key that it used.
type Slot = (String, String);

/// The answers that are kept.
#[derive(Default)]
pub(super) struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    answers: HashMap<Slot, Known>,
    /// In the order in which they were given.
    done: VecDeque<(Instant, Slot)>,
    /// The bytes of all kept answers.
    bytes: usize,
}

struct Known {
    /// The digest of the request.
    request: String,
    outcome: Outcome,
}

#[derive(Clone)]
enum Outcome {
    /// The request is under way.
    None,
    /// Its answer.
    Kept(Answer),
    /// It was answered. The answer is secret or long, or made room for newer ones.
    Lost,
}

impl Outcome {
    fn bytes(&self) -> usize {
        match self {
            Self::Kept(answer) => answer.body.len(),
            Self::None | Self::Lost => 0,
        }
    }
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Does a request with a key once.
///
/// # Errors
/// 400 for a key that is none, 409 while the first request is under way, 422 if the key was for another request.
pub(super) async fn once(
    State(answers): State<Arc<Answers>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let changes = matches!(*request.method(), Method::POST | Method::PUT | Method::DELETE);
    let Some(key) = request.headers().get(KEY).filter(|_| changes) else {
        return Ok(next.run(request).await);
    };
    let slot = (caller.id(), key_of(key)?);
    let (parts, body) = request.into_parts();
    // It is whole already.
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| HttpProblem::bad_request(format!("The request's body cannot be read: {error}.")))?;
    let head = format!("{} {}", parts.method, parts.uri);
    let digest = sha256_of(&[&head, &sha256(&body)]);
    let running = match answers.begin(&slot, &digest, Instant::now())? {
        Begun::Done(answer) => return Ok(replayed(answer)),
        Begun::New => Running { answers: &answers, slot },
    };
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    running.keep(answer).await
}

fn key_of(value: &HeaderValue) -> Result<String, HttpProblem> {
    let text = value.to_str().ok().filter(|text| !text.is_empty() && text.len() <= KEY_CHARS_MAX);
    text.map(str::to_owned).ok_or_else(|| {
        HttpProblem::bad_request(format!(
            "`Idempotency-Key` needs 1 to {KEY_CHARS_MAX} visible ASCII characters."
        ))
    })
}

fn replayed(answer: Answer) -> Response {
    let Answer { status, headers, body } = answer;
    let mut response = (status, headers, body).into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

enum Begun {
    New,
    Done(Answer),
}

impl Answers {
    fn begin(&self, slot: &Slot, digest: &str, now: Instant) -> Result<Begun, HttpProblem> {
        let mut kept = self.lock();
        kept.forget(now);
        match kept.answers.get(slot) {
            Some(known) if known.request != digest => Err(HttpProblem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Key used before",
                "This `Idempotency-Key` was for another request: use a new key for each request.",
            )),
            Some(Known { outcome: Outcome::Lost, .. }) => Err(HttpProblem::new(
                StatusCode::CONFLICT,
                "Done before",
                "This was done before. The relay does not have its answer any more: it has a secret, is too long, or \
                 made room for newer ones.",
            )),
            Some(Known { outcome: Outcome::None, .. }) => Err(HttpProblem::new(
                StatusCode::CONFLICT,
                "Under way",
                "The first request with this `Idempotency-Key` is still under way.",
            )
            .header(RETRY_AFTER, HeaderValue::from_static("1"))),
            Some(Known { outcome: Outcome::Kept(answer), .. }) => Ok(Begun::Done(answer.clone())),
            None => {
                kept.answers
                    .insert(slot.clone(), Known { request: digest.to_owned(), outcome: Outcome::None });
                Ok(Begun::New)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Forgets answers that are old, and the oldest if there are too many.
    fn forget(&mut self, now: Instant) {
        while let Some((at, slot)) = self.done.front()
            && (self.done.len() > ANSWERS_MAX || now.saturating_duration_since(*at) >= KEPT)
        {
            let known = self.answers.remove(slot);
            self.bytes -= known.map_or(0, |known| known.outcome.bytes());
            self.done.pop_front();
        }
    }

    /// Keeps the outcome of a request under way. The oldest answers make room for it: those of the same caller once it
    /// has its share, then those of all callers.
    fn keep(&mut self, slot: &Slot, outcome: Outcome, now: Instant) {
        let Some(known) = self.answers.get_mut(slot) else { return };
        self.bytes += outcome.bytes();
        known.outcome = outcome;
        self.done.push_back((now, slot.clone()));
        self.forget_one_of(&slot.0);
        self.make_room(|caller| caller == slot.0, CALLER_BYTES_MAX);
        self.make_room(|_| true, BYTES_MAX);
    }

    /// Forgets the oldest answer of a caller that has one more than its share.
    fn forget_one_of(&mut self, caller: &str) {
        let of_caller = self.done.iter().enumerate().filter(|(_, (_, slot))| slot.0 == caller);
        let places: Vec<usize> = of_caller.map(|(place, _)| place).collect();
        if places.len() > CALLER_ANSWERS_MAX
            && let Some((_, slot)) = places.first().and_then(|oldest| self.done.remove(*oldest))
        {
            let known = self.answers.remove(&slot);
            self.bytes -= known.map_or(0, |known| known.outcome.bytes());
        }
    }

    /// Discards the oldest answers of these callers until the rest have at most `limit` bytes. The relay still knows
    /// that their requests were done.
    fn make_room(&mut self, is_meant: impl Fn(&str) -> bool, limit: usize) {
        let slots: Vec<&Slot> =
            self.done.iter().map(|(_, slot)| slot).filter(|slot| is_meant(&slot.0)).collect();
        let known = slots.iter().filter_map(|slot| self.answers.get(*slot));
        let mut bytes: usize = known.map(|known| known.outcome.bytes()).sum();
        for slot in slots {
            if bytes <= limit {
                break;
            }
            if let Some(known) = self.answers.get_mut(slot) {
                bytes -= known.outcome.bytes();
                self.bytes -= known.outcome.bytes();
                known.outcome = Outcome::Lost;
            }
        }
    }
}

/// A request under way. Unless its answer is kept, the key is free again: then nothing is known of what it did.
struct Running<'a> {
    answers: &'a Answers,
    slot: Slot,
}

impl Running<'_> {
    /// Keeps the answer, unless it is a failure of the relay's. Of one that is secret or long, keeps that there was one.
    async fn keep(self, answer: Response) -> Result<Response, HttpProblem> {
        if answer.status().is_server_error() {
            return Ok(answer);
        }
        let is_secret = answer.headers().get(CACHE_CONTROL).is_some_and(|value| value == "no-store");
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|error| {
            HttpProblem::unavailable("Not answered", format!("The answer broke off: {error}."))
        })?;
        let outcome = if is_secret || body.len() > ANSWER_BYTES_MAX {
            Outcome::Lost
        } else {
            let headers = [CONTENT_TYPE, ETAG].into_iter();
            let headers = headers.filter_map(|name| Some((name.clone(), parts.headers.get(&name)?.clone())));
            Outcome::Kept(Answer { status: parts.status, headers: headers.collect(), body: body.clone() })
        };
        self.answers.lock().keep(&self.slot, outcome, Instant::now());
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut kept = self.answers.lock();
        if kept.answers.get(&self.slot).is_some_and(|known| matches!(known.outcome, Outcome::None)) {
            kept.answers.remove(&self.slot);
        }
    }
}

#[cfg(test)]
mod tests;
