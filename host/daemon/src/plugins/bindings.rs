//! Plugins bound to the configuration: for each source and action the plugin that serves it, with its
//! settings checked against that plugin's own description.
//!
//! Built whole and then put in force at once; never changed afterwards. A binding that does not fit says why,
//! and only what depends on it stops working.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tocsin_core::plugin::{ActionInfo, Context, Failure, Setting, SourceInfo, Step, Zone};
use tocsin_core::settings::{SettingError, Settings, secret_names};
use tocsin_core::time_zone::TimeZone;
use tocsin_sandbox::{CallError, Limits, Plugin};

use crate::config::{Action, Config, ConfigProblem, Connection, Secret, Source};
use crate::send::request::{InvalidRequest, Moment, assemble, named_secrets};

mod broken;

/// When a sample request would be made.
const SAMPLE_MOMENT: Moment<'static> = Moment { delivery: "sample", seconds: 0, traceparent: None };

/// A plugin that is in force, and where it is from.
#[derive(Clone)]
pub struct Loaded {
    /// The plugin.
    pub plugin: Plugin,
    /// Where it is from.
    pub origin: Origin,
}

/// Where a plugin is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with the relay.
    Bundled,
    /// An operator dropped it: the file's name.
    Dropped(String),
}

/// Connections, or why they do not work, by name.
type Connections = BTreeMap<String, Result<Arc<ConnectionBinding>, String>>;

/// What plugins there are.
#[derive(Clone, Default)]
pub struct Offer {
    /// Those that can be used, by id.
    pub plugins: BTreeMap<String, Loaded>,
    /// Why others cannot, by id.
    pub absent: BTreeMap<String, String>,
}

/// What is in force.
#[derive(Clone, Default)]
pub struct Bindings {
    /// By id.
    pub plugins: BTreeMap<String, Loaded>,
    /// By the source's name.
    pub sources: BTreeMap<String, Result<Arc<SourceBinding>, String>>,
    /// By the action's name.
    pub actions: BTreeMap<String, Result<Arc<ActionBinding>, String>>,
    /// By the connection's name.
    pub connections: Connections,
    /// What is bound and will not work when it is needed: a secret that is missing.
    pub missed: Vec<ConfigProblem>,
}

/// A source with its plugin.
pub struct SourceBinding {
    /// The plugin.
    pub plugin: Plugin,
    /// What it said about taking requests in.
    pub info: SourceInfo,
    /// What it is given with each request.
    pub settings: Vec<Setting>,
}

/// An action with its plugin.
pub struct ActionBinding {
    /// The plugin.
    pub plugin: Plugin,
    /// What it is given with each delivery, once rendered.
    pub settings: Settings,
}

/// A connection with its plugin.
pub struct ConnectionBinding {
    /// The plugin.
    pub plugin: Plugin,
    /// What the plugin said about sending requests out.
    pub info: ActionInfo,
    /// What the plugin is given with each delivery.
    pub settings: Vec<Setting>,
}

impl Bindings {
    /// Binds what is on offer to `config`. Returns every setting that does not fit beside what does.
    pub async fn build(config: &Config, offer: Offer) -> (Self, Vec<ConfigProblem>) {
        let mut problems = Vec::new();
        let mut note = |problem: Vec<ConfigProblem>| {
            let words: Vec<String> = problem.iter().map(ToString::to_string).collect();
            problems.extend(problem);
            words.join("; ")
        };
        let mut sources = BTreeMap::new();
        for (name, source) in &config.sources {
            sources
                .insert(name.clone(), bind_source(source, &config.limits, &offer).await.map_err(&mut note));
        }
        let mut connections = BTreeMap::new();
        for (name, connection) in &config.connections {
            connections.insert(name.clone(), bind_connection(connection, &offer).await.map_err(&mut note));
        }
        let (mut actions, mut missed) = (BTreeMap::new(), Vec::new());
        for (name, action) in &config.actions {
            let bound = bind_action(action, config, &offer, &connections).await;
            if let Ok(binding) = &bound {
                missed.extend(rehearse(binding, action, config, &connections).await);
            }
            actions.insert(name.clone(), bound.map_err(&mut note));
        }
        problems.extend(missed.iter().cloned());
        let problems = problems.into_iter().map(|problem| config.located(problem)).collect();
        (Self { plugins: offer.plugins, sources, actions, connections, missed }, problems)
    }

