//! When a delivery is tried again.

use proptest::prelude::*;

use crate::retry::Schedule;
use crate::time::Timestamp;

const START: Timestamp = Timestamp::from_micros(1_763_650_000_000_000);
/// A schedule that does not end while a test looks.
const ENDLESS: Schedule =
    Schedule { first_ms: 5_000, longest_ms: 3_600_000, give_up_after_ms: 10 * 365 * 24 * 3_600_000 };

/// The wait before it is spread.
fn wait_ms(schedule: Schedule, attempts: u32) -> u64 {
    let doubled = (1..attempts).fold(schedule.first_ms, |wait, _| wait.saturating_mul(2));
    doubled.min(schedule.longest_ms)
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let ms = || prop_oneof![0_u64..100, 0..10_000_000_u64, any::<u64>()];
    (ms(), ms(), ms()).prop_map(|(first_ms, longest_ms, give_up_after_ms)| Schedule {
        first_ms,
        longest_ms,
        give_up_after_ms,
    })
}

proptest! {
    #[test]
    fn the_next_attempt_is_neither_too_early_nor_too_late_nor_after_the_end(
        schedule in schedules(),
        attempts in 0_u32..40,
        owed_for_ms in 0_u64..400_000_000,
        asked in prop::option::of(prop_oneof![0_u64..1_000_000, any::<u64>()]),
        jitter in any::<u64>(),
    ) {
        let now = START.plus_ms(owed_for_ms);
        let wait = wait_ms(schedule, attempts.min(33));
        let asked_ms = asked.unwrap_or(0).min(schedule.longest_ms);
        let shortest = now.plus_ms((wait - wait / 5).max(asked_ms));
        let longest = now.plus_ms(wait.saturating_add(wait / 5).max(asked_ms));
        let end = START.plus_ms(schedule.give_up_after_ms);
        match schedule.next_attempt(attempts, START, now, asked, jitter) {
            Some(at) => {
                prop_assert!(shortest <= at && at <= longest, "{shortest} <= {at} <= {longest}");
                prop_assert!(at < end, "{at} < {end}");
            }
            None => prop_assert!(longest >= end, "{longest} >= {end}: there was time for another attempt"),
        }
    }

    #[test]
    fn waits_grow_up_to_the_longest(attempts in 1_u32..60, jitter in any::<u64>()) {
        let next = |attempts| {
            let at = ENDLESS.next_attempt(attempts, START, START, None, jitter).expect("it does not end");
            at.ms_since(START)
        };
        prop_assert!(next(attempts) <= ENDLESS.longest_ms + ENDLESS.longest_ms / 5);
        // The spread of one wait is smaller than the step to the next, as long as there is one.
        if wait_ms(ENDLESS, attempts + 1) == 2 * wait_ms(ENDLESS, attempts) {
            prop_assert!(next(attempts) < next(attempts + 1));
        } else if attempts > 12 {
            prop_assert_eq!(next(attempts), next(attempts + 1));
        }
    }
}

#[test]
fn without_jitter_the_default_waits_double_from_four_seconds_to_48_minutes() {
    let next = |attempts| {
        let at = Schedule::default().next_attempt(attempts, START, START, None, 0).expect("it does not end");
        at.ms_since(START)
    };
    let waits: Vec<_> = (1..=12).map(next).collect();
    assert_eq!(waits[..5], [4_000, 8_000, 16_000, 32_000, 64_000]);
    assert_eq!(waits[9..], [2_048_000, 2_880_000, 2_880_000]);
}

#[test]
fn jitter_spreads_a_wait_over_two_fifths_of_it() {
    let next = |jitter| ENDLESS.next_attempt(1, START, START, None, jitter).map(|at| at.ms_since(START));
    assert_eq!(next(0), Some(4_000));
    assert_eq!(next(2_000), Some(6_000));
    assert_eq!(next(2_001), Some(4_000));
}

#[test]
fn a_peer_is_left_alone_for_as_long_as_it_asks_up_to_the_longest_wait() {
    let next = |asked| ENDLESS.next_attempt(1, START, START, Some(asked), 0).map(|at| at.ms_since(START));
    assert_eq!(next(1_000), Some(4_000));
    assert_eq!(next(90_000), Some(90_000));
    assert_eq!(next(u64::MAX), Some(ENDLESS.longest_ms));
    assert_eq!(ENDLESS.granted(u64::MAX), ENDLESS.longest_ms);
}

/// The end was once looked at before the wait was added: an attempt could come a day after it.
#[test]
fn there_is_no_attempt_after_the_end() {
    let schedule = Schedule { first_ms: 10_000, longest_ms: 10_000, give_up_after_ms: 60_000 };
    let next = |owed_for_ms, asked| schedule.next_attempt(1, START, START.plus_ms(owed_for_ms), asked, 0);
    assert_eq!(next(51_999, None), Some(START.plus_ms(59_999)));
    assert_eq!(next(52_000, None), None);
    assert_eq!(
        next(0, Some(3_600_000)),
        Some(START.plus_ms(10_000)),
        "a peer is granted the longest wait at most"
    );
    assert_eq!(next(3_600_000, None), None);
}
