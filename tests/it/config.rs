//! The configuration through the real binary: what `tocsin check` says, and where secrets do not show.

mod filters;
mod help;
mod keys;
mod mistakes;
mod secrets;
mod sight;

use crate::harness::{action, connection, source};

/// A configuration without a mistake.
fn good() -> String {
    format!(
        "{}{}{}filter = 'severity in [\"critical\", \"high\"]'\n",
        source("hook", "webhook"),
        connection("out", "webhook", "https://hooks.example.org/path"),
        action("tell", "out"),
    )
}
