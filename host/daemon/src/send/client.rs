//! Sends requests and brings answers back: one HTTP client for each connection.
//!
//! Adds the connection's access token to a request, if it has `oauth2`; removes secrets of the request from the answer.
//! `transport` decides where a request may go.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::body::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use tocsin_core::plugin::Response;
use tocsin_core::retry::Schedule;
use url::Url;

use super::answer::read;
use super::error::SendError;
use super::redact::Secrets;
use super::request::Outgoing;
use super::token::{self, Token, Tokens};
use super::transport::How;
use crate::config::{Connection, OAuth2};

/// Bytes of a peer's answer that are read, unless the connection's `body` is larger.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an answer that are looked through in no time.
const SCRUBBED_AT_ONCE: usize = 64 * 1024;
/// The answer of a peer that does not accept a token.
const UNAUTHORIZED: u16 = 401;

/// The clients, by the connection's name.
#[derive(Clone, Default)]
pub struct Senders(BTreeMap<String, Arc<Sender>>);

struct Sender {
    how: How,
    client: reqwest::Client,
    tokens: Tokens,
}

/// A request that may be sent twice: the body is shared.
#[derive(Clone)]
struct Sendable {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    secrets: Secrets,
}

impl Senders {
    /// A client for each of these.
    ///
    /// # Errors
    /// The TLS library finds no root certificates, or the like.
    pub fn new<'a>(connections: impl Iterator<Item = &'a Arc<Connection>>) -> Result<Self, reqwest::Error> {
        Self::default().renewed(connections)
    }

    /// A client for each connection. A connection with unchanged transport settings keeps its client, with its access
    /// token and its open connections to the peer.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn renewed<'a>(
        &self,
        connections: impl Iterator<Item = &'a Arc<Connection>>,
    ) -> Result<Self, reqwest::Error> {
        let sender = |connection: &Arc<Connection>| {
            let how = How::of(connection);
            let sender = match self.0.get(&connection.name).filter(|sender| sender.how == how) {
                Some(sender) => Arc::clone(sender),
                None => Arc::new(Sender { client: how.client()?, how, tokens: Tokens::default() }),
            };
            Ok((connection.name.clone(), sender))
        };
        connections.map(sender).collect::<Result<_, reqwest::Error>>().map(Self)
    }

    /// Sends `request` over `connection`.
    ///
    /// # Errors
    /// No answer, no access token, or an address that is not allowed.
    pub async fn send(&self, connection: &Connection, request: Outgoing) -> Result<Response, SendError> {
        let sender =
            self.0.get(&connection.name).ok_or_else(|| SendError::NoConnection(connection.name.clone()))?;
        let limit = connection.body_bytes.max(ANSWER_BYTES_MAX);
        sender.how.check(&request.url).await?;
        let request = Sendable::from(request);
        match &sender.how.oauth2 {
            None => sender.exchange(request, limit).await,
            Some(oauth2) => sender.exchange_with_token(oauth2, connection.retry, request, limit).await,
        }
    }
}

impl Sender {
    /// Sends the request with a token. If the peer does not accept the token, sends it once more with another one: the
    /// peer may have revoked the first. A peer that accepts none does not get a new one for each request.
    async fn exchange_with_token(
        &self,
        oauth2: &OAuth2,
        schedule: Schedule,
        request: Sendable,
        limit: usize,
    ) -> Result<Response, SendError> {
        let fetch = || token::fetch(&self.client, &self.how, oauth2);
        let token = self.tokens.get(schedule, fetch()).await?;
        let response = self.exchange(request.clone().with(&token), limit).await?;
        if response.status != UNAUTHORIZED {
            return Ok(response);
        }
        match self.tokens.replace(&token, schedule, fetch()).await? {
            Some(other) => self.exchange(request.with(&other), limit).await,
            None => Ok(response),
        }
    }

    async fn exchange(&self, request: Sendable, limit: usize) -> Result<Response, SendError> {
        let Sendable { method, url, headers, body, mut secrets } = request;
        let proxy = self.how.proxy();
        if let Some(secret) = proxy.and_then(|proxy| proxy.secret()) {
            secrets.put_in(secret.reveal().as_bytes());
        }
        let answer = self.how.send(self.client.request(method, url).headers(headers).body(body)).await?;
        let response = read(answer, limit, proxy).await?;
        Ok(scrubbed(response, secrets).await)
    }
}

impl Sendable {
    /// The request with this token instead of the plugin's `Authorization`.
    fn with(mut self, token: &Token) -> Self {
        self.headers.insert(AUTHORIZATION, token.header.clone());
        self.secrets.put_in(token.secret.reveal().as_bytes());
        self
    }
}

impl From<Outgoing> for Sendable {
    fn from(Outgoing { method, url, headers, body, secrets }: Outgoing) -> Self {
        Self { method, url, headers, body: body.into(), secrets }
    }
}

/// `answer` without what must not come back. A large one takes a while, which no other delivery waits for.
async fn scrubbed(mut answer: Response, secrets: Secrets) -> Response {
    if answer.body.len() <= SCRUBBED_AT_ONCE {
        secrets.scrub(&mut answer);
        return answer;
    }
    let status = answer.status;
    let scrubbed = tokio::task::spawn_blocking(move || {
        secrets.scrub(&mut answer);
        answer
    });
    let unread =
        || Response { status, headers: Vec::new(), body: b"(the answer could not be read)".to_vec() };
    scrubbed.await.unwrap_or_else(|_| unread())
}

#[cfg(test)]
mod tests;
