//! One ticket for each incident, through its life: which request comes for which change.
//!
//! Never makes a ticket for what is over, and never a second one: without a number that was kept, it looks
//! for the ticket first whenever one may be there.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::answer;
use crate::back::{self, Ticket};
use crate::flight::{Doing, Flight};
use crate::settings::{OnUpdate, Scene};
use crate::ticket::{self, Mark};
use crate::{call, find, walk};

/// What a change does to a ticket that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Nothing(&'static str),
    Log,
    Update,
    Walk,
}

fn task(scene: Scene<'_>) -> Task {
    match scene.context.change.kind {
        ChangeKind::Opened => Task::Nothing("the ticket is there already"),
        ChangeKind::Updated => match scene.settings.on_update {
            OnUpdate::Log => Task::Log,
            OnUpdate::Update => Task::Update,
            OnUpdate::Nothing => Task::Nothing("`on_update` is nothing"),
        },
        ChangeKind::Acknowledged | ChangeKind::Resolved | ChangeKind::Reopened => {
            if walk::path(scene).is_empty() { Task::Log } else { Task::Walk }
        }
        ChangeKind::Unacknowledged
        | ChangeKind::Noted
        | ChangeKind::Repeated
        | ChangeKind::Flapping
        | ChangeKind::Steady => Task::Log,
    }
}

/// The first request for a change.
pub(crate) fn begin(scene: Scene<'_>) -> Result<Step, Failure> {
    let class = class(scene)?;
    if let Some(ticket) = back::kept(scene, &class) {
        return carry(scene, ticket, "");
    }
    let is_first = scene.context.change.kind == ChangeKind::Opened && scene.context.attempt <= 1;
    if is_first {
        return create(scene, &class);
    }
    sent(scene, &find::request(scene, &class, Mark::Incident)?, &Flight::from(Doing::Find))
}

/// What the answer to an earlier request leads to.
pub(crate) fn resume(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    let context = scene.context;
    match flight.doing {
        Doing::Find => {
            let answer = answer::read(context, response)?;
            match find::ours(scene, &answer, Mark::Incident)? {
                Some(found) if matches!(task(scene), Task::Nothing(_)) => {
                    let summary = format!("{}: it was made by an earlier attempt", found.name());
                    Ok(back::receipt(scene, summary, &found).into())
                }
                Some(found) => carry(scene, Ticket::from(&found), ""),
                None if ticket::is_over(context) => {
                    Ok(Step::Skipped("iTop has no ticket of this incident, and it is over".to_owned()))
                }
                None => {
                    find::is_settled(scene)?;
                    create(scene, &class(scene)?)
                }
            }
        }
        Doing::Create => {
            let found = answer::written(context, response)?;
            if context.change.kind == ChangeKind::Acknowledged && task(scene) == Task::Walk {
                return walk::begin(scene, Ticket::from(&found), "");
            }
            let summary = format!("created {} {}", found.class, found.name());
            Ok(back::receipt(scene, summary, &found).into())
        }
        Doing::SeenLog => seen(scene, flight, response),
        Doing::Log => done(scene, &flight, response, "wrote to the case log"),
        Doing::Update => done(scene, &flight, response, "updated"),
        Doing::Status | Doing::Stimulus | Doing::Autoresolve => walk::resume(scene, flight, response),
        Doing::Single => Err(lost()),
    }
}

/// The request for a ticket that is there.
fn carry(scene: Scene<'_>, ticket: Ticket, note: &str) -> Result<Step, Failure> {
    match task(scene) {
        Task::Nothing(why) => Ok(Step::Skipped(format!("{}: {why}", ticket.name))),
        Task::Log => log(scene, ticket, note),
        Task::Walk => walk::begin(scene, ticket, note),
        Task::Update => {
            let fields = match &scene.plan.update_fields {
                Some(own) => ticket::changed(scene, own, Some(Mark::Incident))?,
                None => ticket::updated(scene),
            };
            update(scene, ticket, fields, note)
        }
    }
}

