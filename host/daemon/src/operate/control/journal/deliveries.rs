//! Facts about deliveries, timers and connections in words, and with their fields.

use serde_json::{Value, json};
use tocsin_core::delivery::{Change, Reference};
use tocsin_core::id::IncidentId;
use tocsin_core::journal::{Fact, Left, Place, Queued, Settled, Tells};
use tocsin_core::timer::Timer;

use super::{Names, Shown};
use crate::operate::control::shapes;

/// `fact`, which is one of these.
pub(super) fn fact(fact: &Fact, names: &mut Names<'_>) -> Shown {
    match fact {
        Fact::DeliveryQueued(queued) => delivery_queued(queued, names),
        Fact::DeliveryHeld { delivery, until } => (
            "delivery_held",
            format!("{} waits for its action's delay until {until}", names.delivery(*delivery)),
            json!({ "delivery": delivery.to_string(), "until": until.to_string() }),
        ),
        Fact::DeliveryReleased { delivery, connection, test, is_of_state } => (
            "delivery_released",
            format!("{} is due over {connection}: its delay is over", names.delivery(*delivery)),
            json!({
                "delivery": delivery.to_string(), "connection": connection.as_str(), "test": test, "is_of_state": is_of_state,
            }),
        ),
        Fact::DeliveryClaimed { delivery, change, is_of_state } => {
            let of = names.delivery(*delivery);
            let now = change.as_ref().map(|change| format!(", of {} now", change.kind.as_str()));
            let fields = json!({
                "delivery": delivery.to_string(), "change": change.as_ref().map(shown_change),
                "is_of_state": is_of_state,
            });
            ("delivery_claimed", format!("{of}: an attempt began{}", now.unwrap_or_default()), fields)
        }
        Fact::DeliverySettled(settled) => delivery_settled(settled, names),
        Fact::DeliveryDropped { delivery, state, why } => {
            let (of, state, why) = (names.delivery(*delivery), state.as_str(), why.to_string());
            let fields = json!({ "delivery": delivery.to_string(), "state": state, "why": why });
            ("delivery_dropped", format!("{of} is {}: {why}", state.replace('_', " ")), fields)
        }
        Fact::DeliveryRetried { delivery, is_of_state } => (
            "delivery_retried",
            format!("{} is due at once", names.delivery(*delivery)),
            json!({ "delivery": delivery.to_string(), "is_of_state": is_of_state }),
        ),
        Fact::AttemptLost { delivery, left } => (
            "attempt_lost",
            format!("{}: the attempt broke off without an answer", names.delivery(*delivery)),
            json!({ "delivery": delivery.to_string(), "left": left.map(shown_left) }),
        ),
        Fact::ReferencesSet { incident, referrer, references } => {
            references_set(*incident, referrer, references, names)
        }
        Fact::TimerSet { timer, at } => {
            let about = timer_words(timer, names);
            let words = match at {
                Some(at) => format!("timer set for {at}: {about}"),
                None => format!("timer stopped: {about}"),
            };
            ("timer_set", words, json!({ "timer": timer.to_string(), "at": shapes::time(*at) }))
        }
        Fact::ConnectionPaused { connection, reason } => (
            "connection_paused",
            format!("connection {connection} is paused: {reason}"),
            json!({ "connection": connection.as_str(), "reason": reason }),
        ),
        Fact::ConnectionResumed { connection } => (
            "connection_resumed",
            format!("connection {connection} is no longer paused"),
            json!({ "connection": connection.as_str() }),
        ),
        // `facts::fact` gives no other.
        _ => ("", String::new(), Value::Null),
    }
}

fn delivery_queued(queued: &Queued, names: &mut Names<'_>) -> Shown {
    let Queued { id, incident, action, connection, test, change, place, is_of_state, is_followed } = queued;
    let of = names.incident(*incident);
    let name = names.queued(*id, &of, action);
    let (change, what) = match change {
        Tells::Line(line) => (json!({ "line": line }), String::new()),
        Tells::Own(change) => (shown_change(change), format!(", of {}", change.kind.as_str())),
    };
    let (place, place_words) = match place {
        Place::Lane => (json!({ "place": "lane" }), String::new()),
        Place::Held(until) => {
            (json!({ "place": "held", "until": until.to_string() }), format!(", held until {until}"))
        }
        Place::Ended(state, why) => {
            let (state, why) = (state.as_str(), why.to_string());
            let words = format!(", {} at once: {why}", state.replace('_', " "));
            (json!({ "place": "ended", "state": state, "why": why }), words)
        }
    };
    let is_test = if *test { ", a test" } else { "" };
    let description = format!("{name} queued over {connection}{what}{is_test}{place_words}");
    let fields = json!({
        "id": id.to_string(), "incident": incident.to_string(), "action": action.as_str(), "connection": connection.as_str(),
        "test": test, "change": change, "place": place, "is_of_state": is_of_state, "is_followed": is_followed,
    });
    ("delivery_queued", description, fields)
}

fn delivery_settled(settled: &Settled, names: &mut Names<'_>) -> Shown {
    let Settled { delivery, state, summary, took_us, status, next_at, left } = settled;
    let mut words = format!("{} is {}", names.delivery(*delivery), state.as_str().replace('_', " "));
    if let Some(next_at) = next_at {
        words.push_str(&format!(" again at {next_at}"));
    }
    let answer = status.map_or_else(String::new, |status| format!(", HTTP {status}"));
    words.push_str(&format!(" after {} ms{answer}", took_us / 1000));
    if !summary.is_empty() {
        words.push_str(&format!(": {summary}"));
    }
    let fields = json!({
        "delivery": delivery.to_string(), "state": state.as_str(), "summary": summary, "took_us": took_us,
        "status": status, "next_at": shapes::time(*next_at), "left": left.map(shown_left),
    });
    ("delivery_settled", words, fields)
}

fn references_set(
    incident: IncidentId,
    referrer: &str,
    references: &[Reference],
    names: &mut Names<'_>,
) -> Shown {
    let words: Vec<String> = references.iter().map(|one| format!("{} {}", one.key, one.value)).collect();
    let list: Vec<Value> =
        references.iter().map(|one| json!({ "key": one.key, "value": one.value, "url": one.url })).collect();
    let fields = json!({ "incident": incident.to_string(), "referrer": referrer, "references": list });
    ("references_set", format!("{referrer} calls {} {}", names.incident(incident), words.join(", ")), fields)
}

fn shown_change(change: &Change) -> Value {
    json!({
        "kind": change.kind.as_str(), "at": change.at.to_string(), "actor": change.actor,
        "text": change.text.to_string(),
    })
}

fn shown_left(left: Left) -> Value {
    match left {
        Left::Says(state) => json!({ "says": state.as_str() }),
        Left::Shows(state) => json!({ "shows": state.as_str() }),
        Left::MaySay(state) => json!({ "may_say": state.as_str() }),
    }
}

fn timer_words(timer: &Timer, names: &mut Names<'_>) -> String {
    match timer {
        Timer::Steady(incident) => format!("{} is steady again", names.incident(*incident)),
        Timer::Silence(source) => format!("source {source} is silent"),
        Timer::Held(delivery) => format!("the delay of {} is over", names.delivery(*delivery)),
        Timer::Repeat { incident, action } => format!("{action} repeats {}", names.incident(*incident)),
        Timer::AutoResolve(incident) => format!("{} is resolved without events", names.incident(*incident)),
    }
}
