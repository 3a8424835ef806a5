//! What is appended to the connection's address.
//!
//! Never lets a value leave the path: no query, no fragment, no way up.

use tocsin_plugin::prelude::*;

/// Characters of a path that a refusal shows.
const SHOWN_CHARS: usize = 100;

/// `text` as a path that begins with `/`; empty for none.
///
/// # Errors
/// It climbs.
pub(super) fn of(text: &str) -> Result<String, String> {
    let path = text.trim();
    if path.is_empty() {
        return Ok(String::new());
    }
    let encoded = text::encode_path(&text::one_line(path));
    let climbs = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if encoded.split('/').any(climbs) {
        return Err(format!("climbs with `.` or `..`: `{}`", text::truncate(path, SHOWN_CHARS)));
    }
    Ok(if encoded.starts_with('/') { encoded } else { format!("/{encoded}") })
}
