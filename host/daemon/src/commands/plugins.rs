//! `tocsin plugins`: what is in force, whether a file could be, and an operator's yes to one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use tocsin_core::settings::Field;
use tocsin_sandbox::{Plugin, Sandbox};

use super::place::Place;
use super::table::{json, print, segment, short};
use crate::commands::out::{complain, say, single};
use crate::config::Config;
use crate::operate::api::plugins::{self as api, BadPlugin, CheckedPlugin, UploadedFile};

mod approve;

pub(super) const POINTER: &str = "\
Authors of plugins: `tocsin plugin test FILE.wasm` runs the cases of a plugin.
`tocsin plugin --help` lists what else there is.";

#[derive(Debug, Subcommand)]
pub(super) enum Plugins {
    /// List the plugins of the running relay, the files that it refused, and those that it compiles.
    List,
    /// Copy a file into the plugins directory of the running relay, and say whether the plugin is in force. On the relay's
    /// own machine, `cp` does the same.
    Install {
        /// The component. Its file name is its name in the plugins directory.
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
    },
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
        Plugins::Install { file } => install(place, &file),
        Plugins::Approve { files } => approve::run(place, &files),
        Plugins::Check { files } => check(place, &files),
    }
}

fn install(place: &Place, file: &Path) -> anyhow::Result<ExitCode> {
    let name =
        file.file_name().with_context(|| format!("{} names no file", file.display()))?.to_string_lossy();
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let uploaded: UploadedFile = place.upload(&format!("/plugins/{}", segment(&name)), bytes)?;
    if place.json {
        json(&uploaded)?;
    } else if let Some(why) = &uploaded.why {
        complain!(
            "{} is in the plugins directory, but not in force: {}",
            single(&uploaded.file),
            single(why)
        );
    } else {
        say!("{} is in force (sha256 {})", single(&uploaded.file), single(&uploaded.digest));
    }
    Ok(if uploaded.in_force { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let plugins: api::Plugins = place.get("/plugins")?;
    if place.json {
        json(&plugins)?;
        return Ok(ExitCode::SUCCESS);
    }
    let kind = |plugin: &api::Plugin| match (plugin.source, plugin.action) {
        (true, true) => "source, action",
        (true, false) => "source",
        (false, _) => "action",
    };
    let row = |plugin: &api::Plugin| {
        [
            single(&plugin.id),
            single(&plugin.version),
            kind(plugin).to_owned(),
            single(&plugin.origin),
            single(plugin.digest.get(..12).unwrap_or(&plugin.digest)),
            short(&single(&plugin.summary), 60),
        ]
    };
    let rows: Vec<_> = plugins.in_force.iter().map(row).collect();
    if rows.is_empty() {
        say!("no plugins in force: copy a .wasm file into {}", single(&plugins.directory));
    } else {
        print(["ID", "VERSION", "KIND", "FROM", "DIGEST", "WHAT IT DOES"], &rows);
    }
    for file in &plugins.refused {
        say!("refused: {}/{}: {}", single(&plugins.directory), single(&file.file), single(&file.why));
    }
    for plugin in &plugins.pending {
        let name = single(&plugin.name);
        match plugin.compiling_seconds {
            Some(seconds) => say!("compiling: {name}, {seconds} s"),
            None => say!("waits to be compiled: {name}, {} bytes", plugin.bytes),
        }
    }
    Ok(if plugins.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(place: &Place, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let sandbox = sandbox(place)?;
    let runtime = super::place::runtime()?;
    let mut all_good = true;
    for file in files {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).with_context(|| name.clone())?;
        match runtime.block_on(sandbox.load(&name, bytes)) {
            Ok(plugin) if place.json => json(&checked(&plugin))?,
            Ok(plugin) => describe(&name, &plugin),
            Err(error) => {
                all_good = false;
                if place.json {
                    json(&BadPlugin { file: name, problem: error.problem.to_string() })?;
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

fn checked(plugin: &Plugin) -> CheckedPlugin {
    let info = plugin.info();
    CheckedPlugin {
        id: info.id.clone(),
        version: info.version.clone(),
        digest: plugin.digest().to_string(),
        source: info.source.is_some(),
        action: info.action.is_some(),
        imports: plugin.imports().to_vec(),
    }
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
