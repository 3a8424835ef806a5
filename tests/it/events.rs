//! Live events: each entry of the journal once and in order, whatever happens to the relay or to the reader.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Site, action, claimed, connection, source, until};

/// A stream over the control socket, read by hand.
struct Stream(BufReader<UnixStream>);

/// One event.
#[derive(Debug)]
struct Event {
    id: u64,
    name: String,
    data: Value,
}

impl Stream {
    /// Asks for events. Returns the head of the answer, and the stream.
    fn ask(site: &Site, query: &str, headers: &str) -> (String, Self) {
        let mut socket = UnixStream::connect(site.path("state/control.sock")).expect("it listens");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
        let request = format!("GET /api/v1/events{query} HTTP/1.1\r\nhost: tocsin\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).expect("it reads");
        let mut stream = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).expect("an answer") > 0, "{head}");
        }
        (head, Self(stream))
    }

    /// A stream that has begun, and where.
    fn begin(site: &Site, query: &str, headers: &str) -> (u64, Self) {
        let (head, mut stream) = Self::ask(site, query, headers);
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("text/event-stream"), "{head}");
        let first = stream.lines().expect("a beginning");
        let id = first.iter().find_map(|line| line.strip_prefix("id: ")).expect("an id");
        (id.parse().expect("a number"), stream)
    }

    /// A line of the body; none at its end. The frames of the transfer are left out.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).ok().filter(|bytes| *bytes > 0).is_none() || line == "0\r\n" {
                return None;
            }
            // The length of a frame, and what ends one, end with a carriage return.
            if !line.ends_with("\r\n") {
                return Some(line.trim_end_matches('\n').to_owned());
            }
        }
    }

    /// The lines up to the next empty one.
    fn lines(&mut self) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Some(lines);
            }
            lines.push(line);
        }
    }

    /// The next event that is no heartbeat; none at the end.
    fn event(&mut self) -> Option<Event> {
        loop {
            let lines = self.lines()?;
            let field = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
            let Some(data) = field("data: ") else { continue };
            return Some(Event {
                id: field("id: ").expect("an id").parse().expect("a number"),
                name: field("event: ").expect("a name").to_owned(),
                data: serde_json::from_str(data).expect("JSON"),
            });
        }
    }

    fn events(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| self.event().expect("it goes on")).collect()
    }
}

fn alert(relay: &Relay, id: &str) {
    relay.post("hook", &json!({ "title": "Disk full", "id": id }).to_string()).expect(200);
}

fn ids(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.id).collect()
}

/// The last entry of the journal.
fn last(relay: &Relay) -> u64 {
    let shown = relay.run(&["journal", "show", "--limit", "1", "--json"]).expect(0).stdout;
    let entry: Value = serde_json::from_str(shown.trim()).expect("an entry");
    entry["number"].as_u64().expect("a number")
}

#[test]
fn a_stream_begins_with_what_comes_next_and_has_each_entry_as_the_journal_shows_it() {
    let receiver = Receiver::start();
    let tables =
        [source("hook", "webhook"), connection("out", "webhook", &receiver.url("/")), action("tell", "out")];
    let relay = Relay::start(&tables.concat());
    alert(&relay, "before");
    relay.settled();
    let (begun, mut stream) = Stream::begin(&relay, "", "");
    assert_eq!(begun, last(&relay));
    alert(&relay, "disk");
    relay.settled();
    relay.run(&["incidents", "ack", "2", "--as", "Ada"]).expect(0);
    relay.settled();
    let events = stream.events(usize::try_from(last(&relay) - begun).expect("a few"));
    assert_eq!(ids(&events), (begun + 1..=last(&relay)).collect::<Vec<_>>());
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names[0], names.contains(&"attempts"), names.contains(&"outcome")), ("request", true, true));
    let acknowledged = events.iter().find(|event| event.name == "operator").expect("it was done");
    assert_eq!(acknowledged.data["cause"]["actor"], json!(claimed("Ada")));
    let shown =
        relay.run(&["journal", "show", "--from", &(begun + 1).to_string(), "--all", "--json"]).expect(0);
    let entries: Vec<Value> =
        shown.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(entries.iter().eq(events.iter().map(|event| &event.data)));

    // Of one incident alone.
    let (_, mut of_first) = Stream::begin(&relay, "?after=0&incident=1", "");
    let first = of_first.event().expect("it opened");
    assert_eq!(first.data["facts"][0]["fact"], "incident_opened");
    let (head, _) = Stream::ask(&relay, "?incident=77", "");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let (head, _) = Stream::ask(&relay, "", "last-event-id: yesterday\r\n");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}

