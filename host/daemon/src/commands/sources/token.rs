//! `tocsin sources token`: generates a token for senders and its digest for the configuration.

use std::process::ExitCode;

use anyhow::Context;

use super::super::place::Place;
use super::super::table::json;
use crate::commands::out::say;
use crate::operate::api::sources::NewToken;
use crate::runtime::signing::{random_token, sha256};

pub(super) const EXAMPLES: &str = "\
To rotate the token of a source without an interruption:
  1. tocsin sources token          generates a new token
  2. add next_token = { sha256 = \"…\" } to [sources.<name>] and run tocsin reload: the relay accepts both tokens
  3. give the new token to the sender
  4. tocsin sources list --json    shows when each was last used
  5. replace token with the new digest, remove next_token and run tocsin reload";

/// A new token, in hexadecimal digits.
///
/// # Errors
/// The system provides no random numbers.
pub(in crate::commands) fn random() -> anyhow::Result<String> {
    random_token().context("the system provides no random numbers")
}

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let token = random()?;
    let made = NewToken { sha256: sha256(token.as_bytes()), token };
    if place.json {
        json(&made)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("for the sender, shown this once:   {}", made.token);
    say!("for the configuration:             token = {{ sha256 = \"{}\" }}", made.sha256);
    Ok(ExitCode::SUCCESS)
}
