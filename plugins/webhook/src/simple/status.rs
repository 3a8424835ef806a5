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
/// Prefixes before one title.
const PREFIXES: usize = 5;
/// What stands in brackets between a status and what it is about.
const SEPARATORS: [&str; 3] = [" on ", ": ", " - "];
/// Words before a title that say that a problem is over.
const ENDS: [&str; 15] = [
    "resolve",
    "resolved",
    "recover",
    "recovered",
    "recovery",
    "ok",
    "okay",
    "close",
    "closed",
    "clear",
    "cleared",
    "fixed",
    "solved",
    "normal",
    "back to normal",
];

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
        if let Some(word) = word(document, &settings.status_field)? {
            return settings.changes(&word, &settings.status_field).map(found);
        }
        let other = |path: String| {
            let word = json::text(document, &path)?;
            // A word that is no more than a note, such as `suspended`, is another thing's state.
            let changes = settings.known(&word).filter(|changes| *changes != [Change::Note])?;
            Some((changes, word, path))
        };
        if let Some((changes, word, path)) = fields(settings).into_iter().find_map(other) {
            let word = text::truncate(&text::one_line(&word), 60);
            notes.add(format!(
                "the status `{word}` was taken from `{path}`; name the field in `status_field`"
            ));
            return Ok(Self { field: Some(path), ..found(changes) });
        }
        if let Some(prefix) = before {
            notes.add(format!(
                "no status found in a field: `{}` at the beginning of the title was taken for it",
                prefix.shown
            ));
            let Prefix { changes, title, key, .. } = prefix;
            if json::text(document, &settings.id_field).is_some() {
                notes.add(format!(
                    "the key is `{}`; if it is another when the problem ends, name a stable one in `id_field`",
                    settings.id_field
                ));
            }
            return Ok(Self { changes, title: Some(title), key: Some(key), field: None });
        }
        notes.add(
            "no status found: opened; name the field that holds it in `status_field`, or send `status`"
                .to_owned(),
        );
        Ok(found(&[Change::Trigger]))
    }
}

