//! Whatever a source reports, what is kept of it is within bounds.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::relay::{Relay, event, labels, trigger};
use crate::event::{
    ALIASES_MAX, Event, EventChange, InvalidEvent, KEY_BYTES_MAX, LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX,
    LABELS_MAX, LINK_URL_BYTES_MAX, LINKS_MAX, Link, MESSAGE_BYTES_MAX, NAME_CHARS_MAX, TITLE_CHARS_MAX,
    cut_bytes, is_web_address, single_line,
};

/// Short and long, with characters of one to four bytes, controls and separators.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "ö",
        "→",
        "🔥",
        "👩‍👩‍👧",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\n",
        "\r",
        "\u{2028}",
        " ",
        "\u{a0}",
        "\"",
        "…",
    ]);
    let mixed = prop::collection::vec(piece.clone(), 0..40).prop_map(|pieces| pieces.concat());
    let long = (piece, 0..10_000_usize).prop_map(|(piece, times)| piece.repeat(times));
    prop_oneof![3 => mixed, 1 => long, 1 => any::<String>()]
}

fn link() -> impl Strategy<Value = Link> {
    let scheme = prop::sample::select(vec!["https://", "http://", "javascript:", "HTTPS://", ""]);
    (hostile(), scheme, hostile())
        .prop_map(|(title, scheme, rest)| Link { title, url: format!("{scheme}{rest}") })
}

fn events() -> impl Strategy<Value = Event> {
    let change = prop::sample::select(vec![EventChange::Trigger, EventChange::Resolve, EventChange::Note]);
    let labels = prop::collection::btree_map(hostile(), hostile(), 0..5);
    let many = (0..200_usize).prop_map(|n| (0..n).map(|n| (n.to_string(), "x".to_owned())).collect());
    let labels = prop_oneof![labels, many];
    let links = prop::collection::vec(link(), 0..20);
    let aliases = prop::collection::vec(hostile(), 0..12);
    let texts = (hostile(), aliases, hostile(), hostile(), prop::option::of(hostile()));
    (change, texts, labels, links).prop_map(
        |(change, (key, aliases, title, message, actor), labels, links)| Event {
            aliases,
            title,
            message,
            labels,
            links,
            actor,
            ..event(change, &key)
        },
    )
}

