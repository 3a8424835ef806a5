//! `tocsin tokens`: list, create and revoke access tokens of the API.

use std::process::ExitCode;

use clap::Subcommand;
use tocsin_core::settings::duration_ms;

use super::place::Place;
use super::table::{json, print, second, second_if, segment};
use crate::commands::out::{complain, say, single};
use crate::operate::api::Actor;
use crate::operate::api::access::{AccessToken, CreateToken, CreatedToken};
use crate::runtime::clock;

pub(super) const EXAMPLES: &str = "\
Scopes, each of which includes the ones before it:
  source:NAME   read what belongs to one source: its incidents and its requests
  viewer        read everything except backups, access tokens and the settings of sources, connections and actions
  operator      also acknowledge, resolve, modify, retry, discard, decode again, and test
  admin         also change the configuration, install and approve plugins, create tokens, verify the store and
                make backups

Examples:
  tocsin tokens create laptop --scope operator --expires-in 90d
  TOCSIN_URL=https://tocsin.example.org TOCSIN_TOKEN=tocsin_… tocsin status
  curl -H 'Authorization: Bearer tocsin_…' https://tocsin.example.org/api/v1/incidents?state=open";

/// What to do with access tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Tokens {
    /// List the access tokens: who created each, when it expires, and when it was last used.
    List,
    /// Create an access token and print it. Tocsin keeps only its SHA-256, so nothing shows it again.
    #[command(after_help = EXAMPLES)]
    Create {
        /// The name of the token, such as the name of the program that uses it.
        name: String,
        /// What the token allows: admin, operator, viewer or source:NAME.
        #[arg(long, value_name = "SCOPE", default_value = "viewer")]
        scope: String,
        /// How long the token is valid, such as 12h or 90d. Default: until it is revoked.
        #[arg(long, value_name = "DURATION", value_parser = milliseconds)]
        expires_in: Option<u64>,
    },
    /// Revoke an access token. Requests with it are refused at once.
    Revoke {
        /// The name of the token.
        name: String,
    },
}

fn milliseconds(text: &str) -> Result<u64, String> {
    duration_ms(text).map_err(|error| error.to_string())
}

pub(super) fn run(place: &Place, command: Tokens) -> anyhow::Result<ExitCode> {
    match command {
        Tokens::List => list(place),
        Tokens::Create { name, scope, expires_in } => create(place, name, scope, expires_in),
        Tokens::Revoke { name } => revoke(place, &name),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let tokens: Vec<AccessToken> = place.get("/tokens")?;
    if place.json {
        json(&tokens)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |token: &AccessToken| {
        let end = second_if(token.expires_at.as_ref());
        [
            single(&token.name),
            single(&token.scope),
            if token.expired { format!("expired {end}") } else { end },
            second_if(token.last_used.as_ref()),
            second(&token.created_at),
            single(&token.created_by),
        ]
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    if rows.is_empty() {
        say!("no access tokens: create one with `tocsin tokens create NAME --scope viewer`");
    } else {
        print(["NAME", "SCOPE", "EXPIRES", "LAST USED", "CREATED", "BY"], &rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn create(place: &Place, name: String, scope: String, expires_in: Option<u64>) -> anyhow::Result<ExitCode> {
    let expires_at = expires_in.map(|ms| clock::time_of_day().plus_ms(ms).to_string());
    let created: CreatedToken =
        place.post("/tokens", &CreateToken { actor: place.person(), name, scope, expires_at })?;
    if place.json {
        json(&created)?;
    } else {
        say!("{}", single(&created.token));
        complain!("keep it now: nothing shows it again. Its scope is {}.", single(&created.about.scope));
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(place: &Place, name: &str) -> anyhow::Result<ExitCode> {
    let path = format!("/tokens/{}/revoke", segment(name));
    let revoked: AccessToken = place.post(&path, &Actor { actor: place.person() })?;
    if place.json {
        json(&revoked)?;
    } else {
        say!("the token {} is revoked", single(&revoked.name));
    }
    Ok(ExitCode::SUCCESS)
}
