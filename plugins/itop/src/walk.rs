//! The way through a ticket's life cycle: stimuli one after the other, as far as the state allows them, and
//! what happens when iTop refuses.
//!
//! Never resolves past the life cycle unless the operator asks for it.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::answer::{self, Found, Refused};
use crate::call;
use crate::flight::{Doing, Flight};
use crate::follow::{ended, gone, key, log, replace, sent, update};
use crate::plan::Object;
use crate::settings::{ResolveFallback, Scene, entries};
use crate::ticket;

/// The state of a ticket; every class of iTop's tickets calls it so.
const STATUS: &str = "status";
/// The internal stimulus that leads to `resolved` from nearly everywhere.
const AUTORESOLVE: &str = "ev_autoresolve";
/// States from which a stimulus never leads on, in the life cycles of `Incident` and `UserRequest`
/// (`datamodel.itop-incident-mgmt-itil.xml`): asking for it there would only be refused.
const NEVER: [(&str, &[&str]); 2] = [
    ("ev_assign", &["assigned", "escalated_ttr", "resolved", "closed"]),
    ("ev_reassign", &["new", "escalated_tto", "pending", "resolved", "closed"]),
];
/// States that `ev_assign` leads to: with its answer lost, a ticket is found in one of them.
const ASSIGNED: (&str, &[&str]) = ("ev_assign", &["assigned", "escalated_ttr"]);

/// The stimuli for this change, in their order.
pub(crate) fn path(scene: Scene<'_>) -> Vec<String> {
    let one = |stimulus: &str| {
        Some(stimulus.trim().to_owned()).into_iter().filter(|stimulus| !stimulus.is_empty()).collect()
    };
    match scene.context.change.kind {
        ChangeKind::Acknowledged => one(&scene.settings.acknowledge_stimulus),
        ChangeKind::Reopened => one(&scene.settings.reopen_stimulus),
        ChangeKind::Resolved => scene.plan.resolve_path.clone(),
        _ => Vec::new(),
    }
}

/// The solution that a ticket is resolved with.
const SOLUTION: &str = "solution";

/// The first request: the state, where several stimuli may be needed or one may have been applied, and the fields that
/// would be written, in which a person may have written something.
pub(crate) fn begin(scene: Scene<'_>, flight: Flight) -> Result<Step, Failure> {
    let is_asked = match scene.context.change.kind {
        ChangeKind::Resolved | ChangeKind::Reopened => true,
        _ => scene.context.attempt > 1 || !scene.plan.acknowledge_fields.is_empty(),
    };
    if is_asked && !flight.is_new {
        let ticket = flight.ticket()?;
        let mut fields = written(scene);
        fields.push(STATUS);
        let data = call::get(&ticket.class, &key(ticket), call::output(scene, &fields));
        return sent(scene, &data, &flight.to(Doing::Status));
    }
    next(scene, flight, 0, None)
}

/// What the answer leads to.
pub(crate) fn resume(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    let context = scene.context;
    if flight.doing == Doing::Status {
        let answer = answer::read(context, response)?;
        let is_back = context.change.kind == ChangeKind::Reopened;
        let Some(found) = answer.objects.first() else {
            let is_replaced = is_back && entries(&scene.settings.closed_states).next().is_some();
            let gone = gone(flight.ticket()?);
            return if is_replaced { replace(scene, flight, "the old ticket is gone") } else { Err(gone) };
        };
        let status = found.field(STATUS).unwrap_or_default();
        if is_back && entries(&scene.settings.closed_states).any(|closed| closed == status) {
            return replace(scene, flight, &format!("the old ticket is {status}"));
        }
        let flight = Flight { held: held(scene, found), ..flight };
        if is_there(scene, &status) {
            return arrived(scene, flight, found, &format!("is {status} already"));
        }
        return next(scene, flight, 0, Some(&status));
    }
    let is_last = flight.doing == Doing::Autoresolve || flight.at + 1 >= path(scene).len();
    match answer::applied(context, response)? {
        Ok(found) if is_last => arrived(scene, flight, &found, said(context.change.kind)),
        Ok(found) => {
            let (at, status) = (flight.at + 1, found.field(STATUS));
            next(scene, flight, at, status.as_deref())
        }
        Err(refused) => {
            let stimulus = path(scene).get(flight.at).cloned().unwrap_or_default();
            let stimulus = if flight.doing == Doing::Autoresolve { AUTORESOLVE.to_owned() } else { stimulus };
            let flight = flight.noted(&format!("{stimulus}: {}", refused.why));
            let at = flight.at + 1;
            match flight.doing {
                Doing::Autoresolve => Err(unresolved(&flight)),
                _ if is_last => fall_back(scene, flight, &refused),
                _ => next(scene, flight, at, None),
            }
        }
    }
}

/// The fields that this change would write with a stimulus, but for those that are always written.
fn written(scene: Scene<'_>) -> Vec<&str> {
    let plan = scene.plan;
    let resolution = plan.resolve_fields.keys().map(String::as_str).chain([SOLUTION]);
    let resolution = resolution.filter(|_| scene.context.change.kind == ChangeKind::Resolved);
    let assignment = plan.acknowledge_fields.keys().map(String::as_str);
    let assignment = assignment.filter(|_| scene.context.change.kind != ChangeKind::Reopened);
    let is_kept = |name: &&str| {
        !name.ends_with("_log") && !entries(&scene.settings.overwrite).any(|always| always == *name)
    };
    assignment.chain(resolution).filter(is_kept).collect()
}

