//! `tocsin secrets list`: names, times and uses. Never a value.

use std::collections::BTreeSet;
use std::process::ExitCode;

use super::super::place::Place;
use super::super::table::{json, print, second_if};
use super::used_by;
use crate::commands::out::{complain, say, single};
use crate::config::{ManagedUse, Vault};
use crate::operate::api::secrets::{ManagedSecret, ManagedSecrets};

pub(super) fn run(place: &Place, vault: &Vault, uses: &[ManagedUse]) -> anyhow::Result<ExitCode> {
    let opened = vault.open()?;
    let stored = opened.as_ref().map(|opened| opened.list()).unwrap_or_default();
    let names: BTreeSet<&str> =
        stored.iter().map(|one| one.name.as_str()).chain(uses.iter().map(|one| one.name.as_str())).collect();
    let items = names.into_iter().map(|name| {
        let found = stored.iter().find(|one| one.name == name);
        ManagedSecret {
            name: name.to_owned(),
            set_at: found.map(|one| one.set_at.clone()),
            rotated_at: found.and_then(|one| one.rotated_at.clone()),
            used_by: used_by(uses, name),
        }
    });
    let listed = ManagedSecrets {
        items: items.collect(),
        key: opened.as_ref().and_then(|opened| opened.key_source()).map(ToString::to_string),
        problem: opened.as_ref().and_then(|opened| opened.locked()).map(ToString::to_string),
    };
    if place.json {
        json(&listed)?;
    } else {
        show(&listed);
    }
    let is_good = listed.problem.is_none() && listed.items.iter().all(|one| one.set_at.is_some());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(listed: &ManagedSecrets) {
    if listed.items.is_empty() {
        say!("no managed secrets: store one with `tocsin secrets set NAME`");
    } else {
        let row = |one: &ManagedSecret| {
            let set =
                if one.set_at.is_some() { second_if(one.set_at.as_ref()) } else { "missing".to_owned() };
            [single(&one.name), set, second_if(one.rotated_at.as_ref()), single(&one.used_by.join(", "))]
        };
        print(["NAME", "STORED", "ROTATED", "USED BY"], &listed.items.iter().map(row).collect::<Vec<_>>());
    }
    if let Some(key) = &listed.key {
        say!("key: {}", single(key));
    }
    for one in listed.items.iter().filter(|one| one.set_at.is_none()) {
        complain!("`{0}` is used and not stored: run `tocsin secrets set {0}`", single(&one.name));
    }
    if let Some(problem) = &listed.problem {
        complain!("{}", single(problem));
    }
}
