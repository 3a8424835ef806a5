//! The relay's listeners on the network: the main one, and the one at `api_listen` if there is one. Both follow `[tls]`.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;

use super::listening::{self, Listening};
use super::moving::move_all;
use super::public::Routers;
use crate::config::Config;
use crate::runtime::server::{self, Bounds, Connections, Security, Serving};
use crate::runtime::systemd::sockets::Inherited;

/// The keys of the addresses in the configuration.
const MAIN: &str = "listen";
const API: &str = "api_listen";
/// Connections at the same time on the listener at `api_listen`. Those of senders take no place of theirs.
const API_CONNECTIONS_MAX: usize = 256;

/// What listens, and serves nothing yet.
pub(super) struct Prepared {
    main: TcpListener,
    api: Option<(TcpListener, SocketAddr)>,
    /// The connections of the main listener.
    pub(super) connections: Arc<Connections>,
    /// The TLS of both.
    pub(super) security: Arc<Security>,
}

/// The listeners.
pub(super) struct Listeners {
    main: Listening,
    api: Listening,
}

/// Listens at the main address: on the socket of `tocsin.socket` if there is one, which `config` then follows. Closes
/// the sockets that `config` no longer has.
///
/// # Errors
/// The system's, with the address.
pub(super) async fn main_of(config: &mut Config, inherited: &mut Inherited) -> anyhow::Result<TcpListener> {
    let Some(listener) = inherited.activated() else {
        inherited.leave(&config.api_listen.into_iter().chain([config.listen]).collect::<Vec<_>>());
        return listening::bind(MAIN, config.listen, inherited).await;
    };
    let listener = TcpListener::from_std(listener).context("listening")?;
    config.listen_at(listener.local_addr().context("listening")?);
    inherited.leave(config.api_listen.as_slice());
    Ok(listener)
}

impl Prepared {
    /// The main one, and the one that the configuration has beside it.
    ///
    /// # Errors
    /// The system's, with the address; or the certificate cannot be used.
    pub(super) async fn with(
        main: TcpListener,
        config: &Config,
        mut inherited: Inherited,
    ) -> anyhow::Result<Self> {
        let api = match config.api_listen {
            Some(address) => Some((listening::bind(API, address, &mut inherited).await?, address)),
            None => None,
        };
        let security = Security::default();
        security.put_in_force(tls(config)?);
        let connections = Connections::new(bounds(config));
        Ok(Self { main, api, connections, security: Arc::new(security) })
    }

    /// The address of the main one.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        self.main.local_addr().context("listening")
    }
}

impl Listeners {
    /// Serves `routers` on what was prepared.
    ///
    /// # Errors
    /// A listener cannot be set up.
    pub(super) async fn begin(prepared: Prepared, config: &Config, routers: Routers) -> anyhow::Result<Self> {
        let Prepared { main, api, connections, security } = prepared;
        let grace = config.limits.shutdown;
        let serving =
            |router, connections| Serving { router, connections, security: Arc::clone(&security), grace };
        let listeners = Self {
            main: Listening::closed(MAIN, serving(routers.main, connections), !config.is_given),
            api: Listening::closed(API, serving(routers.api, Connections::new(api_bounds(config))), true),
        };
        listeners.main.open(main, config.listen).await.context("preparing to listen")?;
        if let Some((listener, configured)) = api {
            let address = listener.local_addr().context("listening")?;
            listeners.api.open(listener, configured).await.context("preparing to listen")?;
            tracing::info!(key = API, %address, "listening");
        }
        Ok(listeners)
    }

    /// Moves the listeners to the addresses of `next`.
    ///
    /// # Errors
    /// The relay cannot listen at one of them; the listeners stay where they were.
    pub(super) async fn move_to(&self, next: &Config) -> anyhow::Result<()> {
        move_all([(&self.main, Some(next.listen)), (&self.api, next.api_listen)]).await
    }

    /// Moves the listeners to the addresses that they had.
    pub(super) async fn move_back(&self, before: &Config) {
        if let Err(error) = self.move_to(before).await {
            tracing::error!("{error:#}");
        }
    }

    /// Puts the limits and the certificate of `next` in force for new connections; open ones stay as they are. `tls` was
    /// made from `next`.
    pub(super) fn follow(&self, next: &Config, before: &Config, tls: Option<rustls::ServerConfig>) {
        self.main.serving().connections.bound_by(bounds(next));
        self.api.serving().connections.bound_by(api_bounds(next));
        // Other settings would end all sessions that clients resume.
        if next.tls != before.tls {
            self.main.serving().security.put_in_force(tls);
        }
    }

    /// Ends both: no new requests; those in progress end within the grace period.
    pub(super) async fn end(&self) {
        tokio::join!(self.main.end(), self.api.end());
    }
}

/// The settings of handshakes, if the listeners speak TLS.
///
/// # Errors
/// The certificate cannot be used.
pub(super) fn tls(config: &Config) -> anyhow::Result<Option<rustls::ServerConfig>> {
    let server = config.tls.as_ref().map(|tls| tls.server().map_err(anyhow::Error::msg));
    server.transpose().context("preparing TLS (`[tls]` in the configuration)")
}

/// How many connections there may be: no more than the process may open files.
fn bounds(config: &Config) -> Bounds {
    Bounds {
        connections: config.limits.connections.min(server::raise_open_files()),
        per_address: config.limits.connections_per_address,
        proxies: config.trusted_proxies.clone(),
        answer_time: config.limits.answer_time,
    }
}

fn api_bounds(config: &Config) -> Bounds {
    let bounds = bounds(config);
    // No address takes them all.
    let per_address = bounds.per_address.min(API_CONNECTIONS_MAX / 4);
    Bounds { connections: bounds.connections.min(API_CONNECTIONS_MAX), per_address, ..bounds }
}