/// Those of them in which the ticket has something. A solution of an earlier resolution by Tocsin counts as none.
fn held(scene: Scene<'_>, found: &Found) -> Vec<String> {
    let has_something = |name: &&str| {
        let value = found.field(name).unwrap_or_default();
        let text = value.trim().trim_start_matches("<p>").trim_start_matches("TEST - ");
        let is_ours = *name == SOLUTION && text.starts_with("Resolved at ");
        !matches!(text, "" | "0" | "</p>" | "undefined") && !is_ours
    };
    let mut held: Vec<String> = written(scene).into_iter().filter(has_something).map(str::to_owned).collect();
    held.dedup();
    held
}

/// Whether a ticket in this state is where the change leads to.
fn is_there(scene: Scene<'_>, status: &str) -> bool {
    let is_over = entries(&scene.settings.resolved_states).any(|over| over == status);
    match scene.context.change.kind {
        ChangeKind::Resolved => is_over,
        ChangeKind::Reopened => !is_over && !status.is_empty(),
        _ => {
            let path = path(scene);
            ASSIGNED.0 == path.first().map_or("", String::as_str) && ASSIGNED.1.contains(&status)
        }
    }
}

/// The ticket is where the change leads to; what was said on the way goes into its log. A resolution has said it
/// in the solution.
fn arrived(scene: Scene<'_>, flight: Flight, found: &Found, what: &str) -> Result<Step, Failure> {
    let is_told = match scene.context.change.kind {
        ChangeKind::Acknowledged => ticket::has_news(scene, flight.is_new),
        ChangeKind::Reopened => true,
        // The solution is a person's: what the resolution says goes into the log.
        ChangeKind::Resolved => {
            flight.held.iter().any(|field| field == SOLUTION) && what == said(ChangeKind::Resolved)
        }
        _ => false,
    };
    if is_told { log(scene, flight.having(what)) } else { ended(scene, &flight, found, what) }
}

/// The next stimulus that may fit. The last is always asked for: whether it fits is iTop's to say.
fn next(scene: Scene<'_>, flight: Flight, from: usize, status: Option<&str>) -> Result<Step, Failure> {
    let path = path(scene);
    let last = path.len().saturating_sub(1);
    let never = |stimulus: &str| {
        let states = NEVER.iter().find(|(known, _)| *known == stimulus).map(|(_, states)| *states);
        states.is_some_and(|states| status.is_some_and(|status| states.contains(&status)))
    };
    let at = (from..last).find(|at| !path.get(*at).is_some_and(|stimulus| never(stimulus))).unwrap_or(last);
    let Some(stimulus) = path.get(at) else { return log(scene, flight) };
    let fields = fields(scene, at == last, &flight.held)?;
    apply(scene, flight.to(Doing::Stimulus).at(at), stimulus, fields)
}

fn apply(scene: Scene<'_>, flight: Flight, stimulus: &str, fields: Object) -> Result<Step, Failure> {
    let ticket = flight.ticket()?;
    let data = call::stimulus(scene, &ticket.class, &key(ticket), stimulus, fields, output(scene));
    sent(scene, &data, &flight)
}

/// The fields that go with a stimulus: those of an assignment on the way, those of the goal at its end; without those
/// that the ticket has something in.
fn fields(scene: Scene<'_>, is_last: bool, held: &[String]) -> Result<Object, Failure> {
    match scene.context.change.kind {
        ChangeKind::Resolved if is_last => ticket::solved(scene, held),
        ChangeKind::Reopened => Ok(Object::new()),
        _ => {
            let mut fields = ticket::changed(scene, &scene.plan.acknowledge_fields, None)?;
            fields.retain(|name, _| !held.contains(name));
            Ok(fields)
        }
    }
}

fn fall_back(scene: Scene<'_>, flight: Flight, refused: &Refused) -> Result<Step, Failure> {
    let is_resolution = scene.context.change.kind == ChangeKind::Resolved;
    if !is_resolution && refused.is_incomplete {
        let why = format!("{}: {}: give them in `acknowledge_fields`", flight.ticket()?.name, flight.note);
        return Err(Failure::rejected(why));
    }
    if !is_resolution {
        return log(scene, flight);
    }
    match scene.settings.resolve_fallback {
        ResolveFallback::Log => log(scene, flight.having("not resolved")),
        ResolveFallback::Fail => Err(unresolved(&flight)),
        ResolveFallback::UpdateStatus => {
            let mut fields = ticket::solved(scene, &flight.held)?;
            let state = entries(&scene.settings.resolved_states).next().unwrap_or("resolved");
            fields.insert(STATUS.to_owned(), Value::from(state));
            update(scene, flight, fields)
        }
        ResolveFallback::Autoresolve => {
            let fields = ticket::solved(scene, &flight.held)?;
            apply(scene, flight.to(Doing::Autoresolve), AUTORESOLVE, fields)
        }
    }
}

fn unresolved(flight: &Flight) -> Failure {
    let name = flight.ticket().map_or("", |ticket| ticket.name.as_str());
    Failure::rejected(format!("{name}: not resolved: {}", flight.note))
}

fn output(scene: Scene<'_>) -> String {
    let more: &[&str] = if scene.context.change.kind == ChangeKind::Resolved { &[STATUS] } else { &[] };
    call::output(scene, more)
}

const fn said(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Acknowledged => "assigned",
        ChangeKind::Reopened => "reopened",
        _ => "resolved",
    }
}
