//! Whose fault it is when a plugin calls an answer the connection's: one alert's text must not stop what all others
//! have to say.
//!
//! The connection's own probe decides where there is one. Where there is none, or where the peer says so inside a
//! success, the deliveries of at least two incidents have to meet the same answer. Never records anything.

use std::sync::Arc;
use tocsin_core::command::Verdict;

use crate::config::Config;
use crate::deliver::attempt::{Attempt, Ended};
use crate::deliver::probe;
use crate::deliver::probe::Probed;
use crate::shared::app::App;
use crate::shared::doubts::{Answer, Doubt, TRIES_MAX};
use crate::shared::trials::Shown;

/// What becomes of the delivery, with the last HTTP status. Keeps what was met for the deliveries to come.
pub(super) async fn judged(
    app: &Arc<App>,
    config: &Arc<Config>,
    attempt: &Attempt,
    ended: Ended,
) -> (Verdict, Option<u16>) {
    let Ended { verdict, status, by_plugin } = ended;
    let connection = &attempt.delivery.connection;
    let verdict = match verdict {
        Verdict::Delivered(_) | Verdict::Accepted(_) => {
            app.doubts.works(connection);
            verdict
        }
        // The connection may have changed since the attempt began.
        Verdict::Misconfigured(why) if !Arc::ptr_eq(config, &app.config()) => attempt.later_over(
            app,
            format!("{why} (the configuration changed meanwhile, so Tocsin tries again with the new one)"),
            false,
        ),
        Verdict::Misconfigured(why) if by_plugin && !is_paused(app, connection).await => {
            doubted(app, attempt, why, status).await
        }
        Verdict::Misconfigured(why) if !by_plugin => paused(app, attempt, why, Shown::ByProbe),
        verdict => verdict,
    };
    (verdict, status)
}

/// Whether `connection` is paused already: what meets the same waits with it. What cannot be read is no reason to
/// take it for paused.
async fn is_paused(app: &Arc<App>, connection: &str) -> bool {
    app.reading(|app| app.store.pauses())
        .await
        .is_ok_and(|pauses| pauses.iter().any(|(name, _)| name == connection))
}

async fn doubted(app: &App, attempt: &Attempt, why: String, status: Option<u16>) -> Verdict {
    let answer = Answer::new(status, &why);
    match asked(app, &attempt.delivery.connection).await {
        Probed::Bad(_) => paused(app, attempt, why, Shown::ByProbe),
        Probed::Good(said) if answer.is_refusal() => rejected(&why, &works(&said)),
        Probed::Good(said) => met(app, attempt, why, answer, &works(&said)),
        Probed::Unclear(said) => attempt.later_over(
            app,
            format!("{why} (whether the connection works cannot be told now: {said})"),
            false,
        ),
        Probed::NoProbe => {
            let alone = format!("met {TRIES_MAX} times, and by no other incident's message");
            met(app, attempt, why, answer, &alone)
        }
    }
}

async fn asked(app: &App, name: &str) -> Probed {
    let in_force = app.in_force();
    let bound = in_force.bindings.connections.get(name).and_then(|bound| bound.as_ref().ok().map(Arc::clone));
    match (in_force.config.connections.get(name).map(Arc::clone), bound) {
        (Some(connection), Some(binding)) => probe::ask(app, &in_force.senders, &connection, &binding).await,
        _ => Probed::NoProbe,
    }
}

/// The delivery met an answer that may be about it alone or about everything.
fn met(app: &App, attempt: &Attempt, why: String, answer: Answer, alone: &str) -> Verdict {
    let delivery = &attempt.delivery;
    match app.doubts.met(&delivery.connection, delivery.incident.id, delivery.id, answer) {
        Doubt::Open => attempt.later_over(app, why, false),
        Doubt::Shared => paused(app, attempt, why, Shown::ByDeliveries),
        Doubt::Refuted => rejected(&why, &works("other messages have arrived over it since")),
        Doubt::Alone => rejected(&why, alone),
    }
}

fn works(how: &str) -> String {
    format!("the connection itself works: {how}")
}

fn rejected(why: &str, remark: &str) -> Verdict {
    Verdict::Rejected(format!("{why} ({remark})"))
}

fn paused(app: &App, attempt: &Attempt, why: String, shown: Shown) -> Verdict {
    let name = &attempt.delivery.connection;
    let longest_ms = attempt.schedule(app).longest_ms;
    app.trials.begin(name, shown, app.clock.now(), longest_ms);
    Verdict::Misconfigured(why)
}
