//! `tocsin plugin render`: the requests that a plugin makes for an incident, as a case shows them.
//!
//! Sends nothing, and knows no secret: they show by name.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use tocsin_cases::http::Answer;
use tocsin_cases::{http, incident, outcome};
use tocsin_core::plugin::Step;
use tocsin_core::view::View;
use tocsin_sandbox::{Plugin, Told};

use super::input::{Input, Output};
use super::report::written;
use super::{component, convert, given, rules};
use crate::commands::out::{complain, say, single};
use crate::commands::place::{Place, runtime};
use crate::commands::table;

/// The usual incident.
const SAMPLE: &str = "sample";
/// Requests of one attempt, as the relay has it.
const STEPS_MAX: usize = 8;

/// A plugin, and an incident.
#[derive(Debug, Args)]
pub(in crate::commands) struct Render {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    plugin: PathBuf,
    /// `sample`, or a file with the lines of a case's `== incident`.
    #[arg(long, value_name = "sample|FILE.toml", default_value = SAMPLE)]
    incident: PathBuf,
    /// The settings of the action, in TOML, with placeholders. Default: the plugin's defaults
    #[arg(long, value_name = "FILE.toml")]
    settings: Option<PathBuf>,
    /// The settings of the connection, in TOML. Default: the plugin's defaults
    #[arg(long, value_name = "FILE.toml")]
    connection: Option<PathBuf>,
    /// What the peer answers: a status, and a body behind a space. Once for each request, in order. Default: 200
    #[arg(long = "answer", value_name = "STATUS BODY")]
    answers: Vec<String>,
}

/// A request, and what stands for the peer's answer.
struct Exchange {
    request: http::Sent,
    answer: Option<Answer>,
}

/// What the plugin does.
#[derive(Default)]
struct Rendered {
    exchanges: Vec<Exchange>,
    /// The outcome as JSON; null if the plugin goes on for longer than an attempt may.
    outcome: Value,
    /// Why a relay would not send one of the requests.
    refused: Option<String>,
}

pub(super) fn run(place: &Place, wanted: &Render) -> anyhow::Result<ExitCode> {
    let answers = wanted.answers.iter().map(|text| answer(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let rendered = runtime()?.block_on(async {
        let plugin = component::load(&wanted.plugin).await?;
        let told = told(&plugin, wanted)?;
        render(&plugin, told, answers).await
    })?;
    if place.json {
        table::json(&rendered.to_json())?;
    } else {
        rendered.print();
    }
    let is_good = rendered.refused.is_none() && !rendered.outcome.is_null();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn answer(text: &str) -> anyhow::Result<Answer> {
    let (status, body) = text.split_once(' ').unwrap_or((text, ""));
    let status = status.parse().ok().filter(|status| (100..=599).contains(status));
    let status = status.with_context(|| {
        format!("`{text}` is no answer; expected a status and a body, such as `201 {{\"id\": 7}}`")
    })?;
    Ok(Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

/// What the action is told: the incident, and the settings rendered for it.
fn told(plugin: &Plugin, wanted: &Render) -> anyhow::Result<Box<Told>> {
    let info = plugin.info().action.as_ref().with_context(|| {
        format!("plugin `{}` sends nothing; `tocsin plugin try` shows what it decodes", plugin.info().id)
    })?;
    let name = wanted.incident.display();
    let lines = match wanted.incident.to_str() {
        Some(SAMPLE) => String::new(),
        _ => std::fs::read_to_string(&wanted.incident).with_context(|| format!("reading {name}"))?,
    };
    let told = incident::Told::from_toml(&lines).and_then(convert::told);
    let mut told = Box::new(told.map_err(|why| anyhow::anyhow!("{name}: {why}"))?);
    let context = &mut told.context;
    let view = View::new(&context.incident, &context.change).with_urls(&context.urls);
    let settings = given::of_file(wanted.settings.as_deref(), &info.fields)?.render(&view)?;
    let connection = given::of_file(wanted.connection.as_deref(), &info.connection)?.plain();
    (context.settings, context.connection) = (settings, connection);
    Ok(told)
}

async fn render(plugin: &Plugin, told: Box<Told>, answers: Vec<Answer>) -> anyhow::Result<Rendered> {
    let mut rendered = Rendered::default();
    let mut answers = answers.into_iter();
    let mut input = Input::Encode { told: told.clone() };
    for _ in 1..=STEPS_MAX {
        let output = input.give(plugin).await?;
        rendered.refused = rules::check(plugin.info(), &input, &output).err();
        let Output::Step(answer) = output else { break };
        let Ok(Step::Send { request, state }) = &answer else {
            rendered.outcome = outcome::of_action(&convert::step(&answer));
            break;
        };
        let mut exchange = Exchange { request: convert::sent(request), answer: None };
        if rendered.refused.is_some() {
            rendered.exchanges.push(exchange);
            break;
        }
        let usual = || Answer { status: 200, headers: Vec::new(), body: Vec::new() };
        let answer = answers.next().unwrap_or_else(usual);
        exchange.answer = Some(answer.clone());
        rendered.exchanges.push(exchange);
        input =
            Input::Resume { told: told.clone(), state: state.clone(), response: convert::response(answer) };
    }
    let unasked = answers.count();
    anyhow::ensure!(unasked == 0, "the last {unasked} of the answers: no request waits for it");
    Ok(rendered)
}

impl Rendered {
    fn to_json(&self) -> Value {
        let exchange = |exchange: &Exchange| {
            let answer = exchange.answer.as_ref().map(
                |answer| json!({"status": answer.status, "body": String::from_utf8_lossy(&answer.body)}),
            );
            json!({"request": outcome::request_to_json(&exchange.request), "answer": answer})
        };
        let exchanges: Vec<Value> = self.exchanges.iter().map(exchange).collect();
        json!({"exchanges": exchanges, "outcome": self.outcome, "refused": self.refused})
    }

    /// As the sections of a case.
    fn print(&self) {
        for Exchange { request, answer } in &self.exchanges {
            say!("{}", written(&http::show_request(request)));
            if let Some(answer) = answer {
                say!("{}", written(&http::show_answer(answer)));
            }
        }
        if let Some(why) = &self.refused {
            complain!("{}", single(why));
        } else if self.outcome.is_null() {
            complain!(
                "it goes on after {STEPS_MAX} requests, which is more than a relay sends in one attempt"
            );
        } else {
            say!("== expected outcome\n{:#}", self.outcome);
        }
    }
}
