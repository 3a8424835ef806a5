//! PagerDuty's four severities for our five.
//!
//! Never sends a word that PagerDuty does not have: it would refuse the event.

use tocsin_plugin::prelude::*;

/// What PagerDuty takes (Events API v2, `payload.severity`).
const THEIRS: [&str; 4] = ["critical", "error", "warning", "info"];

/// Theirs for `ours`, as `lines` or the usual table say.
///
/// # Errors
/// A line that cannot be read; which.
pub(crate) fn of(ours: Severity, lines: &[String]) -> Result<&'static str, String> {
    let usual = match ours {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
        Severity::Info => "info",
    };
    let mut found = usual;
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        let pair = line.split_once('=').and_then(|(from, to)| {
            let to = THEIRS.into_iter().find(|theirs| vocabulary::same(theirs, to.trim()))?;
            Some((from.trim().to_ascii_lowercase().parse::<Severity>().ok()?, to))
        });
        let Some((from, to)) = pair else {
            return Err(format!(
                "has the line `{}`; expected one of ours (critical, high, medium, low, info), `=` and one of \
                 PagerDuty's ({})",
                text::truncate(&text::one_line(line), 60),
                THEIRS.join(", ")
            ));
        };
        if from == ours {
            found = to;
        }
    }
    Ok(found)
}
