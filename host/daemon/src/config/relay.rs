//! The top of the configuration, and what must fit between its parts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use tocsin_core::egress::Policy;
use tocsin_core::retry::Schedule;
use tocsin_core::template::lacks_scheme;
use tocsin_core::time_zone::TimeZone;
use url::Url;

use super::directories::{STATE_DIR, base, directory, state_dir};
use super::error::ConfigProblem;
use super::files::Files;
use super::merge::Merged;
use super::parts::Parts;
use super::reader::Reader;
use super::transport::{self, Transport};
use super::vault::Vault;
use super::{
    Config, Source, Traces, actions, backup, connections, limits, log, metrics, plugins, retry, routing,
    secrets, sources, tls, traces,
};

/// Where senders connect to when nothing is said: not reachable from outside by accident.
const DEFAULT_LISTEN: &str = "127.0.0.1:8686";

/// An address for `api_listen`, which has no default.
const EXAMPLE_API_LISTEN: &str = "127.0.0.1:8687";

/// The table of backups.
const BACKUP: &str = "backup";

/// The configuration as far as it can be read, with every mistake and the file that it is in. Managed secrets are those
/// in `kept_in`, or by default in the configured state directory.
pub(super) fn read(path: &Path, merged: Merged, kept_in: Option<&Path>) -> (Config, Vec<ConfigProblem>) {
    let Merged { table, origins, mut problems } = merged;
    let mut parts = Parts::of(&table);
    let mut root = Reader::root(table);
    let (listen, api_listen) = read_listen(&mut root);
    let state_dir = state_dir(&mut root, base(path));
    let vault = secrets::read(&mut root, kept_in.unwrap_or(&state_dir));
    root.manage(vault.clone());
    let tls = tls::read(&mut root);
    let plugins_dir = directory(&mut root, "plugins_dir", "", || state_dir.join("plugins"));
    let cache_dir = directory(&mut root, "cache_dir", "CACHE_DIRECTORY", || state_dir.join("cache"));
    let public_url = root.parsed("public_url", parse_public_url);
    let time_zone =
        root.parsed("time_zone", str::parse::<TimeZone>).unwrap_or_else(|| TimeZone::utc().clone());
    let trusted_proxies = read_trusted_proxies(&mut root);
    let plugins = plugins::read(root.section("plugins"));
    let limits = limits::read(root.section("limits"), plugins.execution);
    let backup = backup::read(&mut root, &state_dir);
    let metrics = metrics::read(root.section("metrics"));
    let log = log::read(root.section("log"));
    let schedule = retry::read(root.section("retry"), Schedule::default());
    let (policy, transport, traces) = read_outgoing(&mut root);
    let sources = read_sources(&mut root);
    let sections = root.sections("connections");
    let names: Vec<String> = sections.iter().map(|(name, _)| name.clone()).collect();
    let connections: BTreeMap<_, _> = sections
        .into_iter()
        .filter_map(|(name, section)| connections::read(name, section, policy, &transport, schedule, &limits))
        .map(shared)
        .collect();
    let mut actions: BTreeMap<_, _> = root
        .sections("actions")
        .into_iter()
        .map(|(name, section)| actions::read(name, section, &names))
        .collect();
    let fallback = routing::read(root.section("routing"), &mut actions);
    let (unseen, places) = root.secrets_found(&mut parts);
    problems.extend(root.finish().into_iter().map(|problem| origins.locate(problem)));
    let config = Config {
        path: path.to_owned(),
        listen,
        is_given: false,
        api_listen,
        tls,
        state_dir,
        plugins_dir,
        cache_dir,
        public_url,
        time_zone,
        trusted_proxies,
        limits,
        plugins,
        backup,
        metrics,
        log,
        traces,
        transport,
        sources,
        connections,
        actions,
        fallback,
        unseen: unseen.into_iter().map(|problem| origins.locate(problem)).collect(),
        unread: Vec::new(),
        vault,
        places,
        parts,
        files: Arc::new(Files::of_text(path, "")),
        origins,
    };
    (config, problems)
}

