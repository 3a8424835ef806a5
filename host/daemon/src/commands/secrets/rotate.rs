//! `tocsin secrets rotate`: replaces a value and reloads the relay. If the relay refuses, restores the previous value.

use std::process::ExitCode;

use anyhow::Context;

use super::super::client::{self, ClientError};
use super::super::place::{Place, person_with};
use super::{tell, used_by, value};
use crate::commands::out::say;
use crate::config::{ManagedUse, Vault, VaultError};
use crate::operate::api::Actor;
use crate::operate::api::configuration::Reloaded;
use crate::runtime::clock;

pub(super) fn run(place: &Place, vault: &Vault, uses: &[ManagedUse], name: &str) -> anyhow::Result<ExitCode> {
    vault.ready_for(name)?;
    if !vault.open()?.is_some_and(|opened| opened.has(name)) {
        return Err(VaultError::Missing { name: name.to_owned() }.into());
    }
    // Before anything is written: this user may not be allowed to ask.
    let runs = client::is_running(&place.socket()?)?;
    let value = value::read(name)?;
    // Nobody else writes until the relay has answered.
    let writer = vault.lock()?;
    let stored = writer.set(name, &value, &clock::time_of_day().to_string())?;
    if runs && let Err(error) = reload(place, name) {
        // Only a refusal is certain: after a lost answer, the relay may have the new value in force.
        if !matches!(error.downcast_ref(), Some(ClientError::Refused(_))) {
            return Err(error.context(format!(
                "`{name}` has its new value, but it is not known whether the relay uses it: run `tocsin reload`"
            )));
        }
        writer.put_back(&stored.before).context("the previous value could not be restored")?;
        return Err(
            error.context(format!("`{name}` has its previous value again, because the relay refused"))
        );
    }
    tell(place, name, &stored, &used_by(uses, name), runs)?;
    if !place.json {
        say!(
            "{}",
            if runs { "the relay has reloaded: it is in force" } else { "it takes effect at the next start" }
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn reload(place: &Place, name: &str) -> anyhow::Result<()> {
    let actor = person_with(&format!("tocsin secrets rotate {name}"));
    let _: Reloaded = place.post("/config/reload", &Actor { actor: Some(actor) })?;
    Ok(())
}
