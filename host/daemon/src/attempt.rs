//! One attempt of one delivery: render, encode, send, resume, until there is a verdict.
//!
//! Never records anything and never chooses a destination: the connection is the delivery's.

use std::sync::Arc;
use std::time::Instant;

use tocsin_core::delivery::{Delivery, Reference};
use tocsin_core::journal::{Outcome, Verdict};
use tocsin_core::plugin::{ActionRequest, Certainty, Context, Failure, Receipt, Response, Step};
use tocsin_core::time::Timestamp;
use tocsin_core::view::View;
use tocsin_sandbox::{CallError, CallErrorKind};

use crate::app::App;
use crate::bindings::{ActionBinding, ConnectionBinding};
use crate::clock;
use crate::config::Connection;
use crate::outgoing::{InvalidRequest, Moment, assemble};
use crate::pipeline::{later, micros};
use crate::sender::SendError;
use crate::trace::Trace;

/// Requests that one attempt may take: find, create, update and some more.
const STEPS_MAX: usize = 8;

/// A delivery that was claimed.
pub struct Attempt {
    /// As claimed: `attempts` counts this one.
    pub delivery: Delivery,
    /// What the peer calls the incident.
    pub references: Vec<Reference>,
}

/// What an attempt needs of the configuration.
struct Bound<'a> {
    action: Arc<ActionBinding>,
    settings: Arc<ConnectionBinding>,
    connection: &'a Connection,
}

impl Attempt {
    /// Makes the attempt. Returns what came of it, with the last HTTP status if a peer answered.
    pub async fn run(&self, app: &App) -> (Verdict, Option<u16>) {
        let mut status = None;
        let verdict = match self.bind(app) {
            Ok(bound) => match self.context(&bound) {
                Ok(context) => self.exchange(app, &bound, context, &mut status).await,
                Err(verdict) => verdict,
            },
            Err(verdict) => verdict,
        };
        (verdict, status)
    }