    /// What of the configuration does not work, for want of a plugin that fits: its path, and why.
    pub fn unbound(&self) -> Vec<(String, &str)> {
        let sources = failures("sources", &self.sources);
        let connections = failures("connections", &self.connections);
        sources.chain(connections).chain(failures("actions", &self.actions)).collect()
    }
}

fn failures<'a, T>(
    table: &'static str,
    bound: &'a BTreeMap<String, Result<T, String>>,
) -> impl Iterator<Item = (String, &'a str)> {
    bound.iter().filter_map(move |(name, bound)| {
        let why = bound.as_ref().err()?;
        Some((format!("{table}.{name}"), why.as_str()))
    })
}

fn problem(path: String, problem: impl Into<String>) -> Vec<ConfigProblem> {
    vec![ConfigProblem::new(path, problem)]
}

/// The plugin that `path` asks for.
fn find<'a>(id: &str, path: &str, offer: &'a Offer) -> Result<&'a Plugin, Vec<ConfigProblem>> {
    offer.plugins.get(id).map(|loaded| &loaded.plugin).ok_or_else(|| {
        if let Some(why) = offer.absent.get(id) {
            return problem(format!("{path}.plugin"), why.clone());
        }
        let known: BTreeSet<&str> =
            offer.plugins.keys().chain(offer.absent.keys()).map(String::as_str).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let words = format!(
            "there is no plugin `{id}`: there is {}; drop {id}.wasm into the plugins directory",
            known.join(", ")
        );
        problem(format!("{path}.plugin"), words)
    })
}

/// The mistakes of one table of settings, under its path.
fn at(path: &str, errors: Vec<SettingError>) -> Vec<ConfigProblem> {
    let under =
        |error: SettingError| ConfigProblem::new(format!("{path}.settings.{}", error.key), error.problem);
    errors.into_iter().map(under).collect()
}

async fn bind_source(
    source: &Source,
    bounds: &crate::config::Limits,
    offer: &Offer,
) -> Result<Arc<SourceBinding>, Vec<ConfigProblem>> {
    let path = format!("sources.{}", source.name);
    let plugin = find(&source.plugin, &path, offer)?;
    let Some(info) = plugin.info().source.clone() else {
        let words = format!("`{}` only sends: use a plugin that takes requests in", source.plugin);
        return Err(problem(format!("{path}.plugin"), words));
    };
    if source.authentication.signing_key.is_some() && info.signatures.is_empty() {
        let words = format!("`{}` describes no signature: use a token", source.plugin);
        return Err(problem(format!("{path}.signing_key"), words));
    }
    if source.confirm && info.confirm_hosts.is_empty() {
        let words = format!("`{}` knows no host that asks for confirmations: take it out", source.plugin);
        return Err(problem(format!("{path}.confirm"), words));
    }
    let settings = Settings::check(&info.fields, &source.settings).map_err(|errors| at(&path, errors))?;
    let plain = settings.plain();
    let problems = match plugin.check_source(&plain).await {
        Ok(problems) => problems,
        Err(error) => return Err(problem(format!("{path}.settings"), error.to_string())),
    };
    if !problems.is_empty() {
        return Err(at(&path, problems));
    }
    let request_bytes = source.body_limit(bounds, info.body_limit);
    let memory_bytes = Source::memory_bytes(bounds, request_bytes);
    let wall = Source::plugin_time(bounds, request_bytes);
    let limits = Limits { request_bytes, memory_bytes, wall, ..plugin.limits().clone() };
    // Each source has places of its own: two sources with one plugin do not wait for one another.
    let plugin = plugin.with_limits(limits).shared_as(&path);
    Ok(Arc::new(SourceBinding { plugin, settings: plain, info }))
}

