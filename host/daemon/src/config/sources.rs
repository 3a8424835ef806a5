//! `[sources.<name>]`: places that requests come in at.

use std::time::Duration;

use tocsin_core::event::Severity;
use tocsin_core::routing::SourceRule;

use super::limits::BODY_BYTES_MAX;
use super::reader::Reader;
use super::{Limits, Source};

/// Characters of a token: sixteen random ones cannot be guessed over a network.
const TOKEN_CHARS_MIN: usize = 16;

pub(super) fn read(name: String, mut reader: Reader, limits: &Limits) -> (String, Source) {
    let plugin = reader.required_text("plugin", "the id of the plugin that decodes, such as `jira`");
    let token = reader.secret("token");
    let open = reader.boolean("open").unwrap_or(false);
    match &token {
        Some(token) if token.reveal().chars().count() < TOKEN_CHARS_MIN => {
            reader.problem(
                "token",
                format!("is shorter than {TOKEN_CHARS_MIN} characters: it could be guessed"),
            );
        }
        Some(_) if open => reader.problem("open", "is true although there is a token: remove one of them"),
        None if !open => reader.problem(
            "token",
            "is missing: give one, for example of `openssl rand -hex 24`, or set `open = true` to let \
             everybody in",
        ),
        Some(_) | None => {}
    }
    let default = SourceRule::default();
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let rule = SourceRule {
        reopen_window_ms: reader.duration("reopen_window").map_or(default.reopen_window_ms, ms),
        default_severity: reader
            .parsed("default_severity", str::parse::<Severity>)
            .unwrap_or(default.default_severity),
        replay_window_ms: reader.duration("replay_window").map_or(default.replay_window_ms, ms),
    };
    let body_bytes = reader.bytes("body_limit", 1024..=BODY_BYTES_MAX).unwrap_or(limits.body_bytes);
    let settings = reader.settings("settings");
    reader.finish();
    (name.clone(), Source { name, plugin, token, body_bytes, rule, settings })
}
