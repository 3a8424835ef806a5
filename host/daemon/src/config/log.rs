//! `[log]`: what the relay says while it runs.

use strum::VariantNames;

use super::reader::Reader;
use crate::runtime::log::{self, DEFAULT_LEVEL, Format, Settings};

/// What the relay logs, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Format and level of lines.
    pub settings: Settings,
    /// Whether each request over the network has a line.
    pub access: bool,
}

pub(super) fn read(mut reader: Reader) -> Log {
    let format = reader.parsed("format", |text| {
        let unknown = || format!("`{text}` is not a format: write one of {}", Format::VARIANTS.join(", "));
        text.parse::<Format>().map_err(|_| unknown())
    });
    let level = reader.parsed("level", |text| log::level(text).map(|_| text.to_owned()));
    let access = reader.boolean("access").unwrap_or(false);
    reader.finish();
    let level = level.unwrap_or_else(|| DEFAULT_LEVEL.to_owned());
    Log { settings: Settings { format: format.unwrap_or_default(), level }, access }
}
