//! The configuration: TOML files, merged into one table, read whole, checked whole, every mistake reported at once with
//! its path and file.
//!
//! Never half in force: either all of it is right or none of it counts. Secrets are read here and nowhere
//! printed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tocsin_core::egress::Policy;
use tocsin_core::retry::Schedule;
use tocsin_core::routing::{ActionRule, Routing, SourceRule};
use tocsin_core::settings::Given;
use tocsin_core::time_zone::TimeZone;
use url::Url;

mod actions;
mod backup;
mod certificates;
mod connections;
mod directories;
mod error;
mod expired;
mod export;
mod exposed;
mod files;
mod fixed;
mod history;
mod limits;
mod log;
mod managed;
mod managed_secrets;
mod memory;
mod merge;
mod metrics;
mod name;
mod never;
mod oauth2;
mod origins;
mod parts;
mod paths;
mod plugins;
mod proxy;
mod purpose;
mod rate;
mod reader;
mod reading;
mod relay;
mod retry;
mod routing;
mod secret;
mod secrets;
mod sources;
mod target;
mod tls;
mod token;
mod traces;
mod transport;
mod vault;

pub use backup::Backup;
pub use certificates::{Authorities, Identity};
pub use error::{ConfigError, ConfigProblem, count};
pub use files::{File, Files, MANAGED, Part, dropped_beside, managed_in};
pub use history::{History, Kept, KeptFile};
pub use limits::Limits;
pub use log::Log;
pub use managed::{Expected, Kind, ManagedChange, ManagedFile, Plan, Refusal, Resource};
pub use managed_secrets::ManagedUse;
pub use metrics::Metrics;
pub use name::{NO_NAME, is_name};
pub use oauth2::{ClientAuthentication, OAuth2};
pub use parts::{Change, How};
pub use plugins::{Consent, Plugins};
pub use proxy::{Proxy, ProxyDenied};
pub use purpose::Purpose;
pub use rate::Rate;
pub use secret::Secret;
pub use target::Target;
pub use tls::{Clients, Tls};
pub use token::{KEYS as TOKEN_KEYS, Token};
pub use traces::Traces;
pub use transport::Transport;
pub use vault::{Before, KeyPlace, KeySource, Listed, Opened, Stored, Vault, VaultError, Writer};

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The main file. Relative paths begin at its directory.
    pub path: PathBuf,
    /// Where senders connect to.
    pub listen: SocketAddr,
    /// Whether `listen` is the address of systemd's socket and not the configured one.
    pub is_given: bool,
    /// Where operators and monitoring connect to, if not to `listen`.
    pub api_listen: Option<SocketAddr>,
    /// How the listeners speak TLS, if they do.
    pub tls: Option<Tls>,
    /// Where the store and the control socket are.
    pub state_dir: PathBuf,
    /// Where operators drop plugins.
    pub plugins_dir: PathBuf,
    /// Where compiled plugins are kept.
    pub cache_dir: PathBuf,
    /// The address under which senders and readers of messages reach the relay.
    pub public_url: Option<Url>,
    /// The zone that times in messages are written in, unless an action has its own.
    pub time_zone: TimeZone,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What bounds the relay's work.
    pub limits: Limits,
    /// Which dropped files are put in force.
    pub plugins: Plugins,
    /// Backups that the relay makes by itself.
    pub backup: Option<Backup>,
    /// Access to metrics over the network.
    pub metrics: Metrics,
    /// What the relay logs.
    pub log: Log,
    /// Where traces are sent, if they are.
    pub traces: Option<Traces>,
    /// `[egress]`: the transport of requests without a connection, and the default of connections.
    pub transport: Transport,
    /// By name.
    pub sources: BTreeMap<String, Arc<Source>>,
    /// By name.
    pub connections: BTreeMap<String, Arc<Connection>>,
    /// By name.
    pub actions: BTreeMap<String, Action>,
    /// The action that receives what no other action took.
    pub fallback: Option<String>,
    /// Secrets that only the service can see; none in a relay that runs.
    pub unseen: Vec<ConfigProblem>,
    /// Files of the configuration that only the service can read; none in a running relay.
    pub unread: Vec<ConfigProblem>,
    /// Where managed secrets are kept.
    pub vault: Vault,
    /// Where each secret was read from, by its path.
    places: Vec<(String, secret::Place)>,
    /// The parts of the configuration, with their digests.
    parts: parts::Parts,
    /// The files, as they were read.
    pub files: Arc<Files>,
    /// The file of each part.
    origins: origins::Origins,
}

/// A place that requests come in at.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, the last part of its URL.
    pub name: String,
    /// The id of the plugin that decodes its requests.
    pub plugin: String,
    /// What a sender has to prove; nothing when the source is open to everybody.
    pub authentication: Authentication,
    /// Bytes of a request's body, if the configuration says; see [`Source::body_limit`].
    pub body_limit: Option<usize>,
    /// How many requests it takes; any number when it does not say.
    pub rate: Option<Rate>,
    /// Bytes of its requests that are kept, if the configuration says; else what `[limits]` says.
    pub keep_bytes: Option<usize>,
    /// Whether an address is fetched that a sender wants fetched to confirm its subscription, if the plugin knows
    /// its host.
    pub confirm: bool,
    /// How its events are treated.
    pub rule: SourceRule,
    /// The plugin's settings, as written.
    pub settings: BTreeMap<String, Given>,
}