/// The part of a plugin that sends, for `path`.
fn action_info(plugin: &Plugin, path: &str) -> Result<ActionInfo, Vec<ConfigProblem>> {
    plugin.info().action.clone().ok_or_else(|| {
        let words = format!("`{}` only takes requests in: use a plugin that sends", plugin.info().id);
        problem(format!("{path}.plugin"), words)
    })
}

async fn bind_connection(
    connection: &Connection,
    offer: &Offer,
) -> Result<Arc<ConnectionBinding>, Vec<ConfigProblem>> {
    let path = format!("connections.{}", connection.name);
    let plugin = find(&connection.plugin, &path, offer)?;
    let info = action_info(plugin, &path)?;
    let mut problems = Vec::new();
    for (key, required) in secret_names(&info.connection) {
        if required && !connection.secrets.contains_key(key) {
            problems.extend(problem(format!("{path}.secrets.{key}"), "is missing"));
        }
    }
    for key in connection.secrets.keys() {
        if !secret_names(&info.connection).any(|(name, _)| name == key) {
            let names: Vec<&str> = secret_names(&info.connection).map(|(name, _)| name).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let words = format!("is not a secret of this plugin: there is {known}");
            problems.extend(problem(format!("{path}.secrets.{key}"), words));
        }
    }
    let settings = match Settings::check(&info.connection, &connection.settings) {
        Ok(settings) => settings.plain(),
        Err(errors) => {
            problems.extend(at(&path, errors));
            return Err(problems);
        }
    };
    let checked = if connection.target.is_seen() {
        plugin.check_connection(connection.target.host(), &settings).await
    } else {
        // What fits depends on the host, which is not known here.
        Ok(Vec::new())
    };
    match checked {
        Ok(found) => problems.extend(at(&path, found)),
        Err(error) => problems.extend(problem(format!("{path}.settings"), error.to_string())),
    }
    if problems.is_empty() {
        return Ok(Arc::new(ConnectionBinding { plugin: plugin.clone(), settings, info }));
    }
    Err(problems)
}

async fn bind_action(
    action: &Action,
    config: &Config,
    offer: &Offer,
    connections: &Connections,
) -> Result<Arc<ActionBinding>, Vec<ConfigProblem>> {
    let rule = &action.rule;
    let path = format!("actions.{}", rule.name);
    let unknown = || problem(format!("{path}.connection"), "is not among the connections");
    let connection = config.connections.get(rule.connection.as_str()).ok_or_else(unknown)?;
    let test = rule.test_connection.as_ref().and_then(|name| config.connections.get(name.as_str()));
    if let Some(test) = test
        && test.plugin != connection.plugin
    {
        let words = format!("is one of `{}`, the connection is one of `{}`", test.plugin, connection.plugin);
        return Err(problem(format!("{path}.test_connection"), words));
    }
    let of_connection = |problems: Vec<ConfigProblem>| without_plugin(&path, connection, problems);
    let plugin = find(&connection.plugin, &path, offer).map_err(of_connection)?;
    let info = action_info(plugin, &path).map_err(of_connection)?;
    let settings = Settings::check(&info.fields, &action.settings).map_err(|errors| at(&path, errors))?;
    // What a connection itself lacks is said of the connection.
    for over in [Some(connection), test].into_iter().flatten() {
        let given = match connections.get(&over.name) {
            Some(Ok(bound)) => bound.settings.clone(),
            _ => match broken::settings(&info, over) {
                Some(given) => given,
                None => continue,
            },
        };
        let found = mistakes(plugin, over, &given, &settings).await;
        let found = found.map_err(|error| problem(format!("{path}.settings"), error.to_string()))?;
        if !found.is_empty() {
            return Err(at(&path, found));
        }
    }
    Ok(Arc::new(ActionBinding { plugin: plugin.clone(), settings }))
}

