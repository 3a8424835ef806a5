//! One attempt of one delivery: render, encode, send, resume, until there is a verdict.
//!
//! Never records anything and never chooses a destination: the connection is the delivery's.

use std::sync::Arc;
use std::time::Instant;

use tocsin_core::command::Verdict;
use tocsin_core::delivery::{Delivery, Reference};
use tocsin_core::plugin::{ActionRequest, Context, Failure, Response, Step, Zone};
use tocsin_core::retry::Schedule;
use tocsin_core::view::View;
use tocsin_sandbox::{CallError, CallErrorKind, Limits, Plugin};
use tracing::{Instrument, Span};
use url::Url;

use crate::config::Connection;
use crate::deliver::markup;
use crate::deliver::verdicts::{arrived, failure, is_unclear, unsendable};
use crate::runtime::clock;
use crate::runtime::steps::{AttemptOf, PluginOf, Traced, What};
use crate::send::client::Senders;
use crate::send::error::SendError;
use crate::send::redact::Secrets;
use crate::send::request::{Moment, Sketch, assemble, sketch};
use crate::shared::app::App;
use crate::shared::in_force::InForce;

/// Requests that one attempt may take: find, create, update and some more.
const STEPS_MAX: usize = 8;

/// A delivery that was claimed, or that is only tried out.
pub struct Attempt {
    /// As claimed: `attempts` counts this one.
    pub delivery: Delivery,
    /// What peers call the incident, by connection.
    pub references: Vec<(String, Vec<Reference>)>,
}

/// How an attempt ended.
pub struct Ended {
    /// What came of it.
    pub verdict: Verdict,
    /// The last HTTP status, if a peer answered.
    pub status: Option<u16>,
    /// Whether the plugin said so, and not the relay.
    pub by_plugin: bool,
}

/// What an attempt met on its way.
#[derive(Default)]
struct Met {
    status: Option<u16>,
    by_plugin: bool,
}

/// All that an attempt needs of the configuration and the plugins in force.
pub struct Prepared {
    /// What the plugin is given.
    pub context: Context,
    /// The plugin, within the connection's limits.
    pub plugin: Plugin,
    /// The connection.
    pub connection: Arc<Connection>,
    /// Its address for this incident.
    pub target: Url,
    /// The HTTP clients.
    pub senders: Senders,
}

impl Prepared {
    /// Takes every long part of the connection's address out of a text for people: it may be a secret.
    fn hide(&self, text: &mut String) {
        let mut secrets = Secrets::default();
        secrets.in_whole_address(&self.target, self.connection.target.sample());
        secrets.scrub_text(text);
    }
}

/// A request of an attempt and its answer, for whoever tries an action out.
pub struct Exchange {
    /// What was sent, without secrets.
    pub sketch: Sketch,
    /// What the peer answered, if it did.
    pub response: Option<Response>,
}

impl Attempt {
    /// Makes the attempt.
    pub async fn run(&self, app: &App) -> Ended {
        let mut met = Met::default();
        let verdict = match self.prepare(app) {
            Ok(prepared) => self.exchange(app, &prepared, &mut met, None).await,
            Err(verdict) => verdict,
        };
        Ended { verdict, status: met.status, by_plugin: met.by_plugin }
    }

    /// Which one it is.
    pub fn number(&self) -> AttemptOf {
        AttemptOf { delivery: self.delivery.id, number: self.delivery.attempts }
    }

    /// The schedule of its connection.
    pub fn schedule(&self, app: &App) -> Schedule {
        let config = app.config();
        let connection = config.connections.get(self.delivery.connection.as_str());
        connection.map_or_else(Schedule::default, |connection| connection.retry)
    }

    /// As `later`, over its connection.
    pub fn later_over(&self, app: &App, reason: String, may_have_arrived: bool) -> Verdict {
        self.later(app, &self.schedule(app), reason, None, may_have_arrived)
    }