fn is_line(text: &str, chars: usize) -> bool {
    text.chars().count() <= chars
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

fn labels_fit(labels: &BTreeMap<String, String>) -> bool {
    labels.len() <= LABELS_MAX
        && labels.keys().all(|key| !key.is_empty() && key.len() <= LABEL_KEY_BYTES_MAX)
        && labels.values().all(|value| value.len() <= LABEL_VALUE_BYTES_MAX)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_event_is_within_bounds_or_has_no_usable_key(event in events()) {
        let key = event.key.clone();
        match event.bounded() {
            Err(InvalidEvent::NoKey) => prop_assert_eq!(single_line(&key, 1), ""),
            Err(InvalidEvent::KeyTooLong(length)) => {
                prop_assert_eq!(length, key.len());
                prop_assert!(length > KEY_BYTES_MAX);
            }
            Ok(event) => {
                prop_assert_eq!(&event.key, &key, "a key is never cut");
                prop_assert!(key.len() <= KEY_BYTES_MAX);
                prop_assert!(event.aliases.len() <= ALIASES_MAX);
                let fits = |alias: &String| !alias.is_empty() && alias.len() <= KEY_BYTES_MAX && *alias != key;
                prop_assert!(event.aliases.iter().all(fits));
                prop_assert!(is_line(&event.title, TITLE_CHARS_MAX));
                prop_assert!(event.message.len() <= MESSAGE_BYTES_MAX);
                prop_assert!(labels_fit(&event.labels));
                prop_assert!(event.links.len() <= LINKS_MAX);
                for link in &event.links {
                    prop_assert!(is_line(&link.title, NAME_CHARS_MAX));
                    prop_assert!(link.url.len() <= LINK_URL_BYTES_MAX);
                    prop_assert!(is_web_address(&link.url), "{}", link.url);
                }
                prop_assert!(event.actor.iter().all(|actor| is_line(actor, NAME_CHARS_MAX) && !actor.is_empty()));
            }
        }
    }

    #[test]
    fn what_is_within_bounds_stays_as_it_is(event in events()) {
        if let Ok(once) = event.bounded() {
            prop_assert_eq!(once.clone().bounded(), Ok(once));
        }
    }

    #[test]
    fn an_incident_always_has_a_title_and_labels_within_bounds(first in events(), second in events()) {
        let same_key = Event { key: first.key.clone(), ..second };
        if let (Ok(first), Ok(second)) = (first.bounded(), same_key.bounded()) {
            let mut relay = Relay::new(Vec::new());
            relay.event(Event { change: EventChange::Trigger, ..first });
            let incident = relay.incident_of(Event { change: EventChange::Trigger, ..second });
            prop_assert!(!incident.title.is_empty());
            prop_assert!(is_line(&incident.title, TITLE_CHARS_MAX));
            prop_assert!(labels_fit(&incident.labels));
        }
    }

    #[test]
    fn a_cut_text_is_the_beginning_of_the_text_with_a_mark(text in hostile(), bytes in 3_usize..100) {
        let mut cut = text.clone();
        cut_bytes(&mut cut, bytes);
        prop_assert!(cut.len() <= bytes);
        let begins = cut.strip_suffix('…').is_some_and(|begin| text.starts_with(begin));
        prop_assert!(cut == text || begins);
    }
}

/// Control characters at the ends were once trimmed before they had become spaces, so that a title of
/// nothing else was a blank one.
#[test]
fn a_title_of_control_characters_is_empty() {
    assert_eq!(single_line("\u{1}\u{2} \u{0}", 10), "");
    assert_eq!(single_line("\u{1}disk\u{2}\nfull\u{0}", 10), "disk  full");
}

#[test]
fn a_single_line_is_cut_by_characters_with_a_mark() {
    assert_eq!(single_line("🔥🔥🔥", 3), "🔥🔥🔥");
    assert_eq!(single_line("🔥🔥🔥🔥", 3), "🔥🔥…");
    assert_eq!(single_line(&"é".repeat(10_000), TITLE_CHARS_MAX).chars().count(), TITLE_CHARS_MAX);
}

#[test]
fn surplus_links_and_aliases_are_left_out_after_those_that_are_none() {
    let link = |n: usize| {
        let scheme = if n.is_multiple_of(2) { "https" } else { "ftp" };
        Link { title: n.to_string(), url: format!("{scheme}://example.org/{n}") }
    };
    let links = (0..100).map(link).collect();
    let aliases = (0..100).map(|n| if n % 2 == 0 { n.to_string() } else { String::new() }).collect();
    let event = Event { links, aliases, ..trigger("disk") }.bounded().expect("it has a key");
    let titles: Vec<_> =
        event.links.iter().map(|link| link.title.parse::<usize>().expect("a number")).collect();
    assert_eq!(titles, (0..LINKS_MAX).map(|n| 2 * n).collect::<Vec<_>>());
    assert_eq!(event.aliases, ["0", "2", "4", "6", "8", "10", "12", "14"]);
}

#[test]
fn a_blank_key_tells_no_problem_from_another() {
    for key in ["", " ", "\n", "\u{0}"] {
        assert_eq!(trigger(key).bounded(), Err(InvalidEvent::NoKey));
    }
}

#[test]
fn a_label_that_is_there_is_updated_even_when_there_is_no_room_for_more() {
    let mut relay = Relay::new(Vec::new());
    let full: BTreeMap<_, _> = (0..LABELS_MAX).map(|n| (format!("n{n:02}"), "x".to_owned())).collect();
    relay.event(Event { labels: full, ..trigger("disk") });
    let said = Event { labels: labels(&[("n63", "new"), ("one more", "x")]), ..trigger("disk") };
    let incident = relay.incident_of(said);
    assert_eq!(incident.labels.len(), LABELS_MAX);
    assert_eq!(incident.labels["n63"], "new");
    assert!(!incident.labels.contains_key("one more"));
}

#[test]
fn an_address_that_no_browser_can_open_is_not_a_link() {
    for good in [
        "https://a.example/x?y=1#z",
        "HTTPS://a.example",
        "http://[::1]:9090/graph",
        "http://prometheus:9090/graph?g0.expr=a%7Bb%7D&x=[1]",
        "https://münchen.example/",
        "http://10.244.3.17:8080",
    ] {
        assert!(is_web_address(good), "{good}");
    }
    for bad in [
        "http://[::1",
        "http://::1/",
        "http://[fe80::zz]/",
        "https://a.example:99999/",
        "https://a.example:port/",
        "https://",
        "https:///x",
        "https:a.example",
        "https://a b.example",
        "https://a.example/x y",
        "https://a%zz.example/",
        "ftp://a.example/",
        "javascript:alert(1)",
        "a.example/x",
        "",
    ] {
        assert!(!is_web_address(bad), "{bad}");
        let links = vec![Link { title: "Link".to_owned(), url: bad.to_owned() }];
        let event = Event { links, ..trigger("disk") }.bounded().expect("it has a key");
        assert!(event.links.is_empty(), "{bad}");
    }
}
