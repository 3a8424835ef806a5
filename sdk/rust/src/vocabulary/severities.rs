//! Severities: what a word or a peer's own name says of how bad it is.
//!
//! Never guesses: a word without a known part is `None`, and so is a negation.

use super::fold::{fold, holds, parts};
use super::same;
use crate::{SettingProblem, Severity, text};

/// Folded words. Numbers alone are none of them: 1 is the worst at one peer and the best at another.
pub(super) const SEVERITIES: [(&str, Severity); 5] = [
    (
        "critical crit fatal emergency emerg disaster catastrophic catastrophe panic blocker blocking showstopper
         highest veryhigh extreme p0 p1 sev0 sev1 s0 s1 severity0 severity1 priority0 priority1 prio0 prio1",
        Severity::Critical,
    ),
    (
        "high error err major severe serious urgent important alert p2 sev2 s2 severity2 priority2 prio2",
        Severity::High,
    ),
    (
        "medium med moderate warning warn average normal elevated p3 sev3 s3 severity3 priority3 prio3",
        Severity::Medium,
    ),
    ("low minor notice p4 sev4 s4 severity4 priority4 prio4", Severity::Low),
    (
        "info information informational informative debug verbose trivial cosmetic negligible planning lowest verylow
         none ok p5 sev5 s5 severity5 priority5 prio5",
        Severity::Info,
    ),
];

/// A phrase with one of these says what it is not.
const NEGATIONS: [&str; 4] = ["no", "non", "not", "un"];

/// How a source reads severities, in the order in which its tables count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Severities<'a> {
    /// The operator's lines of `word = severity`, for words and for ids.
    pub own: &'a [String],
    /// The peer's names, where they mean something else than the usual words.
    pub names: &'a [(&'a str, Severity)],
    /// The peer's ids, or numbers, for names that an administrator translated or chose.
    pub ids: &'a [(&'a str, Severity)],
}

impl Severities<'_> {
    /// What a sender's word means: by the operator's lines (for the word, then for the id), by the peer's names, as
    /// [`severity`], by the peer's ids. Without an id the word may be one.
    pub fn of(&self, word: &str, id: Option<&str>) -> Option<Severity> {
        let named = |word: &str| of_table(self.names, word);
        self.own(word)
            .or_else(|| id.and_then(|id| self.own(id)))
            .or_else(|| named(word))
            .or_else(|| severity(word))
            .or_else(|| of_table(self.ids, id.unwrap_or(word)))
    }

    fn own(&self, word: &str) -> Option<Severity> {
        self.own.iter().find_map(|line| {
            let (known, meaning) = line.rsplit_once('=')?;
            same(known, word).then(|| of_word(&fold(meaning))).flatten()
        })
    }
}

fn of_table(table: &[(&str, Severity)], word: &str) -> Option<Severity> {
    table.iter().find(|(known, _)| same(known, word)).map(|(_, severity)| *severity)
}

fn of_word(folded: &str) -> Option<Severity> {
    SEVERITIES.iter().find(|(words, _)| holds(words, folded)).map(|(_, severity)| *severity)
}

/// What a severity or priority word means, in any case and with any separators. Of a phrase such as `P1 - Critical`
/// or `Sev 2 (high)` the first known part counts.
pub fn severity(word: &str) -> Option<Severity> {
    if let Some(severity) = of_word(&fold(word)) {
        return Some(severity);
    }
    let parts = parts(word);
    if parts.iter().any(|part| NEGATIONS.contains(&part.as_str())) {
        return None;
    }
    let of_pair = |at: usize| {
        let next = parts.get(at + 1).filter(|next| next.as_str() != parts[at])?;
        of_word(&format!("{}{next}", parts[at]))
    };
    (0..parts.len()).find_map(|at| of_pair(at).or_else(|| of_word(&parts[at])))
}

/// What a sender's word means: by an operator's own `word = severity` lines first, then as [`severity`].
pub fn severity_with(own: &[String], word: &str) -> Option<Severity> {
    Severities { own, ..Severities::default() }.of(word, None)
}

/// The lines of a setting that are not `word = severity`.
pub fn severity_problems(field: &str, own: &[String]) -> Vec<SettingProblem> {
    let is_good = |line: &String| {
        line.rsplit_once('=')
            .is_some_and(|(word, meaning)| !word.trim().is_empty() && of_word(&fold(meaning)).is_some())
    };
    let problem = |line: &String| {
        let line = text::truncate(&text::one_line(line), 60);
        SettingProblem::new(
            field,
            format!("`{line}` is not `word = severity`, for example `page = critical`"),
        )
    };
    own.iter().filter(|line| !is_good(line)).map(problem).collect()
}
