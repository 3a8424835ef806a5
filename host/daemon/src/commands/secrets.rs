//! `tocsin secrets`: the store of managed secrets, which a configuration refers to as `{ managed = "name" }`.
//!
//! Works with and without a running relay: the files are the truth. Never prints a value, and takes none as an argument.

use std::process::ExitCode;

use clap::Subcommand;

mod list;
mod rotate;
mod value;

use super::client;
use super::place::Place;
use super::table::json;
use crate::commands::out::{complain, say};
use crate::config::{Config, ManagedUse, Stored, Vault};
use crate::operate::api::secrets::{RemovedSecret, RotatedKey, StoredSecret};
use crate::runtime::clock;

pub(super) const EXAMPLES: &str = "\
The secrets are in secrets.json of the state directory, encrypted. The first `set` makes the key, secrets.key
beside it, unless [secrets] in the configuration names another place. Run the commands as root or as the relay's user.

A command reads the value from standard input. In a terminal, it asks for it and does not show it.

Examples:
  tocsin secrets set slack-url                store it; then write url = { managed = \"slack-url\" }
  tocsin secrets set slack-url < file         store the content of a file
  tocsin secrets list                         which are there, and what uses them?
  tocsin secrets rotate slack-url             replace the value and reload the relay
  tocsin secrets rotate-key                   encrypt all of them under a new key";

const ROTATE: &str = "\
If the relay refuses the configuration with the new value, the previous value stays. Without a running relay, the new
value takes effect at the next start.

For the token of a source, senders need the new value at the same moment. To give them time, store it under another name
and write next_token = { managed = \"…\" } in the configuration.";

const ROTATE_KEY: &str = "\
The secrets stay readable whatever interrupts the command: run it again. The relay needs no reload. Copies of
secrets.json that were made before can only be read with the key before.

Tocsin cannot write a credential of systemd. If the key is one, put a new key (openssl rand -hex 32) on a line before the
present one, start the relay again, run this command, and then remove the old key.";

#[derive(Debug, Subcommand)]
pub(super) enum Secrets {
    /// Store a secret, or replace its value. Reads the value from standard input, or asks for it in a terminal.
    #[command(after_help = EXAMPLES)]
    Set {
        /// Its name: a-z, 0-9, `-` and `_`, beginning with a letter.
        name: String,
    },
    /// List the secrets: when each was stored and replaced, and which parts of the configuration use it. Never shows a
    /// value.
    #[command(after_help = EXAMPLES)]
    List,
    /// Replace the value of a secret and reload the running relay.
    #[command(after_help = ROTATE)]
    Rotate {
        /// Its name.
        name: String,
    },
    /// Remove a secret that the configuration does not use.
    Remove {
        /// Its name.
        name: String,
    },
    /// Make a new key and encrypt every secret under it.
    #[command(after_help = ROTATE_KEY)]
    RotateKey,
}

pub(super) fn run(place: &Place, command: &Secrets) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        place.url().is_none(),
        "managed secrets are files of the relay's machine: run it there, without --url and $TOCSIN_URL"
    );
    let (vault, uses) = Config::read_vault(&place.path()?)?;
    match command {
        Secrets::Set { name } => set(place, &vault, &uses, name),
        Secrets::List => list::run(place, &vault, &uses),
        Secrets::Rotate { name } => rotate::run(place, &vault, &uses, name),
        Secrets::Remove { name } => remove(place, &vault, &uses, name),
        Secrets::RotateKey => rotate_key(place, &vault),
    }
}

fn set(place: &Place, vault: &Vault, uses: &[ManagedUse], name: &str) -> anyhow::Result<ExitCode> {
    vault.ready_for(name)?;
    let value = value::read(name)?;
    let stored = vault.lock()?.set(name, &value, &clock::time_of_day().to_string())?;
    let used_by = used_by(uses, name);
    // A relay that this user may not ask about may be running.
    let runs = client::is_running(&place.socket()?).unwrap_or(true);
    tell(place, name, &stored, &used_by, false)?;
    if !place.json {
        match (used_by.is_empty(), runs) {
            (true, _) => say!("use it in the configuration as {{ managed = \"{name}\" }}"),
            (false, true) => say!("run `tocsin reload` to put it in force"),
            (false, false) => say!("it takes effect at the next start"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints that a secret was stored.
fn tell(
    place: &Place,
    name: &str,
    stored: &Stored,
    used_by: &[String],
    is_in_force: bool,
) -> anyhow::Result<()> {
    let made_key = stored.made_key.as_ref().map(|path| path.display().to_string());
    if let Some(key) = &made_key {
        complain!(
            "made {key}, the key of all managed secrets: keep a copy of it, apart from copies of secrets.json"
        );
    }
    if place.json {
        let (name, is_new) = (name.to_owned(), stored.is_new);
        return json(&StoredSecret { name, is_new, used_by: used_by.to_vec(), made_key, is_in_force });
    }
    let what = if stored.is_new { "is stored" } else { "has a new value" };
    let used = if used_by.is_empty() { "nothing uses it".to_owned() } else { used_by.join(", ") };
    say!("`{name}` {what} (used by: {used})");
    Ok(())
}

fn remove(place: &Place, vault: &Vault, uses: &[ManagedUse], name: &str) -> anyhow::Result<ExitCode> {
    let used_by = used_by(uses, name);
    anyhow::ensure!(
        used_by.is_empty(),
        "`{name}` is used by {}: change that in the configuration first",
        used_by.join(", ")
    );
    vault.lock()?.remove(name)?;
    if place.json {
        json(&RemovedSecret { name: name.to_owned() })?;
    } else {
        say!("`{name}` is removed");
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate_key(place: &Place, vault: &Vault) -> anyhow::Result<ExitCode> {
    let key = vault.lock()?.rotate_key()?.to_string();
    if place.json {
        json(&RotatedKey { key })?;
    } else {
        say!("every managed secret is encrypted under a new key, in {key}");
        say!("keep a copy of the key, apart from copies of secrets.json");
    }
    Ok(ExitCode::SUCCESS)
}

/// The parts of the configuration that use this secret.
fn used_by(uses: &[ManagedUse], name: &str) -> Vec<String> {
    uses.iter().filter(|one| one.name == name).map(|one| one.path.clone()).collect()
}
