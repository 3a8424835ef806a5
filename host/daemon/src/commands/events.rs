//! `tocsin events`: what is recorded, as it happens, until Ctrl-C.
//!
//! Misses nothing and repeats nothing when the relay restarts: it goes on after the last entry that it printed.

use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::client::{self, ClientError};
use super::place::Place;
use super::table::{second, short};
use crate::commands::out::{complain, escaped, say, single};
use crate::operate::api::ROOT;
use crate::operate::api::events::{EventList, Gap};
use crate::operate::api::journal::Entry;

pub(super) const EXAMPLES: &str = "\
Examples:
  tocsin events                     what happens from now on, until Ctrl-C
  tocsin events --incident 42       only about incident #42 and its deliveries
  tocsin events --after 0           first everything that the journal still has
  tocsin events --json | jq -c 'select(.cause.cause == \"operator\")'

Each line begins with the number of the entry: `--after` goes on behind it.";

/// The pause before the command connects again.
const PAUSE: Duration = Duration::from_secs(1);
/// Characters of a line's words.
const WIDTH: usize = 300;
/// Facts that a line names; more are counted.
const FACTS: usize = 2;

/// Which events are followed.
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// Begin after the entry with this number, instead of with what comes next.
    #[arg(long, value_name = "N")]
    after: Option<u64>,
    /// Only about this incident and its deliveries: its number (42) or id.
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
}

pub(super) fn run(place: &Place, args: &EventsArgs) -> anyhow::Result<ExitCode> {
    let relay = place.relay()?;
    let mut list = EventList { after: args.after, incident: args.incident.clone() };
    let mut is_first = true;
    loop {
        let path = format!("{ROOT}/events?{}", serde_urlencoded::to_string(&list)?);
        match client::stream(&relay, &path) {
            Ok(stream) => {
                if !is_first {
                    complain!("connected again");
                }
                is_first = false;
                follow(place, BufReader::new(stream), &mut list)?;
                let after = list.after.unwrap_or_default();
                complain!("the relay ended the stream after entry {after}; connecting again");
            }
            // It restarts.
            Err(ClientError::NotRunning { .. } | ClientError::Unreached { .. } | ClientError::Broken(_))
                if !is_first => {}
            Err(error) => return Err(error.into()),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Prints events until the stream ends, and notes in `list` where it goes on.
fn follow(place: &Place, mut stream: impl BufRead, list: &mut EventList) -> anyhow::Result<()> {
    let mut event = Event::default();
    let mut line = String::new();
    loop {
        line.clear();
        // A stream that breaks off goes on after the last whole event.
        if !matches!(stream.read_line(&mut line), Ok(1..)) {
            return Ok(());
        }
        if !event.take(line.trim_end_matches(['\r', '\n'])) {
            continue;
        }
        let done = std::mem::take(&mut event);
        if !done.data.is_empty() {
            print(place, &done)?;
        }
        list.after = done.id.or(list.after);
    }
}

/// A server-sent event, as far as it has come.
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    id: Option<u64>,
    name: String,
    data: String,
}

impl Event {
    /// Takes the next line. Whether the event is whole.
    fn take(&mut self, line: &str) -> bool {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = value.parse().ok(),
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push_str(value),
            _ => {}
        }
        line.is_empty()
    }
}

fn print(place: &Place, event: &Event) -> anyhow::Result<()> {
    if event.name == "gap" {
        let Gap { from, to, why } = serde_json::from_str(&event.data)?;
        complain!("entries {from} to {to} are missing: {}", single(&why));
    } else if place.json {
        say!("{}", escaped(&event.data));
    } else {
        say!("{}", words(&serde_json::from_str(&event.data)?));
    }
    Ok(())
}

/// An entry on one line.
fn words(entry: &Entry) -> String {
    if let Some(problem) = &entry.unreadable {
        return format!("{}  it cannot be read: {}", entry.number, single(problem));
    }
    let at = entry.at.as_deref().map(second).unwrap_or_default();
    let cause = entry.cause.iter().map(|cause| single(&cause.description));
    let facts = entry.facts.iter().take(FACTS).map(|fact| single(&fact.description));
    let mut words: Vec<String> = cause.chain(facts).collect();
    match entry.facts.len().saturating_sub(FACTS) {
        0 => {}
        1 => words.push("1 more fact".to_owned()),
        more => words.push(format!("{more} more facts")),
    }
    format!("{}  {at} UTC  {}", entry.number, short(&words.join("; "), WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_whole_at_the_empty_line_and_comments_and_other_fields_are_left_out() {
        let mut event = Event::default();
        for line in [": alive", "retry: 1000", "id: 7", "event: operator", "data: {\"a\": \"b: c\"}"] {
            assert!(!event.take(line), "{line}");
        }
        assert!(event.take(""));
        let data = "{\"a\": \"b: c\"}".to_owned();
        assert_eq!(event, Event { id: Some(7), name: "operator".to_owned(), data });
    }
}
