//! What a relay would refuse or cut of a plugin's answer, found before a relay does.
//!
//! The limits of size are the sandbox's: a call that exceeds one gives no answer.

use std::collections::BTreeMap;
use std::time::Duration;

use tocsin_core::egress::Policy;
use tocsin_core::event::{ALIASES_MAX, Event, KEY_BYTES_MAX, LABELS_MAX, LINKS_MAX};
use tocsin_core::plugin::{ActionRequest, Decoded, PluginInfo, Step};
use tocsin_core::retry::Schedule;
use tocsin_core::settings::secret_names;

use super::input::{Input, Output};
use crate::config::{Connection, Secret, Target, Transport};
use crate::send::request::{named_secrets, sketch};

/// What stands in place of each secret. It is printed nowhere.
const PLACEHOLDER: &str = "placeholder";

/// Whether a relay would take the plugin's answer whole.
///
/// # Errors
/// What the relay would refuse or cut.
pub(super) fn check(info: &PluginInfo, input: &Input, output: &Output) -> Result<(), String> {
    match output {
        Output::Decoded(Ok(decoded)) => check_decoded(decoded),
        Output::Step(Ok(Step::Send { request, .. })) => {
            let host = match input {
                Input::Encode { told } | Input::Resume { told, .. } => told.context.host.as_str(),
                Input::Decode { .. } => "",
            };
            check_request(info, host, request)
        }
        Output::Decoded(Err(_)) | Output::Step(_) => Ok(()),
    }
}

fn check_decoded(decoded: &Decoded) -> Result<(), String> {
    let is_explained = decoded.ignored.is_some() || decoded.reply.is_some() || decoded.confirm.is_some();
    if decoded.events.is_empty() && !decoded.rejected.is_empty() {
        return Err("it rejects every element, which is a refusal: answer with one".to_owned());
    }
    if decoded.events.is_empty() && !is_explained {
        return Err("it answers without an event and without a reason (`ignored`)".to_owned());
    }
    let wrong = |(index, event)| check_event(event).map_err(|why| format!("events[{index}]: {why}"));
    decoded.events.iter().enumerate().try_for_each(wrong)
}

fn check_event(event: &Event) -> Result<(), String> {
    for key in std::iter::once(&event.key).chain(&event.aliases) {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(format!("a key or alias of {} bytes; it has 1 to {KEY_BYTES_MAX}", key.len()));
        }
    }
    let counts = [
        ("aliases", event.aliases.len(), ALIASES_MAX),
        ("labels", event.labels.len(), LABELS_MAX),
        ("links", event.links.len(), LINKS_MAX),
    ];
    match counts.into_iter().find(|(_, found, limit)| found > limit) {
        Some((what, found, limit)) => Err(format!("{found} {what}; a relay keeps {limit}")),
        None => Ok(()),
    }
}

/// Whether a relay could send the request.
fn check_request(info: &PluginInfo, host: &str, request: &ActionRequest) -> Result<(), String> {
    let fields = info.action.as_ref().map_or(&[][..], |action| &action.connection);
    let known: Vec<&str> = secret_names(fields).map(|(key, _)| key).collect();
    if let Some(secret) = named_secrets(request).find(|secret| !known.contains(secret)) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!(
            "it names the secret `{secret}`, which its description does not have; it has {known}"
        ));
    }
    let connection = connection(info, host, &known)?;
    match sketch(&connection, connection.target.sample(), request.clone()) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("a relay would not send the request: {error}")),
    }
}

/// A connection with every secret that the plugin may name.
fn connection(info: &PluginInfo, host: &str, secrets: &[&str]) -> Result<Connection, String> {
    let secret = |key: &&str| ((*key).to_owned(), Secret::new(PLACEHOLDER));
    Ok(Connection {
        name: "case".to_owned(),
        plugin: info.id.clone(),
        description: String::new(),
        kind: String::new(),
        environment: String::new(),
        target: Target::parse(&format!("https://{host}/")).map_err(|error| error.to_string())?,
        policy: Policy::default(),
        transport: Transport::default(),
        oauth2: None,
        timeout: Duration::from_secs(1),
        concurrency: 1,
        retry: Schedule::default(),
        // The sandbox has checked the size.
        body_bytes: usize::MAX,
        secrets: secrets.iter().map(secret).collect(),
        settings: BTreeMap::new(),
    })
}