fn read_trusted_proxies(root: &mut Reader) -> Vec<IpNet> {
    let texts = root.texts("trusted_proxies");
    texts.map(|texts| sources::networks(root, "trusted_proxies", &texts)).unwrap_or_default()
}

fn read_sources(root: &mut Reader) -> BTreeMap<String, Arc<Source>> {
    let sections = root.sections("sources").into_iter();
    sections.map(|(name, section)| sources::read(name, section)).map(shared).collect()
}

fn shared<T>((name, one): (String, T)) -> (String, Arc<T>) {
    (name, Arc::new(one))
}

/// Where the relay keeps its own backups, if it makes any.
pub(super) fn read_backup_dir(path: &Path, merged: Merged) -> Result<Option<PathBuf>, Vec<ConfigProblem>> {
    let Merged { mut table, origins, mut problems } = merged;
    table.retain(|key, _| [STATE_DIR, BACKUP].contains(&key));
    let mut root = Reader::root(table);
    let state_dir = state_dir(&mut root, base(path));
    let backup = backup::read(&mut root, &state_dir);
    problems.retain(|problem| problem.path.starts_with(BACKUP));
    problems.extend(root.finish().into_iter().map(|problem| origins.locate(problem)));
    if problems.is_empty() { Ok(backup.map(|backup| backup.dir)) } else { Err(problems) }
}

/// Where managed secrets are.
pub(super) fn read_vault(merged: Merged, state_dir: &Path) -> Result<Vault, Vec<ConfigProblem>> {
    let Merged { mut table, origins, mut problems } = merged;
    table.retain(|key, _| key == secrets::TABLE);
    let mut root = Reader::root(table);
    let vault = secrets::read(&mut root, state_dir);
    problems.retain(|problem| problem.path.starts_with(secrets::TABLE));
    problems.extend(root.finish().into_iter().map(|problem| origins.locate(problem)));
    if problems.is_empty() { Ok(vault) } else { Err(problems) }
}

/// The addresses to listen at.
fn read_listen(root: &mut Reader) -> (SocketAddr, Option<SocketAddr>) {
    let listen = root.parsed("listen", |text| parse_listen(text, DEFAULT_LISTEN));
    let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8686)));
    (listen, root.parsed("api_listen", |text| parse_api_listen(text, listen)))
}

fn parse_listen(text: &str, example: &str) -> Result<SocketAddr, String> {
    let port = example.rsplit(':').next().unwrap_or_default();
    text.parse()
        .map_err(|_| format!("`{text}` is not an address and port, such as `{example}` or `0.0.0.0:{port}`"))
}

fn parse_api_listen(text: &str, listen: SocketAddr) -> Result<SocketAddr, String> {
    let address = parse_listen(text, EXAMPLE_API_LISTEN)?;
    // The system chooses another port for each 0.
    if address == listen && address.port() != 0 {
        return Err(format!(
            "`{text}` is the address of `listen`: write another port, or remove the key to use one listener for all"
        ));
    }
    Ok(address)
}

fn parse_public_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(_) | Err(_) if lacks_scheme(text) => {
            Err(format!("`{text}` has no scheme: write `https://` in front of it"))
        }
        Ok(_) | Err(_) => Err(format!("`{text}` is not an address such as `https://tocsin.example.org`")),
    }
}

/// `[egress]`, and `[traces]` which takes from it.
fn read_outgoing(root: &mut Reader) -> (Policy, Transport, Option<Traces>) {
    let mut reader = root.section("egress");
    // Where a cloud hands out this machine's credentials is never for all connections.
    let policy = Policy { private: reader.boolean("allow_private").unwrap_or(false), link_local: false };
    let transport = transport::read(&mut reader);
    reader.finish();
    let traces = traces::read(root, &transport);
    (policy, transport, traces)
}
