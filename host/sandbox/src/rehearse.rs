//! A plugin's first calls, before it is in force: the request that it gives as its own example, and a change of a
//! sample incident.
//!
//! Never judges an answer: a refusal, or a failure for want of settings, is as good as any. Only a call that gives
//! none is a reason not to put the plugin in force.

use std::collections::BTreeMap;

use tocsin_core::id::Id;
use tocsin_core::plugin::{Context, Pair, SourceRequest};
use tocsin_core::settings::{Field, Settings};
use tocsin_core::view;

use crate::error::{CallError, CallErrorKind, LoadProblem};
use crate::limits::{DESCRIBE_WALL, Limits};
use crate::plugin::Plugin;

/// The host of a connection that is not there yet.
const SAMPLE_HOST: &str = "tocsin.example";

/// Decodes the example of a plugin that takes requests in and gives one.
///
/// # Errors
/// The plugin gave no answer.
pub(crate) async fn example(plugin: &Plugin) -> Result<(), LoadProblem> {
    let info = plugin.info().source.as_ref();
    let Some((source, example)) = info.and_then(|source| Some((source, source.example.as_ref()?))) else {
        return Ok(());
    };
    let (incident, _) = view::sample();
    let pair = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        Pair::new(name, value)
    };
    let request = SourceRequest {
        method: example.method.clone(),
        path: String::new(),
        query: example.query.split('&').filter(|parameter| !parameter.is_empty()).map(pair).collect(),
        headers: vec![Pair::new("content-type", &example.content_type)],
        body: example.body.clone().into_bytes(),
        received_at: incident.opened_at,
    };
    let settings = defaults(&source.fields).plain();
    let tried = patient(plugin).decode(request, &settings, Id::new(incident.opened_at, 0)).await;
    answered("its own example", tried.map(|_| ()))
}

/// Encodes a change of the sample incident with a plugin that sends requests out.
///
/// # Errors
/// The plugin gave no answer.
pub(crate) async fn incident(plugin: &Plugin) -> Result<(), LoadProblem> {
    let Some(action) = &plugin.info().action else { return Ok(()) };
    let host = action.hosts.first().map_or(SAMPLE_HOST, |host| host.trim_start_matches("*."));
    let settings = defaults(&action.fields).sample(Context::SAMPLE_WORD);
    let context = Context::sample(settings, defaults(&action.connection).plain(), host);
    let tried = patient(plugin).encode(context).await;
    answered("a sample incident", tried.map(|_| ()))
}

/// The plugin with time for a busy machine, since what is looked for is a call that never ends, and with requests as
/// large as its memory, since a connection's `body` is not known here.
fn patient(plugin: &Plugin) -> Plugin {
    let limits = plugin.limits();
    let wall = limits.wall.max(DESCRIBE_WALL);
    let encoded_bytes = limits.encoded_bytes.max(limits.memory_bytes);
    plugin.with_limits(Limits { wall, encoded_bytes, ..limits.clone() })
}

/// The settings of an operator who gives none, without those that must be given.
fn defaults(fields: &[Field]) -> Settings {
    let usable = |field: &&Field| Settings::check(std::slice::from_ref(*field), &BTreeMap::new()).is_ok();
    let fields: Vec<Field> = fields.iter().filter(usable).cloned().collect();
    Settings::check(&fields, &BTreeMap::new()).unwrap_or_default()
}

fn answered(tried: &'static str, answer: Result<(), CallError>) -> Result<(), LoadProblem> {
    match answer {
        Ok(()) => Ok(()),
        // Not the plugin's doing: a lower limit on bodies than its example has.
        Err(call) if matches!(call.kind, CallErrorKind::Input | CallErrorKind::Host) => Ok(()),
        Err(call) => Err(LoadProblem::Rehearsal { tried, call: Box::new(call) }),
    }
}
