//! A relay on the network.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Bytes;
use reqwest::header::CONTENT_TYPE;
use url::{Host, Url};

use super::{Answer, BodyError, ClientError, Headers, broken};
use crate::config::Secret;

/// How long a connection may take to be established.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the relay may be silent. A check of its store takes minutes.
const SILENCE_MAX: Duration = Duration::from_secs(600);

/// A relay, and the access token for it.
pub(in crate::commands) struct Remote {
    url: Url,
    token: Secret,
    client: reqwest::Client,
}

impl Remote {
    /// The relay at `url`.
    ///
    /// # Errors
    /// The address is not usable.
    pub(in crate::commands) fn new(url: &str, token: Secret) -> anyhow::Result<Self> {
        let mut parsed = Url::parse(url)
            .map_err(|error| anyhow::anyhow!("--url {url}: {error}: write https://tocsin.example.org"))?;
        anyhow::ensure!(
            matches!(parsed.scheme(), "http" | "https") && parsed.host().is_some(),
            "--url {url}: write an address that begins with https://"
        );
        parsed.set_query(None);
        parsed.set_fragment(None);
        let client = reqwest::Client::builder()
            .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_MAX)
            // A redirect would take the token along.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { url: parsed, token, client })
    }

    /// Whether others on the way can read the token.
    pub(in crate::commands) fn is_in_clear(&self) -> bool {
        let is_here = match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.url.scheme() == "http" && !is_here
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: Headers<'_>,
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let url = format!("{}{path}", self.url.as_str().trim_end_matches('/'));
        let request = self
            .client
            .request(method, url)
            .bearer_auth(self.token.reveal())
            .header(CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let sent = request.body(body).send().await;
        let unreached = |error: reqwest::Error| match error.is_connect() {
            true => ClientError::Unreached { url: self.url.to_string(), error: cause(&error) },
            false => broken(&cause(&error)),
        };
        let answer: hyper::Response<reqwest::Body> = sent.map_err(unreached)?.into();
        Ok(answer.map(|body| body.map_err(BodyError::from).boxed_unsync()))
    }
}

/// The innermost cause, which names what failed.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
