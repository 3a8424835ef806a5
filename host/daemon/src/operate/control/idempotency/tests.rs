//! Slots and kept answers: how many, for how long, and whose go first.

use super::*;

fn slot(key: &str) -> Slot {
    slot_of("ci", key)
}

fn slot_of(caller: &str, key: &str) -> Slot {
    (caller.to_owned(), key.to_owned())
}

fn begun(answers: &Answers, key: &str, digest: &str, now: Instant) -> Result<Option<Bytes>, u16> {
    begun_at(answers, &slot(key), digest, now)
}

fn begun_at(answers: &Answers, slot: &Slot, digest: &str, now: Instant) -> Result<Option<Bytes>, u16> {
    match answers.begin(slot, digest, now) {
        Ok(Begun::New) => Ok(None),
        Ok(Begun::Done(answer)) => Ok(Some(answer.body)),
        Err(problem) => Err(problem.status().as_u16()),
    }
}

async fn answer(answers: &Answers, key: &str, status: StatusCode) {
    let running = Running { answers, slot: slot(key) };
    running.keep((status, "done").into_response()).await.expect("kept");
}

/// Does so many requests of a caller, with the keys 0, 1, and so on, and answers of so many bytes.
async fn fill(answers: &Answers, caller: &str, count: usize, bytes: usize) {
    for number in 0..count {
        let slot = slot_of(caller, &number.to_string());
        assert_eq!(begun_at(answers, &slot, "one", Instant::now()), Ok(None));
        let answer = "x".repeat(bytes).into_response();
        Running { answers, slot }.keep(answer).await.expect("answered");
    }
}

/// How the relay answers a repeated request: the bytes of the first answer, or the status.
fn repeated(answers: &Answers, caller: &str, key: usize) -> Result<Option<usize>, u16> {
    let again = begun_at(answers, &slot_of(caller, &key.to_string()), "one", Instant::now());
    again.map(|body| body.map(|body| body.len()))
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_another_request_none() {
    let (answers, now) = (Answers::default(), Instant::now());
    assert_eq!(begun(&answers, "a", "one", now), Ok(None));
    assert_eq!(begun(&answers, "a", "one", now), Err(409));
    answer(&answers, "a", StatusCode::CONFLICT).await;
    assert_eq!(begun(&answers, "a", "one", now), Ok(Some(Bytes::from("done"))));
    assert_eq!(begun(&answers, "a", "two", now), Err(422));
    assert_eq!(begun(&answers, "a", "one", now + KEPT + KEPT), Ok(None));
}

#[tokio::test]
async fn a_key_is_free_again_after_a_failure_of_the_relays_or_a_request_that_was_given_up() {
    let (answers, now) = (Answers::default(), Instant::now());
    assert_eq!(begun(&answers, "a", "one", now), Ok(None));
    answer(&answers, "a", StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(begun(&answers, "a", "one", now), Ok(None));
    drop(Running { answers: &answers, slot: slot("a") });
    assert_eq!(begun(&answers, "a", "one", now), Ok(None));
}

#[tokio::test]
async fn of_an_answer_that_is_secret_or_long_only_its_existence_is_kept() {
    let (answers, now) = (Answers::default(), Instant::now());
    for (key, answer) in [
        ("secret", ([(CACHE_CONTROL, "no-store")], "secret").into_response()),
        ("long", "x".repeat(ANSWER_BYTES_MAX + 1).into_response()),
    ] {
        assert_eq!(begun(&answers, key, "one", now), Ok(None));
        Running { answers: &answers, slot: slot(key) }.keep(answer).await.expect("answered");
        assert_eq!(begun(&answers, key, "one", now), Err(409));
    }
}

#[tokio::test]
async fn the_oldest_answers_of_a_caller_go_when_it_has_too_many_and_those_of_others_stay() {
    let answers = Answers::default();
    fill(&answers, "other", 1, 1).await;
    fill(&answers, "ci", CALLER_ANSWERS_MAX + 1, 1).await;
    assert_eq!(repeated(&answers, "ci", 0), Ok(None), "the oldest is forgotten");
    assert_eq!(repeated(&answers, "ci", 1), Ok(Some(1)));
    fill(&answers, "busy", ANSWERS_MAX + 1, 1).await;
    assert_eq!(repeated(&answers, "other", 0), Ok(None), "two callers have it all");
    assert_eq!(answers.lock().done.len(), ANSWERS_MAX);
    assert_eq!(answers.lock().bytes, ANSWERS_MAX);
}

#[tokio::test]
async fn when_a_caller_has_too_many_bytes_its_oldest_answers_are_lost_but_its_requests_are_not_repeated() {
    let (answers, now) = (Answers::default(), Instant::now());
    fill(&answers, "other", 1, ANSWER_BYTES_MAX).await;
    let share = CALLER_BYTES_MAX / ANSWER_BYTES_MAX;
    fill(&answers, "ci", 2 * share, ANSWER_BYTES_MAX).await;
    assert_eq!(repeated(&answers, "other", 0), Ok(Some(ANSWER_BYTES_MAX)));
    for key in 0..share {
        assert_eq!(repeated(&answers, "ci", key), Err(409), "{key}");
        assert_eq!(repeated(&answers, "ci", share + key), Ok(Some(ANSWER_BYTES_MAX)), "{key}");
    }
    assert_eq!(answers.lock().bytes, CALLER_BYTES_MAX + ANSWER_BYTES_MAX);
    let _ = begun(&answers, "0", "one", now + KEPT + KEPT);
    assert_eq!(answers.lock().bytes, 0, "all of them are old");
}

#[tokio::test]
async fn when_answers_of_all_callers_have_too_many_bytes_the_oldest_are_lost() {
    let answers = Answers::default();
    let share = CALLER_BYTES_MAX / ANSWER_BYTES_MAX;
    fill(&answers, "first", share, ANSWER_BYTES_MAX).await;
    fill(&answers, "second", share, ANSWER_BYTES_MAX).await;
    assert_eq!(repeated(&answers, "first", 0), Ok(Some(ANSWER_BYTES_MAX)));
    fill(&answers, "third", 1, ANSWER_BYTES_MAX).await;
    assert_eq!(repeated(&answers, "first", 0), Err(409));
    assert_eq!(repeated(&answers, "first", 1), Ok(Some(ANSWER_BYTES_MAX)));
    assert_eq!(answers.lock().bytes, BYTES_MAX);
}
