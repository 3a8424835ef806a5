//! The top of the configuration, and what must fit between its parts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tocsin_core::egress::Policy;
use tocsin_core::retry::Schedule;
use tocsin_core::template::lacks_scheme;
use tocsin_core::time_zone::TimeZone;
use toml::Table;
use url::Url;

use super::reader::Reader;
use super::{
    Config, ConfigProblem, actions, backup, connections, limits, metrics, plugins, retry, routing, sources,
};

/// Where senders connect to when nothing is said: not reachable from outside by accident.
const DEFAULT_LISTEN: &str = "127.0.0.1:8686";
/// The key of the state directory.
const STATE_DIR: &str = "state_dir";
/// Where packages put the configuration, and where the unit then keeps the state: the command line has to
/// find it without the service's environment.
const PACKAGED: (&str, &str) = ("/etc/tocsin", "/var/lib/tocsin");

/// The configuration as far as it can be read, with every mistake.
pub(super) fn read(path: &Path, table: Table) -> (Config, Vec<ConfigProblem>) {
    let mut root = Reader::root(table);
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let listen =
        root.parsed("listen", parse_listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8686)));
    let state_dir = state_dir(&mut root, &base);
    let plugins_dir = directory(&mut root, "plugins_dir", &base, "", || state_dir.join("plugins"));
    let cache_dir = directory(&mut root, "cache_dir", &base, "CACHE_DIRECTORY", || state_dir.join("cache"));
    let public_url = root.parsed("public_url", parse_public_url);
    let time_zone =
        root.parsed("time_zone", str::parse::<TimeZone>).unwrap_or_else(|| TimeZone::utc().clone());
    let trusted_proxies = root
        .texts("trusted_proxies")
        .map(|texts| sources::networks(&root, "trusted_proxies", &texts))
        .unwrap_or_default();
    let limits = limits::read(root.section("limits"));
    let plugins = plugins::read(root.section("plugins"));
    let backup = backup::read(&mut root, &base, &state_dir);
    let metrics = metrics::read(root.section("metrics"));
    let schedule = retry::read(root.section("retry"), Schedule::default());
    let policy = read_egress(root.section("egress"));
    let sources: BTreeMap<_, _> = root
        .sections("sources")
        .into_iter()
        .map(|(name, section)| sources::read(name, section))
        .map(shared)
        .collect();
    let sections = root.sections("connections");
    let names: Vec<String> = sections.iter().map(|(name, _)| name.clone()).collect();
    let connections: BTreeMap<_, _> = sections
        .into_iter()
        .filter_map(|(name, section)| connections::read(name, section, policy, schedule, &limits))
        .map(shared)
        .collect();
    let mut actions: BTreeMap<_, _> = root
        .sections("actions")
        .into_iter()
        .map(|(name, section)| actions::read(name, section, &names))
        .collect();
    let fallback = routing::read(root.section("routing"), &mut actions);
    let (unseen, places) = root.secrets_found();
    let problems = root.finish();
    let config = Config {
        path: path.to_owned(),
        listen,
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
        sources,
        connections,
        actions,
        fallback,
        unseen,
        places,
    };
    (config, problems)
}

fn shared<T>((name, one): (String, T)) -> (String, Arc<T>) {
    (name, Arc::new(one))
}

/// The state directory alone: whoever looks for the running relay need not be able to read its secrets.
pub(super) fn read_state_dir(path: &Path, mut table: Table) -> Result<PathBuf, Vec<ConfigProblem>> {
    table.retain(|key, _| key == STATE_DIR);
    let mut root = Reader::root(table);
    let state_dir = state_dir(&mut root, path.parent().unwrap_or(Path::new("")));
    let problems = root.finish();
    if problems.is_empty() { Ok(state_dir) } else { Err(problems) }
}

/// Where the relay keeps its own backups, if it makes any.
pub(super) fn read_backup_dir(path: &Path, mut table: Table) -> Result<Option<PathBuf>, Vec<ConfigProblem>> {
    table.retain(|key, _| [STATE_DIR, "backup"].contains(&key));
    let mut root = Reader::root(table);
    let base = path.parent().unwrap_or(Path::new(""));
    let state_dir = state_dir(&mut root, base);
    let backup = backup::read(&mut root, base, &state_dir);
    let problems = root.finish();
    if problems.is_empty() { Ok(backup.map(|backup| backup.dir)) } else { Err(problems) }
}

fn state_dir(root: &mut Reader, base: &Path) -> PathBuf {
    directory(root, STATE_DIR, base, "STATE_DIRECTORY", || {
        if base == Path::new(PACKAGED.0) { PathBuf::from(PACKAGED.1) } else { base.join("state") }
    })
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is not an address and port, such as `{DEFAULT_LISTEN}` or `0.0.0.0:8686`")
    })
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

/// A directory as configured (relative to the configuration's own), else as systemd says, else `or`.
fn directory(
    root: &mut Reader,
    key: &'static str,
    base: &Path,
    variable: &str,
    or: impl FnOnce() -> PathBuf,
) -> PathBuf {
    if let Some(path) = root.text(key) {
        return base.join(path);
    }
    let given = std::env::var_os(variable).filter(|value| !variable.is_empty() && !value.is_empty());
    given.map_or_else(or, PathBuf::from)
}

fn read_egress(mut reader: Reader) -> Policy {
    // Where a cloud hands out this machine's credentials is never for all connections.
    let policy = Policy { private: reader.boolean("allow_private").unwrap_or(false), link_local: false };
    reader.finish();
    policy
}
