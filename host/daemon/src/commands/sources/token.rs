//! `tocsin sources token`: a random token for senders, shown once, and what the configuration keeps of it.

use std::process::ExitCode;

use anyhow::Context;
use tocsin_core::plugin::Encoding;

use super::super::place::Place;
use super::super::table::json;
use crate::commands::out::say;
use crate::operate::api::sources::NewToken;
use crate::runtime::signing::{sha256, write};

/// Random bytes of a token: nobody finds it from its digest.
const BYTES: usize = 24;

pub(super) const EXAMPLES: &str = "\
To exchange the token of a source without a gap:
  1. tocsin sources token          makes a new one
  2. put next_token = { sha256 = \"…\" } beside token in [sources.<name>], and run tocsin reload: both are taken
  3. give the new token to the sender
  4. tocsin sources list --json    says when each was last used
  5. put the new digest in the place of token, take next_token out, and run tocsin reload";

/// A new token, in hexadecimal digits.
///
/// # Errors
/// The system gives no random numbers.
pub(in crate::commands) fn random() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(write(Encoding::Hex, &bytes))
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
