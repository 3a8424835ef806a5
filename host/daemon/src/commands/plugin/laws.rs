//! What every plugin has to keep, whatever it does.
//!
//! Judges only what can be told without knowing the peer: a sign that is markup to one is a letter to another.

use serde_json::Value;
use tocsin_cases::pair;
use tocsin_core::plugin::Step;
use tocsin_sandbox::Plugin;

use super::convert;
use super::input::{Input, Output};

/// What an alert could contain to get out of its place: the end of a header, of a parameter, of a string, of a path.
const PLANTED: &str =
    "a\r\nx-planted: 1\r\n\r\n&planted=1&\",\"planted\":1,\"\\/../planted?planted=1#<planted a=\"";
/// The name that it would add.
const NAME: &str = "planted";

/// A law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Law {
    /// It describes itself in the same way each time.
    Description,
    /// The same input has the same answer.
    Deterministic,
    /// Random numbers change nothing.
    Random,
    /// It answers, within its limits.
    Answers,
    /// A relay takes its answer whole.
    Whole,
    /// The requests of a case are about one incident.
    Identity,
    /// What an alert contains stays in its place.
    Planted,
}

impl Law {
    pub(super) const ALL: [Self; 7] = [
        Self::Description,
        Self::Deterministic,
        Self::Random,
        Self::Answers,
        Self::Whole,
        Self::Identity,
        Self::Planted,
    ];

    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Deterministic => "deterministic",
            Self::Random => "random",
            Self::Answers => "answers",
            Self::Whole => "whole",
            Self::Identity => "identity",
            Self::Planted => "planted",
        }
    }

    /// What it says.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Description => {
                "describes itself in the same way each time, and imports nothing that the host lacks"
            }
            Self::Deterministic => "gives the same answer to the same input",
            Self::Random => "gives the same answer with other random numbers",
            Self::Answers => "answers every input, without a trap and within its limits",
            Self::Whole => "answers nothing that a relay would refuse or cut",
            Self::Identity => "gives the requests of a case a common key",
            Self::Planted => "keeps what an alert contains in its place",
        }
    }
}

/// What is wrong with a law, by which input.
#[derive(Debug)]
pub(super) struct Breach {
    /// Which.
    pub(super) law: Law,
    /// In words.
    pub(super) why: String,
}

fn breach(law: Law, why: impl Into<String>) -> Option<Breach> {
    Some(Breach { law, why: why.into() })
}

/// Whether the plugin gives `output` to `input` again.
pub(super) async fn again(plugin: &Plugin, input: &Input, output: &Output) -> Option<Breach> {
    match input.give(plugin).await {
        Ok(other) if other == *output => None,
        Ok(other) => breach(Law::Deterministic, differs(output, &other)),
        Err(error) => breach(Law::Deterministic, format!("answers once, and then: {error}")),
    }
}

/// Whether the plugin gives `output` with other random numbers. None of both for an action.
pub(super) async fn reseeded(plugin: &Plugin, input: &Input, output: &Output) -> Option<Option<Breach>> {
    let other = input.reseeded()?.give(plugin).await;
    Some(match other {
        Ok(other) if other == *output => None,
        Ok(other) => breach(
            Law::Random,
            format!(
                "{}. A sender that repeats a request would get another incident; sort what a hash map holds, and make \
                 keys of what the request says",
                differs(output, &other)
            ),
        ),
        Err(error) => breach(Law::Random, error.to_string()),
    })
}

fn differs(one: &Output, other: &Output) -> String {
    let paths = tocsin_cases::diff::paths(&json(one), &json(other));
    if paths.is_empty() {
        "two answers differ".to_owned()
    } else {
        format!("two answers differ: {}", paths.join(", "))
    }
}

fn json(output: &Output) -> Value {
    match output {
        Output::Decoded(answer) => tocsin_cases::outcome::of_source(&convert::decoded(answer)),
        Output::Step(answer) => tocsin_cases::outcome::of_action(&convert::step(answer)),
    }
}

/// The same call, with texts in its incident that try to get out of their places. None for other calls.
pub(super) fn planted(input: &Input) -> Option<Input> {
    matches!(input, Input::Encode { .. }).then(|| input.with_body(PLANTED.as_bytes().to_vec()))
}

/// Whether the planted texts stayed in their places.
pub(super) fn stays(output: &Output) -> Option<Breach> {
    let Output::Step(Ok(Step::Send { request, .. })) = output else { return None };
    let sent = convert::sent(request);
    if let Some((name, _)) =
        sent.headers.iter().find(|(name, value)| name.contains(NAME) || value.contains(['\r', '\n']))
    {
        return breach(
            Law::Planted,
            format!("the header `{name}` has a line end, or came of an alert's text"),
        );
    }
    if sent.query.iter().any(|(name, _)| name == NAME) {
        return breach(Law::Planted, "an alert's text became a parameter of the query");
    }
    let body = String::from_utf8_lossy(&sent.body);
    let media_type = sent.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type == "application/json" || media_type.ends_with("+json") {
        return match serde_json::from_str::<Value>(&body) {
            Ok(document) if has_member(&document) => {
                breach(Law::Planted, "an alert's text became a member of the JSON document")
            }
            Ok(_) => None,
            Err(error) => breach(Law::Planted, format!("an alert's text breaks the JSON document: {error}")),
        };
    }
    let is_form = media_type == "application/x-www-form-urlencoded";
    let mut fields = url::form_urlencoded::parse(body.as_bytes());
    if is_form && fields.any(|(name, _)| name == NAME) {
        return breach(Law::Planted, "an alert's text became a field of the form");
    }
    None
}

fn has_member(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key(NAME) || members.values().any(has_member),
        Value::Array(items) => items.iter().any(has_member),
        _ => false,
    }
}

/// Whether the trigger and the resolve among the outcomes of a case have a common key. None if it has not both.
pub(super) fn identity(outputs: &[Output]) -> Option<Option<Breach>> {
    let outcomes: Vec<Value> =
        outputs.iter().filter(|output| matches!(output, Output::Decoded(_))).map(json).collect();
    let events = || outcomes.iter().flat_map(pair::events);
    let of = |change: &'static str| events().filter(move |event| event["change"] == change);
    if outcomes.len() < 2 || of("trigger").next().is_none() || of("resolve").next().is_none() {
        return None;
    }
    let do_meet = of("resolve").any(|over| of("trigger").any(|opened| pair::meet(opened, over)));
    if do_meet {
        return Some(None);
    }
    Some(breach(
        Law::Identity,
        "its trigger and its resolve have no common key: the incident would stay open",
    ))
}
