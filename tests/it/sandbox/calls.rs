//! What a call is: every value gets through, calls do not share anything, and the same input gives the same
//! answer.

use std::collections::BTreeMap;

use tocsin_core::delivery::{Change, ChangeKind, Reference};
use tocsin_core::event::{Event, Link, Severity};
use tocsin_core::incident::Incident;
use tocsin_core::plugin::{
    ActionRequest, Certainty, Context, Failure, Part, Receipt, Refusal, Response, SecretEncoding, Setting,
    Signature, Signing, Step, Value, Zone,
};
use tocsin_core::reason::Reason;
use tocsin_sandbox::CallErrorKind;

use super::*;

fn text(key: &str, value: &str) -> Setting {
    Setting { key: key.to_owned(), value: Value::Text(value.to_owned()) }
}

fn event() -> Event {
    Event {
        change: EventChange::Acknowledge,
        key: "body".to_owned(),
        aliases: vec!["query".to_owned()],
        title: "from settings".to_owned(),
        message: "header".to_owned(),
        severity: Some(Severity::Low),
        labels: BTreeMap::from([("a".to_owned(), "3".to_owned()), ("b".to_owned(), "2".to_owned())]),
        links: vec![Link { title: "here".to_owned(), url: "https://example.com/".to_owned() }],
        actor: Some("POST".to_owned()),
        occurred_at: Some(Timestamp::from_micros(NOW.micros() - 1)),
    }
}

fn context(settings: Vec<Setting>) -> Context {
    let incident = Incident::open(seed(7), 1, &"source".into(), &event(), Severity::High, NOW);
    let change = Change::of_the_relay(ChangeKind::Opened, NOW, Reason::none());
    Context {
        incident,
        change,
        attempt: 1,
        delivery_id: "delivery".to_owned(),
        test: false,
        now: NOW,
        owed_since: NOW,
        zone: Zone::utc(),
        language: String::new(),
        action: "ops".into(),
        references: Vec::new(),
        settings,
        connection: Vec::new(),
        host: "example.com".to_owned(),
        urls: Vec::new(),
    }
}

async fn encode(settings: Vec<Setting>) -> Result<Result<Step, Failure>, CallError> {
    Ok(loaded(guests::POLITE).await.encode(context(settings)).await?.value)
}

