//! What a page costs the relay is bounded: its timeline, a form's length and time, and how often one link is opened.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{confirm, get, link, relay};
use crate::harness::{Receiver, Relay};
use crate::outbound::open;

/// A relay with one incident, and the link to its page.
fn opened(tables: &str) -> (Relay, String) {
    let receiver = Receiver::start();
    let relay = relay(&receiver, tables);
    open(&relay, "disk", "high");
    let link = link(&receiver.wait(1)[0].json(), "incident");
    (relay, link)
}

#[test]
fn a_notes_length_is_the_servers_to_bound_and_what_was_written_is_not_lost() {
    let (relay, link) = opened("");
    let longest = "ä".repeat(4000);
    confirm(&relay, &link, &format!("do=note&text={longest}")).expect(303);
    let written =
        relay.incident()["timeline"].as_array().expect("lines").iter().any(|line| line["text"] == longest);
    assert!(written, "it is written down whole");
    let refused = confirm(&relay, &link, &format!("do=note&name=Ada&text=x{longest}")).expect(422);
    assert!(refused.body.contains("the note has 4001 characters, the limit is 4000"), "{}", refused.body);
    assert!(refused.body.contains(&format!(">x{longest}</textarea>")), "the text is still there");
    assert!(refused.body.contains("value=\"Ada\""), "and the name");
    let refused = confirm(&relay, &link, &format!("do=acknowledge&text=x{longest}")).expect(422);
    assert!(refused.body.contains("4001 characters"), "{}", refused.body);
    let refused = confirm(&relay, &link, &format!("do=modify&title={}", "t".repeat(1001))).expect(422);
    assert!(refused.body.contains("the title has 1001 characters, the limit is 1000"), "{}", refused.body);
    let refused = confirm(&relay, &link, &format!("do=note&text={}", "x".repeat(70_000))).expect(413);
    assert!(refused.body.contains("more than 64 KiB"), "{}", refused.body);
    let incident = relay.incident();
    assert_eq!((&incident["state"], &incident["title"]), (&"open".into(), &"disk".into()));
}

#[test]
fn a_page_shows_a_hundred_lines_and_leads_to_earlier_ones() {
    let (relay, link) = opened("");
    for number in 0..220 {
        relay.run(&["incidents", "note", "1", &format!("note number {number}.")]).expect(0);
    }
    relay.settled();
    let page = get(&relay, &link).expect(200).body;
    assert_eq!(page.matches("<li>").count(), 100, "{page}");
    assert!(page.contains("note number 219.") && !page.contains("note number 0."), "the last ones");
    assert!(page.len() < 64 * 1024, "{} bytes", page.len());
    let mut seen = 0;
    let mut href = String::new();
    for earlier in 1.. {
        let page = get(&relay, &format!("{link}{href}")).expect(200).body;
        seen += (0..220).filter(|number| page.contains(&format!("note number {number}."))).count();
        href = format!("&earlier={earlier}");
        if !page.contains("Show earlier lines") {
            break;
        }
        assert!(page.contains(&href.replace('&', "&amp;")), "{page}");
    }
    assert_eq!(seen, 220, "each line is on one page");
    let beyond = get(&relay, &format!("{link}&earlier=999999999999")).expect(200).body;
    assert!(!beyond.contains("<li>") && beyond.contains("Show later lines"), "{beyond}");
}

#[test]
fn a_form_that_does_not_come_is_given_up() {
    let receiver = Receiver::start();
    let tables = super::to_webhook(&receiver, "");
    let relay = Relay::start(&format!(
        "public_url = \"https://tocsin.example\"\n[limits]\nbody_time = \"300ms\"\n{tables}"
    ));
    open(&relay, "disk", "high");
    let link = link(&receiver.wait(1)[0].json(), "incident");
    let began = Instant::now();
    let mut stream = TcpStream::connect(relay.address()).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    let head = format!("POST {link} HTTP/1.1\r\nHost: relay\r\nContent-Length: 100\r\n\r\ndo=note&text=");
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_link_that_is_opened_in_a_loop_is_asked_to_wait_and_another_is_not() {
    let receiver = Receiver::start();
    let relay = relay(&receiver, "");
    open(&relay, "disk", "high");
    let one = link(&receiver.wait(1)[0].json(), "incident");
    open(&relay, "other", "high");
    let other = link(&receiver.wait(2)[1].json(), "incident");
    let began = Instant::now();
    let refused = (0..2000).find_map(|_| Some(get(&relay, &one)).filter(|answer| answer.status != 200));
    let refused = refused.expect("some time it is too often").expect(429);
    assert!(refused.body.contains("This link was opened too often. Try again in 1 s."), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), Some("1"));
    get(&relay, &other).expect(200);
    // Whoever is refused changes nothing, and a forged link does not use up a good one's share.
    let posted = (0..200).map(|_| confirm(&relay, &one, "do=resolve").status).find(|status| *status == 429);
    assert_eq!(posted, Some(429));
    for _ in 0..200 {
        get(&relay, &other.replace("sig=", "sig=x")).expect(403);
    }
    get(&relay, &other).expect(200);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
