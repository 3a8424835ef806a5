use super::*;

fn slot(key: &str) -> Slot {
    ("ci".to_owned(), key.to_owned())
}

fn begun(answers: &Answers, key: &str, digest: &str, now: Instant) -> Result<Option<Bytes>, u16> {
    match answers.begin(&slot(key), digest, now) {
        Ok(Begun::New) => Ok(None),
        Ok(Begun::Done(answer)) => Ok(Some(answer.body)),
        Err(problem) => Err(problem.status().as_u16()),
    }
}

async fn answer(answers: &Answers, key: &str, status: StatusCode) {
    let running = Running { answers, slot: slot(key) };
    running.keep((status, "done").into_response()).await.expect("kept");
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
async fn the_oldest_answers_go_when_there_are_too_many() {
    let (answers, now) = (Answers::default(), Instant::now());
    for number in 0..=ANSWERS_MAX {
        let key = number.to_string();
        assert_eq!(begun(&answers, &key, "one", now), Ok(None));
        answer(&answers, &key, StatusCode::OK).await;
    }
    assert_eq!(begun(&answers, "0", "one", now), Ok(None), "the oldest is forgotten");
    assert_eq!(begun(&answers, "1", "one", now), Ok(Some(Bytes::from("done"))));
}

#[tokio::test]
async fn when_answers_have_too_many_bytes_the_oldest_are_lost_but_their_requests_are_not_repeated() {
    let (answers, now) = (Answers::default(), Instant::now());
    let count = BYTES_MAX / ANSWER_BYTES_MAX + 1;
    for number in 0..count {
        let key = number.to_string();
        assert_eq!(begun(&answers, &key, "one", now), Ok(None));
        let answer = "x".repeat(ANSWER_BYTES_MAX).into_response();
        Running { answers: &answers, slot: slot(&key) }.keep(answer).await.expect("answered");
    }
    let states: Vec<bool> =
        (0..count).map(|number| begun(&answers, &number.to_string(), "one", now).is_ok()).collect();
    let lost: Vec<usize> = (0..count).filter(|number| !states[*number]).collect();
    assert_eq!(lost, [0]);
    assert_eq!(begun(&answers, "0", "one", now), Err(409));
    assert_eq!(answers.lock().bytes, BYTES_MAX);
    let _ = begun(&answers, "0", "one", now + KEPT + KEPT);
    assert_eq!(answers.lock().bytes, 0, "all of them are old");
}
