//! The vocabulary as a table.

use std::collections::BTreeSet;

use super::*;
use crate::{Change, Severity};

/// Each status that a sender is known to send, with what it means; nothing where it must stay unknown.
const MEANINGS: [(Option<&[Change]>, &str); 6] = [
    (
        Some(&[Change::Trigger]),
        "Trigger|FIRING|down|Down (Partial)|still firing|incident.triggered|incident.created|incident.reopened|\
         incident.unacknowledged|Incident Started|UNKNOWN|Unreachable|TROUBLE|Trouble|No Data|NoData|NO_DATA|no-data|\
         Warn|Re-Warn|Re-Triggered|Re-No Data|Unresolved|not resolved|NOT OK|Renotify|INSUFFICIENT_DATA|Insufficient \
         data|degraded_performance|partial_outage|major_outage|flapping|FLAPPINGSTART|FlappingStart|PROBLEM|\
         ALERT_FAILURE|ALERT_FAILURE_REMIND|ALERT_DEGRADED|ALERT_DEGRADED_FAILURE|Create|UnAcknowledge|Activated|ACTIVE|Fired|\
         Alerting|Host Down|host is down|Service critical|Warning ended (now: Down)|OK_TO_FIRING|timed out|🔴 Down|\
         [FIRING]|Triggered.|Unusual|Disaster|detected|regression|Alert: No Data|issue.opened|Host Alert|problem.event",
    ),
    (
        Some(&[Change::Resolve]),
        "resolve|Resolved|RESOLVED|OK|OK (resolved)|up|Up|Recovered|recovery|RECOVERY|incident.resolve|incident.resolved|\
         incident.closed|Close|closed|down ended|Down ended|Down ended (now: Up)|Warning ended|outage resolved|\
         Deactivated|inactive|Cleared|CLEAR|ALERT_RECOVERY|ALERT_DEGRADED_RECOVERY|postmortem|completed|operational|\
         Alert closed|Auto-resolved|FIRING_TO_OK|✅ Resolved|[OK]|deleted|not firing|No Data ended|incident.canceled|\
         host is up|back online",
    ),
    (
        Some(&[Change::Acknowledge]),
        "ack|Acknowledge|ACKNOWLEDGEMENT|incident.acknowledged|alert acknowledged|snoozed",
    ),
    (
        Some(&[Change::Trigger, Change::Acknowledge]),
        "investigating|Identified|monitoring|in_progress|In Progress|In-Progress|InProgress|verifying|assigned|mitigated|\
         triage|Down (Acknowledged)|incident.reassigned|fixing",
    ),
    (
        Some(&[Change::Note]),
        "note|comment|Comment added|AddNote|scheduled|suppressed|under_maintenance|Maintenance|paused|FLAPPINGSTOP|\
         FlappingEnd|DowntimeStart",
    ),
    (
        None,
        "|banana|pending|expired|stopped|running|queued|skipped|0|1|2|true|false|recovery failed|failed to recover|\
         up down|open closed|none|is|the alert of the host|nothing resolved|🔥|-",
    ),
];

#[test]
fn each_status_of_a_sender_means_one_thing_in_any_case_and_with_any_separator() {
    for (expected, statuses) in MEANINGS {
        for status in statuses.split('|') {
            assert_eq!(changes(status), expected, "{status:?}");
            assert_eq!(
                changes(&format!("  {} ", status.to_uppercase())).is_some(),
                changes(status).is_some(),
                "{status:?}"
            );
        }
    }
    assert_eq!(change("investigating"), Some(Change::Acknowledge));
}

#[test]
fn no_word_means_two_things() {
    let statuses: Vec<&str> =
        statuses::STATUSES.iter().flat_map(|(words, _)| words.split_ascii_whitespace()).collect();
    let severities: Vec<&str> =
        severities::SEVERITIES.iter().flat_map(|(words, _)| words.split_ascii_whitespace()).collect();
    for words in [statuses, severities] {
        let mut seen = BTreeSet::new();
        for word in words {
            assert!(seen.insert(word), "{word} stands twice");
            assert_eq!(fold::fold(word), word);
        }
    }
}

#[test]
fn a_severity_is_read_as_a_whole_then_by_its_first_known_part() {
    for (severity, words) in [
        (
            Some(Severity::Critical),
            "critical|P1|P1 - Critical|p-1|SEV 1|Sev-1|Severity 1|(1) Critical|1 - Critical|critical-high|Blocker|\
             Highest Priority|Very High|DISASTER|severity::critical|[Critical]",
        ),
        (
            Some(Severity::High),
            "High|Urgent|High Priority|Sev 2|sev2|2 - High|Major|error|severityHigh|P2 (urgent)",
        ),
        (Some(Severity::Medium), "medium|Warning|average|P3|Medium-High|normal priority"),
        (Some(Severity::Low), "low|Minor|4 - Low|P4|notice"),
        (Some(Severity::Info), "info|Informational|5 - Planning|P5|Lowest|very low|ok|none"),
        (None, "|1|2|banana|non-critical|not critical|Not classified|Kritisch|unknown|page|P6|🔥"),
    ] {
        for word in words.split('|') {
            assert_eq!(super::severity(word), severity, "{word:?}");
        }
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
    let bad = ["page".to_owned(), "page = red".to_owned(), "= low".to_owned(), "page = not low".to_owned()];
    let problems = severity_problems("severities", &bad);
    assert_eq!(problems.len(), 4);
    assert!(problems.iter().all(|problem| problem.field == "severities"));
}

#[test]
fn a_severity_is_read_by_the_operators_lines_the_peers_names_words_and_the_peers_ids_in_this_order() {
    let own = ["10100 = low".to_owned(), "Kritisch = high".to_owned()];
    let table = Severities {
        own: &own,
        names: &[("Normal", Severity::Low)],
        ids: &[("1", Severity::Critical), ("2", Severity::High), ("3", Severity::Medium)],
    };
    assert_eq!(table.of("Kritisch", Some("2")), Some(Severity::High));
    assert_eq!(
        table.of("Blocker", Some("10100")),
        Some(Severity::Low),
        "an own line for the id is before words"
    );
    assert_eq!(
        table.of("normal", Some("1")),
        Some(Severity::Low),
        "the peer's name is before the usual word"
    );
    assert_eq!(table.of("P1 - Critical", Some("3")), Some(Severity::Critical), "a word is before an id");
    assert_eq!(table.of("Dringend", Some("1")), Some(Severity::Critical));
    assert_eq!(table.of("2", None), Some(Severity::High), "the word itself may be an id");
    assert_eq!(table.of("Dringend", None), None);
    assert_eq!(table.of("Dringend", Some("77")), None);
}

#[test]
fn a_number_keeps_its_point_and_symbols_alone_are_not_all_the_same() {
    assert!(same("On call", "on-call") && same("OnCall", "on_call") && !same("1.5", "15"));
    assert!(!same("!!", "??") && same("!!", " !! "));
}
