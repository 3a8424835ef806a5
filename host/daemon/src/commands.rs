//! The command line: what can be asked for, and who does it.
//!
//! Holds no logic of its own; commands about a running relay use its API, over the control socket or over the
//! network.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::operate::control;
use crate::plugins::compile;

mod actions;
mod audit;
mod backup;
mod bench;
mod body;
mod bundled;
mod cache;
mod check;
mod client;
mod config;
mod connections;
mod deliveries;
mod demo;
mod doctor;
mod events;
mod incidents;
mod init;
mod journal;
mod listing;
mod metrics;
pub mod out;
mod place;
mod plugin;
mod plugins;
mod progress;
mod rebuild;
mod receipts;
mod reload;
mod repeat;
mod resources;
mod secrets;
mod serve;
mod shell;
mod sources;
mod status;
mod table;
mod terminal;
mod tokens;
mod verify;
mod version;

use place::Place;

/// An incident relay: webhooks in, incidents kept, notifications out; every integration a sandboxed
/// WebAssembly component.
#[derive(Debug, Parser)]
#[command(version, long_version = version::text(), max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tocsin demo                              see the whole road of an alert, now, in this terminal
  tocsin init                              write a first configuration
  tocsin check --config tocsin.toml        is this configuration right?
  tocsin config files                      which file has which source, connection and action?
  tocsin serve --config tocsin.toml        run the relay
  tocsin reload                            put a changed configuration in force, without a restart
  tocsin sources create jira --plugin jira a new source in the running relay, with its URL
  tocsin secrets set slack-url             store a secret, encrypted, for { managed = \"slack-url\" }
  tocsin doctor                            what is wrong with this machine?
  tocsin incidents list --state open       what is burning?
  tocsin incidents ack 42                  I am on it
  tocsin deliveries list --dead-letters    what did not arrive, and why?
  tocsin deliveries retry 01JD…            fixed the cause; try it again
  tocsin receipts list --dead-letters      what could not be understood?
  tocsin sources try jira --file body.json what would this request do?
  tocsin actions try tell-slack            what would this action send?
  tocsin connections test rocket           would it arrive?
  tocsin plugin test checks.wasm           does my plugin do what its cases say?
  tocsin journal show --incident 42        what was recorded about it?
  tocsin audit --since 7d                  who did what?
  tocsin events                            what is being recorded now?
  tocsin tokens create ci --scope viewer   let a program read over the API
  tocsin backup tocsin.backup              all that is kept, in one file, while the relay runs";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay until SIGTERM or Ctrl-C.
    Serve,
    /// Write a first configuration: which tool sends alerts, and which receives them.
    #[command(after_help = init::EXAMPLES)]
    Init(init::InitArgs),
    /// Check the configuration and its plugins, without starting anything.
    Check,
    /// List the configuration's files or print them as one; list, show and restore earlier configurations.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Make the running relay read its configuration again, check it and put it in force.
    #[command(after_help = reload::RELOAD)]
    Reload,
    /// Show what `tocsin reload` would change: parts of the configuration, and the incidents of the last day that would
    /// have triggered other actions.
    #[command(after_help = reload::RELOAD)]
    Diff,
    /// Store, list, replace and remove managed secrets: `{ managed = "…" }` in the configuration.
    #[command(subcommand, visible_alias = "secret")]
    Secrets(secrets::Secrets),
    /// Start a relay with example sources and a receiver, send one alert to each and show its way.
    Demo(demo::DemoArgs),
    /// What the running relay holds, and what does not work.
    Status(status::StatusArgs),
    /// Find problems of a relay on this machine: unit, permissions, clock, names, certificates, disks.
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(doctor::DoctorArgs),
    /// Print the metrics of the running relay in Prometheus's text format.
    Metrics(metrics::MetricsArgs),
    /// List, show and handle incidents.
    #[command(subcommand, visible_alias = "incident")]
    Incidents(incidents::Incidents),
    /// List and show what was sent, and try it again.
    #[command(subcommand, visible_alias = "delivery")]
    Deliveries(deliveries::Deliveries),
    /// List, create, show and remove actions, or print exactly what one would send.
    #[command(subcommand, visible_alias = "action")]
    Actions(actions::Actions),
    /// List, create, show and remove connections, or try one without leaving a trace at its peer.
    #[command(subcommand, visible_alias = "connection")]
    Connections(connections::Connections),
    /// List, create, show and remove sources, or try one on a request without keeping anything.
    #[command(subcommand, visible_alias = "source")]
    Sources(sources::Sources),
    /// List and show requests that came in, and decode them again.
    #[command(subcommand, visible_alias = "receipt")]
    Receipts(receipts::Receipts),
    /// List the plugins in force, or check a file before dropping it. `plugin` is for authors of plugins.
    #[command(subcommand, after_help = plugins::POINTER)]
    Plugins(plugins::Plugins),
    /// For authors of plugins: run the cases of a built plugin, try it on a request or an incident, verify it.
    #[command(subcommand, after_help = plugin::POINTER)]
    Plugin(plugin::Plugin),
    /// List, create and revoke access tokens of the HTTP API.
    #[command(subcommand, visible_alias = "token", after_help = tokens::EXAMPLES)]
    Tokens(tokens::Tokens),
    /// Show what was recorded, entry by entry.
    #[command(subcommand)]
    Journal(journal::Journal),
    /// Follow what is recorded, one line for each entry of the journal, until Ctrl-C.
    #[command(after_help = events::EXAMPLES)]
    Events(events::EventsArgs),
    /// List who did what, and every change of the configuration, newest first.
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::AuditArgs),
    /// Read the whole store once and say whether it is whole; with --replay, also whether it is what its journal
    /// says.
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::VerifyArgs),
    /// Make the state anew from the journal, while no relay runs; the store before is kept.
    #[command(after_help = rebuild::EXAMPLES)]
    Rebuild(rebuild::RebuildArgs),
    /// Copy the store into one file, while the relay runs or not, or check such a file.
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the store of a relay that does not run; the store before is kept.
    Restore(backup::RestoreArgs),
    /// Give the free space in the store's file back to the disk, while no relay runs.
    Compact,
    /// Measure this machine: how many requests a relay takes, durably, and delivers.
    Bench(bench::BenchArgs),
    /// Show the version, the commit and the versions of wasmtime, plugin API and store.
    Version,
    /// Print the OpenAPI description of the HTTP API.
    Openapi,
    /// Print a shell completion script.
    #[command(after_help = shell::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: shell::Shell,
    },
    /// Write man pages to a directory, for packages.
    #[command(hide = true)]
    Man(shell::ManArgs),
    /// Compile a plugin from standard input to standard output, within limits: what the relay starts for each file.
    #[command(hide = true)]
    CompilePlugin(compile::CompileArgs),
}

