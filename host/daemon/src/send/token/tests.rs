//! Tokens: kept, shared, fetched anew, and what a token endpoint may answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::*;

fn oauth2() -> OAuth2 {
    OAuth2 {
        token_url: "https://auth.example.org/token".parse().expect("an address"),
        client_id: "relay".to_owned(),
        client_secret: Secret::new("s3cr3t-of-the-client"),
        scope: String::new(),
        auth: ClientAuthentication::Basic,
    }
}

/// As the connections of the default configuration.
const SCHEDULE: Schedule =
    Schedule { first_ms: 5_000, longest_ms: 60 * 60 * 1000, give_up_after_ms: 24 * 60 * 60 * 1000 };

fn answer(status: u16, body: &str) -> Answered {
    Answered { status, retry_after_ms: None, body: Some(body.as_bytes().to_vec()) }
}

fn answered(status: u16, body: &str) -> Result<Token, SendError> {
    granted(&oauth2(), &answer(status, body), Instant::now())
}

/// The text of a failure, and whether it lasts until the configuration changes.
fn failure(result: Result<Token, SendError>) -> (String, bool) {
    match result.err().expect("no token") {
        SendError::Misconfigured(words) => (words, true),
        SendError::Network { words, may_have_arrived: false, .. } => (words, false),
        other => unreachable!("{other}"),
    }
}

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
fn a_token_is_used_until_shortly_before_it_expires() {
    let began = Instant::now();
    let body = r#"{"access_token":"abc","expires_in":60}"#;
    let token = granted(&oauth2(), &answer(200, body), began).expect("a token");
    let state = State { token: Some((began, token)), ..State::default() };
    let after = |seconds| began + Duration::from_secs(seconds);
    assert!(state.known(after(53), None).is_some_and(|known| known.is_ok()));
    assert!(state.known(after(54), None).is_none());
}

#[test]
fn a_failure_that_lasts_is_shared_with_those_who_waited_for_it_and_nobody_else() {
    let (at, mut state) = (Instant::now(), State::default());
    let failed = state.keep(Err(SendError::Misconfigured("no".to_owned())), SCHEDULE, at);
    assert!(failed.is_err());
    let second = Duration::from_secs(1);
    assert!(state.known(at - second, None).is_some_and(|known| known.is_err()));
    assert!(state.known(at + second, None).is_none());
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
    state.keep(Err(busy(PAUSE_MAX_MS)), hasty, at).map(|_| ()).expect_err("it failed");
    assert_eq!((after_ms(&state, 199), after_ms(&state, 200)), (Some(2), None));
}

#[test]
fn an_endpoint_may_say_for_how_long_it_is_left_alone_within_a_minute() {
    let mut headers = HeaderMap::new();
    assert_eq!(retry_after_ms(&headers), None);
    for (text, ms) in [
        ("7", Some(7_000)),
        ("0", Some(PAUSE_MIN_MS)),
        ("86400", Some(PAUSE_MAX_MS)),
        ("99999999999999999999", None),
        ("Mon, 30 Nov 2026 12:00:00 GMT", None),
    ] {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
        assert_eq!(retry_after_ms(&headers), ms, "{text}");
    }
    let refused = refused(&oauth2(), &Answered { retry_after_ms: Some(7_000), ..answer(503, "") });
    assert!(matches!(refused, SendError::Network { after_ms: Some(7_000), .. }), "{refused:?}");
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
    let (got, count) = asked_at_once(|| Ok(token(1, Duration::ZERO))).await;
    assert_eq!((got.iter().filter(|got| got.is_ok()).count(), count), (50, 1));
}

#[tokio::test]
async fn many_who_need_a_token_at_once_share_its_failure() {
    let (got, count) = asked_at_once(|| Err(SendError::Misconfigured("no".to_owned()))).await;
    assert_eq!((got.iter().filter(|got| got.is_err()).count(), count), (50, 1));
}

#[test]
fn a_token_lives_as_long_as_its_endpoint_says_within_bounds() {
    let began = Instant::now();
    for (expires_in, seconds) in [
        ("3600", 3570),
        ("\"3600\"", 3570),
        ("100.0", 90),
        ("0", 0),
        ("-5", 0),
        ("1e300", 86_370),
        ("null", 3570),
        ("\"soon\"", 3570),
    ] {
        let body = format!(r#"{{"access_token":"abc","token_type":"bearer","expires_in":{expires_in}}}"#);
        let token = granted(&oauth2(), &answer(200, &body), began).expect("a token");
        assert_eq!(token.until - began, Duration::from_secs(seconds), "{expires_in}");
        assert_eq!((token.header.as_bytes(), token.header.is_sensitive()), (&b"Bearer abc"[..], true));
    }
    answered(200, r#"{"access_token":"abc"}"#).expect("a peer that says nothing else");
}

#[test]
fn an_answer_without_a_usable_token_is_a_sentence() {
    for (status, body, words, is_lasting) in [
        (200, "<html>log in</html>", "is no JSON with an `access_token`", true),
        (200, "{}", "is no JSON with an `access_token`", true),
        (200, r#"{"access_token":7}"#, "is no JSON with an `access_token`", true),
        (200, r#"{"access_token":"a\r\nx-evil: 1"}"#, "characters that no token may have", true),
        (200, r#"{"access_token":"a b"}"#, "characters that no token may have", true),
        (200, r#"{"access_token":""}"#, "is empty", true),
        (200, r#"{"access_token":"abc","token_type":"mac"}"#, "another type than `Bearer`", true),
        (400, r#"{"error":"invalid_scope"}"#, "it answered 400, invalid_scope: check `client_id`", true),
        (401, "", "it answered 401: check `client_id`", true),
        (302, "", "a redirect: write the final address as `token_url`", true),
        (404, "", "it answered 404: check `token_url`", true),
        (429, "", "it answered 429", false),
        (503, r#"{"error":"later"}"#, "it answered 503, later", false),
    ] {
        let (said, lasts) = failure(answered(status, body));
        assert!(said.contains(words), "{words}: {said}");
        assert!(
            said.starts_with("no access token from auth.example.org (`oauth2` of the connection): "),
            "{said}"
        );
        assert_eq!(lasts, is_lasting, "{said}");
    }
    let (said, _) = failure(granted(&oauth2(), &Answered { body: None, ..answer(200, "") }, Instant::now()));
    assert!(said.contains("its answer has more than 65536 bytes"), "{said}");
}

#[test]
fn what_an_endpoint_says_is_one_short_line_without_secrets() {
    let description =
        format!("\\u001b[2J\\n{} \\u202e wrong: s3cr3t-of-the-client {}", "y", "x".repeat(1000));
    let body = format!(r#"{{"error":"invalid_client","error_description":"{description}"}}"#);
    let (said, _) = failure(answered(401, &body));
    assert!(said.contains("invalid_client, [2Jy  wrong: {{secret}} xxx"), "{said}");
    assert!(said.len() < 500 && said.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{said}");
}

#[test]
fn identifier_and_secret_are_encoded_before_they_are_joined() {
    let oauth2 = OAuth2 { client_id: "re:lay".to_owned(), client_secret: Secret::new("a b%:ü"), ..oauth2() };
    let header = basic(&oauth2);
    let encoded = header.to_str().expect("text").strip_prefix("Basic ").expect("basic").to_owned();
    assert_eq!(BASE64.decode(encoded).expect("base64"), b"re%3Alay:a+b%25%3A%C3%BC");
    assert!(header.is_sensitive());
}
