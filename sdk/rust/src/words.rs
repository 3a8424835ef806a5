//! Words that people and tools use for a status or a severity.
//!
//! Never guesses: a word that is not in the lists is `None`, and the plugin says so or leaves it out.

use crate::{Change, Problem, Severity, text};

const TRIGGER: &[&str] = &[
    "trigger",
    "triggered",
    "triggering",
    "trigger alert",
    "firing",
    "fired",
    "fire",
    "open",
    "opened",
    "reopened",
    "new",
    "created",
    "create",
    "problem",
    "incident",
    "alert",
    "alerting",
    "alerted",
    "alarm",
    "active",
    "down",
    "error",
    "errored",
    "fail",
    "failed",
    "failing",
    "failure",
    "critical",
    "warning",
    "degraded",
    "unhealthy",
    "offline",
    "start",
    "started",
    "raise",
    "raised",
    "update",
    "updated",
    "broken",
    "outage",
];
const RESOLVE: &[&str] = &[
    "resolve",
    "resolved",
    "resolving",
    "resolution",
    "ok",
    "okay",
    "close",
    "closed",
    "up",
    "recover",
    "recovered",
    "recovery",
    "normal",
    "clear",
    "cleared",
    "done",
    "fixed",
    "solved",
    "success",
    "successful",
    "succeeded",
    "passed",
    "passing",
    "healthy",
    "online",
    "operational",
    "inactive",
    "end",
    "ended",
    "finished",
    "complete",
    "completed",
    "cancelled",
    "canceled",
];
const ACKNOWLEDGE: &[&str] = &["acknowledge", "acknowledged", "ack", "acked", "acknowledgement"];
/// There is a problem and somebody is on it: the first message of a status page says `investigating`.
const WORKING: &[&str] = &["in progress", "investigating", "identified", "monitoring", "assigned"];
const NOTE: &[&str] = &["note", "noted", "comment", "commented", "annotation", "annotate"];

const SEVERITIES: [(&[&str], Severity); 5] = [
    (
        &[
            "critical",
            "crit",
            "fatal",
            "emergency",
            "emerg",
            "disaster",
            "panic",
            "blocker",
            "highest",
            "p0",
            "p1",
            "sev0",
            "sev1",
        ],
        Severity::Critical,
    ),
    (&["high", "error", "err", "major", "severe", "urgent", "alert", "p2", "sev2"], Severity::High),
    (&["medium", "moderate", "warning", "warn", "average", "normal", "p3", "sev3"], Severity::Medium),
    (&["low", "minor", "notice", "p4", "sev4"], Severity::Low),
    (
        &["info", "information", "informational", "debug", "trivial", "lowest", "none", "ok", "p5", "sev5"],
        Severity::Info,
    ),
];

/// Every list of status words, with the events that such a word stands for, in order.
const STATUSES: [(&[&str], &[Change]); 5] = [
    (TRIGGER, &[Change::Trigger]),
    (RESOLVE, &[Change::Resolve]),
    (ACKNOWLEDGE, &[Change::Acknowledge]),
    (WORKING, &[Change::Trigger, Change::Acknowledge]),
    (NOTE, &[Change::Note]),
];

/// The events that a status word stands for, in order, in any case, with `-`, `_` or spaces between its parts. One
/// event as a rule; a trigger and an acknowledgement for a word such as `investigating`, which says both.
pub fn changes(word: &str) -> Option<&'static [Change]> {
    let word = fold(word);
    STATUSES.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, changes)| *changes)
}

/// What a status word means: the last of [`changes`].
pub fn change(word: &str) -> Option<Change> {
    changes(word).and_then(|changes| changes.last().copied())
}

/// What a severity or priority word means, in any case.
pub fn severity(word: &str) -> Option<Severity> {
    let word = fold(word);
    SEVERITIES.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, severity)| *severity)
}

/// What a sender's word means: by an operator's own `word = severity` lines first, then as [`severity`].
pub fn severity_with(own: &[String], word: &str) -> Option<Severity> {
    let of_line = |line: &String| {
        let (known, meaning) = line.rsplit_once('=')?;
        same(known, word).then(|| severity(meaning)).flatten()
    };
    own.iter().find_map(of_line).or_else(|| severity(word))
}

/// The lines of a setting that are not `word = severity`.
pub fn severity_problems(field: &str, own: &[String]) -> Vec<Problem> {
    let is_good = |line: &String| {
        line.rsplit_once('=')
            .is_some_and(|(word, meaning)| !word.trim().is_empty() && severity(meaning).is_some())
    };
    let problem = |line: &String| {
        let line = text::truncate(&text::one_line(line), 60);
        Problem::new(field, format!("`{line}` is not `word = severity`, for example `page = critical`"))
    };
    own.iter().filter(|line| !is_good(line)).map(problem).collect()
}

/// Whether two words are the same but for case, spaces, `-` and `_`.
pub fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

fn fold(word: &str) -> String {
    let lower = word.to_lowercase().replace(['-', '_'], " ");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_understood_in_any_case_and_spelling() {
        for (word, expected) in [
            ("Trigger", Some(Change::Trigger)),
            (" RESOLVE ", Some(Change::Resolve)),
            ("In-Progress", Some(Change::Acknowledge)),
            ("DOWN", Some(Change::Trigger)),
            ("up", Some(Change::Resolve)),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(change(word), expected, "{word}");
        }
    }

    #[test]
    fn no_word_means_two_things() {
        let all: Vec<&str> = STATUSES.iter().flat_map(|(words, _)| words.iter().copied()).collect();
        let severities: Vec<&str> = SEVERITIES.iter().flat_map(|(words, _)| words.iter().copied()).collect();
        for words in [all, severities] {
            let unique: std::collections::BTreeSet<_> = words.iter().collect();
            assert_eq!(unique.len(), words.len());
            assert!(words.iter().all(|word| fold(word) == *word));
        }
    }
    #[test]
    fn an_operators_own_words_come_first_and_a_bad_line_is_a_problem() {
        let own = ["page = critical".to_owned(), "WARNING=low".to_owned()];
        assert_eq!(severity_with(&own, "Page"), Some(Severity::Critical));
        assert_eq!(severity_with(&own, "warning"), Some(Severity::Low));
        assert_eq!(severity_with(&own, "info"), Some(Severity::Info));
        assert_eq!(severity_with(&own, "ticket"), None);
        assert_eq!(severity_problems("severities", &own), []);
        let bad = ["page".to_owned(), "page = red".to_owned(), "= low".to_owned()];
        let problems = severity_problems("severities", &bad);
        assert_eq!(problems.len(), 3);
        assert!(problems.iter().all(|problem| problem.field == "severities"));
    }
}
