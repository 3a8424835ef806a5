//! What came in at the sources over the API: counts, and rejections of the last hour with what to do.

use std::collections::BTreeMap;

use tocsin_core::time::Timestamp;
use tocsin_store::{KeptBytes, Rejections, SourceCounts};

use super::context::blocking;
use crate::config::Authentication;
use crate::operate::api::sources::{Confirmation, Requests};
use crate::operate::api::status::{Dropped, Echoes, Rejection};
use crate::shared::app::App;
use crate::shared::intake::{STRANGERS, in_the_last_hour};

/// Statuses that strangers on the internet bring about: no alert is lost by them, as a rule. A request with too many
/// headers is turned away before its sender is known.
const STRANGE: [u16; 4] = [401, 404, 405, 431];
/// Statuses that come before a proof in the body, so that strangers bring them about where a source asks for no other.
const BEFORE_THE_BODY: [u16; 3] = [400, 408, 413];
/// A `Content-Encoding` that the relay does not know. It comes after the proof by a signature over the bytes, and before
/// the proof by a field's token.
const UNKNOWN_CODING: u16 = 415;

/// The counts of one source.
pub(super) fn counts(app: &App, source: &str) -> Requests {
    shape(&app.intake.counts(source))
}

fn shape(counts: &SourceCounts) -> Requests {
    let time = |at: &Timestamp| at.to_string();
    let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
    let mut last: Option<&Rejections> = None;
    for rows in &counts.rejections {
        *by_status.entry(rows.code.to_string()).or_default() += rows.count;
        if last.is_none_or(|last| last.last <= rows.last) {
            last = Some(rows);
        }
    }
    let confirmation =
        |(at, outcome): &(Timestamp, String)| Confirmation { at: time(at), outcome: outcome.clone() };
    Requests {
        accepted: counts.accepted,
        ignored: counts.ignored,
        echoes: counts.echoes,
        partly_refused: counts.partly_refused,
        failed: counts.failed,
        probes: counts.probes,
        rejected: counts.rejections.iter().map(|rows| rows.count).sum(),
        rejected_by_status: by_status,
        last_heard: counts.last_heard.as_ref().map(time),
        last_rejected: counts.last_rejected.as_ref().map(time),
        last_rejection: last.map(|rows| rows.reason.clone()),
        confirmation: counts.confirmation.as_ref().map(confirmation),
    }
}

/// Dead letters that went because there were more than their sources may have kept, by source; only sources that have
/// any.
pub(super) async fn dropped(app: &App) -> Vec<Dropped> {
    let store = app.store.clone();
    // What cannot be read is told once, with the counts.
    let kept = blocking(move || store.kept_bytes()).await.unwrap_or_default();
    let of = |(source, kept): (&String, &KeptBytes)| {
        let (source, count, kept_bytes) = (source.clone(), kept.dropped, kept.bytes);
        (count > 0).then_some(Dropped { source, count, kept_bytes })
    };
    kept.iter().filter_map(of).collect()
}

/// Messages of this relay that came back to it, by source; only sources that have any.
pub(super) fn echoes(app: &App) -> Vec<Echoes> {
    let of = |name: &String| {
        let count = app.intake.counts(name).echoes;
        (count > 0).then(|| Echoes { source: name.clone(), count })
    };
    app.config().sources.keys().filter_map(of).collect()
}

/// What was rejected in the last hour, by source and status, with what to do about it.
pub(super) fn rejections(app: &App) -> Vec<Rejection> {
    let config = app.config();
    let names = config.sources.keys().map(String::as_str).chain([STRANGERS]);
    names.flat_map(|name| of_source(app, name)).collect()
}

fn of_source(app: &App, name: &str) -> Vec<Rejection> {
    let (counts, now) = (app.intake.counts(name), app.clock.now());
    let config = app.config();
    let source = config.sources.get(name);
    let is_anyones = |code: u16| {
        let by_body = source
            .map(|source| &source.authentication)
            .filter(|authentication| !authentication.is_open() && !authentication.proves_by_head());
        let is_unproven = |authentication: &Authentication| {
            BEFORE_THE_BODY.contains(&code)
                || (code == UNKNOWN_CODING && authentication.signing_key.is_none())
        };
        STRANGE.contains(&code) || by_body.is_some_and(is_unproven)
    };
    let recent = |rows: &Rejections| {
        let count = in_the_last_hour(rows, now);
        (count > 0).then(|| Rejection {
            source: (name != STRANGERS).then(|| name.to_owned()),
            names: counts.names.clone(),
            status: rows.code,
            kept: rows.kept,
            lost: !rows.kept && !is_anyones(rows.code),
            in_the_last_hour: count,
            last: rows.last.to_string(),
            reason: rows.reason.clone(),
            fix: fix(app, name, rows),
        })
    };
    counts.rejections.iter().filter_map(recent).collect()
}

fn fix(app: &App, name: &str, rows: &Rejections) -> String {
    if rows.kept {
        return match rows.code {
            415 | 422 => format!("they are kept: tocsin receipts list --dead-letters --source {name}"),
            _ => format!("they are kept: tocsin receipts list --source {name}"),
        };
    }
    match rows.code {
        400 => "look at what the sender sends: the body was cut short, or its Content-Encoding is broken"
            .to_owned(),
        401 => "check the token, or what else the source asks for, in the sender".to_owned(),
        404 => "check the address in the sender: tocsin sources list shows the right ones".to_owned(),
        405 => "have the sender use a method that the source takes".to_owned(),
        408 => {
            let time = app.config().limits.body_time;
            format!("the sender or the line is slow: raise limits.body_time (now {time:?})")
        }
        413 => {
            let limit = app.config().sources.get(name).map_or(0, |source| app.body_limit(source));
            format!("raise body_limit in [sources.{name}] (now {limit} bytes)")
        }
        414 => "have the sender put its values into the body instead of the address".to_owned(),
        415 => {
            "have the sender send the body without Content-Encoding, or with gzip, deflate or br".to_owned()
        }
        429 => format!("have the sender send less, or raise rate in [sources.{name}]"),
        431 => "have the sender, or a proxy in between, send fewer headers".to_owned(),
        503 => {
            let queue = app.config().limits.queue;
            format!(
                "have the sender send again what it gave up; if the queue is full again and again, raise limits.queue \
                 (now {queue}); if there is no room again and again, raise limits.memory"
            )
        }
        _ => "the log of the relay says more".to_owned(),
    }
}