/// Does what was asked for.
///
/// # Errors
/// Whatever kept it from being done, in words.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::CompilePlugin(args) = &cli.command {
        // Before anything else of the process begins: it confines itself first.
        return Ok(compile::run(args));
    }
    // Once for the process, before anything makes a client; a second time would change nothing.
    rustls::crypto::ring::default_provider().install_default().ok();
    let place = cli.place;
    match cli.command {
        Command::Serve => serve::run(&place),
        Command::Init(args) => init::run(&place, &args),
        Command::Check => check::run(&place),
        Command::Config(command) => config::run(&place, &command),
        Command::Reload => reload::reload(&place),
        Command::Diff => reload::diff(&place),
        Command::Secrets(command) => secrets::run(&place, &command),
        Command::Demo(args) => demo::run(&args),
        Command::Status(args) => status::run(&place, &args),
        Command::Doctor(args) => doctor::run(&place, &args),
        Command::Metrics(args) => metrics::run(&place, &args),
        Command::Incidents(command) => incidents::run(&place, command),
        Command::Deliveries(command) => deliveries::run(&place, command),
        Command::Actions(command) => actions::run(&place, command),
        Command::Connections(command) => connections::run(&place, command),
        Command::Sources(command) => sources::run(&place, command),
        Command::Receipts(command) => receipts::run(&place, command),
        Command::Plugins(command) => plugins::run(&place, command),
        Command::Plugin(command) => plugin::run(&place, command),
        Command::Journal(command) => journal::run(&place, &command),
        Command::Events(args) => events::run(&place, &args),
        Command::Audit(args) => audit::run(&place, &args),
        Command::Verify(args) => verify::run(&place, &args),
        Command::Rebuild(args) => rebuild::run(&place, &args),
        Command::Backup(args) => backup::run(&place, &args),
        Command::Restore(args) => backup::run_restore(&place, &args),
        Command::Compact => backup::run_compact(&place),
        Command::Bench(args) => bench::run(&args, place.json),
        Command::Version => version::run(&place),
        Command::Tokens(command) => tokens::run(&place, command),
        Command::Openapi => {
            table::json(&control::description())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => Ok(shell::completions(Cli::command(), shell)),
        Command::Man(args) => shell::man(Cli::command(), &args),
        Command::CompilePlugin(args) => Ok(compile::run(&args)),
    }
}
