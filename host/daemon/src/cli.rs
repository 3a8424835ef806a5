//! The command line: what can be asked for, and who does it.
//!
//! Holds no logic of its own; commands about a running relay go over its control socket.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, socket_in};

mod actions;
mod backup;
mod bench;
mod body;
pub(crate) mod cache;
mod check;
pub(crate) mod compiler;
mod connections;
mod deliveries;
mod incidents;
mod plugins;
mod progress;
mod receipts;
mod serve;
mod sources;
mod status;
mod table;
mod verify;

/// Where the configuration is when nothing is said: here, then where packages put it.
const CONFIG_PLACES: [&str; 2] = ["tocsin.toml", "/etc/tocsin/tocsin.toml"];

/// An incident relay: webhooks in, incidents kept, notifications out; every integration a sandboxed
/// WebAssembly component.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tocsin demo                              see the whole road of an alert, now, in this terminal
  tocsin check --config tocsin.toml        is this configuration right?
  tocsin serve --config tocsin.toml        run the relay
  tocsin incidents list --state open       what is burning?
  tocsin incidents ack 42                  I am on it
  tocsin deliveries list --dead-letters    what did not arrive, and why?
  tocsin deliveries retry 01JD…            mended; try it again
  tocsin receipts list --dead-letters      what could not be understood?
  tocsin sources try jira --file body.json what would this request do?
  tocsin actions try tell-slack            what would this action send?
  tocsin connections test rocket           would it arrive?
  tocsin backup tocsin.backup              all that is kept, in one file, while the relay runs";

/// Which relay is meant.
#[derive(Debug, Args)]
struct Place {
    /// The configuration. Default: ./tocsin.toml, else /etc/tocsin/tocsin.toml
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The running relay's control socket, for when the configuration cannot be read.
    /// Default: control.sock in the configuration's state directory
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay until SIGTERM or Ctrl-C.
    Serve,
    /// Check the configuration and its plugins, without starting anything.
    Check,
    /// Start a relay with example sources and a receiver, send one alert to each and show its way.
    Demo(crate::demo::DemoArgs),
    /// What the running relay holds, and what stands still.
    Status(status::StatusArgs),
    /// List, show and handle incidents.
    #[command(subcommand, visible_alias = "incident")]
    Incidents(incidents::Incidents),
    /// List and show what was sent, and try it again.
    #[command(subcommand, visible_alias = "delivery")]
    Deliveries(deliveries::Deliveries),
    /// List actions, or print exactly what one would send.
    #[command(subcommand, visible_alias = "action")]
    Actions(actions::Actions),
    /// List connections, or try one without leaving a trace at its peer.
    #[command(subcommand, visible_alias = "connection")]
    Connections(connections::Connections),
    /// List sources, or try one on a request without keeping anything.
    #[command(subcommand, visible_alias = "source")]
    Sources(sources::Sources),
    /// List and show requests that came in, and decode them again.
    #[command(subcommand, visible_alias = "receipt")]
    Receipts(receipts::Receipts),
    /// List the plugins in force, or check a file before dropping it.
    #[command(subcommand, visible_alias = "plugin")]
    Plugins(plugins::Plugins),
    /// Fold the journal again and compare it with the store.
    Verify(verify::VerifyArgs),
    /// Copy the store into one file, while the relay runs or not, or check such a file.
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the store of a relay that does not run; the store before is kept.
    Restore(backup::RestoreArgs),
    /// Give the free space in the store's file back to the disk, while no relay runs.
    Compact,
    /// Measure this machine: how many requests a relay takes, durably, and delivers.
    Bench(bench::BenchArgs),
    /// Compile a plugin from standard input to standard output, within limits: what the relay starts for each file.
    #[command(hide = true)]
    CompilePlugin(compiler::CompileArgs),
}

impl Place {
    /// The configuration's file.
    fn path(&self) -> anyhow::Result<PathBuf> {
        self.found().with_context(|| {
            format!("there is no configuration at {}: name it with --config", CONFIG_PLACES.join(" or "))
        })
    }

    /// The configuration's file, if one is named or stands where they are looked for.
    fn found(&self) -> Option<PathBuf> {
        let usual = || CONFIG_PLACES.iter().map(PathBuf::from).find(|path| path.exists());
        self.config.clone().or_else(usual)
    }

    /// The configuration.
    fn read(&self) -> anyhow::Result<Config> {
        Ok(Config::read(&self.path()?)?)
    }

    /// Where the relay keeps its state. Asks for no more of the configuration than that: its secrets may be
    /// the service's alone.
    fn state_dir(&self) -> anyhow::Result<PathBuf> {
        Ok(Config::read_state_dir(&self.path()?)?)
    }

    /// The control socket.
    fn socket(&self) -> anyhow::Result<PathBuf> {
        match &self.socket {
            Some(socket) => Ok(socket.clone()),
            None => Ok(socket_in(&self.state_dir()?)),
        }
    }

    /// Asks the running relay. `body` makes it a POST.
    fn ask(&self, path: &str, body: Option<serde_json::Value>) -> anyhow::Result<serde_json::Value> {
        let socket = self.socket()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(crate::control::client::ask(&socket, path, body))?)
    }
}

/// Does what was asked for.
///
/// # Errors
/// Whatever kept it from being done, in words.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::CompilePlugin(args) = &cli.command {
        // Before anything else of the process begins: it confines itself first.
        return Ok(compiler::run(args));
    }
    // Once for the process, before anything makes a client; a second time would change nothing.
    rustls::crypto::ring::default_provider().install_default().ok();
    let place = cli.place;
    match cli.command {
        Command::Serve => serve::run(&place),
        Command::Check => check::run(&place),
        Command::Demo(args) => crate::demo::run(&args),
        Command::Status(args) => status::run(&place, &args),
        Command::Incidents(command) => incidents::run(&place, command),
        Command::Deliveries(command) => deliveries::run(&place, command),
        Command::Actions(command) => actions::run(&place, command),
        Command::Connections(command) => connections::run(&place, command),
        Command::Sources(command) => sources::run(&place, command),
        Command::Receipts(command) => receipts::run(&place, command),
        Command::Plugins(command) => plugins::run(&place, command),
        Command::Verify(args) => verify::run(&place, &args),
        Command::Backup(args) => backup::run(&place, &args),
        Command::Restore(args) => backup::run_restore(&place, &args),
        Command::Compact => backup::run_compact(&place),
        Command::Bench(args) => bench::run(&args),
        Command::CompilePlugin(args) => Ok(compiler::run(&args)),
    }
}

/// Who is at the terminal.
fn person() -> String {
    let name = |variable: &str| std::env::var(variable).ok().filter(|name| !name.is_empty());
    name("SUDO_USER").or_else(|| name("USER")).unwrap_or_else(|| "operator".to_owned())
}

/// A multi-threaded runtime, for commands that run a relay or plugins.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")
}