#[test]
fn a_reader_that_comes_again_after_a_restart_misses_nothing_and_gets_nothing_twice() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    let (begun, mut stream) = Stream::begin(&relay, "", "");
    let mut seen = Vec::new();
    for n in 0..5 {
        alert(&relay, &n.to_string());
    }
    seen.extend(ids(&stream.events(3)));
    let had = *seen.last().expect("three");
    drop(stream);
    relay.kill();
    relay.restart();
    alert(&relay, "after");
    // The header is what a reader of events sends by itself; it takes precedence.
    let (_, mut stream) = Stream::begin(&relay, "?after=1", &format!("Last-Event-ID: {had}\r\n"));
    let rest = usize::try_from(last(&relay) - had).expect("a few");
    seen.extend(ids(&stream.events(rest)));
    assert_eq!(seen, (begun + 1..=last(&relay)).collect::<Vec<_>>());
    let (at, _) = Stream::begin(&relay, "", &format!("Last-Event-ID: {}\r\n", last(&relay)));
    assert_eq!(at, last(&relay));
}

#[test]
fn entries_that_the_journal_no_longer_has_are_named_as_a_gap() {
    let limits = "[limits]\nkeep_journal = \"1s\"\n";
    let relay = Relay::start(&format!("{}{limits}", source("hook", "webhook")));
    let mut posted = 0;
    let cut = until("the journal is cut", || {
        posted += 1;
        alert(&relay, &posted.to_string());
        relay.json_of_any_code(&["status"])["kept_since"]["journal_cut"]["entry"].as_u64()
    });
    let (_, mut stream) = Stream::begin(&relay, "?after=0", "");
    let events = stream.events(2);
    assert_eq!((events[0].name.as_str(), &events[0].data["from"]), ("gap", &json!(1)));
    let to = events[0].data["to"].as_u64().expect("a number");
    assert!(to >= cut && events[0].id == to && events[1].id == to + 1, "{events:?}");
    let why = events[0].data["why"].as_str().expect("words");
    assert!(why.contains("limits.keep_journal"), "{why}");

    // A reader that knows more than the journal has, as after an older backup was restored.
    let (_, mut stream) = Stream::begin(&relay, "?after=999999", "");
    let gap = stream.event().expect("a gap");
    assert_eq!((gap.name.as_str(), &gap.data["to"]), ("gap", &json!(999_999)));
    alert(&relay, "next");
    assert_eq!(stream.event().expect("it goes on").id, gap.id + 1);
}

#[test]
fn readers_that_read_nothing_delay_no_request_and_cost_bounded_memory() {
    let relay = Relay::start(&source("hook", "webhook"));
    // Each entry has 60 KB, so that a few of them fill what the system keeps of a connection.
    let long = "x".repeat(60_000);
    let post = |n: u32| {
        let body = json!({ "title": "Disk full", "id": n.to_string(), "message": long }).to_string();
        let began = Instant::now();
        relay.post("hook", &body).expect(200);
        began.elapsed()
    };
    for n in 0..20 {
        post(n);
    }
    let idle: Vec<Stream> = (0..20).map(|_| Stream::begin(&relay, "?after=0", "").1).collect();
    let before = relay.memory("VmRSS");
    let slowest = (20..220).map(post).max().expect("some");
    let grown = relay.memory("VmRSS").saturating_sub(before);
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    // The 220 entries have 13 MB, twenty times.
    assert!(grown < 150 * 1024 * 1024, "{grown} bytes more");
    let (_, mut reader) = Stream::begin(&relay, "", "");
    post(999);
    assert_eq!(reader.event().expect("it is not delayed").name, "request");
    drop(idle);
}

