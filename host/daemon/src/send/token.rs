//! Access tokens of a connection with `oauth2`: fetched from the token endpoint, kept until shortly before they expire.
//!
//! Tokens exist only in memory and on the wire. No error shows a token or the client's secret.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::answer::body;
use super::error::SendError;
use super::redact::Secrets;
use super::transport::How;
use crate::config::{ClientAuthentication, OAuth2, Secret};

mod cache;

pub(super) use cache::Tokens;

/// The size limit of a token endpoint's answer, in bytes: a token has a few kilobytes at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long before its end the relay stops using a token, so that it does not expire on the way; at most a tenth of its
/// life.
const MARGIN: Duration = Duration::from_secs(30);
/// The life of a token for which the endpoint gives none.
const LIFE_UNKNOWN: Duration = Duration::from_secs(60 * 60);
/// The longest life of a token, even if the endpoint gives a longer one.
const LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the relay leaves an endpoint alone that failed, in milliseconds.
const PAUSE_MS: u64 = 5_000;
/// The least and the most of such a pause if the endpoint itself gives one.
const PAUSE_MIN_MS: u64 = 1_000;
const PAUSE_MAX_MS: u64 = 60_000;
/// How many characters of the endpoint's error message are shown.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// A token, ready for requests.
#[derive(Clone)]
pub(super) struct Token {
    /// The value of `Authorization`.
    pub(super) header: HeaderValue,
    /// The secret to remove from answers.
    pub(super) secret: Secret,
    /// The end of its use.
    until: Instant,
}

/// Asks the token endpoint.
///
/// # Errors
/// No token, for a reason that may pass or one that needs a changed configuration.
pub(super) async fn fetch(client: &reqwest::Client, how: &How, oauth2: &OAuth2) -> Result<Token, SendError> {
    let began = Instant::now();
    let answered = ask(client, how, oauth2).await.map_err(|error| match error {
        SendError::Network { words, .. } => later(oauth2, &words, None),
        other => SendError::Misconfigured(no_token(oauth2, &other.to_string())),
    })?;
    granted(oauth2, &answered, began)
}

/// What the endpoint answered.
struct Answered {
    status: u16,
    /// Milliseconds for which it wants to be left alone, if it says so.
    retry_after_ms: Option<u64>,
    /// None if it was too large.
    body: Option<Vec<u8>>,
}

async fn ask(client: &reqwest::Client, how: &How, oauth2: &OAuth2) -> Result<Answered, SendError> {
    how.check(&oauth2.token_url).await?;
    let answer = how.send(request(client, oauth2)).await?;
    let (status, retry_after_ms) = (answer.status().as_u16(), retry_after_ms(answer.headers()));
    Ok(Answered { status, retry_after_ms, body: body(answer, ANSWER_BYTES_MAX, how.proxy()).await? })
}

/// What `Retry-After` asks for, within bounds. Only seconds are read, not a date.
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1000).clamp(PAUSE_MIN_MS, PAUSE_MAX_MS))
}

fn request(client: &reqwest::Client, oauth2: &OAuth2) -> reqwest::RequestBuilder {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if !oauth2.scope.is_empty() {
        form.append_pair("scope", &oauth2.scope);
    }
    let request = client
        .post(oauth2.token_url.clone())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    match oauth2.auth {
        ClientAuthentication::Basic => request.header(AUTHORIZATION, basic(oauth2)).body(form.finish()),
        ClientAuthentication::Body => {
            form.append_pair("client_id", &oauth2.client_id);
            form.append_pair("client_secret", oauth2.client_secret.reveal());
            request.body(form.finish())
        }
    }
}

/// Identifier and secret as HTTP Basic; each is encoded like a form's value before
/// ([RFC 6749, 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
fn basic(oauth2: &OAuth2) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(&oauth2.client_id), encoded(oauth2.client_secret.reveal()));
    let header = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(pair)));
    let mut header = header.expect("base64 has only characters that a header may have");
    header.set_sensitive(true);
    header
}

