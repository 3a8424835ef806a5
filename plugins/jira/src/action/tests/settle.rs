//! One issue for each incident, however slow Jira's search is and whatever happens to the searches.

use super::peer::{Peer, next};
use super::*;
use tocsin_plugin::Timestamp;

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Jira answers.
    Answered,
    /// The answer to what it writes is lost.
    Lost,
    /// Jira answers 503 to whatever it is asked.
    Away,
    /// No request arrives.
    Broken,
}

/// What the host does with a delivery of which these attempts fail so, until it arrives; when it did, in seconds
/// after the first attempt. `held` is how old the change is by then.
fn arrives(jira: &mut Peer, change: ChangeKind, held: i64, fates: &[Fate]) -> i64 {
    let mut context = context(change);
    let first = context.change.at.as_seconds() + held;
    context.now = Timestamp::from_seconds(first);
    for attempt in 1..=10_u32 {
        context.attempt = attempt;
        let fate = usize::try_from(attempt).ok().and_then(|at| fates.get(at - 1)).copied();
        let step = match fate.unwrap_or(Fate::Answered) {
            Fate::Broken => Err(Failure::retry("the connection broke")),
            Fate::Away => {
                context.host = if jira.is_cloud { CLOUD } else { SERVER }.to_owned();
                let (_, state) = sent(Jira::encode(&context, &account(), &ticket(&[])));
                Jira::resume(&context, &account(), &ticket(&[]), &state, &response(503, &[], ""))
            }
            Fate::Lost => {
                jira.lost = 1;
                let step = jira.attempt(&context, &ticket(&[]));
                jira.lost = 0;
                step
            }
            Fate::Answered => jira.attempt(&context, &ticket(&[])),
        };
        match step {
            Ok(Step::Delivered(_)) => return context.now.as_seconds() - first,
            Err(Failure::Retry { after_ms, .. }) => context.now = next(&context, after_ms),
            other => panic!("{other:?}"),
        }
    }
    panic!("ten attempts")
}

/// All there is to happen to three attempts.
fn fates() -> impl Iterator<Item = [Fate; 3]> {
    const ALL: [Fate; 4] = [Fate::Answered, Fate::Lost, Fate::Away, Fate::Broken];
    let all = || ALL.into_iter();
    all().flat_map(move |a| all().flat_map(move |b| all().map(move |c| [a, b, c])))
}

#[test]
fn a_search_that_lags_makes_no_second_issue_whatever_happens_to_the_attempts_between() {
    for (is_cloud, held) in [(true, 0), (false, 0), (true, 900), (false, 86_400)] {
        for [a, b, c] in fates() {
            for d in [Fate::Answered, Fate::Lost] {
                let mut jira = Peer::new(is_cloud);
                jira.lag = 27;
                let fates = [Fate::Lost, a, b, c, d];
                arrives(&mut jira, ChangeKind::Opened, held, &fates);
                assert_eq!(jira.issues.len(), 1, "{is_cloud} {held} {fates:?}: {:?}", jira.log);
            }
        }
    }
}

#[test]
fn a_create_that_never_arrived_is_made_again_and_an_answer_that_is_lost_then_makes_no_second_issue() {
    for (is_cloud, held) in [(true, 0), (false, 900)] {
        for [a, b, c] in fates() {
            let mut jira = Peer::new(is_cloud);
            jira.lag = 27;
            let fates = [Fate::Broken, a, b, c, Fate::Lost, Fate::Lost];
            arrives(&mut jira, ChangeKind::Opened, held, &fates);
            assert_eq!(jira.issues.len(), 1, "{is_cloud} {held} {fates:?}: {:?}", jira.log);
        }
    }
}

#[test]
fn a_create_that_never_arrived_is_made_again_within_two_minutes() {
    for is_cloud in [true, false] {
        let mut jira = Peer::new(is_cloud);
        let took = arrives(&mut jira, ChangeKind::Opened, 0, &[Fate::Broken]);
        assert_eq!(jira.log.iter().filter(|line| line.starts_with("GET /search")).count(), 4);
        assert!((90..=120).contains(&took), "{took} s");
    }
}

#[test]
fn a_schedule_of_short_waits_makes_no_issue_while_the_change_is_younger_than_settle() {
    let mut opened = Context { attempt: 9, ..context(ChangeKind::Opened) };
    let mut jira = Peer::new(false);
    opened.now = Timestamp::from_seconds(opened.change.at.as_seconds() + 29);
    let waits = jira.attempt(&opened, &ticket(&[]));
    assert!(matches!(waits, Err(Failure::Retry { after_ms: Some(30_000), .. })), "{waits:?}");
    opened.now = Timestamp::from_seconds(opened.change.at.as_seconds() + 30);
    jira.attempt(&opened, &ticket(&[])).expect("an issue");
    // A clock that was set back keeps nothing waiting.
    opened.now = Timestamp::from_seconds(opened.change.at.as_seconds() - 3_600);
    Peer::new(false).attempt(&opened, &ticket(&[])).expect("an issue");
}

#[test]
fn settle_is_the_operators() {
    let verdict = |settle: i64, attempt: u32| {
        let account = Account::from_settings(&[text("user", "bot"), seconds("settle", settle)]).expect("one");
        let mut context = Context { attempt, ..context(ChangeKind::Opened) };
        context.now = Timestamp::from_seconds(context.change.at.as_seconds() + 600);
        let (_, state) = sent(Jira::encode(&context, &account, &ticket(&[])));
        let nothing = response(200, &[], r#"{"issues": []}"#);
        Jira::resume(&context, &account, &ticket(&[]), &state, &nothing)
    };
    for (settle, attempt) in [(0, 2), (4, 2), (5, 3), (120, 7)] {
        assert_eq!(sent(verdict(settle, attempt)).0.method, "POST", "{settle} s, attempt {attempt}");
    }
    for (settle, attempt) in [(5, 2), (120, 6)] {
        let waits = verdict(settle, attempt);
        assert!(
            matches!(&waits, Err(Failure::Retry { after_ms: Some(ms), .. }) if i64::try_from(*ms) == Ok(settle * 1_000)),
            "{settle} s, attempt {attempt}: {waits:?}"
        );
    }
}

#[test]
fn a_new_issue_for_one_that_was_deleted_is_made_once_when_its_answer_is_lost() {
    for is_cloud in [true, false] {
        let mut jira = Peer::new(is_cloud);
        let deleted = Reference { key: "issue".to_owned(), value: "OPS-99".to_owned(), url: None };
        (jira.references, jira.lag) = (vec![deleted], 27);
        arrives(&mut jira, ChangeKind::Reopened, 0, &[Fate::Lost]);
        assert_eq!(jira.issues.len(), 1, "{:?}", jira.log);
    }
}
