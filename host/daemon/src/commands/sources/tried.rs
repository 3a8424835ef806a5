//! `tocsin sources try`: decodes a request with the configuration at hand, and asks a running relay, if there is
//! one, which incidents the events would change.
//!
//! Never keeps anything, and never needs a secret: what a sender has to prove is not asked for.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use tocsin_core::command::Decoding;
use tocsin_core::event::Event;
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_core::time::Timestamp;

use super::super::cache;
use super::super::place::{Place, runtime};
use super::super::table::segment;
use crate::config::{Config, ConfigProblem, dropped_beside, managed_in};
use crate::operate::api::sources::{Foresee, Foreseen, ForeseenEvent, Reply, Tried, TriedEvent};
use crate::operate::control::shapes;
use crate::plugins::Shelf;
use crate::plugins::bindings::Bindings;
use crate::receive::decode::{DryRun, dry_run};
use crate::receive::{charset, content_encoding};
use crate::runtime::clock::{self, Clock};
use crate::runtime::wording;
use crate::shared::budget::Budget;

/// The media types by a file's ending; a form for whatever else.
const MEDIA_TYPES: [(&str, &str); 3] =
    [("json", "application/json"), ("xml", "application/xml"), ("txt", "text/plain")];

/// A source, and a request that did not come.
#[derive(Debug, Args)]
pub(in crate::commands) struct Try {
    /// The source's name.
    pub(super) source: String,
    #[command(flatten)]
    pub(super) request: Wanted,
    /// Try again whenever the file, the configuration or a plugin changes.
    #[arg(long, short)]
    pub(super) watch: bool,
}

/// A request that did not come.
#[derive(Debug, Args)]
pub(in crate::commands) struct Wanted {
    /// The body; `-` for standard input. Default: no body
    #[arg(long, short, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// A header, as `Name: value`. Without Content-Type, the file's ending says it.
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<String>,
    /// The query, as `a=1&b=2`.
    #[arg(long, default_value = "")]
    query: String,
    /// What follows the source's own path.
    #[arg(long, default_value = "")]
    path: String,
    /// The method.
    #[arg(long, short = 'X', default_value = "POST")]
    method: String,
}

/// What the request would do.
///
/// # Errors
/// The configuration cannot be read, the source is not in it or does not fit its plugin, or the body cannot be
/// read.
pub(super) fn try_out(place: &Place, request: &Try) -> anyhow::Result<Tried> {
    let path = place.path()?;
    let config = of_source(&path, &request.source)?;
    let mut sent = received(&request.request)?;
    let tried = runtime()?.block_on(async {
        let bindings = bind(&config, &path, &request.source).await?;
        let limit = body_limit(&config, &bindings, &request.source);
        let portion = Budget::new(usize::MAX).portion(&request.source, true);
        let undone = content_encoding::undo(&mut sent, limit, &portion).await;
        undone.map_err(|problem| anyhow::anyhow!("{}", problem.detail()))?;
        anyhow::Ok(dry_run(&bindings, &Clock::default(), &request.source, &sent).await?)
    })?;
    let mut shown = shown(&tried);
    if let Decoding::Events(events) = &tried.received.decoding {
        foresee(place, &request.source, events, &mut shown);
    }
    Ok(shown)
}

/// The configuration reduced to this source. Mistakes elsewhere in its files do not matter.
fn of_source(path: &Path, name: &str) -> anyhow::Result<Config> {
    let (mut config, mistakes) = Config::inspect(path)?;
    if !config.sources.contains_key(name) {
        let names: Vec<&str> = config.sources.keys().map(String::as_str).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        anyhow::bail!("There is no source `{name}` in the configuration: there is {there}.");
    }
    let plugin = format!("sources.{name}.plugin");
    let settings = format!("sources.{name}.settings");
    let matters = |problem: &ConfigProblem| problem.path == plugin || problem.path.starts_with(&settings);
    let problems: Vec<ConfigProblem> = mistakes.into_iter().filter(matters).collect();
    anyhow::ensure!(problems.is_empty(), listed(path, &problems));
    config.sources.retain(|known, _| known == name);
    config.connections.clear();
    config.actions.clear();
    Ok(config)
}

fn listed(path: &Path, problems: &[ConfigProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| problem.in_file(path)).collect();
    lines.join("\n")
}

/// The source with its plugin.
async fn bind(config: &Config, path: &Path, name: &str) -> anyhow::Result<Bindings> {
    let sandbox = cache::sandbox(config)?;
    let wanted = config.sources.get(name).map(|source| source.plugin.clone());
    let shelf = Shelf::to_look_at(sandbox, config, |id| wanted.as_deref() == Some(id));
    let (bindings, problems) = shelf.look_once(config).await;
    let refused: Vec<String> =
        shelf.refused().iter().map(|file| format!("\nplugin file {}: {}", file.file, file.why)).collect();
    anyhow::ensure!(problems.is_empty(), "{}{}", listed(path, &problems), refused.concat());
    Ok(bindings)
}

