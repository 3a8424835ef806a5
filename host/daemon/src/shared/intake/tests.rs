//! What is counted, for how long it is recent, how much of it is kept, and what is logged.

use super::*;

fn too_large() -> Rejection {
    Rejection { status: 413, receipt: None, reason: "the body\nis too large".to_owned() }
}

fn counted(times: &[i64]) -> Vec<Rejections> {
    let mut rows = Vec::new();
    for minutes in times {
        add(&mut rows, 413, false, "why", Timestamp::from_micros(minutes * 60_000_000));
    }
    rows
}

#[test]
fn rejections_of_the_last_hour_are_told_from_older_ones() {
    let rows = counted(&[0, 3, 30, 61, 64]);
    assert_eq!(rows[0].count, 5);
    let at = |minutes: i64| in_the_last_hour(&rows[0], Timestamp::from_micros(minutes * 60_000_000));
    assert_eq!(at(64), 5, "a span counts whole");
    assert_eq!(at(65), 3);
    assert_eq!(at(126), 0);
    assert_eq!(at(40), 3, "the clock was set back");
}

#[test]
fn what_is_kept_of_one_hour_is_bounded() {
    let minutes: Vec<i64> = (0..10_000).collect();
    assert!(counted(&minutes)[0].recent.len() <= 14);
}

#[test]
fn requests_without_a_source_are_one_row_with_the_last_names() {
    let intake = Intake::new(Clock::default(), [String::from("hook")].iter(), BTreeMap::new());
    for number in 0..25 {
        intake.reject(&format!("name-{number}"), &Rejection { status: 404, ..too_large() });
    }
    intake.reject("name-20", &Rejection { status: 404, ..too_large() });
    intake.reject("hook", &too_large());
    let strangers = intake.counts(STRANGERS);
    assert_eq!(strangers.rejections[0].count, 26);
    assert_eq!(strangers.names.len(), NAMES_MAX);
    assert_eq!(strangers.names.last().map(String::as_str), Some("name-20"));
    let hook = intake.counts("hook");
    assert_eq!(hook.rejections[0].reason, "the body is too large");
    assert_eq!((hook.last_heard, hook.accepted), (None, 0));
}

#[test]
fn what_was_kept_is_counted_on() {
    let kept = SourceCounts { accepted: 7, ..SourceCounts::default() };
    let intake = Intake::new(
        Clock::default(),
        [String::from("hook")].iter(),
        BTreeMap::from([("hook".to_owned(), kept)]),
    );
    intake.count("hook", Outcome::Accepted);
    intake.count("hook", Outcome::Probed);
    let counts = intake.counts("hook");
    assert_eq!((counts.accepted, counts.probes), (8, 1));
    assert!(counts.last_heard.is_some());
}

#[test]
fn what_is_counted_since_the_start_leaves_out_what_was_kept() {
    let mut kept = SourceCounts { accepted: 7, rejections: counted(&[0, 1]), ..SourceCounts::default() };
    add(&mut kept.rejections, 422, true, "why", Timestamp::from_micros(0));
    let kept = BTreeMap::from([("hook".to_owned(), kept)]);
    let intake = Intake::new(Clock::default(), [String::from("hook")].iter(), kept);
    intake.count("hook", Outcome::Accepted);
    intake.reject("hook", &too_large());
    intake.reject("hook", &Rejection { receipt: Some("a receipt".to_owned()), ..too_large() });
    let since = intake.since_start("hook");
    assert_eq!((since.accepted, since.ignored), (1, 0));
    assert_eq!(since.rejected, BTreeMap::from([(413, 2), (422, 0)]));
    assert_eq!(intake.since_start("elsewhere"), Counted::default());
}

#[test]
fn rejections_of_one_kind_are_logged_once_then_every_five_minutes_with_a_count_and_when_they_end() {
    let start = Instant::now();
    let mut logged = Logged::first("no token".to_owned(), start);
    let mut lines = Vec::new();
    for second in 1..=1300 {
        if second <= 450 {
            logged.add("no token".to_owned());
        }
        if let Some(line) = logged.due(start + Duration::from_secs(second)) {
            let is_last = matches!(line, Line::NoLonger(_));
            lines.push((second, line));
            if is_last {
                break;
            }
        }
    }
    assert_eq!(lines, [(300, Line::Rejected(300)), (600, Line::Rejected(150)), (900, Line::NoLonger(451))]);
}