    fn bind<'a>(&self, app: &'a App) -> Result<Bound<'a>, Verdict> {
        let bindings = app.bindings();
        let gone = |what: &str, name: &str| {
            Verdict::Rejected(format!("there is no {what} `{name}` in the configuration any more"))
        };
        let Delivery { action, connection: name, .. } = &self.delivery;
        let connection = app.config.connections.get(name).ok_or_else(|| gone("connection", name))?;
        let bound = |found: Option<&Result<_, String>>| match found {
            Some(Ok(binding)) => Ok(Arc::clone(binding)),
            Some(Err(why)) => Err(Verdict::Misconfigured(why.clone())),
            None => Err(gone("action", action)),
        };
        let settings = match bindings.connections.get(name) {
            Some(Ok(binding)) => Arc::clone(binding),
            Some(Err(why)) => return Err(Verdict::Misconfigured(why.clone())),
            None => return Err(gone("connection", name)),
        };
        Ok(Bound { action: bound(bindings.actions.get(action))?, settings, connection })
    }

    fn context(&self, bound: &Bound<'_>) -> Result<Context, Verdict> {
        let Delivery { incident, change, .. } = &self.delivery;
        let view = View::new(incident, change);
        let settings = bound.action.settings.render(&view).map_err(|error| {
            Verdict::Rejected(format!("actions.{}.settings.{error}", self.delivery.action))
        })?;
        Ok(Context {
            incident: incident.clone(),
            change: change.clone(),
            attempt: self.delivery.attempts,
            delivery_id: self.delivery.id.to_string(),
            test: self.delivery.test,
            now: clock::now(),
            references: self.references.clone(),
            settings,
            connection: bound.settings.settings.clone(),
            host: bound.connection.parsed_url.host_str().unwrap_or_default().to_owned(),
            // The relay has no pages of its own yet that a message could lead to.
            urls: Vec::new(),
        })
    }

    /// encode → send → resume → … → verdict
    async fn exchange(
        &self,
        app: &App,
        bound: &Bound<'_>,
        context: Context,
        status: &mut Option<u16>,
    ) -> Verdict {
        let plugin = &bound.action.plugin;
        let started = Instant::now();
        let mut step = plugin.encode(context.clone()).await.map(|answer| answer.value);
        app.trace(|| Trace::Encoded {
            delivery: self.delivery.id,
            incident: self.delivery.incident.number,
            action: self.delivery.action.clone(),
            plugin: format!("{} {}", plugin.info().id, plugin.info().version),
            took_us: micros(started),
        });
        for _ in 0..STEPS_MAX {
            let (request, state) = match step {
                Err(error) => return self.broken(app, &error),
                Ok(Err(failure)) => return self.failed(app, failure),
                Ok(Ok(Step::Delivered(receipt))) => return arrived(receipt),
                Ok(Ok(Step::Skipped(why))) => return Verdict::Skipped(why),
                Ok(Ok(Step::Send { request, state })) => (request, state),
            };
            let response = match self.send(app, bound.connection, request, context.now).await {
                Ok(response) => response,
                Err(verdict) => return verdict,
            };
            *status = Some(response.status);
            step = plugin.resume(context.clone(), &state, response).await.map(|answer| answer.value);
        }
        Verdict::Rejected(format!("the plugin wanted more than {STEPS_MAX} requests for one delivery"))
    }

    async fn send(
        &self,
        app: &App,
        connection: &Connection,
        request: ActionRequest,
        now: Timestamp,
    ) -> Result<Response, Verdict> {
        let id = self.delivery.id.to_string();
        let moment = Moment { delivery: &id, seconds: now.micros() / 1_000_000 };
        let outgoing = assemble(connection, request, &moment).map_err(|invalid| match invalid {
            InvalidRequest::NoSecret { .. } | InvalidRequest::Key(..) => {
                Verdict::Misconfigured(invalid.to_string())
            }
            InvalidRequest::Denied(_) | InvalidRequest::Method(_) | InvalidRequest::Header(..) => {
                Verdict::Rejected(invalid.to_string())
            }
        })?;
        let (method, bytes) = (outgoing.method.to_string(), outgoing.body.len());
        let started = Instant::now();
        let response = app.senders.send(connection, outgoing).await.map_err(|error| match error {
            SendError::Network(why) => later(app, self, why, None),
            SendError::Denied(denied) => Verdict::Misconfigured(denied.to_string()),
            SendError::NoConnection(_) => Verdict::Rejected(error.to_string()),
        })?;
        app.trace(|| Trace::Answered {
            delivery: self.delivery.id,
            method,
            host: connection.parsed_url.host_str().unwrap_or_default().to_owned(),
            bytes,
            status: response.status,
            took_us: micros(started),
        });
        Ok(response)
    }

    fn failed(&self, app: &App, failure: Failure) -> Verdict {
        match failure {
            Failure::Retry { reason, after_ms } => later(app, self, reason, after_ms),
            Failure::Rejected(why) => Verdict::Rejected(why),
            Failure::Misconfigured(why) => Verdict::Misconfigured(why),
        }
    }

    /// A plugin that did not answer: out of time may be the machine's fault and is tried again; anything else
    /// would happen again.
    fn broken(&self, app: &App, error: &CallError) -> Verdict {
        tracing::warn!(delivery = %self.delivery.id, action = self.delivery.action, %error, "a delivery could not be encoded");
        match error.kind {
            CallErrorKind::Time => later(app, self, error.to_string(), None),
            _ => Verdict::Rejected(error.to_string()),
        }
    }
}

fn arrived(receipt: Receipt) -> Verdict {
    let Receipt { certainty, summary, references, updates } = receipt;
    let outcome = Outcome { summary, references, updates };
    match certainty {
        Certainty::Delivered => Verdict::Delivered(outcome),
        Certainty::Accepted => Verdict::Accepted(outcome),
    }
}