/// The word in a field: a text, the one entry of a list, or an object's name.
///
/// # Errors
/// There is something of another shape, so that a status would be passed over.
fn word(document: &Value, path: &str) -> Result<Option<String>, Refusal> {
    match json::at(document, path) {
        None => Ok(None),
        Some(value) => match json::word(value) {
            Some(word) => Ok(Some(word)),
            None if matches!(value, Value::Object(_) | Value::Array(_)) => {
                let problem = format!(
                    "is no single word; name the value in it in `status_field`, such as `{path}.name`"
                );
                Err(Refusal::invalid(path, problem))
            }
            None => Ok(None),
        },
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
/// high`, also behind others: `[P2] [OK] CPU high`, `[Critical] RESOLVED: CPU high`. Of several an end or an
/// acknowledgement counts, since `critical` is a severity as often as a status. A word such as `monitoring` is a
/// subject there as often, so it says no more than that there is a problem, and a word that is no more than a note is
/// none.
fn prefix(title: &str, settings: &In) -> Option<Prefix> {
    let mut rest = title.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[').trim_start();
    let (mut found, mut others): (Option<(&'static [Change], String)>, Vec<&str>) = (None, Vec::new());
    let mut about = Vec::new();
    for _ in 0..PREFIXES {
        let Some(part) = Part::before(rest) else { break };
        let Some((changes, subject)) = part.meaning(settings) else {
            if !part.is_bracket {
                break;
            }
            others.push(part.written);
            rest = part.rest;
            continue;
        };
        rest = part.rest;
        about.extend(Some(text::one_line(subject)).filter(|subject| !subject.is_empty()));
        let opens = |changes: &[Change]| changes.first() == Some(&Change::Trigger);
        if found.as_ref().is_none_or(|(before, _)| opens(before) && !opens(changes)) {
            found = Some((changes, part.written.to_owned()));
        }
    }
    let (changes, shown) = found?;
    let others: String = others.iter().map(|other| format!("{other} ")).collect();
    let name = format!("{others}{rest}");
    let (title, key) = match about.is_empty() {
        true => (name.clone(), name),
        // What else stands in the brackets tells one problem from another.
        false => (title.to_owned(), format!("{name} {}", about.join(" "))),
    };
    Some(Prefix { changes, shown: text::truncate(&shown, 60), title, key })
}

/// One part before a title: `[…]`, or a word and a colon.
struct Part<'a> {
    written: &'a str,
    inner: &'a str,
    is_bracket: bool,
    rest: &'a str,
}

impl<'a> Part<'a> {
    fn before(title: &'a str) -> Option<Self> {
        let (inner, rest, is_bracket) = match title.strip_prefix('[') {
            Some(after) => {
                let (inner, rest) = after.split_once(']')?;
                (inner, rest, true)
            }
            None => {
                let (inner, rest) = title.split_once(':').filter(|(_, rest)| rest.starts_with(' '))?;
                (inner, rest, false)
            }
        };
        let written = title.strip_suffix(rest)?.trim_end();
        let rest =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–')).trim();
        let is_one = inner.len() <= PREFIX_BYTES && !rest.is_empty();
        is_one.then_some(Self { written, inner, is_bracket, rest })
    }

    /// Whether its word says by itself that a problem is over. Others that do in a field, such as `available`, begin
    /// titles of problems as well: `Available: 0 GB`, `Up: 1 of 3 nodes`.
    fn ends(&self, settings: &In) -> bool {
        let word = self.inner.split([':', '(']).next().unwrap_or_default();
        let split = SEPARATORS.iter().find_map(|separator| self.inner.split_once(separator));
        let word = split.map_or(word, |(word, _)| word);
        let counts = self.rest.starts_with(|c: char| c.is_ascii_digit());
        vocabulary::same(word, "up") && !counts
            || ENDS.iter().any(|end| vocabulary::same(end, word))
            || settings.resolve_words.iter().any(|end| vocabulary::same(end, word))
    }

    /// What it says, with what it is about.
    fn meaning(&self, settings: &In) -> Option<(&'static [Change], &'a str)> {
        let bracketed = || self.is_bracket.then(|| first(self.inner, settings)).flatten();
        let (changes, about) = whole(self.inner, settings).or_else(bracketed)?;
        match changes {
            [Change::Note] => None,
            [Change::Trigger, ..] => Some((&[Change::Trigger], about)),
            [Change::Resolve] if !self.ends(settings) => None,
            single => Some((single, about)),
        }
    }
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
    SEPARATORS.iter().find_map(|separator| {
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
            ("[UP] web", Some((Change::Resolve, "web"))),
            ("Available: 0 GB on /var", None),
            ("Healthy: 1 of 3 replicas", None),
            ("Up: 1 of 3 nodes", None),
            ("Deleted: production bucket", None),
            ("Success: root login from 203.0.113.9", None),
            ("[Up for 400 days] web-1 needs a reboot", None),
            ("[OK for now] disk 95 %", None),
            ("[Critical] RESOLVED: CPU high", Some((Change::Resolve, "CPU high"))),
            ("[Critical] CPU high", Some((Change::Trigger, "CPU high"))),
            ("[Alert] Recovered: CPU high", Some((Change::Resolve, "CPU high"))),
            ("[Prod][OK] CPU high", Some((Change::Resolve, "[Prod] CPU high"))),
            ("[Prod] [FIRING:2] CPU high", Some((Change::Trigger, "[Prod] CPU high"))),
            (
                "[P2] [Recovered on {host:db-2}] CPU high",
                Some((Change::Resolve, "[P2] CPU high {host:db-2}")),
            ),
            (
                "[P2] [Triggered on {host:db-2}] CPU high",
                Some((Change::Trigger, "[P2] CPU high {host:db-2}")),
            ),
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
