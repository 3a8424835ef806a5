//! Decodes a body line by line: `<change> <key> <title>`.

use crate::exports::tocsin::plugin::source_decoder::{
    Change, Decoded, Event, Guest as Decodes, InvalidField, Refusal, Rejection, Reply, Request,
};
use crate::tocsin::plugin::types::{Header, Label, Link, Setting, Severity};
use crate::{Guest, written};

/// One line; without a known change it is no event.
fn event(line: &str, request: &Request, settings: &[Setting]) -> Option<Event> {
    let mut words = line.splitn(3, ' ');
    let change = match words.next()? {
        "trigger" => Change::Trigger,
        "acknowledge" => Change::Acknowledge,
        "resolve" => Change::Resolve,
        "note" => Change::Note,
        _ => return None,
    };
    let label = |key: &str, value: String| Label { key: key.to_owned(), value };
    Some(Event {
        change,
        key: words.next()?.to_owned(),
        aliases: vec!["alias".to_owned()],
        title: words.next().unwrap_or_default().to_owned(),
        message: format!("{} {} with {} headers", request.method, request.path, request.headers.len()),
        severity: Some(Severity::Critical),
        labels: vec![
            label("room", "blue room".to_owned()),
            label(
                "settings",
                ["program", "words", "patience", "strict"].map(|key| written(settings, key)).join(", "),
            ),
            label(
                "query",
                request.query.iter().map(|pair| format!("{}={}", pair.name, pair.value)).collect(),
            ),
        ],
        links: vec![Link { title: "Runbook".to_owned(), url: "https://example.com/disk".to_owned() }],
        actor: Some("Ada".to_owned()),
        occurred_at: Some(request.received_at - 1_000_000),
    })
}

impl Decodes for Guest {
    fn decode(request: Request, settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        let Ok(body) = String::from_utf8(request.body.clone()) else {
            return Err(Refusal::Malformed("the body is not UTF-8".to_owned()));
        };
        match body.as_str() {
            "" => return Err(Refusal::Missing("body".to_owned())),
            "unsupported" => return Err(Refusal::Unsupported("`unsupported` is not read".to_owned())),
            "invalid" => {
                let problem = "must be `<change> <key> <title>`".to_owned();
                return Err(Refusal::Invalid(InvalidField { field: "body".to_owned(), problem }));
            }
            _ => {}
        }
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        for (index, line) in body.lines().enumerate().filter(|(_, line)| *line != "nothing") {
            match event(line, &request, &settings) {
                Some(event) => events.push(event),
                None => rejected.push(Rejection {
                    place: format!("lines[{index}]"),
                    reason: format!("`{line}` names no change"),
                }),
            }
        }
        let ignored = events.is_empty().then(|| "there was nothing to say".to_owned());
        let content_type = Header { name: "content-type".to_owned(), value: "text/plain".to_owned() };
        Ok(Decoded {
            remarks: vec![format!("read {} lines", body.lines().count())],
            delivery_id: None,
            reply: Some(Reply { status: 201, headers: vec![content_type], body: b"taken".to_vec() }),
            confirm: None,
            ignored,
            events,
            rejected,
        })
    }
}
