//! Sends requests and brings answers back: one HTTP client for each connection.
//!
//! Refuses addresses that the connection's policy does not allow, after the name was resolved as well as
//! before; never follows a redirect; never says a URL in an error, since URLs hold secrets; takes out of an answer
//! what the request held of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue};
use reqwest::redirect;
use tocsin_core::egress::{Denied, Policy, check_address, check_url};
use tocsin_core::plugin::{Pair, Response};
use url::Url;

use crate::config::Connection;
use crate::send::redact::Secrets;
use crate::send::request::Outgoing;

/// Bytes of a peer's answer that are read, unless the connection's `body` is larger.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an answer that are looked through in no time.
const SCRUBBED_AT_ONCE: usize = 64 * 1024;
/// How long a connection may take to be established, of the time that a request may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The clients, by the connection's name.
#[derive(Clone, Default)]
pub struct Senders(BTreeMap<String, Sender>);

#[derive(Clone)]
struct Sender {
    how: How,
    client: reqwest::Client,
}

/// What a client is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
struct How {
    policy: Policy,
    timeout: Duration,
    concurrency: usize,
}

impl How {
    fn of(connection: &Connection) -> Self {
        Self { policy: connection.policy, timeout: connection.timeout, concurrency: connection.concurrency }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The peer could not be reached, or did not answer in time.
    #[error("{words}")]
    Network {
        /// What went wrong.
        words: String,
        /// Whether the request may have reached it: not when no connection was established.
        may_have_arrived: bool,
    },
    /// It must not be reached.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such connection any more.
    #[error("there is no connection `{0}` in the configuration")]
    NoConnection(String),
}

impl Senders {
    /// A client for each of these.
    ///
    /// # Errors
    /// The TLS library finds no root certificates, or the like.
    pub fn new<'a>(connections: impl Iterator<Item = &'a Arc<Connection>>) -> Result<Self, reqwest::Error> {
        Self::default().renewed(connections)
    }

    /// A client for each of these. A connection that works as before keeps its client, with the connections to its peer
    /// that are open.
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
                Some(sender) => sender.clone(),
                None => Sender { how, client: client(how)? },
            };
            Ok((connection.name.clone(), sender))
        };
        connections.map(sender).collect::<Result<_, reqwest::Error>>().map(Self)
    }

    /// Sends `request` over `connection`.
    ///
    /// # Errors
    /// No answer, or an address that is not allowed.
    pub async fn send(&self, connection: &Connection, request: Outgoing) -> Result<Response, SendError> {
        check_url(&request.url, connection.policy)?;
        let secrets = request.secrets;
        let sender =
            self.0.get(&connection.name).ok_or_else(|| SendError::NoConnection(connection.name.clone()))?;
        let sent = sender
            .client
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(failed)?;
        let response = read(sent, connection.body_bytes.max(ANSWER_BYTES_MAX)).await?;
        Ok(scrubbed(response, secrets).await)
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

/// A client that reaches what the policy allows and follows no redirect. It keeps as many connections open as there are
/// requests at the same time.
fn client(how: How) -> Result<reqwest::Client, reqwest::Error> {
    builder(how).build()
}

/// A client for one look at the peer of `connection`, which keeps the certificate that it is shown.
pub(super) fn looking(connection: &Connection, timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    // With the same limit, a connection that is not made would look like an answer that does not come.
    let how = How { timeout, ..How::of(connection) };
    builder(how).connect_timeout(timeout / 2).tls_info(true).build()
}

fn builder(how: How) -> reqwest::ClientBuilder {
    let How { policy, timeout, concurrency } = how;
    reqwest::Client::builder()
        .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")))
        // Plugins read answers as they come.
        .default_headers([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))].into_iter().collect())
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .pool_max_idle_per_host(concurrency)
        .dns_resolver(Arc::new(Guarded(policy)))
}

/// The status of the answer to a GET of `url`, without a connection of the configuration. Nothing else of the answer
/// is read.
///
/// # Errors
/// No answer, or an address that is not allowed.
pub(crate) async fn status_of(url: Url, policy: Policy, timeout: Duration) -> Result<u16, SendError> {
    check_url(&url, policy)?;
    let client = client(How { policy, timeout, concurrency: 1 }).map_err(failed)?;
    Ok(client.get(url).send().await.map_err(failed)?.status().as_u16())
}

/// Reads an answer of at most `limit` bytes. In place of a body that no plugin could read right, a larger one or a
/// compressed one, stand words that say so: half of an answer says what the whole does not.
async fn read(mut answer: reqwest::Response, limit: usize) -> Result<Response, SendError> {
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
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > limit {
            body = format!(
                "(an answer of more than {limit} bytes is not read; `body` of the connection may be made larger)"
            )
            .into_bytes();
            return Ok(Response { status, headers, body });
        }
        body.extend_from_slice(&chunk);
    }
    if let Some(coding) = coding.filter(|_| !body.is_empty()) {
        body = format!("(the answer is compressed, {coding}, which was not asked for)").into_bytes();
    }
    Ok(Response { status, headers, body })
}

/// What went wrong in words, without the URL: what was tried, and the last cause.
pub(super) fn failed(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let mut last: &dyn std::error::Error = &error;
    while let Some(cause) = last.source() {
        if let Some(denied) = cause.downcast_ref::<Denied>() {
            return SendError::Denied(denied.clone());
        }
        last = cause;
    }
    let tried = if error.is_connect() {
        "could not connect"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "no complete answer"
    };
    let words = format!("{tried}: {last}{}", mend(&last.to_string()));
    SendError::Network { words, may_have_arrived: !error.is_connect() && !error.is_builder() }
}

/// What to do about an error that the TLS library has a name for.
fn mend(error: &str) -> &'static str {
    if error.contains("InvalidContentType") {
        " (the peer speaks no TLS there: is the address an http one, or the port another's?)"
    } else if error.contains("UnknownIssuer") || error.contains("CaUsedAsEndEntity") {
        " (its certificate is signed by nobody whom this machine trusts: add the authority to the system's, or name \
         its file in the environment as SSL_CERT_FILE)"
    } else {
        ""
    }
}

/// Resolves names as the system does and gives only addresses that are allowed.
struct Guarded(Policy);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One address that is not allowed condemns the name: a name that points to both sides is the
            // way in that this is here to close.
            for address in &found {
                check_address(address.ip(), policy)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