#[test]
fn there_are_so_many_streams_and_one_more_is_told_to_come_again() {
    let relay = Relay::start(&source("hook", "webhook"));
    let mut streams: Vec<Stream> = (0..64).map(|_| Stream::begin(&relay, "", "").1).collect();
    let (head, mut refused) = Stream::ask(&relay, "", "connection: close\r\n");
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: "), "{head}");
    let mut body = String::new();
    refused.0.read_to_string(&mut body).expect("a problem");
    assert!(body.contains("64 streams of events"), "{body}");
    // What is asked of the relay meanwhile is answered, and an event comes to all.
    alert(&relay, "disk");
    assert!(streams.iter_mut().all(|stream| stream.event().is_some_and(|event| event.name == "request")));
    streams.pop();
    until("a place is free again", || {
        // The relay notices that a reader is gone when it writes to it.
        alert(&relay, "again");
        let (head, _) = Stream::ask(&relay, "", "");
        head.starts_with("HTTP/1.1 200 ").then_some(())
    });
}

#[test]
fn streams_end_when_the_relay_stops_which_takes_no_longer_for_readers_that_do_not_read() {
    let shutdown = "[limits]\nshutdown = \"60s\"\n";
    let mut relay = Relay::start(&format!("{}{shutdown}", source("hook", "webhook")));
    let long = "x".repeat(60_000);
    for n in 0..40 {
        let body = json!({ "title": "Disk full", "id": n.to_string(), "message": long }).to_string();
        relay.post("hook", &body).expect(200);
    }
    let (_, mut reading) = Stream::begin(&relay, "", "");
    let (_, stuck) = Stream::begin(&relay, "?after=0", "");
    let began = Instant::now();
    relay.stop();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(reading.event().is_none(), "the stream ended");
    drop(stuck);
}

/// `tocsin events` with what it has printed so far.
struct Followed {
    process: Child,
    said: Arc<Mutex<String>>,
    complained: Arc<Mutex<String>>,
}

impl Followed {
    fn start(site: &Site, arguments: &[&str]) -> Self {
        let mut command = site.command(&[&["events"], arguments].concat());
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let said = gathered(process.stdout.take().expect("it is piped"));
        let complained = gathered(process.stderr.take().expect("it is piped"));
        Self { process, said, complained }
    }

    fn lines(&self) -> Vec<String> {
        self.said.lock().expect("it is whole").lines().map(str::to_owned).collect()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn gathered(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(1..) = from.read(&mut piece).inspect(|bytes| {
            into.lock().expect("it is whole").push_str(&String::from_utf8_lossy(&piece[..*bytes]));
        }) {}
    });
    text
}

#[test]
fn the_command_line_follows_events_over_a_restart_of_the_relay() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    let followed = Followed::start(&relay, &["--after", "0"]);
    alert(&relay, "disk");
    let printed =
        |count| until("it is printed", || Some(followed.lines()).filter(|lines| lines.len() >= count));
    let before = usize::try_from(last(&relay)).expect("a few");
    printed(before);
    relay.stop();
    relay.restart();
    alert(&relay, "tape");
    let lines = printed(usize::try_from(last(&relay)).expect("a few"));
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| line.split(' ').next().expect("a number").parse().expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=last(&relay)).collect::<Vec<_>>(), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("#2 opened by hook")), "{lines:#?}");
    let complained = followed.complained.lock().expect("it is whole").clone();
    assert!(complained.contains(&format!("after entry {before}; connecting again")), "{complained}");

    let as_json = Followed::start(&relay, &["--after", "0", "--json"]);
    let first = until("it is printed", || as_json.lines().into_iter().next());
    let entry: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(entry["number"], json!(1));
    relay.stop();
    let said = relay.run(&["events"]).expect(1).stderr;
    assert!(said.contains("no relay is running"), "{said}");
}
