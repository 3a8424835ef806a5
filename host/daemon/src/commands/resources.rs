//! `create`, `show` and `remove` of `tocsin sources`, `tocsin connections` and `tocsin actions`.
//!
//! The running relay writes the files, in `managed` of its state directory, and puts them in force.

mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};

use super::place::Place;
use super::reload::remarks;
use super::table::{json, segment};
use crate::commands::out::{quoted, say, single};
use crate::operate::api::Actor;
use crate::operate::api::resources::{Put, Removed, Resource, Written};

pub(super) const CREATE: &str = "\
The settings are the keys of the table in the configuration. --set takes a value of TOML, or a text:
  --set rate=60 --set settings.channel=#ops --set 'allow=[\"203.0.113.0/24\"]'
--file takes them as JSON; --set then adds to them.

A secret is a reference: --set 'token={ managed = \"jira-token\" }'. A source without authentication settings
gets a new token, which is shown once. The keys of a connection that extend what the relay may reach
(allow_private, proxy, ca and others) can only be in a file of yours.";

/// What is to be created.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name.
    name: String,
    /// A setting: key=value, with dots for tables in tables. Can be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The settings as a JSON object in this file; - for standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace all settings of an existing one. Without this, an existing one is an error.
    #[arg(long)]
    replace: bool,
}

/// A source or connection that is to be created.
#[derive(Debug, Args)]
pub(super) struct CreateOfPlugin {
    /// The id of its plugin.
    #[arg(long, value_name = "PLUGIN")]
    plugin: Option<String>,
    #[command(flatten)]
    rest: Create,
}

/// An action that is to be created.
#[derive(Debug, Args)]
pub(super) struct CreateAction {
    /// The name of its connection.
    #[arg(long, value_name = "CONNECTION")]
    connection: Option<String>,
    #[command(flatten)]
    rest: Create,
}

impl CreateOfPlugin {
    /// Creates one of this kind: `sources` or `connections`.
    pub(super) fn run(&self, place: &Place, kind: &str) -> anyhow::Result<ExitCode> {
        create(place, kind, &self.rest, "plugin", self.plugin.as_deref())
    }
}

impl CreateAction {
    /// Creates the action.
    pub(super) fn run(&self, place: &Place) -> anyhow::Result<ExitCode> {
        create(place, "actions", &self.rest, "connection", self.connection.as_deref())
    }
}

fn create(
    place: &Place,
    kind: &str,
    wanted: &Create,
    key: &str,
    value: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let mut settings: Map<String, Value> = match &wanted.file {
        Some(file) => settings::read(file)?,
        None => Map::new(),
    };
    settings.extend(value.map(|value| (key.to_owned(), Value::from(value))));
    wanted.set.iter().try_for_each(|given| settings::set(&mut settings, given))?;
    let asked = Put { actor: place.person(), settings };
    let only_new = [("if-none-match", "*")];
    let headers = if wanted.replace { &[][..] } else { &only_new[..] };
    let written: Written = place.put(&path(kind, &wanted.name), headers, &asked)?;
    if place.json {
        json(&written)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Written { created, resource, token, reloaded } = &written;
    let what = match (created, reloaded.changes.is_empty()) {
        (true, _) => "created",
        (false, false) => "changed",
        (false, true) => "unchanged:",
    };
    say!("{what} {}.{} in {}", single(kind), single(&resource.name), single(&resource.file));
    if let Some(token) = token {
        say!("\nThe address for senders (the token is a secret, shown this once):\n  {}", single(&token.url));
        if let Some(curl) = &token.curl {
            say!("\nSend it a sample alert from another terminal:\n  {curl}");
        }
    } else if let Some(url) = &resource.url {
        say!("the address for senders: {}", single(url));
    }
    remarks(reloaded);
    Ok(ExitCode::SUCCESS)
}

/// Shows the settings in force.
pub(super) fn show(place: &Place, kind: &str, name: &str) -> anyhow::Result<ExitCode> {
    let resource: Resource = place.get(&path(kind, name))?;
    if place.json {
        json(&resource)?;
        return Ok(ExitCode::SUCCESS);
    }
    let note = if resource.writable { "" } else { ", which only an operator changes" };
    say!("{}.{} is in {}{note}", single(kind), single(&resource.name), single(&resource.file));
    if let Some(problem) = &resource.problem {
        say!("does not work: {}", single(problem));
    }
    if let Some(url) = &resource.url {
        say!("the address for senders: {}", single(url));
    }
    say!("\n{}", quoted(&serde_json::to_string_pretty(&resource.settings)?));
    Ok(ExitCode::SUCCESS)
}

/// Removes it.
pub(super) fn remove(place: &Place, kind: &str, name: &str) -> anyhow::Result<ExitCode> {
    let actor = serde_urlencoded::to_string(&Actor { actor: place.person() })?;
    let removed: Removed = place.delete(&format!("{}?{actor}", path(kind, name)))?;
    if place.json {
        json(&removed)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("removed {}.{}", single(kind), single(name));
    remarks(&removed.reloaded);
    Ok(ExitCode::SUCCESS)
}

fn path(kind: &str, name: &str) -> String {
    format!("/config/{kind}/{}", segment(name))
}
