//! What plugins answer, and what is recorded of it.

use std::collections::BTreeMap;

use tocsin_core::command::RejectedElements;
use tocsin_core::event::EventChange;
use tocsin_core::plugin::{Pair, Reply};

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_763_650_000_000_000);

fn event(key: &str) -> Event {
    Event {
        change: EventChange::Trigger,
        key: key.to_owned(),
        aliases: Vec::new(),
        title: "Disk full".to_owned(),
        message: String::new(),
        severity: None,
        labels: BTreeMap::new(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
    }
}

fn nothing() -> Decoded {
    Decoded {
        events: Vec::new(),
        rejected: Vec::new(),
        remarks: Vec::new(),
        delivery_id: None,
        reply: None,
        ignored: None,
        confirm: None,
    }
}

fn of(keys: &[&str]) -> Decoded {
    Decoded { events: keys.iter().map(|key| event(key)).collect(), ..nothing() }
}

fn recorded(decoded: Decoded) -> Received {
    let request = SourceRequest {
        method: "POST".to_owned(),
        path: String::new(),
        query: vec![Pair::new("a", "b")],
        headers: Vec::new(),
        body: b"body".to_vec(),
        received_at: NOW,
    };
    let info = SourceInfo {
        fields: Vec::new(),
        signatures: Vec::new(),
        methods: Vec::new(),
        replays: Replays::ByDeliveryId,
        body_limit: None,
        confirm_hosts: Vec::new(),
        example: None,
    };
    let received = Received {
        source: "hook".into(),
        plugin: "webhook 1 x".to_owned(),
        identities: Vec::new(),
        decoding: Decoding::Events(Vec::new()),
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
        trace: None,
    };
    understood(received, &info, &request, decoded)
}

fn keys(received: &Received) -> Vec<&str> {
    let Decoding::Events(events) = &received.decoding else { panic!("{:?}", received.decoding) };
    events.iter().map(|event| event.key.as_str()).collect()
}

fn refusal(received: &Received) -> &str {
    let Decoding::Refused(why) = &received.decoding else { panic!("{:?}", received.decoding) };
    why
}

fn ignored(received: &Received) -> &str {
    let Decoding::Ignored(why) = &received.decoding else { panic!("{:?}", received.decoding) };
    why
}

#[test]
fn an_event_without_a_key_costs_only_itself() {
    let received = recorded(of(&["a", " ", "c"]));
    assert_eq!(keys(&received), ["a", "c"]);
    assert_eq!(received.rejected.count, 1);
    let element = &received.rejected.kept[0];
    assert_eq!((element.place.as_str(), element.reason.as_str()), ("events[1]", "the event has no key"));
}

#[test]
fn a_request_of_which_nothing_can_be_read_is_refused_as_a_whole() {
    assert_eq!(refusal(&recorded(of(&[""]))), "events[0]: the event has no key");
    let received = recorded(of(&["", "\n"]));
    assert_eq!(refusal(&received), "events[0]: the event has no key (none of 2 elements could be read)");
    assert_eq!(received.rejected, RejectedElements::default());
    let element = RejectedElement { place: "alerts[0]".to_owned(), reason: "no name".to_owned() };
    let decoded = Decoded { rejected: vec![element], ignored: Some("a test".to_owned()), ..nothing() };
    assert_eq!(refusal(&recorded(decoded)), "alerts[0]: no name");
}

#[test]
fn a_long_key_or_alias_becomes_its_beginning_and_a_digest_and_stays_distinct() {
    let long = "ü".repeat(2000);
    let (first, second) = (format!("{long}a"), format!("{long}b"));
    let mut decoded = of(&[&first, &second, &first]);
    decoded.events[0].aliases = vec![second.clone()];
    let received = recorded(decoded);
    let keys = keys(&received);
    assert!(keys.iter().all(|key| key.len() <= KEY_BYTES_MAX && key.starts_with("üüü")), "{keys:?}");
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[1]);
    assert!(keys[0].ends_with(&format!("#{}", sha256(first.as_bytes()))));
    let Decoding::Events(events) = &received.decoding else { panic!("events") };
    assert_eq!(events[0].aliases, [events[1].key.clone()]);
    assert_eq!(received.rejected.count, 0);
}