/// An answer with a token ([RFC 6749, 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    /// Seconds. A number, at some peers as text.
    #[serde(default)]
    expires_in: Value,
}

/// An answer without one ([RFC 6749, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

/// The token in the endpoint's answer.
fn granted(oauth2: &OAuth2, answered: &Answered, began: Instant) -> Result<Token, SendError> {
    if !(200..300).contains(&answered.status) {
        return Err(refused(oauth2, answered));
    }
    let unusable = |why: &str| SendError::Misconfigured(no_token(oauth2, why));
    let Some(body) = &answered.body else {
        return Err(unusable(&format!("its answer has more than {ANSWER_BYTES_MAX} bytes")));
    };
    let granted: Granted = serde_json::from_slice(body)
        .map_err(|_| unusable("its answer is not JSON with an `access_token`: check `token_url`"))?;
    if granted.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(unusable("its token is not of the type `Bearer`, and Tocsin can use no other"));
    }
    let is_usable = |byte: u8| byte.is_ascii_graphic();
    if granted.access_token.is_empty() || !granted.access_token.bytes().all(is_usable) {
        return Err(unusable("its token is empty or has invalid characters"));
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {}", granted.access_token))
        .map_err(|_| unusable("its token cannot be in a header"))?;
    header.set_sensitive(true);
    let life = life(&granted.expires_in).unwrap_or(LIFE_UNKNOWN);
    let until = began + life.saturating_sub(MARGIN.min(life / 10));
    Ok(Token { header, secret: Secret::new(granted.access_token), until })
}

/// The life of a token, if the endpoint gives one.
fn life(expires_in: &Value) -> Option<Duration> {
    let seconds: f64 = match expires_in {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds.clamp(0.0, LIFE_MAX.as_secs_f64())).ok()
}

/// The error for an answer without a token: misconfigured if only another configuration helps.
fn refused(oauth2: &OAuth2, answered: &Answered) -> SendError {
    let Answered { status, retry_after_ms, body } = answered;
    let body = body.as_deref().unwrap_or_default();
    let Refused { error, error_description } = serde_json::from_slice(body).unwrap_or_default();
    let said = [error, error_description].map(|text| shown(oauth2, &text));
    let said: String = said.iter().filter(|text| !text.is_empty()).map(|text| format!(", {text}")).collect();
    let answered = format!("it answered {status}{said}");
    match status {
        400 | 401 => SendError::Misconfigured(no_token(
            oauth2,
            &format!("{answered}: check `client_id`, `client_secret`, `scope` and `auth`"),
        )),
        300..=399 => SendError::Misconfigured(no_token(
            oauth2,
            &format!("{answered}, a redirect: write the final address as `token_url`"),
        )),
        408 | 425 | 429 => later(oauth2, &answered, *retry_after_ms),
        400..=499 => SendError::Misconfigured(no_token(oauth2, &format!("{answered}: check `token_url`"))),
        _ => later(oauth2, &answered, *retry_after_ms),
    }
}

/// The endpoint's own text: visible ASCII on one line, cut, without secrets.
fn shown(oauth2: &OAuth2, text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let mut text: String = text.chars().filter(is_plain).collect();
    let mut secrets = Secrets::default();
    secrets.put_in(oauth2.client_secret.reveal().as_bytes());
    secrets.scrub_text(&mut text);
    text.chars().take(DESCRIPTION_CHARS_MAX).collect()
}

fn no_token(oauth2: &OAuth2, why: &str) -> String {
    let host = oauth2.token_url.host_str().unwrap_or_default();
    format!("no access token from {host} (`oauth2` of the connection): {why}")
}

/// A failure that may pass. Nothing went to the peer itself.
fn later(oauth2: &OAuth2, why: &str, retry_after_ms: Option<u64>) -> SendError {
    let after_ms = Some(retry_after_ms.unwrap_or(PAUSE_MS));
    SendError::Network { words: no_token(oauth2, why), may_have_arrived: false, after_ms }
}

#[cfg(test)]
mod tests;
