//! `[metrics]`: whether the main listener answers `/metrics`, and to whom.

use super::reader::Reader;
use super::sources::read_token;
use super::{TOKEN_KEYS, Token};

/// Who may read metrics over the main listener. The control socket always answers.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Whether the main listener answers `/metrics`. False.
    pub enabled: bool,
    /// What a request must bring as `Authorization: Bearer`; nothing if there is none.
    pub token: Option<Token>,
}

pub(super) fn read(mut reader: Reader) -> Metrics {
    let enabled = reader.boolean("enabled").unwrap_or(false);
    let token = read_token(&mut reader, TOKEN_KEYS[0]);
    reader.finish();
    Metrics { enabled, token }
}
