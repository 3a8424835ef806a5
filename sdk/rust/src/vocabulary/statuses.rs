//! Statuses: what a word or a short phrase says of a problem.
//!
//! Never guesses: a word that means one thing here and another there (`pending`, `expired`, `stopped`, numbers) is
//! in no list, and a phrase whose parts disagree is `None`.

use super::fold::{fold, holds, parts};
use crate::Change;

const TRIGGER: &str = "
    trigger triggered triggering triggeralert retrigger retriggered firing fired fire refired
    open opened opening reopen reopened new created create activate activated active start started restarted
    problem incident alert alerting alerted alarm alarming raise raised update updated
    down downpartial error errored fail failed failing failure fault faulty broken crashed dead unusual
    critical crit fatal emergency disaster major minor warning warn rewarn
    degraded degradation degradedperformance performancedegradation impaired disrupted disruption unhealthy
    offline outage partialoutage majoroutage minoroutage fulloutage flapping flappingstart flappingstarted
    unknown unreachable unavailable unresponsive inaccessible disconnected notresponding noresponse notok
    trouble nodata renodata missingdata insufficientdata timeout timedout
    unresolve unresolved notresolved unacknowledge unacknowledged unack unacked
    escalate escalated escalating detected breach breached violation violated exceeded regression regressed
    repeat repeated renotify renotified oktofiring oktoalarm oktoalert";
const RESOLVE: &str = "
    resolve resolved resolving resolution autoresolve autoresolved ok okay good normal backtonormal returnedtonormal
    close closed closing autoclosed up recover recovered recovery clear cleared clearing done fixed solved
    success successful succeeded pass passed passing healthy online backonline reachable available
    connected reconnected responding restored operational inactive deactivate deactivated end ended
    finished complete completed cancel canceled cancelled delete deleted remove removed declined archived
    untriggered nottriggered notfiring notalerting noproblem firingtook alarmtook alerttook postmortem";
const ACKNOWLEDGE: &str = "acknowledge acknowledged acknowledging acknowledgement ack acked snooze snoozed";
/// There is a problem and somebody is on it: the first message of a status page says `investigating`.
const WORKING: &str = "
    inprogress workinprogress investigate investigating underinvestigation identified monitoring verifying fixing
    triage triaging triaged mitigate mitigating mitigated assign assigned reassigned downacknowledged downacked";
/// Says something about a problem or its monitor, and nothing about whether there is a problem.
const NOTE: &str = "
    note noted addnote addednote noteadded comment commented addcomment addedcomment commentadded annotate annotated
    annotation suppress suppressed silenced muted unmuted scheduled maintenance undermaintenance
    maintenancestarted maintenanceended downtimestart downtimestarted downtimeend downtimeended downtimeremoved
    flappingstop flappingstopped flappingend flappingended paused resumed suspended";

/// Every list of status words, with the events that such a word stands for, in order.
pub(super) const STATUSES: [(&str, &[Change]); 5] = [
    (TRIGGER, &[Change::Trigger]),
    (RESOLVE, &[Change::Resolve]),
    (ACKNOWLEDGE, &[Change::Acknowledge]),
    (WORKING, &[Change::Trigger, Change::Acknowledge]),
    (NOTE, &[Change::Note]),
];

/// Parts that say of what the rest of a phrase speaks, or how: `incident.triggered`, `still firing`.
const SUBJECTS: &str = "
    incident alert alerts alarm problem issue event monitor check service host case ticket notification metric
    status state is was has been be still again now auto automatically manually remind reminder the";
/// Parts that name a condition. Before an end they say what is over: `down ended`, `outage resolved`.
const CONDITIONS: &str = "
    down outage warning critical degraded unusual unknown error failure violation breach disruption nodata firing
    trouble unavailable unreachable";
/// Parts that say that a condition is over.
const ENDS: &str = "end ended over clear cleared resolved recovered recovery closed fixed finished";

/// The events that a status stands for, in order, in any case and with any separators (`NoData`, `NO_DATA`, `no data`).
/// One event as a rule; a trigger and an acknowledgement for a word such as `investigating`, which says both.
///
/// A phrase is understood when its parts agree (`incident.triggered`, `OK (resolved)`), when it says that a condition
/// is over (`down ended`), and by what it says is so now (`Warning ended (now: Down)`).
pub fn changes(status: &str) -> Option<&'static [Change]> {
    of_word(&fold(status)).or_else(|| of_phrase(&parts(status)))
}

/// What a status word means: the last of [`changes`].
pub fn change(word: &str) -> Option<Change> {
    changes(word).and_then(|changes| changes.last().copied())
}

fn of_word(folded: &str) -> Option<&'static [Change]> {
    STATUSES.iter().find(|(words, _)| holds(words, folded)).map(|(_, changes)| *changes)
}

fn of_phrase(parts: &[String]) -> Option<&'static [Change]> {
    if let Some(at) = parts.iter().rposition(|part| part == "now")
        && let Some(now) = parts.get(at + 1..).filter(|now| !now.is_empty())
    {
        return of_word(&now.concat()).or_else(|| of_phrase(now));
    }
    let telling: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !holds(SUBJECTS, part)).collect();
    let Some((last, before)) = telling.split_last() else {
        // `host alert`: subjects that are statuses as well.
        let mut known = parts.iter().filter_map(|part| of_word(part));
        let first = known.next()?;
        return known.all(|other| other == first).then_some(first);
    };
    if let Some(changes) = of_word(&telling.concat()) {
        return Some(changes);
    }
    if !before.is_empty() && holds(ENDS, last) && holds(CONDITIONS, &before.concat()) {
        return of_word("ended");
    }
    let changes = of_word(last)?;
    before.iter().all(|part| of_word(part) == Some(changes)).then_some(changes)
}