/// The problems of an action whose connection has no plugin that sends. An action has no plugin of its own.
fn without_plugin(path: &str, connection: &Connection, problems: Vec<ConfigProblem>) -> Vec<ConfigProblem> {
    let of = |problem: ConfigProblem| {
        let words = format!("`{}` does not work: {}", connection.name, problem.problem);
        ConfigProblem::new(format!("{path}.connection"), words)
    };
    problems.into_iter().map(of).collect()
}

/// What the plugin finds wrong with an action's settings, whatever stands where the sample incident has nothing:
/// a label may be a whole value (`{{ labels.channel }}`) or a part of one (`#{{ labels.channel }}`).
async fn mistakes(
    plugin: &Plugin,
    connection: &Connection,
    given: &[Setting],
    settings: &Settings,
) -> Result<Vec<SettingError>, CallError> {
    if !connection.target.is_seen() {
        return Ok(Vec::new());
    }
    let host = connection.target.host();
    let mut found = plugin.check_action(host, given, &settings.sample(Context::SAMPLE_WORD)).await?;
    if !found.is_empty() {
        let other = plugin.check_action(host, given, &settings.sample("")).await?;
        found.retain(|mistake| other.iter().any(|other| other.key == mistake.key));
    }
    Ok(found)
}

/// Makes an action's first request for a sample incident, without sending it: is every secret there that it
/// names?
async fn rehearse(
    binding: &ActionBinding,
    action: &Action,
    config: &Config,
    connections: &Connections,
) -> Vec<ConfigProblem> {
    let rule = &action.rule;
    let mut problems = Vec::new();
    for name in [Some(&rule.connection), rule.test_connection.as_ref()].into_iter().flatten() {
        let (Some(connection), Some(Ok(bound))) =
            (config.connections.get(name.as_str()), connections.get(name.as_str()))
        else {
            continue;
        };
        if !connection.target.is_seen() || !connection.secrets.values().all(Secret::is_seen) {
            continue;
        }
        let limits = Limits { encoded_bytes: connection.body_bytes, ..binding.plugin.limits().clone() };
        let plugin = binding.plugin.with_limits(limits);
        let settings = || format!("actions.{}.settings", rule.name);
        let zone = config.time_zone_of(&rule.name);
        match plugin.encode(sample_context(binding, connection, bound, zone)).await.map(|answer| answer.value)
        {
            Ok(Ok(Step::Send { request, .. })) => {
                let missing = named_secrets(&request).find(|key| !connection.secrets.contains_key(*key));
                let of =
                    |key: &str, words: String| problem(format!("connections.{name}.secrets.{key}"), words);
                if let Some(key) = missing {
                    problems.extend(of(key, format!("is missing: actions.{} needs it", rule.name)));
                    continue;
                }
                match assemble(connection, connection.target.sample(), request, &SAMPLE_MOMENT) {
                    Err(InvalidRequest::Key(key, words)) => {
                        let words = format!("is no signing key for actions.{}: {words}", rule.name);
                        problems.extend(of(&key, words));
                    }
                    Err(invalid @ InvalidRequest::Header(..)) => {
                        problems.extend(problem(settings(), invalid.to_string()));
                    }
                    // The sample may be what does not fit.
                    Ok(_) | Err(_) => {}
                }
            }
            Ok(Err(Failure::Misconfigured(why))) => problems.extend(problem(settings(), why)),
            Err(error) => problems.extend(problem(settings(), error.to_string())),
            // The sample may be what does not fit.
            Ok(Ok(Step::Delivered(_) | Step::Skipped(_)))
            | Ok(Err(Failure::Rejected(_) | Failure::Retry { .. })) => {}
        }
    }
    problems
}

fn sample_context(
    binding: &ActionBinding,
    connection: &Connection,
    bound: &ConnectionBinding,
    zone: &TimeZone,
) -> Context {
    let settings = binding.settings.sample(Context::SAMPLE_WORD);
    let sample = Context::sample(settings, bound.settings.clone(), connection.target.host());
    Context { zone: Zone::of(zone, sample.now), ..sample }
}
