//! Checks the destinations: whether names resolve, addresses are allowed, and certificates are valid.
//!
//! Sends no secret, and no path of a connection's address, which may be a secret.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tocsin_core::egress::check_address;
use tokio::task::JoinSet;
use url::Host;

use super::certificate::{CERTIFICATE, valid_until};
use crate::commands::out::some;
use crate::config::{Config, Connection};
use crate::operate::api::doctor::Finding;
use crate::send::certificate::{self as peer_certificate, Shown};

const NAME: &str = "name";
/// The time limit for one destination.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many addresses of a name are shown.
const SHOWN: usize = 2;

/// Connections to one place, under one policy.
struct Peer {
    connection: Connection,
    /// The names of all of them.
    names: Vec<String>,
}

/// Checks all destinations of the configuration concurrently.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut tasks = JoinSet::new();
    for (index, peer) in peers(config).into_iter().enumerate() {
        tasks.spawn(async move { (index, findings(&peer).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().flat_map(|(_, findings)| findings).collect()
}

fn peers(config: &Config) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    // Skips a connection that this user cannot see whole: without its proxy, for example, the check would take another
    // way than the relay.
    let is_whole = |name: &str| {
        let own = format!("connections.{name}.");
        let is_part = |path: &str| path.starts_with("egress.") || path.starts_with(&own);
        config.unread.is_empty() && !config.unseen.iter().any(|unseen| is_part(&unseen.path))
    };
    let seen = |connection: &&Arc<Connection>| connection.target.is_seen() && is_whole(&connection.name);
    for connection in config.connections.values().filter(seen) {
        let known = peers.iter_mut().find(|peer| is_same(&peer.connection, connection));
        match known {
            Some(peer) => peer.names.push(connection.name.clone()),
            None => peers.push(Peer {
                connection: Connection::clone(connection),
                names: vec![connection.name.clone()],
            }),
        }
    }
    peers
}

fn is_same(one: &Connection, other: &Connection) -> bool {
    one.policy == other.policy
        && one.transport == other.transport
        && one.target.sample().origin() == other.target.sample().origin()
}

async fn findings(peer: &Peer) -> Vec<Finding> {
    let url = peer.connection.target.sample();
    let names = peer.names.join(", ");
    match named(&peer.connection, &names).await {
        Err(finding) => vec![finding],
        Ok(finding) => {
            let certificate = match url.scheme() {
                "https" => Some(certified(peer, &names).await),
                _ => None,
            };
            finding.into_iter().chain(certificate).collect()
        }
    }
}

/// Whether the host's name resolves to allowed addresses. An address needs no name. A proxy may resolve a name that
/// this machine cannot.
async fn named(connection: &Connection, names: &str) -> Result<Option<Finding>, Finding> {
    let Some(Host::Domain(host)) = connection.target.sample().host() else { return Ok(None) };
    let addresses = match addresses(host, names).await {
        Ok(addresses) => addresses,
        Err(_) if connection.transport.proxy.is_some() => {
            let found = format!("{host} ({names}) does not resolve here: the proxy resolves it");
            return Ok(Some(Finding::ok(NAME, found)));
        }
        Err(finding) => return Err(finding),
    };
    let denied = addresses.iter().find_map(|address| check_address(*address, connection.policy).err());
    if let Some(denied) = denied {
        let found = format!("{host} ({names}): {denied}");
        return Err(Finding { fix: None, ..Finding::wrong(NAME, found, "") });
    }
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Ok(Some(Finding::ok(NAME, format!("{host} ({names}) resolves to {}", some(&shown, SHOWN)))))
}

/// The addresses of a host, or why it has none.
async fn addresses(host: &str, names: &str) -> Result<BTreeSet<IpAddr>, Finding> {
    match tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(found)) => Ok(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => {
            let fix = "correct the name in `url`, or fix this machine's name server (/etc/resolv.conf)";
            Err(Finding::wrong(NAME, format!("{host} ({names}) does not resolve: {error}"), fix))
        }
        Err(_) => {
            let found = format!("resolving {host} ({names}) took more than {} s", PATIENCE.as_secs());
            Err(Finding::wrong(
                NAME,
                found,
                "check that this machine's name server is reachable (/etc/resolv.conf)",
            ))
        }
    }
}

/// How long the certificate of a peer is valid.
async fn certified(peer: &Peer, names: &str) -> Finding {
    let url = peer.connection.target.sample();
    let place = match url.port() {
        Some(port) => format!("{}:{port} ({names})", peer.connection.target.host()),
        None => format!("{} ({names})", peer.connection.target.host()),
    };
    match peer_certificate::of(&peer.connection, PATIENCE).await {
        Ok(Shown::Until(end)) => valid_until(&place, end, "ask the operator of that server to renew it"),
        Ok(Shown::Silent(why)) => Finding::warning(
            CERTIFICATE,
            format!("{place}: the certificate is trusted, but the server does not answer: {why}"),
            "test it with a request of the plugin: `tocsin connections test`",
        ),
        Ok(Shown::Unclear) => Finding::ok(CERTIFICATE, format!("{place}: the certificate is trusted")),
        Err(error) => Finding::wrong(
            CERTIFICATE,
            format!("{place}: {error}"),
            "check the address, the firewall and the certificate",
        ),
    }
}
