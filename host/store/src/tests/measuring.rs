//! What the store tells about itself for metrics.

use tocsin_core::command::Verdict;
use tocsin_core::event::Severity;
use tocsin_core::incident::IncidentState;

use super::samples::{claimed, options, started, write};
use crate::Queue;

#[test]
fn what_waits_for_a_connection_is_counted_by_whether_its_time_has_come() {
    let (store, mut script) = started(options());
    for key in ["first", "second"] {
        write(&store, script.trigger(key, key)).unwrap();
    }
    let opening = store.due("pager", None, script.now, 1).unwrap().remove(0);
    write(&store, script.command(claimed(vec![opening.id]))).unwrap();
    let later = script.now.plus_ms(60_000);
    let retry = Verdict::Retry { reason: "busy".to_owned(), at: later, may_have_arrived: false };
    write(&store, script.settled(opening.id, retry)).unwrap();

    let second = store.due("pager", None, script.now, 1).unwrap().remove(0).next_at;
    let queues = store.queues(script.now).unwrap();
    assert_eq!(queues["pager"], Queue { due: 1, later: 1, oldest: Some(second) });
    assert_eq!(queues.keys().collect::<Vec<_>>(), ["chat", "pager"]);
    assert_eq!(store.queues(later).unwrap()["pager"], Queue { due: 2, later: 0, oldest: Some(second) });
    let before = store.queues(second.minus_ms(60_000)).unwrap();
    assert_eq!(before["pager"], Queue { due: 0, later: 2, oldest: None });
}

#[test]
fn incidents_of_a_state_are_counted_by_severity() {
    let (store, mut script) = started(options());
    for key in ["first", "second"] {
        write(&store, script.trigger(key, key)).unwrap();
    }
    let counts = store.severities(IncidentState::Open).unwrap();
    assert_eq!(counts.map(|(severity, _)| severity), Severity::ALL);
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 2);
    assert!(store.severities(IncidentState::Resolved).unwrap().iter().all(|(_, count)| *count == 0));
}

#[test]
fn commits_and_the_commands_in_them_are_counted_once_they_are_on_the_disk() {
    let (store, mut script) = started(options());
    let before = store.gauges();
    write(&store, script.trigger("first", "first")).unwrap();
    // The answer comes after the count.
    let after = store.gauges();
    assert_eq!(after.commit_us.count, before.commit_us.count + 1);
    assert_eq!(after.commands.sum, before.commands.sum + 1);
    assert_eq!((after.waiting, after.queue), (0, options().queue));
}