/// Bytes of the largest body that the source takes.
fn body_limit(config: &Config, bindings: &Bindings, name: &str) -> usize {
    let suggested = match bindings.sources.get(name) {
        Some(Ok(binding)) => binding.info.body_limit,
        Some(Err(_)) | None => None,
    };
    config.sources.get(name).map_or(usize::MAX, |source| source.body_limit(&config.limits, suggested))
}

/// The request as it would have come.
///
/// # Errors
/// The body cannot be read, or a header is none.
pub(in crate::commands) fn received(request: &Wanted) -> anyhow::Result<SourceRequest> {
    Ok(SourceRequest {
        method: request.method.to_ascii_uppercase(),
        path: request.path.clone(),
        query: charset::query(&request.query),
        headers: headers(request)?,
        body: body(request)?,
        received_at: clock::time_of_day(),
    })
}

fn body(request: &Wanted) -> anyhow::Result<Vec<u8>> {
    match &request.file {
        None => Ok(Vec::new()),
        Some(path) if is_stdin(path) => {
            let mut body = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin(), &mut body).context("reading standard input")?;
            Ok(body)
        }
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string()),
    }
}

/// Whether a path stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The headers given, names in lower case, with a media type if there is a body.
fn headers(request: &Wanted) -> anyhow::Result<Vec<Pair>> {
    let split = |header: &String| {
        let (name, value) = header
            .split_once(':')
            .with_context(|| format!("`{header}` is no header: write it as `Name: value`"))?;
        Ok(Pair::new(name.trim().to_ascii_lowercase(), value.trim()))
    };
    let mut headers = request.headers.iter().map(split).collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(path) = &request.file
        && !headers.iter().any(|header| header.name == "content-type")
    {
        headers.push(Pair::new("content-type", media_type(path)));
    }
    Ok(headers)
}

fn media_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let known = MEDIA_TYPES.iter().find(|(known, _)| *known == ending);
    known.map_or("application/x-www-form-urlencoded", |(_, media_type)| media_type)
}

/// The outcome, without what a running relay would say to it.
pub(in crate::commands) fn shown(tried: &DryRun) -> Tried {
    let DryRun { received, reply, confirm, took_us } = tried;
    let events = match &received.decoding {
        Decoding::Events(events) => Some(events.iter()),
        _ => None,
    };
    Tried {
        plugin: received.plugin.clone(),
        took_us: *took_us,
        outcome: wording::received(received),
        status: wording::received_status(received).to_owned(),
        rejected: shapes::refused(&received.rejected),
        remarks: received.remarks.clone(),
        confirm: confirm.clone(),
        events: events.map(|events| {
            events.map(|event| TriedEvent { event: shapes::event(event), foreseen: None }).collect()
        }),
        reply: reply.as_ref().map(|reply| Reply {
            status: reply.status,
            headers: shapes::pairs(&reply.headers),
            body: String::from_utf8_lossy(&reply.body).into_owned(),
        }),
        unforeseen: None,
    }
}

/// Adds what each event would do to which incident, as far as a running relay says it.
fn foresee(place: &Place, source: &str, events: &[Event], tried: &mut Tried) {
    let asked = |event: &Event| ForeseenEvent {
        change: event.change.as_str().to_owned(),
        key: event.key.clone(),
        aliases: event.aliases.clone(),
        title: event.title.clone(),
        message: event.message.clone(),
        labels: event.labels.clone(),
        occurred_at_us: event.occurred_at.map(Timestamp::micros),
    };
    let asked = Foresee { events: events.iter().map(asked).collect() };
    let answer: anyhow::Result<Vec<Foreseen>> =
        place.post(&format!("/sources/{}/foresee", segment(source)), &asked);
    match answer {
        Ok(foreseen) => {
            for (event, foreseen) in tried.events.iter_mut().flatten().zip(foreseen) {
                event.foreseen = Some(foreseen);
            }
        }
        Err(why) => tried.unforeseen = Some(why.to_string()),
    }
}

/// The files that the outcome depends on.
pub(super) fn files(place: &Place, request: &Try) -> anyhow::Result<Vec<PathBuf>> {
    let main = place.path()?;
    let plugins = Config::inspect(&main).map(|(config, _)| config.plugins_dir);
    let managed = Config::read_state_dir(&main).map(|state_dir| managed_in(&state_dir));
    let managed = managed.ok().filter(|folder| folder.is_dir());
    let body = request.request.file.clone().filter(|path| !is_stdin(path));
    let dropped = dropped_beside(&main);
    Ok([Some(main), Some(dropped), managed, body, plugins.ok()].into_iter().flatten().collect())
}