    /// The fields of every line of the log that is written during the attempt. Its level is the highest, so that no
    /// configured level leaves it out.
    pub fn span(&self) -> Span {
        let Delivery { id, incident, action, connection, attempts, origin, .. } = &self.delivery;
        tracing::error_span!(
            "attempt",
            delivery = %id,
            incident = incident.number,
            source = incident.source.as_str(),
            action = action.as_str(),
            connection = connection.as_str(),
            attempt = attempts,
            request = origin.map(|origin| tracing::field::display(origin.trace())),
        )
    }

    /// Makes the attempt and keeps every request and answer.
    pub async fn watched(&self, app: &App) -> (Verdict, Vec<Exchange>) {
        let mut seen = Vec::new();
        let verdict = match self.prepare(app) {
            Ok(prepared) => {
                let (mut met, span) = (Met::default(), self.span());
                self.exchange(app, &prepared, &mut met, Some(&mut seen)).instrument(span).await
            }
            Err(verdict) => verdict,
        };
        (verdict, seen)
    }

    /// What the attempt would begin with: binds, renders, sends nothing.
    ///
    /// # Errors
    /// What came of it without anything being sent.
    pub fn prepare(&self, app: &App) -> Result<Prepared, Verdict> {
        let in_force = app.in_force();
        let InForce { config, bindings, .. } = &*in_force;
        let gone = |what: &str, name: &str| {
            Verdict::Rejected(format!("there is no {what} `{name}` in the configuration any more"))
        };
        let Delivery { action: action_name, connection: name, incident, change, .. } = &self.delivery;
        let connection = config.connections.get(name.as_str()).ok_or_else(|| gone("connection", name))?;
        let of_connection = match bindings.connections.get(name.as_str()) {
            Some(Ok(binding)) => Arc::clone(binding),
            Some(Err(why)) => return Err(Verdict::Misconfigured(why.clone())),
            None => return Err(gone("connection", name)),
        };
        let action = match bindings.actions.get(action_name.as_str()) {
            Some(Ok(binding)) => Arc::clone(binding),
            // Its own fault and no other action's: the connection goes on.
            Some(Err(why)) => {
                return Err(Verdict::Rejected(format!("the action is misconfigured: {why}")));
            }
            None => return Err(gone("action", action_name)),
        };
        let now = app.clock.now();
        let configured = config.actions.get(action_name.as_str());
        let readers_may = configured.map_or(&[][..], |action| action.readers_may.as_slice());
        let owed_since = self.delivery.first_owed(configured.and_then(|action| action.rule.delay_ms));
        let zone = config.time_zone_of(action_name);
        let urls = in_force.links.of(incident, action_name, readers_may, now);
        let references = self.delivery.referred(self.references.clone());
        let view = View::new(incident, change).with_urls(&urls).with_references(&references).at(now, zone);
        let target = connection
            .target
            .fill(&view)
            .map_err(|error| Verdict::Rejected(format!("connections.{name}.url: {error}")))?;
        let settings = action
            .settings
            .render_within(&view, connection.body_bytes)
            .map_err(|error| Verdict::Rejected(format!("actions.{action_name}.settings.{error}")))?;
        let known = references.iter().find(|(known, _)| known == name);
        let mut context = Context {
            incident: incident.clone(),
            change: change.clone(),
            attempt: self.delivery.attempts,
            delivery_id: self.delivery.id.to_string(),
            test: self.delivery.test,
            now,
            owed_since,
            zone: Zone::of(zone, now),
            language: configured.map(|action| action.language.clone()).unwrap_or_default(),
            action: action_name.clone(),
            references: known.map(|(_, references)| references.clone()).unwrap_or_default(),
            settings,
            connection: of_connection.settings.clone(),
            host: connection.target.host().to_owned(),
            urls,
        };
        markup::clean(&mut context);
        let limits = Limits { encoded_bytes: connection.body_bytes, ..action.plugin.limits().clone() };
        let (connection, senders) = (Arc::clone(connection), in_force.senders.clone());
        Ok(Prepared { context, plugin: action.plugin.with_limits(limits), connection, target, senders })
    }

