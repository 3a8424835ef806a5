//! Which relay a command is about: its configuration, its state and its control socket.
//!
//! Reads no more of the configuration than a command needs: its secrets may be the service's alone.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::{self, Relay, Remote, Streamed};
use super::out::complain;
use crate::config::{Config, Secret, socket_in};
use crate::operate::api::ROOT;

/// Where the configuration is when nothing is said: here, then where packages put it.
const CONFIG_PLACES: [&str; 2] = ["tocsin.toml", "/etc/tocsin/tocsin.toml"];

/// Which relay is meant.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The configuration's main file; conf.d/*.toml beside it belongs to it.
    /// Default: ./tocsin.toml, else /etc/tocsin/tocsin.toml
    #[arg(long, short, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The running relay's control socket, for when the configuration cannot be read.
    /// Default: control.sock in the configuration's state directory
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// The address of a relay on another machine, such as https://tocsin.example.org. Needs an access token.
    /// Default: $TOCSIN_URL, unless --config or --socket is given; without it, the relay of this machine.
    #[arg(long, global = true, value_name = "URL", conflicts_with_all = ["socket"])]
    url: Option<String>,
    /// The access token for --url, from `tocsin tokens create`. Other users of this machine see the arguments of a
    /// command: rather set $TOCSIN_TOKEN.
    #[arg(long, global = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl Place {
    /// The configuration's file.
    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        self.found().with_context(|| {
            format!("there is no configuration at {}: name it with --config", CONFIG_PLACES.join(" or "))
        })
    }

    /// The configuration's file, if one is named or stands where they are looked for.
    pub(super) fn found(&self) -> Option<PathBuf> {
        let usual = || CONFIG_PLACES.iter().map(PathBuf::from).find(|path| path.exists());
        self.config.clone().or_else(usual)
    }

    /// The configuration.
    pub(super) fn read(&self) -> anyhow::Result<Config> {
        Ok(Config::read(&self.path()?)?)
    }

    /// Where the relay keeps its state. Asks for no more of the configuration than that: its secrets may be
    /// the service's alone.
    pub(super) fn state_dir(&self) -> anyhow::Result<PathBuf> {
        Ok(Config::read_state_dir(&self.path()?)?)
    }

    /// The control socket.
    pub(super) fn socket(&self) -> anyhow::Result<PathBuf> {
        match &self.socket {
            Some(socket) => Ok(socket.clone()),
            None => Ok(socket_in(&self.state_dir()?)),
        }
    }

    /// The address of the relay, if it is one on another machine.
    pub(super) fn url(&self) -> Option<String> {
        // What is said here goes before the environment.
        let is_said = self.socket.is_some() || self.config.is_some();
        self.url.clone().or_else(|| of_environment("TOCSIN_URL").filter(|_| !is_said))
    }

    /// The running relay.
    pub(super) fn relay(&self) -> anyhow::Result<Relay> {
        let Some(url) = self.url() else { return Ok(Relay::Socket(self.socket()?)) };
        let token = self.token.clone().or_else(|| of_environment("TOCSIN_TOKEN")).with_context(|| {
            format!(
                "{url} needs an access token: set $TOCSIN_TOKEN to one that `tocsin tokens create` made there"
            )
        })?;
        let remote = Remote::new(&url, Secret::new(token))?;
        if remote.is_in_clear() {
            complain!("warning: {url} is not https, so others on the way can read the access token");
        }
        Ok(Relay::Remote(remote))
    }

    /// Whether a relay runs that can be asked. One on another machine counts as running.
    pub(super) fn is_running(&self) -> anyhow::Result<bool> {
        match self.url() {
            Some(_) => Ok(true),
            None => Ok(client::is_running(&self.socket()?)?),
        }
    }

    /// Who is at the terminal, for a relay on this machine. Another knows the access token.
    pub(super) fn person(&self) -> Option<String> {
        self.url().is_none().then(person)
    }

    /// Asks the running relay for what is at `path`.
    pub(super) fn get<A: DeserializeOwned>(&self, path: &str) -> anyhow::Result<A> {
        let relay = self.relay()?;
        Ok(alone()?.block_on(client::get(&relay, path))?)
    }

    /// Asks the running relay for something long at `path` of the API.
    pub(super) fn stream(&self, path: &str) -> anyhow::Result<Streamed> {
        Ok(client::stream(&self.relay()?, &format!("{ROOT}{path}"))?)
    }

    /// Asks the running relay for those at `path` that `which` names.
    pub(super) fn list<A: DeserializeOwned>(&self, path: &str, which: &impl Serialize) -> anyhow::Result<A> {
        self.get(&format!("{path}?{}", serde_urlencoded::to_string(which)?))
    }

    /// Has the running relay do what `asked` says at `path`.
    pub(super) fn post<A: DeserializeOwned>(&self, path: &str, asked: &impl Serialize) -> anyhow::Result<A> {
        let relay = self.relay()?;
        Ok(alone()?.block_on(client::post(&relay, path, asked))?)
    }

    /// Has the running relay put what `asked` says at `path`, with these headers.
    pub(super) fn put<A: DeserializeOwned>(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        asked: &impl Serialize,
    ) -> anyhow::Result<A> {
        let relay = self.relay()?;
        Ok(alone()?.block_on(client::put(&relay, path, headers, asked))?)
    }

    /// Has the running relay put these bytes at `path`.
    pub(super) fn upload<A: DeserializeOwned>(&self, path: &str, bytes: Vec<u8>) -> anyhow::Result<A> {
        let relay = self.relay()?;
        Ok(alone()?.block_on(client::upload(&relay, path, bytes.into()))?)
    }

    /// Has the running relay remove what is at `path`.
    pub(super) fn delete<A: DeserializeOwned>(&self, path: &str) -> anyhow::Result<A> {
        let relay = self.relay()?;
        Ok(alone()?.block_on(client::delete(&relay, path))?)
    }
}

/// Who is at the terminal.
pub(super) fn person() -> String {
    known_person().unwrap_or_else(|| "operator".to_owned())
}

/// The person and the command that makes the change, as in `ada with tocsin config rollback`. The command alone if the
/// environment names nobody: the relay adds the system's user.
pub(super) fn person_with(command: &str) -> String {
    known_person().map_or_else(|| command.to_owned(), |person| format!("{person} with {command}"))
}

fn known_person() -> Option<String> {
    of_environment("SUDO_USER").or_else(|| of_environment("USER"))
}

/// An environment variable that is set and not empty.
fn of_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// A runtime for one question.
fn alone() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// A multi-threaded runtime, for commands that run a relay or plugins.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")
}
