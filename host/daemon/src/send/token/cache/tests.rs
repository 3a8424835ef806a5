//! Tokens: kept, shared, fetched anew, and how often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::header::HeaderValue;
use tokio::sync::oneshot;

use super::*;
use crate::config::Secret;

/// As the connections of the default configuration.
const SCHEDULE: Schedule =
    Schedule { first_ms: 5_000, longest_ms: 60 * 60 * 1000, give_up_after_ms: 24 * 60 * 60 * 1000 };

const SECOND: Duration = Duration::from_secs(1);
/// Milliseconds for which the endpoint of these tests is left alone.
const PAUSE_MS: u64 = 5_000;

fn token(number: usize, life: Duration) -> Token {
    let header = HeaderValue::from_str(&format!("Bearer token-{number}")).expect("a value");
    Token { header, secret: Secret::new(format!("token-{number}")), until: Instant::now() + life }
}

/// A failure that may pass.
fn busy(after_ms: u64) -> SendError {
    SendError::Network { words: "busy".to_owned(), may_have_arrived: false, after_ms: Some(after_ms) }
}

/// An endpoint that counts, whose tokens live for a minute.
#[derive(Default)]
struct Endpoint(AtomicUsize);

impl Endpoint {
    async fn fetch(&self) -> Result<Token, SendError> {
        Ok(token(self.0.fetch_add(1, Ordering::Relaxed), Duration::from_secs(60)))
    }

    async fn fail(&self) -> Result<Token, SendError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(busy(PAUSE_MS))
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_token_is_used_until_its_end() {
    let at = Instant::now();
    let token = token(1, 54 * SECOND);
    let until = token.until;
    let state = State { token: Some((at, token)), ..State::default() };
    assert!(state.known(until - SECOND, None).is_some_and(|known| known.is_ok()));
    assert!(state.known(until, None).is_none());
}

#[test]
fn a_failure_that_lasts_is_shared_with_those_who_waited_for_it_and_nobody_else() {
    let (at, mut state) = (Instant::now(), State::default());
    let failed = state.keep(Err(SendError::Misconfigured("no".to_owned())), SCHEDULE, at);
    assert!(failed.is_err());
    assert!(state.known(at - SECOND, None).is_some_and(|known| known.is_err()));
    assert!(state.known(at + SECOND, None).is_none());
}

#[test]
fn an_endpoint_that_fails_for_now_is_left_alone_for_some_seconds() {
    let (at, mut state) = (Instant::now(), State::default());
    let after_ms = |state: &State, ms: u64| match state.known(at + Duration::from_millis(ms), None)? {
        Err(SendError::Network { after_ms, .. }) => after_ms,
        other => unreachable!("{:?}", other.err()),
    };
    state.keep(Err(busy(PAUSE_MS)), SCHEDULE, at).map(|_| ()).expect_err("it failed");
    // Whoever comes meanwhile comes again when the endpoint is asked again.
    assert_eq!(after_ms(&state, 1_000), Some(PAUSE_MS - 1_000 + 1));
    assert_eq!(after_ms(&state, PAUSE_MS), None);
    // No longer than any peer of the connection.
    let hasty = Schedule { longest_ms: 200, ..SCHEDULE };
    state.keep(Err(busy(60_000)), hasty, at).map(|_| ()).expect_err("it failed");
    assert_eq!((after_ms(&state, 199), after_ms(&state, 200)), (Some(2), None));
}

#[tokio::test]
async fn ten_thousand_who_come_one_after_the_other_ask_a_failing_endpoint_once() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    for _ in 0..10_000 {
        assert!(tokens.get(SCHEDULE, endpoint.fail()).await.is_err());
    }
    assert_eq!(endpoint.count(), 1);
}

#[tokio::test]
async fn a_token_that_the_peer_refuses_is_fetched_anew_once_for_all_who_had_it() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    let replace = |refused: Token| {
        let (tokens, endpoint) = (&tokens, &endpoint);
        async move { tokens.replace(&refused, SCHEDULE, endpoint.fetch()).await.expect("no failure") }
    };
    let first = tokens.get(SCHEDULE, endpoint.fetch()).await.expect("a token");
    let second = replace(first.clone()).await.expect("another token");
    let same = replace(first.clone()).await.expect("another token");
    assert_eq!(endpoint.count(), 2);
    assert!(second.header != first.header && same.header == second.header);
}

/// A peer that refuses every token made two requests of each delivery, and one of them to the token endpoint.
#[tokio::test]
async fn a_token_that_has_just_replaced_another_stays_when_the_peer_refuses_it_too() {
    let (tokens, endpoint) = (Tokens::default(), Endpoint::default());
    let first = tokens.get(SCHEDULE, endpoint.fetch()).await.expect("a token");
    let replaced = tokens.replace(&first, SCHEDULE, endpoint.fetch()).await.expect("no failure");
    let second = replaced.expect("another token");
    for _ in 0..10_000 {
        let token = tokens.get(SCHEDULE, endpoint.fetch()).await.expect("a token");
        assert!(token.header == second.header);
        let third = tokens.replace(&token, SCHEDULE, endpoint.fetch()).await.expect("no failure");
        assert!(third.is_none());
    }
    assert_eq!(endpoint.count(), 2);
    let state = tokens.0.lock().await;
    let at = state.replaced.expect("it was");
    assert!(state.may_replace(at + REPLACED_AT_MOST_EVERY));
}

/// Many who ask while one request is under way, which ends in `result`.
async fn asked_at_once(result: fn() -> Result<Token, SendError>) -> (Vec<Result<Token, SendError>>, usize) {
    let (tokens, count) = (Arc::new(Tokens::default()), Arc::new(AtomicUsize::new(0)));
    let (answer, answered) = oneshot::channel::<()>();
    let answered = Arc::new(Mutex::new(Some(answered)));
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let (tokens, count, answered) = (Arc::clone(&tokens), Arc::clone(&count), Arc::clone(&answered));
            tokio::spawn(async move {
                let fetch = async {
                    count.fetch_add(1, Ordering::Relaxed);
                    if let Some(answered) = answered.lock().await.take() {
                        answered.await.expect("it is answered");
                    }
                    result()
                };
                tokens.get(SCHEDULE, fetch).await
            })
        })
        .collect();
    // All of them have asked by the time that the endpoint answers.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    answer.send(()).expect("somebody waits");
    let mut got = Vec::new();
    for task in asking {
        got.push(task.await.expect("it ends"));
    }
    let count = count.load(Ordering::Relaxed);
    (got, count)
}

#[tokio::test]
async fn many_who_need_a_token_at_once_share_one_request() {
    let (got, count) = asked_at_once(|| Ok(token(1, Duration::from_secs(60)))).await;
    assert_eq!((got.iter().filter(|got| got.is_ok()).count(), count), (50, 1));
}

#[tokio::test]
async fn many_who_need_a_token_at_once_share_one_that_is_of_no_use_later() {
    // Its life of 0 began with the request, before the others asked.
    let ended = || Ok(Token { until: Instant::now() - SECOND, ..token(1, SECOND) });
    let (got, count) = asked_at_once(ended).await;
    assert_eq!((got.iter().filter(|got| got.is_ok()).count(), count), (50, 1));
}

#[tokio::test]
async fn many_who_need_a_token_at_once_share_its_failure() {
    let (got, count) = asked_at_once(|| Err(SendError::Misconfigured("no".to_owned()))).await;
    assert_eq!((got.iter().filter(|got| got.is_err()).count(), count), (50, 1));
}