    /// encode → send → resume → … → verdict, in words that hold nothing of the connection's address.
    async fn exchange(
        &self,
        app: &App,
        prepared: &Prepared,
        met: &mut Met,
        seen: Option<&mut Vec<Exchange>>,
    ) -> Verdict {
        let mut verdict = self.steps(app, prepared, met, seen).await;
        prepared.hide(verdict.text_mut());
        verdict
    }

    async fn steps(
        &self,
        app: &App,
        prepared: &Prepared,
        met: &mut Met,
        mut seen: Option<&mut Vec<Exchange>>,
    ) -> Verdict {
        let Prepared { context, plugin, connection, target, .. } = prepared;
        // What is only tried out is in no trace.
        let traced = seen.is_none().then(|| Traced::of(&self.delivery));
        let started = Instant::now();
        let mut step = plugin.encode(context.clone()).await.map(|answer| answer.value);
        app.tell(traced, clock::micros_since(started), || What::Encoded {
            attempt: self.number(),
            incident: self.delivery.incident.number,
            action: self.delivery.action.to_string(),
            plugin: name(plugin),
            failure: failure(&step),
        });
        let mut has_written = false;
        for _ in 0..STEPS_MAX {
            let (mut request, state) = match step {
                Err(error) => return self.broken(app, connection, &error, has_written),
                Ok(Err(failure)) => {
                    met.by_plugin = true;
                    return self.failed(app, prepared, failure, (met.status, has_written));
                }
                Ok(Ok(Step::Delivered(receipt))) => return arrived(receipt),
                Ok(Ok(Step::Skipped(why))) => return Verdict::Skipped(why),
                Ok(Ok(Step::Send { request, state })) => (request, state),
            };
            markup::write_plainly(&mut request);
            if let Some(seen) = &mut seen {
                match sketch(connection, target, request.clone()) {
                    Ok(sketch) => seen.push(Exchange { sketch, response: None }),
                    Err(invalid) => return unsendable(&invalid),
                }
            }
            let writes = !matches!(request.method.as_str(), "GET" | "HEAD");
            let response = match self.send(app, prepared, request, has_written, traced).await {
                Ok(response) => response,
                Err(verdict) => return verdict,
            };
            met.status = Some(response.status);
            has_written |= writes && (200..300).contains(&response.status);
            if let Some(last) = seen.as_mut().and_then(|seen| seen.last_mut()) {
                last.response = Some(response.clone());
            }
            let started = Instant::now();
            step = plugin.resume(context.clone(), &state, response).await.map(|answer| answer.value);
            app.tell(traced, clock::micros_since(started), || What::Resumed {
                attempt: self.number(),
                plugin: name(plugin),
                failure: failure(&step),
            });
        }
        Verdict::Rejected(format!("the plugin wanted more than {STEPS_MAX} requests for one delivery"))
    }

    /// Sends one request. With `has_written`, an earlier one of the attempt changed something at the peer.
    async fn send(
        &self,
        app: &App,
        prepared: &Prepared,
        request: ActionRequest,
        has_written: bool,
        traced: Option<Traced>,
    ) -> Result<Response, Verdict> {
        let Prepared { context, connection, target, senders, .. } = prepared;
        let id = self.delivery.id.to_string();
        // Each request of an attempt is a step of the trace of its own; 0 is none.
        let span = app.clock.jitter().max(1);
        let seconds = context.now.micros() / 1_000_000;
        let moment = Moment { delivery: &id, seconds, traceparent: self.traceparent(app, span, traced) };
        let outgoing =
            assemble(connection, target, request, &moment).map_err(|invalid| unsendable(&invalid))?;
        let (method, bytes) = (outgoing.method.clone(), outgoing.body.len());
        let started = Instant::now();
        let sent = senders.send(connection, outgoing).await;
        app.tell(traced, clock::micros_since(started), || What::Sent {
            attempt: self.number(),
            action: self.delivery.action.to_string(),
            span,
            method,
            host: connection.target.host().to_owned(),
            bytes,
            answer: sent.as_ref().map(|response| response.status).map_err(SendError::kind),
        });
        sent.map_err(|error| match error {
            SendError::Network { words, may_have_arrived, after_ms } => {
                self.later(app, &connection.retry, words, after_ms, may_have_arrived || has_written)
            }
            SendError::Denied(_) | SendError::Misconfigured(_) => Verdict::Misconfigured(error.to_string()),
            SendError::NoConnection(_) => Verdict::Rejected(error.to_string()),
        })
    }

