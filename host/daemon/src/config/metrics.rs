//! `[metrics]`: access to `/metrics` on the network.

use super::reader::Reader;
use super::sources::read_token;
use super::{TOKEN_KEYS, Token};

/// Access to metrics over the network. The control socket always serves them.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Whether the relay serves `/metrics` at `api_listen`, or at `listen` without it. Default: false.
    pub enabled: bool,
    /// The token that a request must have as `Authorization: Bearer`, if any.
    pub token: Option<Token>,
}

pub(super) fn read(mut reader: Reader) -> Metrics {
    let enabled = reader.boolean("enabled").unwrap_or(false);
    let token = read_token(&mut reader, TOKEN_KEYS[0]);
    reader.finish();
    Metrics { enabled, token }
}
