//! The HTTP client of a connection, and its egress policy.
//!
//! Refuses addresses that the policy does not allow, before and after a name is resolved. Never follows a redirect.
//! Never bypasses a configured proxy.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use reqwest::{Certificate, Identity, StatusCode, redirect};
use tocsin_core::egress::{Policy, check_address, check_url};
use url::{Host, Url};

use super::error::{SendError, failed};
use super::lookup::LOOKUPS;
use crate::config::{Connection, OAuth2, Proxy, Transport};

/// How long a connection may take to be established, of the time that a request may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a proxy answers that wants other credentials. No peer has a use for it.
const PROXY_REFUSES: StatusCode = StatusCode::PROXY_AUTHENTICATION_REQUIRED;

/// The settings of a client. A reload keeps a client if they did not change.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct How {
    pub(super) policy: Policy,
    pub(super) timeout: Duration,
    pub(super) concurrency: usize,
    pub(super) transport: Transport,
    pub(super) oauth2: Option<OAuth2>,
}

impl How {
    pub(super) fn of(connection: &Connection) -> Self {
        let Connection { policy, timeout, concurrency, .. } = *connection;
        let (transport, oauth2) = (connection.transport.clone(), connection.oauth2.clone());
        Self { policy, timeout, concurrency, transport, oauth2 }
    }

    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.transport.proxy.as_ref()
    }

    /// A client that reaches what the policy allows. It keeps as many connections open as there are requests at the
    /// same time.
    pub(super) fn client(&self) -> Result<reqwest::Client, reqwest::Error> {
        self.builder()?.build()
    }

    /// The builder of such a client.
    pub(super) fn builder(&self) -> Result<reqwest::ClientBuilder, reqwest::Error> {
        let Self { policy, timeout, concurrency, transport, .. } = self;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")))
            // Plugins read answers without decompression.
            .default_headers([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))].into_iter().collect())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(*timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(*timeout))
            .pool_max_idle_per_host(*concurrency);
        builder = match &transport.proxy {
            None => builder.dns_resolver(Arc::new(Guarded(*policy))),
            Some(proxy) => builder.proxy(as_sent(proxy)?).dns_resolver(Arc::new(OnlyProxy(proxy.clone()))),
        };
        if let Some(authorities) = &transport.authorities {
            let certificates = authorities.certificates.iter().map(|der| Certificate::from_der(der));
            builder = builder.tls_certs_merge(certificates.collect::<Result<Vec<_>, _>>()?);
        }
        if let Some(shown) = &transport.client_certificate {
            builder = builder.identity(Identity::from_pem(shown.pem.reveal().as_bytes())?);
        }
        Ok(builder)
    }

    /// Sends a request of a client of this kind. A proxy's own refusal of a plain request looks like an answer of the
    /// peer; of a request over TLS, it is an error of the client already.
    pub(super) async fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, SendError> {
        let answer = request.send().await.map_err(|error| failed(error, self.proxy()))?;
        match self.proxy() {
            Some(proxy) if answer.url().scheme() == "http" && answer.status() == PROXY_REFUSES => {
                Err(SendError::Misconfigured(format!(
                    "the proxy {} answered {}: write the user name and password that it asks for into `proxy`",
                    proxy.place(),
                    PROXY_REFUSES.as_u16()
                )))
            }
            _ => Ok(answer),
        }
    }

    /// Checks the destination before a connection is made. Without a proxy, [`Guarded`] checks the addresses of a name
    /// when the client resolves it. A proxy resolves names itself, so they are resolved here as well. The proxy decides
    /// alone about a name that does not resolve here.
    pub(super) async fn check(&self, url: &Url) -> Result<(), SendError> {
        check_url(url, self.policy)?;
        let Some(proxy) = self.proxy() else { return Ok(()) };
        proxy.check_literal()?;
        if let (Some(Host::Ipv6(address)), "https") = (url.host(), url.scheme()) {
            return Err(no_tunnel(address));
        }
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        let found = LOOKUPS.find(name).await;
        found.iter().try_for_each(|address| check_address(*address, self.policy))?;
        Ok(())
    }
}

/// The HTTP client takes the brackets of an IPv6 address for a part of the name in the certificate, in a tunnel only
/// (<https://github.com/seanmonstar/reqwest/issues/3094>). The request would fail with an error that names no cause.
fn no_tunnel(address: Ipv6Addr) -> SendError {
    SendError::Misconfigured(format!(
        "https to the IPv6 address [{address}] does not work through a proxy: use the peer's name instead of its \
         address, or configure no proxy for it (`proxy = false`)"
    ))
}

/// The status of the answer to a GET of `url`, without a connection of the configuration. Nothing else of the answer
/// is read.
///
/// # Errors
/// No answer, or an address that is not public.
pub(crate) async fn status_of(url: Url, transport: Transport, timeout: Duration) -> Result<u16, SendError> {
    let how = How { policy: Policy::default(), timeout, concurrency: 1, transport, oauth2: None };
    how.check(&url).await?;
    // A client parses the root certificates, which takes tens of milliseconds.
    let building = tokio::task::spawn_blocking(move || (how.client(), how)).await;
    let (client, how) = building.map_err(|error| SendError::Misconfigured(error.to_string()))?;
    let client = client.map_err(|error| failed(error, how.proxy()))?;
    Ok(how.send(client.get(url)).await?.status().as_u16())
}

/// The proxy for every request. Its credentials are a header and not a part of its address: the client ignores a proxy
/// whose address it cannot read, without an error.
fn as_sent(proxy: &Proxy) -> Result<reqwest::Proxy, reqwest::Error> {
    let all = reqwest::Proxy::all(proxy.url().clone())?;
    let Some(credentials) = proxy.credentials() else { return Ok(all) };
    let header = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(credentials.reveal())));
    let mut header = header.expect("base64 has only characters that a header may have");
    header.set_sensitive(true);
    Ok(all.custom_http_auth(header))
}

/// Resolves names as the system does and gives only addresses that are allowed.
struct Guarded(Policy);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found = lookup(&name).await?;
            // One address that is not allowed blocks the name: otherwise, a name with a public and a private address
            // would get around this check.
            for address in &found {
                check_address(address.ip(), policy)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Resolves the proxy's own name, by the rules for the proxy, and no other name: the client connects to nothing else.
struct OnlyProxy(Proxy);

impl Resolve for OnlyProxy {
    fn resolve(&self, name: Name) -> Resolving {
        let proxy = self.0.clone();
        Box::pin(async move {
            if proxy.url().host_str() != Some(name.as_str()) {
                return Err("requests go through the proxy, not to the peer itself".into());
            }
            let found = lookup(&name).await?;
            for address in &found {
                proxy.check(address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

async fn lookup(name: &Name) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect())
}

#[cfg(test)]
mod tests;
