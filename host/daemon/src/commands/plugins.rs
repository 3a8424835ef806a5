//! `tocsin plugins`: what is in force, whether a file could be, and an operator's yes to one.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};
use tocsin_core::settings::Field;
use tocsin_sandbox::{Plugin, Sandbox};

use super::place::Place;
use super::table::{items, json, print, short, text};
use crate::commands::out::{complain, say};
use crate::config::Config;

mod approve;

#[derive(Debug, Subcommand)]
pub(super) enum Plugins {
    /// List the plugins of the running relay, the files that it refused, and those that it compiles.
    List,
    /// Say yes to files in the plugins directory that need approval, or that the relay ended over. The yes is for these
    /// bytes alone. Without a running relay it counts from the next start.
    Approve {
        /// The files: names in the plugins directory, or paths to files that are there with the same bytes.
        #[arg(required = true, value_name = "FILE.wasm")]
        files: Vec<PathBuf>,
    },
    /// Load files as the relay would, within the configuration's `[limits]`, and say what they are or what is
    /// wrong with them. Needs no relay.
    Check {
        /// The components.
        #[arg(required = true, value_name = "FILE.wasm")]
        files: Vec<PathBuf>,
    },
}

pub(super) fn run(place: &Place, command: Plugins) -> anyhow::Result<ExitCode> {
    match command {
        Plugins::List => list(place),
        Plugins::Approve { files } => approve::run(place, &files),
        Plugins::Check { files } => check(place, &files),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let plugins = place.ask("/plugins", None)?;
    if place.json {
        json(&plugins);
        return Ok(ExitCode::SUCCESS);
    }
    let kind = |plugin: &Value| match (plugin["source"] == json!(true), plugin["action"] == json!(true)) {
        (true, true) => "source, action",
        (true, false) => "source",
        (false, _) => "action",
    };
    let row = |plugin: &Value| {
        let digest = text(plugin, "digest");
        [
            text(plugin, "id"),
            text(plugin, "version"),
            kind(plugin).to_owned(),
            text(plugin, "origin"),
            digest.get(..12).unwrap_or(&digest).to_owned(),
            short(&text(plugin, "summary"), 60),
        ]
    };
    let rows: Vec<_> = items(&plugins["in_force"]).iter().map(row).collect();
    print(["ID", "VERSION", "KIND", "FROM", "DIGEST", "WHAT IT DOES"], &rows);
    let refused = items(&plugins["refused"]);
    for file in refused {
        say!("refused: {}/{}: {}", text(&plugins, "directory"), text(file, "file"), text(file, "why"));
    }
    for plugin in items(&plugins["waiting"]) {
        match plugin["compiling_seconds"].as_u64() {
            Some(seconds) => say!("compiling: {}, {seconds} s", text(plugin, "name")),
            None => say!("waits to be compiled: {}, {} bytes", text(plugin, "name"), text(plugin, "bytes")),
        }
    }
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(place: &Place, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let sandbox = sandbox(place)?;
    let runtime = super::place::runtime()?;
    let mut all_good = true;
    for file in files {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).with_context(|| name.clone())?;
        match runtime.block_on(sandbox.load(&name, bytes)) {
            Ok(plugin) if place.json => json(&shape(&plugin)),
            Ok(plugin) => describe(&name, &plugin),
            Err(error) => {
                all_good = false;
                if place.json {
                    json(&json!({ "file": name, "problem": error.problem.to_string() }));
                } else {
                    say!("{error}");
                }
            }
        }
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A sandbox with the limits and the cache of the relay's configuration, if there is one that can be read.
fn sandbox(place: &Place) -> anyhow::Result<Sandbox> {
    let Some(path) = place.found() else { return super::cache::usual_sandbox() };
    // Mistakes elsewhere in it do not matter here.
    match Config::inspect(&path) {
        Ok((config, _)) => super::cache::sandbox(&config),
        Err(error) if place.config.is_some() => Err(error.into()),
        Err(error) => {
            complain!("{error}: the usual limits are applied");
            super::cache::usual_sandbox()
        }
    }
}

fn shape(plugin: &Plugin) -> Value {
    let info = plugin.info();
    json!({
        "id": info.id,
        "version": info.version,
        "digest": plugin.digest(),
        "source": info.source.is_some(),
        "action": info.action.is_some(),
        "imports": plugin.imports(),
    })
}

fn describe(file: &str, plugin: &Plugin) {
    let info = plugin.info();
    say!("{file}: {} {} ({})", info.id, info.version, info.name);
    say!("  {}", info.summary);
    say!("  digest {}", plugin.digest());
    let imports = plugin.imports();
    say!("  imports {}", if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") });
    if let Some(source) = &info.source {
        say!("  source, settings:");
        fields(&source.fields);
    }
    if let Some(action) = &info.action {
        say!("  connection, settings and secrets:");
        fields(&action.connection);
        say!("  action, settings:");
        fields(&action.fields);
    }
}

fn fields(fields: &[Field]) {
    if fields.is_empty() {
        say!("    none");
    }
    for field in fields {
        let required = if field.required { ", required" } else { "" };
        let default = field.default.as_ref().filter(|default| !default.is_empty());
        let default =
            default.map(|default| format!(", default `{}`", short(default, 40))).unwrap_or_default();
        say!("    {}{required}{default}: {}", field.key, short(&field.help, 140));
    }
}