#[test]
fn a_key_of_the_greatest_length_is_kept_as_it_is_and_a_long_blank_one_is_none() {
    let longest = "k".repeat(KEY_BYTES_MAX);
    assert_eq!(keys(&recorded(of(&[&longest]))), [longest]);
    assert_eq!(refusal(&recorded(of(&[&" \u{0}".repeat(2000)]))), "events[0]: the event has no key");
}

#[test]
fn a_delivery_id_of_any_length_is_an_identity() {
    let id = |length: usize| Decoded { delivery_id: Some("i".repeat(length)), ..of(&["a"]) };
    let (long, longer) = (recorded(id(5000)).identities, recorded(id(5001)).identities);
    assert_eq!((long.len(), longer.len()), (1, 1));
    assert_ne!(long, longer);
    assert!(long[0].len() < 100);
    assert!(recorded(id(0)).identities.is_empty());
}

#[test]
fn a_plugin_that_finds_nothing_and_gives_no_reason_has_refused_it() {
    assert_eq!(refusal(&recorded(nothing())), "the plugin found nothing in it and gave no reason");
    let explained = Decoded { ignored: Some("a test message".to_owned()), ..nothing() };
    assert_eq!(ignored(&recorded(explained)), "a test message");
    let reply = Reply { status: 200, headers: Vec::new(), body: Vec::new() };
    let replied = Decoded { reply: Some(reply), ..nothing() };
    assert_eq!(ignored(&recorded(replied)), "the plugin answered it with a reply of its own");
}

#[test]
fn the_address_that_confirms_a_subscription_is_in_the_reason_once() {
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription";
    let confirm = Decoded { confirm: Some(url.to_owned()), ..nothing() };
    let wanted = format!("the sender asks to confirm its subscription at {url}");
    assert_eq!(ignored(&recorded(confirm.clone())), wanted);
    let explained = Decoded { ignored: Some("a subscription".to_owned()), ..confirm.clone() };
    assert_eq!(ignored(&recorded(explained)), format!("a subscription; {wanted}"));
    let named = Decoded { ignored: Some(format!("open {url}")), ..confirm.clone() };
    assert_eq!(ignored(&recorded(named)), format!("open {url}"));
    let beside_events = Decoded { events: of(&["a"]).events, ..confirm };
    assert_eq!(recorded(beside_events).remarks, [wanted]);

    let long = Decoded { confirm: Some(format!("{url}{}", "x".repeat(3000))), ..of(&["a"]) };
    assert_eq!(confirmation(&long), None);
    assert!(recorded(long).remarks[0].starts_with("the address to confirm has 30"));
}

#[test]
fn a_time_that_is_far_ahead_is_left_out_with_a_remark() {
    let mut decoded = of(&["a", "b"]);
    decoded.events[0].occurred_at = Some(NOW.plus_ms(CLOCK_AHEAD_MS_MAX));
    decoded.events[1].occurred_at = Some(NOW.plus_ms(CLOCK_AHEAD_MS_MAX + 1));
    let received = recorded(decoded);
    let Decoding::Events(events) = &received.decoding else { panic!("events") };
    assert_eq!((events[0].occurred_at.is_some(), events[1].occurred_at), (true, None));
    let [remark] = &received.remarks[..] else { panic!("{:?}", received.remarks) };
    assert!(remark.starts_with("events[1]: its time") && remark.contains("an hour ahead"), "{remark}");
}

#[test]
fn remarks_are_kept_up_to_a_limit() {
    let remarks: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let received = recorded(Decoded { remarks: remarks.clone(), ..of(&["a"]) });
    assert_eq!(received.remarks, remarks[..REMARKS_MAX]);
}