/// Other fields of the ticket.
pub(crate) fn update(
    scene: Scene<'_>,
    ticket: Ticket,
    fields: crate::plan::Object,
    note: &str,
) -> Result<Step, Failure> {
    let data = call::update(scene, &ticket.class, &key(&ticket), fields);
    sent(scene, &data, &Flight::about(Doing::Update, ticket, note))
}

/// An entry in the case log; from the second attempt on, after a look whether it is there.
pub(crate) fn log(scene: Scene<'_>, ticket: Ticket, note: &str) -> Result<Step, Failure> {
    if scene.context.attempt > 1 {
        let output = call::output(scene, &[scene.settings.log_field.trim()]);
        let data = call::get(&ticket.class, &key(&ticket), output);
        return sent(scene, &data, &Flight::about(Doing::SeenLog, ticket, note));
    }
    write_log(scene, ticket, note)
}

fn write_log(scene: Scene<'_>, ticket: Ticket, note: &str) -> Result<Step, Failure> {
    let field = scene.settings.log_field.trim().to_owned();
    let fields = [(field, ticket::entry(&ticket::entry_text(scene)))].into_iter().collect();
    let data = call::update(scene, &ticket.class, &key(&ticket), fields);
    sent(scene, &data, &Flight::about(Doing::Log, ticket, note))
}

fn seen(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    let answer = answer::read(scene.context, response)?;
    let ticket = flight.ticket.ok_or_else(lost)?;
    let Some(found) = answer.objects.first() else { return Err(gone(&ticket)) };
    let log = found.fields.get(scene.settings.log_field.trim()).map(Value::to_string).unwrap_or_default();
    if log.contains(&ticket::stamp(scene.context)) {
        let summary = summary(&found.name(), "an earlier attempt wrote to the case log", &flight.note);
        return Ok(back::receipt(scene, summary, found).into());
    }
    write_log(scene, ticket, &flight.note)
}

fn create(scene: Scene<'_>, class: &str) -> Result<Step, Failure> {
    let fields = ticket::created(scene, Mark::Incident)?;
    sent(scene, &call::create(scene, class, fields), &Flight::from(Doing::Create))
}

/// The receipt for a write that ends the attempt.
pub(crate) fn done(
    scene: Scene<'_>,
    flight: &Flight,
    response: &Response,
    what: &str,
) -> Result<Step, Failure> {
    let found = answer::written(scene.context, response)?;
    let summary = summary(&found.name(), what, &flight.note);
    Ok(back::receipt(scene, summary, &found).into())
}

/// `I-000012: resolved (ev_assign was refused: …)`.
pub(crate) fn summary(name: &str, what: &str, note: &str) -> String {
    if note.is_empty() { format!("{name}: {what}") } else { format!("{name}: {what} ({note})") }
}

/// A request with where the attempt stands.
pub(crate) fn sent(scene: Scene<'_>, data: &Value, flight: &Flight) -> Result<Step, Failure> {
    let request = call::request(scene.connection, data)?;
    Ok(Step::Send(Box::new(request), flight.to_bytes()))
}

/// The class, which stands in queries and addresses.
///
/// # Errors
/// What no class of iTop's is called.
pub(crate) fn class(scene: Scene<'_>) -> Result<String, Failure> {
    let class = scene.settings.class.trim();
    if crate::guard::is_name(class) {
        return Ok(class.to_owned());
    }
    let class = text::truncate(&text::one_line(class), 60);
    Err(Failure::rejected(format!("`{class}` in `class` is not a class of iTop's: letters, digits and `_`")))
}

/// A ticket's id as a key. iTop reads a string of digits as an id.
pub(crate) fn key(ticket: &Ticket) -> Value {
    Value::from(ticket.id.as_str())
}

/// A ticket that people have deleted.
pub(crate) fn gone(ticket: &Ticket) -> Failure {
    let Ticket { class, id, name } = ticket;
    Failure::rejected(format!("{name} ({class}::{id}) is not in iTop any more, or this user may not see it"))
}

/// A state that is none of ours.
pub(crate) fn lost() -> Failure {
    Failure::rejected("the attempt's own state could not be read")
}