fn response(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

#[tokio::test]
async fn every_part_of_a_request_reaches_the_plugin_and_every_part_of_an_event_comes_back() {
    let plugin = loaded(guests::POLITE).await;
    let settings = [text("title", "from settings")];
    let answer = plugin.decode(request("body"), &settings, seed(1)).await.expect("it answers");
    assert!(answer.took_us > 0);
    let decoded = answer.value.expect("it does not refuse");
    assert_eq!(decoded.events, [event()]);
    assert_eq!(decoded.delivery_id.as_deref(), Some("/path"));
    let reply = decoded.reply.expect("a reply");
    assert_eq!((reply.status, reply.body.as_slice()), (202, b"taken".as_slice()));
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_names_the_field() {
    let plugin = loaded(guests::POLITE).await;
    let answer = plugin.decode(request(""), &[], seed(1)).await.expect("it answers");
    let refusal = answer.value.expect_err("it refuses");
    let expected = Refusal::Invalid { field: "body".to_owned(), problem: "must not be empty".to_owned() };
    assert_eq!(refusal, expected);
}

#[tokio::test]
async fn a_step_comes_back_with_secrets_by_name_and_the_plugins_state() {
    let step = encode(Vec::new()).await.expect("it answers").expect("a step");
    let secret = Part::Secret { name: "token".to_owned(), encoding: SecretEncoding::Raw };
    let request = ActionRequest {
        method: "POST".to_owned(),
        path: "/messages".to_owned(),
        query: vec![Pair::new("id", "delivery")],
        headers: vec![("authorization".to_owned(), vec![Part::Bytes(b"Bearer ".to_vec()), secret])],
        content_type: "text/plain".to_owned(),
        body: vec![Part::Bytes(b"from settings".to_vec())],
        signing: vec![Signing { secret: "key".to_owned(), signature: Signature::StandardWebhooks }],
    };
    assert_eq!(step, Step::Send { request, state: b"step 1".to_vec() });
}

#[tokio::test]
async fn the_peers_answer_and_the_state_become_a_receipt() {
    let plugin = loaded(guests::POLITE).await;
    let answer =
        plugin.resume(context(Vec::new()), b"step 1", response(200, "m-1")).await.expect("it answers");
    let reference = Reference { key: "message".to_owned(), value: "m-1".to_owned(), url: None };
    let receipt = Receipt {
        certainty: Certainty::Delivered,
        summary: "sent after step 1".to_owned(),
        references: vec![reference],
        updates: vec![("ticket".to_owned(), "T-1".to_owned())],
    };
    assert_eq!(answer.value, Ok(Step::Delivered(receipt)));
    let answer = plugin.resume(context(Vec::new()), b"", response(401, "")).await.expect("it answers");
    assert_eq!(answer.value, Err(Failure::Misconfigured("status 401".to_owned())));
}

#[tokio::test]
async fn every_verdict_comes_back() {
    let verdict = async |mode: &str| encode(vec![text("mode", mode)]).await.expect("it answers");
    assert_eq!(verdict("skip").await, Ok(Step::Skipped("nothing to say".to_owned())));
    assert_eq!(verdict("never").await, Err(Failure::Rejected("no such channel".to_owned())));
    let later = Failure::Retry { reason: "busy".to_owned(), after_ms: Some(1500) };
    assert_eq!(verdict("later").await, Err(later));
}

#[tokio::test]
async fn a_request_of_more_than_a_mebibyte_is_not_sent() {
    let error = encode(vec![text("size", "1100000")]).await.expect_err("it is too large");
    assert_eq!(error.kind, CallErrorKind::Output);
    assert!(
        error.detail.contains("a request of 1100071 bytes, the limit is 1048576. Raise `body`"),
        "{error}"
    );
    assert!(error.to_string().starts_with("plugin `polite` 1.0.0 ("), "{error}");
    assert!(error.to_string().contains(") could not encode: "), "{error}");
}

#[tokio::test]
async fn a_request_that_is_too_large_to_come_in_is_not_given_to_the_plugin() {
    let error =
        decode(&loaded(guests::POLITE).await, &"x".repeat((1 << 20) + 1)).await.expect_err("too large");
    assert_eq!((error.kind, error.took_us), (CallErrorKind::Input, 0));
    assert!(error.detail.contains("the body has 1048577 bytes, the limit is 1048576"), "{error}");
}

#[tokio::test]
async fn a_plugin_is_not_asked_for_what_it_does_not_export() {
    let source = loaded(guests::MANY_EVENTS).await;
    let error = source.encode(context(Vec::new())).await.expect_err("it has no encoder");
    assert_eq!(error.kind, CallErrorKind::Absent);
    assert!(error.to_string().contains("could not encode: it does not send requests out"), "{error}");
}

#[tokio::test]
async fn the_same_request_gives_the_same_answer_byte_for_byte() {
    let plugin = loaded(guests::CLOCK_RANDOM).await;
    let first = decode(&plugin, "body").await.expect("it answers");
    for _ in 0..20 {
        assert_eq!(decode(&plugin, "body").await.expect("it answers"), first);
    }
    let again = loaded(guests::CLOCK_RANDOM).await;
    assert_eq!(decode(&again, "body").await.expect("it answers"), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_parallel_calls_succeed_on_two_slots() {
    let config = SandboxConfig { pool_size: 2, ..usual() };
    let sandbox = Sandbox::new(config).expect("a sandbox");
    assert_eq!(sandbox.gauges().slots, 2);
    let polite = sandbox.load_with("polite", bytes(guests::POLITE), roomy()).await.expect("a plugin");
    let looping = sandbox.load_with("loop", bytes(guests::ENDLESS_LOOP), tight()).await.expect("a plugin");
    let spinning = tokio::spawn(async move { decode(&looping, "body").await });
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..100 {
        let plugin = polite.clone();
        calls.spawn(async move { (n, decode(&plugin, &format!("key {n}")).await) });
    }
    while let Some(done) = calls.join_next().await {
        let (n, decoded) = done.expect("no panic");
        assert_eq!(decoded.expect("it answers").events[0].key, format!("key {n}"));
    }
    assert_eq!(spinning.await.expect("no panic").expect_err("stopped").kind, CallErrorKind::Time);
    assert_eq!(sandbox.gauges().running, 0);
}

#[tokio::test]
async fn without_address_space_for_a_pool_calls_work_all_the_same() {
    let config = SandboxConfig { pool_size: 9000, memory_bytes_ceiling: 1 << 40, ..usual() };
    let sandbox = Sandbox::new(config).expect("a sandbox");
    assert!(!sandbox.gauges().pooled);
    let polite = sandbox.load_with("polite", bytes(guests::POLITE), roomy()).await.expect("a plugin");
    assert_eq!(decode(&polite, "unpooled").await.expect("it answers").events[0].key, "unpooled");
    // Its memory is what is to end it, however busy the machine is.
    let limits = Limits { memory_bytes: 16 << 20, ..roomy() };
    let growing = sandbox.load_with("growing", bytes(guests::MEMORY_GROWTH), limits).await.expect("a plugin");
    assert_eq!(decode(&growing, "body").await.expect_err("stopped").kind, CallErrorKind::Memory);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_gives_its_slot_back() {
    let config = SandboxConfig { pool_size: 1, ..usual() };
    let sandbox = Sandbox::new(config).expect("a sandbox");
    let polite = sandbox.load_with("polite", bytes(guests::POLITE), roomy()).await.expect("a plugin");
    let asleep = sandbox.load_with("asleep", bytes(guests::SLEEP), roomy()).await.expect("a plugin");
    let waiting = tokio::spawn(async move { decode(&asleep, "body").await });
    while sandbox.gauges().running == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    decode(&polite, "after").await.expect("the slot is free");
}

/// The sandbox counts names: what a request is with its secrets put in, the relay counts.
#[tokio::test]
async fn secrets_leave_a_plugin_as_names() {
    let wayward = loaded(guests::WAYWARD).await;
    let mut context = context(Vec::new());
    context.incident.message = "50000".to_owned();
    let step = wayward.encode(context).await.expect("it answers").value;
    let Ok(Step::Send { request, .. }) = step else { unreachable!("it sends its secret") };
    assert_eq!(request.body.len(), 50_000);
    assert!(request.body.iter().all(|part| matches!(part, Part::Secret { name, .. } if name == "token")));
}

#[tokio::test]
async fn a_plugin_finds_nothing_of_other_calls_in_its_memory() {
    let limits = Limits { encoded_bytes: 32 << 20, ..roomy() };
    let prying = loaded(guests::PRYING).await.with_limits(limits);
    let mark = "written by another call";
    for _ in 0..16 {
        encode(vec![text("mode", "skip"), text("text", mark)]).await.expect("it answers").expect("a step");
        prying.encode(context(vec![text("text", mark)])).await.expect("it answers").value.expect("a step");
    }
    let step = prying.encode(context(Vec::new())).await.expect("it answers").value;
    let Ok(Step::Send { request, .. }) = step else { unreachable!("it sends all that it sees") };
    let Some(Part::Bytes(seen)) = request.body.first() else { unreachable!("its body is what it sees") };
    assert!(seen.len() > 1 << 20, "it sees its whole memory: {} bytes", seen.len());
    let found = seen.windows(mark.len()).any(|window| window == mark.as_bytes());
    assert!(!found, "memory is not cleared between calls");
}

#[tokio::test]
async fn what_a_source_suggests_and_asks_for_gets_through() {
    let plugin = loaded(guests::ASKS_TO_CONFIRM).await;
    let info = plugin.info().source.clone().expect("it takes requests in");
    assert_eq!(info.body_limit, Some(2 << 20));
    assert_eq!(info.confirm_hosts, ["localhost", "hooks.*.example.com"]);
    let mut request = request("body");
    request.headers = vec![Pair::new("x-confirm", "https://localhost/"), Pair::new("x-status", "409")];
    let answer = plugin.decode(request, &[], seed(1)).await.expect("it answers").value;
    let decoded = answer.expect("it does not refuse");
    assert_eq!(decoded.confirm.as_deref(), Some("https://localhost/"));
    assert_eq!(decoded.reply.map(|reply| reply.status), Some(409));
    assert!(decoded.events.is_empty() && decoded.ignored.is_some());
}

/// What authors' tests are tried on is a plugin to the relay: a fault that only a case shows is none of loading.
#[tokio::test]
async fn a_plugin_with_a_fault_that_only_its_cases_show_is_loaded() {
    for guest in [guests::CARELESS, guests::ODD_BYTES, guests::TWO_KEYS] {
        loaded(guest).await;
    }
}
