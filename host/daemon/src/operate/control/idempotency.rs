//! `Idempotency-Key`: a request that is repeated with the same key is done once, and answered again with the first
//! answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! Answers are kept in memory for a day, within bounds. A restart forgets them.

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

/// Who used which key.
type Slot = (String, String);

/// The answers that are kept.
#[derive(Default)]
pub(super) struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    answers: HashMap<Slot, Known>,
    /// In the order in which they were given.
    done: VecDeque<(Instant, Slot)>,
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
    /// It was answered, and the answer is secret or long.
    Lost,
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
                "This was done before. Its answer has a secret, or is too long, so the relay did not keep it.",
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
            self.answers.remove(slot);
            self.done.pop_front();
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
        let mut all = self.answers.lock();
        if let Some(known) = all.answers.get_mut(&self.slot) {
            known.outcome = outcome;
            all.done.push_back((Instant::now(), self.slot.clone()));
        }
        drop(all);
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
mod tests {
    use super::*;

    fn slot(key: &str) -> Slot {
        ("ci".to_owned(), key.to_owned())
    }

    fn begun(answers: &Answers, key: &str, digest: &str, now: Instant) -> Result<Option<Bytes>, u16> {
        match answers.begin(&slot(key), digest, now) {
            Ok(Begun::New) => Ok(None),
            Ok(Begun::Done(answer)) => Ok(Some(answer.body)),
            Err(problem) => Err(problem.status().as_u16()),
        }
    }

    async fn answer(answers: &Answers, key: &str, status: StatusCode) {
        let running = Running { answers, slot: slot(key) };
        running.keep((status, "done").into_response()).await.expect("kept");
    }

    #[tokio::test]
    async fn a_repeated_request_gets_the_first_answer_and_another_request_none() {
        let (answers, now) = (Answers::default(), Instant::now());
        assert_eq!(begun(&answers, "a", "one", now), Ok(None));
        assert_eq!(begun(&answers, "a", "one", now), Err(409));
        answer(&answers, "a", StatusCode::CONFLICT).await;
        assert_eq!(begun(&answers, "a", "one", now), Ok(Some(Bytes::from("done"))));
        assert_eq!(begun(&answers, "a", "two", now), Err(422));
        assert_eq!(begun(&answers, "a", "one", now + KEPT + KEPT), Ok(None));
    }

    #[tokio::test]
    async fn a_key_is_free_again_after_a_failure_of_the_relays_or_a_request_that_was_given_up() {
        let (answers, now) = (Answers::default(), Instant::now());
        assert_eq!(begun(&answers, "a", "one", now), Ok(None));
        answer(&answers, "a", StatusCode::SERVICE_UNAVAILABLE).await;
        assert_eq!(begun(&answers, "a", "one", now), Ok(None));
        drop(Running { answers: &answers, slot: slot("a") });
        assert_eq!(begun(&answers, "a", "one", now), Ok(None));
    }

    #[tokio::test]
    async fn of_an_answer_that_is_secret_or_long_only_its_existence_is_kept() {
        let (answers, now) = (Answers::default(), Instant::now());
        for (key, answer) in [
            ("secret", ([(CACHE_CONTROL, "no-store")], "secret").into_response()),
            ("long", "x".repeat(ANSWER_BYTES_MAX + 1).into_response()),
        ] {
            assert_eq!(begun(&answers, key, "one", now), Ok(None));
            Running { answers: &answers, slot: slot(key) }.keep(answer).await.expect("answered");
            assert_eq!(begun(&answers, key, "one", now), Err(409));
        }
    }

    #[tokio::test]
    async fn the_oldest_answers_go_when_there_are_too_many() {
        let (answers, now) = (Answers::default(), Instant::now());
        for number in 0..=ANSWERS_MAX {
            let key = number.to_string();
            assert_eq!(begun(&answers, &key, "one", now), Ok(None));
            answer(&answers, &key, StatusCode::OK).await;
        }
        assert_eq!(begun(&answers, "0", "one", now), Ok(None), "the oldest is forgotten");
        assert_eq!(begun(&answers, "1", "one", now), Ok(Some(Bytes::from("done"))));
    }
}
