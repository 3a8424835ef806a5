//! What a token endpoint may answer, and what it is asked.

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

#[test]
fn a_token_lives_as_long_as_its_endpoint_says_within_bounds() {
    let began = Instant::now();
    for (expires_in, seconds) in [
        ("3600", 3570),
        ("\"3600\"", 3570),
        ("60", 54),
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
        (200, "<html>log in</html>", "is not JSON with an `access_token`", true),
        (200, "{}", "is not JSON with an `access_token`", true),
        (200, r#"{"access_token":7}"#, "is not JSON with an `access_token`", true),
        (200, r#"{"access_token":"a\r\nx-evil: 1"}"#, "invalid characters", true),
        (200, r#"{"access_token":"a b"}"#, "invalid characters", true),
        (200, r#"{"access_token":""}"#, "is empty", true),
        (200, r#"{"access_token":"abc","token_type":"mac"}"#, "not of the type `Bearer`", true),
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
