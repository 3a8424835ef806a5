//! What an alert's status is: by the field that the settings name, by the fields that senders use, by the beginning
//! of its title.
//!
//! Never passes over a status that is there: an unknown word in the named field is refused.

use serde_json::Value;
use tocsin_plugin::notes::Notes;
use tocsin_plugin::prelude::*;

use crate::In;

/// Fields that hold the status at senders without a `status`, in the order in which they count.
const FIELDS: [&str; 7] =
    ["state", "event_type", "alert_status", "alert_state", "current_state", "alert_action", "action"];
/// Bytes of a prefix; a longer one is a title.
const PREFIX_BYTES: usize = 200;

/// What was found.
pub(super) struct Status {
    pub(super) changes: &'static [Change],
    /// The title, without the status before it.
    pub(super) title: Option<String>,
    /// The key when there is no id: the title without its status, if one stands before it.
    pub(super) key: Option<String>,
    /// Where the status stands, if it is in another field than the named one.
    pub(super) field: Option<String>,
}

impl Status {
    pub(super) fn find(
        document: &Value,
        settings: &In,
        title: Option<&str>,
        notes: &mut Notes,
    ) -> Result<Self, Refusal> {
        let before = title.and_then(|title| prefix(title, settings));
        let key = before.as_ref().map(|prefix| prefix.key.clone());
        let found = |changes| Self { changes, title: title.map(str::to_owned), key, field: None };
        if let Some(word) = json::text(document, &settings.status_field) {
            return settings.changes(&word, &settings.status_field).map(found);
        }
        let other = |path: String| Some((settings.known(&json::text(document, &path)?)?, path));
        if let Some((changes, path)) = fields(settings).into_iter().find_map(other) {
            return Ok(Self { field: Some(path), ..found(changes) });
        }
        if let Some(prefix) = before {
            notes.add(format!(
                "no status found in a field: `{}` at the beginning of the title was taken for it",
                prefix.shown
            ));
            let Prefix { changes, title, key, .. } = prefix;
            return Ok(Self { changes, title: Some(title), key: Some(key), field: None });
        }
        notes.add(
            "no status found: opened; name the field that holds it in `status_field`, or send `status`"
                .to_owned(),
        );
        Ok(found(&[Change::Trigger]))
    }
}

/// The other fields for a status: beside the title, and at the top.
fn fields(settings: &In) -> Vec<String> {
    let beside = settings.title_field.rsplit_once('.').map(|(parent, _)| format!("{parent}."));
    let places = beside.into_iter().chain([String::new()]);
    let all = places.flat_map(|place| FIELDS.iter().map(move |name| format!("{place}{name}")));
    all.filter(|path| !settings.is_used(path)).collect()
}

/// A status before a title.
struct Prefix {
    changes: &'static [Change],
    shown: String,
    title: String,
    key: String,
}

/// The status before a title: `[OK] CPU high`, `RESOLVED: CPU high`, `[FIRING:1] CPU high`, `[Recovered on db-1] CPU
/// high`. A word such as `monitoring` is a subject there as often as a status, so it says no more than that there is
/// a problem, and a word that is no more than a note is none.
fn prefix(title: &str, settings: &In) -> Option<Prefix> {
    let start = title.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[').trim_start();
    let (inner, rest, shown) = match start.strip_prefix('[') {
        Some(after) => {
            let (inner, rest) = after.split_once(']')?;
            (inner, rest, format!("[{inner}]"))
        }
        None => {
            let (inner, rest) = start.split_once(':').filter(|(_, rest)| rest.starts_with(' '))?;
            (inner, rest, format!("{inner}:"))
        }
    };
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–')).trim();
    if inner.len() > PREFIX_BYTES || rest.is_empty() {
        return None;
    }
    let is_bracket = shown.starts_with('[');
    let (changes, about) =
        whole(inner, settings).or_else(|| is_bracket.then(|| first(inner, settings)).flatten())?;
    let changes: &[Change] = match changes {
        [Change::Note] => return None,
        [Change::Trigger, ..] => &[Change::Trigger],
        single => single,
    };
    let about = text::one_line(about);
    let (title, key) = match about.is_empty() {
        true => (rest.to_owned(), rest.to_owned()),
        // What else stands in the brackets tells one problem from another.
        false => (title.to_owned(), format!("{rest} {about}")),
    };
    Some(Prefix { changes, shown: text::truncate(&shown, 60), title, key })
}

/// All of a prefix as a status, or all before a count: `FIRING:1`.
fn whole<'a>(inner: &'a str, settings: &In) -> Option<(&'static [Change], &'a str)> {
    let word = match inner.split_once(':') {
        Some((word, count)) if count.trim().chars().all(|c| c.is_ascii_digit()) => word,
        _ => inner,
    };
    settings.known(word).map(|changes| (changes, ""))
}

/// The status at the beginning of a prefix, before what it is about: `Recovered on db-1`, `No Data: db-1`.
fn first<'a>(inner: &'a str, settings: &In) -> Option<(&'static [Change], &'a str)> {
    [" on ", " for ", ": ", " - "].iter().find_map(|separator| {
        let (word, about) = inner.split_once(separator)?;
        settings.known(word).map(|changes| (changes, about))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_before_a_title_is_found_and_taken_off_the_key() {
        let settings = In::from_settings(&[]).expect("settings");
        for (title, expected) in [
            ("[OK] CPU high", Some((Change::Resolve, "CPU high"))),
            ("RESOLVED: CPU high", Some((Change::Resolve, "CPU high"))),
            ("✅ Resolved: CPU high", Some((Change::Resolve, "CPU high"))),
            ("[FIRING:1] CPU high", Some((Change::Trigger, "CPU high"))),
            ("[RESOLVED:2] CPU high", Some((Change::Resolve, "CPU high"))),
            ("[FIRING:1]: CPU high", Some((Change::Trigger, "CPU high"))),
            ("Down: web", Some((Change::Trigger, "web"))),
            ("[Recovered on {host:db-1}] CPU high", Some((Change::Resolve, "CPU high {host:db-1}"))),
            ("[Triggered on {host:db-1}] CPU high", Some((Change::Trigger, "CPU high {host:db-1}"))),
            ("[Re-Triggered on db-1] CPU high", Some((Change::Trigger, "CPU high db-1"))),
            ("[No Data on db-1] CPU high", Some((Change::Trigger, "CPU high db-1"))),
            ("[Acknowledged] CPU high", Some((Change::Acknowledge, "CPU high"))),
            ("[Investigating] API", Some((Change::Trigger, "API"))),
            ("[Monitoring] disk full", Some((Change::Trigger, "disk full"))),
            ("[Note] disk full", None),
            ("[New Relic] disk full", None),
            ("[Closed-loop pump] disk full", None),
            ("Up the creek: disk full", None),
            ("10:30 backup failed", None),
            ("http://a.example is down", None),
            ("CPU high", None),
            ("[OK]", None),
            ("[OK", None),
            ("", None),
        ] {
            let found = prefix(title, &settings).map(|found| (found.changes[0], found.key));
            assert_eq!(found, expected.map(|(change, key)| (change, key.to_owned())), "{title}");
        }
    }
}
