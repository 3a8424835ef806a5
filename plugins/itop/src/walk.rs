//! The way through a ticket's life cycle: stimuli one after the other, as far as the state allows them, and
//! what happens when iTop refuses.
//!
//! Never resolves past the life cycle unless the operator asks for it.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::answer::{self, Refused};
use crate::back::{self, Ticket};
use crate::call;
use crate::flight::{Doing, Flight};
use crate::follow::{done, gone, key, log, lost, sent, summary, update};
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

/// The first request: the state, where several stimuli may be needed.
pub(crate) fn begin(scene: Scene<'_>, ticket: Ticket, note: &str) -> Result<Step, Failure> {
    if scene.context.change.kind == ChangeKind::Resolved {
        let data = call::get(&ticket.class, &key(&ticket), call::output(scene, &[STATUS]));
        return sent(scene, &data, &Flight::about(Doing::Status, ticket, note));
    }
    next(scene, ticket, 0, None, note)
}

/// What the answer leads to.
pub(crate) fn resume(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    let context = scene.context;
    let ticket = flight.ticket.clone().ok_or_else(lost)?;
    if flight.doing == Doing::Status {
        let answer = answer::read(context, response)?;
        let Some(found) = answer.objects.first() else { return Err(gone(&ticket)) };
        let status = found.field(STATUS).unwrap_or_default();
        if entries(&scene.settings.resolved_states).any(|over| over == status) {
            let summary = summary(&found.name(), &format!("is {status} already"), &flight.note);
            return Ok(back::receipt(scene, summary, found).into());
        }
        return next(scene, ticket, 0, Some(&status), &flight.note);
    }
    let is_last = flight.doing == Doing::Autoresolve || flight.at + 1 >= path(scene).len();
    match answer::applied(context, response)? {
        Ok(_) if is_last => done(scene, &flight, response, said(context.change.kind)),
        Ok(found) => {
            let status = found.field(STATUS);
            next(scene, ticket, flight.at + 1, status.as_deref(), &flight.note)
        }
        Err(refused) => {
            let stimulus = path(scene).get(flight.at).cloned().unwrap_or_default();
            let stimulus = if flight.doing == Doing::Autoresolve { AUTORESOLVE.to_owned() } else { stimulus };
            let note = join(&flight.note, &format!("{stimulus}: {}", refused.why));
            match flight.doing {
                Doing::Autoresolve => {
                    Err(Failure::rejected(format!("{}: not resolved: {note}", ticket.name)))
                }
                _ if is_last => fall_back(scene, ticket, &refused, &note),
                _ => next(scene, ticket, flight.at + 1, None, &note),
            }
        }
    }
}

/// The next stimulus that may fit. The last is always asked for: whether it fits is iTop's to say.
fn next(
    scene: Scene<'_>,
    ticket: Ticket,
    from: usize,
    status: Option<&str>,
    note: &str,
) -> Result<Step, Failure> {
    let path = path(scene);
    let last = path.len().saturating_sub(1);
    let never = |stimulus: &str| {
        let states = NEVER.iter().find(|(known, _)| *known == stimulus).map(|(_, states)| *states);
        states.is_some_and(|states| status.is_some_and(|status| states.contains(&status)))
    };
    let at = (from..last).find(|at| !path.get(*at).is_some_and(|stimulus| never(stimulus))).unwrap_or(last);
    let Some(stimulus) = path.get(at) else { return log(scene, ticket, note) };
    let fields = fields(scene, at == last)?;
    let output = output(scene);
    let data = call::stimulus(scene, &ticket.class, &key(&ticket), stimulus, fields, output);
    sent(scene, &data, &Flight::about(Doing::Stimulus, ticket, note).at(at))
}

/// The fields that go with a stimulus: those of an assignment on the way, those of the goal at its end.
fn fields(scene: Scene<'_>, is_last: bool) -> Result<Object, Failure> {
    match scene.context.change.kind {
        ChangeKind::Resolved if is_last => ticket::solved(scene),
        ChangeKind::Reopened => Ok(Object::new()),
        _ => ticket::changed(scene, &scene.plan.acknowledge_fields, None),
    }
}

fn fall_back(scene: Scene<'_>, ticket: Ticket, refused: &Refused, note: &str) -> Result<Step, Failure> {
    let is_resolution = scene.context.change.kind == ChangeKind::Resolved;
    if !is_resolution && refused.is_incomplete {
        let why = format!("{}: {note}: give them in `acknowledge_fields`", ticket.name);
        return Err(Failure::rejected(why));
    }
    if !is_resolution {
        return log(scene, ticket, note);
    }
    match scene.settings.resolve_fallback {
        ResolveFallback::Log => log(scene, ticket, &join("not resolved", note)),
        ResolveFallback::Fail => Err(Failure::rejected(format!("{}: not resolved: {note}", ticket.name))),
        ResolveFallback::UpdateStatus => {
            let mut fields = ticket::solved(scene)?;
            let state = entries(&scene.settings.resolved_states).next().unwrap_or("resolved");
            fields.insert(STATUS.to_owned(), Value::from(state));
            update(scene, ticket, fields, note)
        }
        ResolveFallback::Autoresolve => {
            let fields = ticket::solved(scene)?;
            let output = output(scene);
            let data = call::stimulus(scene, &ticket.class, &key(&ticket), AUTORESOLVE, fields, output);
            sent(scene, &data, &Flight::about(Doing::Autoresolve, ticket, note))
        }
    }
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

fn join(note: &str, more: &str) -> String {
    if note.is_empty() { more.to_owned() } else { format!("{note}; {more}") }
}
