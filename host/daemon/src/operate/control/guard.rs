//! Who asks over the API, and whether they may.
//!
//! On the control socket everybody may do everything: only the relay's user and root can open it. On the network, a
//! request needs an access token whose scope covers the route. A wrong token costs its sender half a second, and an
//! address with many of them is refused for a while; a right token is never refused for that.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use crate::operate::throttle::Throttle;
use crate::receive::client_address;
use crate::receive::credentials::bearer;
use crate::runtime::server::{LocalUser, Peer};
use crate::shared::access::{Role, Token};
use crate::shared::app::App;
use crate::shared::events::Asker;
use crate::shared::problem::HttpProblem;

/// Wrong tokens of one address in [`PERIOD`].
const FAILURES_MAX: u32 = 20;
/// The time after which an address may fail as often again.
const PERIOD: Duration = Duration::from_secs(60);
/// How long a wrong token waits for its answer.
const DELAY: Duration = Duration::from_millis(500);

/// The person or the program behind a request.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// A user of this machine, on the control socket.
    Local(Option<u32>),
    /// The owner of an access token, on the network.
    Token(Arc<Token>, Option<IpAddr>),
}

impl Caller {
    fn role(&self) -> Role {
        match self {
            Self::Local(_) => Role::Admin,
            Self::Token(token, _) => token.scope.role,
        }
    }

    /// Whether the request came over the control socket.
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }

    /// What tells callers apart. A token that has the name of a revoked one is another.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Local(user) => format!("user {user:?}"),
            Self::Token(token, _) => token.digest().to_owned(),
        }
    }

    /// Whose streams of events count together.
    pub(super) fn asker(&self) -> Asker {
        match self {
            Self::Local(_) => Asker::Local,
            Self::Token(token, _) => Asker::Token(token.digest().to_owned()),
        }
    }

    /// Whether the caller may still ask: its token was neither revoked nor has it expired.
    pub(super) fn is_valid(&self, app: &App) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Token(token, _) => app.access.has(token, app.clock.now()),
        }
    }

    /// Whether the caller may do everything.
    pub(super) fn is_admin(&self) -> bool {
        self.role() == Role::Admin
    }

    /// The only source that the caller may see; none if it may see all.
    pub(super) fn source(&self) -> Option<&str> {
        match self {
            Self::Local(_) => None,
            Self::Token(token, _) => token.scope.source.as_deref(),
        }
    }

    /// Whether the caller may see what belongs to `source`.
    pub(super) fn sees(&self, source: &str) -> bool {
        self.source().is_none_or(|only| only == source)
    }

    /// The source to narrow a list to, when the request asks for `wanted`.
    ///
    /// # Errors
    /// 403 for another source than the caller may see.
    pub(super) fn narrowed(&self, wanted: Option<String>) -> Result<Option<String>, HttpProblem> {
        match (self.source(), wanted) {
            (Some(only), Some(wanted)) if only != wanted => Err(forbidden(format!(
                "This token is for the source `{only}` alone, and the request asks for `{wanted}`."
            ))),
            (Some(only), _) => Ok(Some(only.to_owned())),
            (None, wanted) => Ok(wanted),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}

/// Marks requests of the control socket with their user.
pub(super) async fn local(mut request: Request, next: Next) -> Result<Response, Infallible> {
    let user = request.extensions().get::<LocalUser>().map(|user| user.0);
    request.extensions_mut().insert(Caller::Local(user));
    Ok(next.run(request).await)
}

/// What authentication on the network needs.
#[derive(Clone)]
pub(super) struct Gate {
    app: Arc<App>,
    failures: Arc<Throttle<IpAddr>>,
}

impl Gate {
    /// The gate of this relay.
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app, failures: Arc::new(Throttle::new(FAILURES_MAX, PERIOD)) }
    }

    /// The address behind a request, as far as trusted proxies say it.
    fn address(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.extensions().get::<Peer>()?.0;
        client_address::address(peer, request.headers(), &self.app.config().trusted_proxies)
    }
}

/// Lets requests with a valid access token in.
///
/// # Errors
/// 401 without one; 429 for an address with too many wrong ones.
pub(super) async fn authenticate(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let address = gate.address(&request);
    let token =
        bearer(request.headers()).and_then(|secret| gate.app.access.find(secret, gate.app.clock.now()));
    let Some(token) = token else {
        // A request without a token guesses nothing.
        if request.headers().contains_key(AUTHORIZATION) {
            gate.failed(address).await?;
        }
        return Err(unauthorized());
    };
    request.extensions_mut().insert(Caller::Token(token, address));
    Ok(next.run(request).await)
}

impl Gate {
    /// Counts a wrong token, and waits.
    async fn failed(&self, address: Option<IpAddr>) -> Result<(), HttpProblem> {
        let key = network(address.unwrap_or(IpAddr::from([0, 0, 0, 0])));
        match self.failures.take(key, Instant::now()) {
            Ok(()) => tokio::time::sleep(DELAY).await,
            Err(wait) => {
                let seconds = wait.as_secs().max(1);
                let detail = format!("Too many wrong tokens came from this address: wait {seconds} s.");
                return Err(HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", detail)
                    .header(RETRY_AFTER, HeaderValue::from(seconds)));
            }
        }
        tracing::warn!(address = %address.map_or_else(|| "unknown".to_owned(), |address| address.to_string()), "a request to the API had a wrong token");
        Ok(())
    }
}

/// The network of one sender: an IPv6 sender has 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// Lets callers with at least this role through.
///
/// # Errors
/// 403 for others.
pub(super) async fn require(
    State(role): State<Role>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let has = caller.role();
    if has < role {
        return Err(forbidden(format!(
            "This needs a token with the scope `{}`, and this token has the scope `{}`.",
            role.as_str(),
            has.as_str()
        )));
    }
    Ok(next.run(request).await)
}

fn unauthorized() -> HttpProblem {
    let detail = "The API needs an access token as `Authorization: Bearer …`: create one on the relay's machine with \
                  `tocsin tokens create NAME`.";
    HttpProblem::no_bearer(detail)
}

/// 403.
pub(super) fn forbidden(detail: impl Into<String>) -> HttpProblem {
    HttpProblem::new(StatusCode::FORBIDDEN, "Forbidden", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one_sender() {
        let of = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!([of("192.0.2.7"), of("::ffff:192.0.2.7")], ["192.0.2.7", "192.0.2.7"]);
    }
}