/// What a sender has to prove: everything that is set.
#[derive(Clone, Debug, Default)]
pub struct Authentication {
    /// Tokens in the query, a header or the path, with the places of their keys in [`TOKEN_KEYS`]: one of them is enough.
    pub tokens: Vec<(usize, Token)>,
    /// HTTP Basic.
    pub basic: Option<Basic>,
    /// The key of the signature that the source's plugin describes.
    pub signing_key: Option<Secret>,
    /// A token in a field of the body or query.
    pub field_token: Option<FieldToken>,
    /// Networks that requests may come from; any when empty.
    pub allow: Vec<IpNet>,
}

impl Authentication {
    /// All its known secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let basic = self.basic.as_ref().map(|basic| &basic.password);
        let field = self.field_token.as_ref().map(|field| &field.key);
        let tokens = self.tokens.iter().filter_map(|(_, token)| token.secret());
        tokens.chain([basic, self.signing_key.as_ref(), field].into_iter().flatten())
    }

    /// Whether something of it is proven before the body is read.
    pub fn proves_by_head(&self) -> bool {
        !self.tokens.is_empty() || self.basic.is_some() || !self.allow.is_empty()
    }

    /// Whether everybody is let in.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty()
            && self.basic.is_none()
            && self.signing_key.is_none()
            && self.field_token.is_none()
            && self.allow.is_empty()
    }
}

/// HTTP Basic credentials.
#[derive(Clone, Debug)]
pub struct Basic {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: Secret,
}

/// A token in a field of the form, JSON object or query.
#[derive(Clone, Debug)]
pub struct FieldToken {
    /// The field, in any case.
    pub field: String,
    /// With it, the field holds the MD5 of this name in lower case and the key, in hexadecimal, as StatusCake
    /// sends it; without, the key itself.
    pub md5_user: Option<String>,
    /// The token, or the account's key.
    pub key: Secret,
}

/// A place that requests go out to.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// The id of the plugin that talks to the peer.
    pub plugin: String,
    /// What it is for.
    pub description: String,
    /// What kind of application the peer is; for people only.
    pub kind: String,
    /// Which environment the peer belongs to; for people only.
    pub environment: String,
    /// Where the peer is. Often a secret by itself.
    pub target: Target,
    /// Which addresses it may reach.
    pub policy: Policy,
    /// The transport of its requests.
    pub transport: Transport,
    /// The source of its access tokens, if the peer needs them.
    pub oauth2: Option<OAuth2>,
    /// How long one request may take.
    pub timeout: Duration,
    /// Deliveries under way at the same time.
    pub concurrency: usize,
    /// When a delivery over it is tried again.
    pub retry: Schedule,
    /// Bytes of one request.
    pub body_bytes: usize,
    /// By the key of the plugin's field.
    pub secrets: BTreeMap<String, Secret>,
    /// The plugin's settings, as written.
    pub settings: BTreeMap<String, Given>,
}

impl Connection {
    /// Whether it has credentials besides what its URL may hold.
    pub fn has_credentials(&self) -> bool {
        !self.secrets.is_empty() || self.oauth2.is_some() || self.transport.client_certificate.is_some()
    }
}

/// What is sent when.
#[derive(Clone, Debug)]
pub struct Action {
    /// When, and over which connection.
    pub rule: ActionRule,
    /// What it is for.
    pub description: String,
    /// The reader's language as a BCP 47 tag, such as `de` or `pt-BR`; empty if the operator sets none.
    pub language: String,
    /// What whoever opens a link in one of its messages may do.
    pub readers_may: Vec<Purpose>,
    /// The zone that times in its messages are written in, if not the relay's.
    pub time_zone: Option<TimeZone>,
    /// The plugin's settings, as written.
    pub settings: BTreeMap<String, Given>,
}

impl Config {
    /// The file of a source, connection, action or key, by its path: `sources.jira`, `limits.body`. For a table such as
    /// `limits` that several files add to, the first file.
    pub fn origin(&self, path: &str) -> Option<&Path> {
        self.origins.of(path)
    }

    /// The mistake with the file that it is in, if the configuration has several files.
    pub fn located(&self, problem: ConfigProblem) -> ConfigProblem {
        self.origins.locate(problem)
    }

    /// The part that state depends on.
    pub fn routing(&self) -> Routing {
        Routing {
            sources: self.sources.iter().map(|(name, source)| (name.into(), source.rule.clone())).collect(),
            actions: self.actions.values().map(|action| action.rule.clone()).collect(),
        }
    }

    /// The parts that differ in `next`.
    pub fn changes(&self, next: &Self) -> Vec<Change> {
        self.parts.changes(&next.parts)
    }

    /// The zone that times in an action's messages are written in.
    pub fn time_zone_of(&self, action: &str) -> &TimeZone {
        let own = self.actions.get(action).and_then(|action| action.time_zone.as_ref());
        own.unwrap_or(&self.time_zone)
    }

    /// The store's file.
    pub fn store_path(&self) -> PathBuf {
        store_in(&self.state_dir)
    }

    /// The socket over which the command line talks to the running relay.
    pub fn socket_path(&self) -> PathBuf {
        socket_in(&self.state_dir)
    }

    /// The address of a source, as far as it is known from outside.
    pub fn source_url(&self, source: &str) -> String {
        match &self.public_url {
            Some(url) => format!("{}/in/{source}", url.as_str().trim_end_matches('/')),
            None => {
                let scheme = if self.tls.is_some() { "https" } else { "http" };
                format!("{scheme}://{}/in/{source}", self.listen)
            }
        }
    }
}

/// The store's file in a state directory.
pub fn store_in(state_dir: &Path) -> PathBuf {
    state_dir.join("tocsin.redb")
}

/// The control socket in a state directory.
pub fn socket_in(state_dir: &Path) -> PathBuf {
    state_dir.join("control.sock")
}

#[cfg(test)]
mod tests;