    /// The header `traceparent` of the step `span`. Where traces are sent, it says whether this one is; otherwise, only
    /// the trace of a request is named.
    fn traceparent(&self, app: &App, span: u64, traced: Option<Traced>) -> Option<String> {
        let in_force = app.in_force();
        match (&in_force.config.traces, traced) {
            (Some(traces), Some(traced)) => Some(traced.trace.sampled(traces.records(traced)).header(span)),
            _ => self.delivery.origin.map(|origin| origin.trace().header(span)),
        }
    }

    /// What a failure comes to, after an answer with this status, and after requests that may have changed
    /// something at the peer.
    fn failed(
        &self,
        app: &App,
        prepared: &Prepared,
        failure: Failure,
        (status, has_written): (Option<u16>, bool),
    ) -> Verdict {
        let connection = &prepared.connection;
        match failure {
            Failure::Retry { mut reason, after_ms } => {
                prepared.hide(&mut reason);
                if let (Some(asked_ms), Some(429 | 503)) = (after_ms, status) {
                    self.back_off(app, connection, asked_ms, &reason);
                }
                self.later(app, &connection.retry, reason, after_ms, has_written || is_unclear(status))
            }
            Failure::Rejected(why) => Verdict::Rejected(why),
            // Where it went was for this incident alone to say: what is wrong there keeps no other waiting. What
            // the connection proves itself with is the same for all.
            Failure::Misconfigured(why)
                if !connection.target.is_fixed()
                    && (!connection.has_credentials() || !matches!(status, Some(401 | 403 | 407))) =>
            {
                Verdict::Rejected(format!("{why} (at the address that this incident's values make)"))
            }
            Failure::Misconfigured(why) => Verdict::Misconfigured(why),
        }
    }

    /// Has the whole connection wait as its peer asked, by the rule that holds for the delivery.
    fn back_off(&self, app: &App, connection: &Connection, asked_ms: u64, reason: &str) {
        let until = app.clock.now().plus_ms(connection.retry.granted(asked_ms));
        app.backoffs.back_off(&connection.name, until, reason);
    }

    /// The time of the next attempt, or that there is none: what a failure that may pass comes to.
    fn later(
        &self,
        app: &App,
        schedule: &Schedule,
        reason: String,
        asked_ms: Option<u64>,
        may_have_arrived: bool,
    ) -> Verdict {
        let Delivery { attempts, owed_since, .. } = self.delivery;
        let next = schedule.next_attempt(attempts, owed_since, app.clock.now(), asked_ms, app.clock.jitter());
        match next {
            Some(at) => Verdict::Retry { reason, at, may_have_arrived },
            None => Verdict::Expired { reason, may_have_arrived },
        }
    }

    /// A plugin that did not answer: out of time may be the machine's fault and is tried again; anything else
    /// would happen again.
    fn broken(&self, app: &App, connection: &Connection, error: &CallError, has_written: bool) -> Verdict {
        tracing::warn!(%error, "a delivery could not be encoded");
        match error.kind {
            CallErrorKind::Time => self.later(app, &connection.retry, error.to_string(), None, has_written),
            _ => Verdict::Rejected(error.to_string()),
        }
    }
}

/// The plugin, for a step.
fn name(plugin: &Plugin) -> PluginOf {
    let info = plugin.info();
    PluginOf { id: info.id.clone(), version: info.version.clone() }
}
