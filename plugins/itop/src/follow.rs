//! One ticket for each incident, through its life: which request comes for which change.
//!
//! Never makes a ticket for what is over unless it is told the whole story, and never a second one: without a number that was kept, it looks
//! for the ticket first whenever one may be there.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::answer::{self, Found};
use crate::back::{self, Ticket};
use crate::flight::{Doing, Flight, lost};
use crate::plan::Object;
use crate::settings::{OnUpdate, Scene};
use crate::ticket::{self, Mark};
use crate::{call, find, optional, own, walk};

/// The log that agents alone read. Every ticket takes entries there, a closed one too.
const PRIVATE_LOG: &str = "private_log";

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
        | ChangeKind::Steady
        | ChangeKind::Referenced => Task::Log,
    }
}

/// The first request for a change.
pub(crate) fn begin(scene: Scene<'_>) -> Result<Step, Failure> {
    let class = class(scene)?;
    if let Some(ticket) = back::kept(scene, &class) {
        return carry(scene, ticket.into());
    }
    if let Some(why) = own::ticket(&scene.context.incident).filter(|_| scene.settings.skip_own_tickets) {
        return Ok(Step::Skipped(why.to_owned()));
    }
    let is_first = scene.context.change.kind == ChangeKind::Opened && scene.context.attempt <= 1;
    if is_first {
        return create(scene, &class, Flight::from(Doing::Create));
    }
    sent(scene, &find::request(scene, &class, Mark::Incident)?, &Flight::from(Doing::Find))
}

/// What the answer to an earlier request leads to.
pub(crate) fn resume(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    let context = scene.context;
    match flight.doing {
        Doing::Find => {
            let answer = answer::read(context, response)?;
            match find::ours(scene, &answer, Mark::Incident, flight.ticket.as_ref())? {
                Some(found) if matches!(task(scene), Task::Nothing(_)) => {
                    let summary = format!("{}: it was made by an earlier attempt", found.name());
                    Ok(back::outcome(scene, summary, &found).into())
                }
                Some(found) => carry(scene, Ticket::from(&found).into()),
                None if ticket::is_over(context) && context.change.kind != ChangeKind::Resolved => {
                    Ok(Step::Skipped("iTop has no ticket of this incident, and it is over".to_owned()))
                }
                None => {
                    find::is_settled(scene)?;
                    create(scene, &class(scene)?, flight)
                }
            }
        }
        Doing::Create => match optional::without_refused(scene, &flight, response) {
            Some(flight) => create(scene, &class(scene)?, flight),
            None => created(scene, flight, &answer::written(context, response)?),
        },
        Doing::SeenLog => seen(scene, flight, response),
        Doing::Log => logged(scene, flight, response),
        Doing::Update => done(scene, &flight, response, "updated"),
        Doing::Status | Doing::Stimulus | Doing::Autoresolve => walk::resume(scene, flight, response),
        Doing::Single | Doing::Rights => Err(lost()),
    }
}

/// What comes after a ticket was made for a change that is no opening: it is assigned or resolved, and gets what was
/// said in its log. Not in its description, which callers read.
fn created(scene: Scene<'_>, flight: Flight, found: &Found) -> Result<Step, Failure> {
    let before =
        flight.ticket.as_ref().map(|ticket| format!(" in place of {}", ticket.name)).unwrap_or_default();
    let note = if flight.note.is_empty() { String::new() } else { format!(" ({})", flight.note) };
    let flight = Flight { is_new: true, ticket: Some(Ticket::from(found)), ..flight };
    let flight = flight.having(&format!("created{before}"));
    match task(scene) {
        Task::Walk
            if matches!(scene.context.change.kind, ChangeKind::Acknowledged | ChangeKind::Resolved) =>
        {
            walk::begin(scene, flight)
        }
        Task::Log | Task::Update | Task::Walk if ticket::has_news(scene, true) => log(scene, flight),
        _ => {
            let summary = format!("created {} {}{before}{note}", found.class, found.name());
            Ok(back::outcome(scene, summary, found).into())
        }
    }
}

/// The request for a ticket that is there.
fn carry(scene: Scene<'_>, flight: Flight) -> Result<Step, Failure> {
    match task(scene) {
        Task::Nothing(why) => Ok(Step::Skipped(format!("{}: {why}", flight.ticket()?.name))),
        Task::Log => log(scene, flight),
        Task::Walk => walk::begin(scene, flight),
        Task::Update => update(scene, flight, ticket::updated(scene)?),
    }
}

/// Other fields of the ticket.
pub(crate) fn update(scene: Scene<'_>, flight: Flight, fields: Object) -> Result<Step, Failure> {
    let ticket = flight.ticket()?;
    let data = call::update(scene, &ticket.class, &key(ticket), fields);
    sent(scene, &data, &flight.to(Doing::Update))
}

/// An entry in the case log; from the second attempt on, after a look whether it is there.
pub(crate) fn log(scene: Scene<'_>, flight: Flight) -> Result<Step, Failure> {
    if scene.context.attempt > 1 && !flight.is_new {
        let data = find::entry(scene, flight.ticket()?, log_field(scene, &flight))?;
        return sent(scene, &data, &flight.to(Doing::SeenLog));
    }
    write_log(scene, flight)
}

fn write_log(scene: Scene<'_>, flight: Flight) -> Result<Step, Failure> {
    let is_back = scene.context.change.kind == ChangeKind::Reopened && !flight.is_new;
    let mut fields = match scene.settings.on_update {
        OnUpdate::Update if is_back => ticket::updated(scene)?,
        _ => Object::new(),
    };
    let entry = ticket::entry(&ticket::entry_text(scene, flight.is_new)?);
    fields.insert(log_field(scene, &flight).to_owned(), entry);
    let ticket = flight.ticket()?;
    let data = call::update(scene, &ticket.class, &key(ticket), fields);
    sent(scene, &data, &flight.to(Doing::Log))
}

/// The log that entries go to.
fn log_field<'a>(scene: Scene<'a>, flight: &Flight) -> &'a str {
    if flight.is_private { PRIVATE_LOG } else { scene.settings.log_field.trim() }
}

/// What comes after an entry: the private log, where iTop takes none in the configured one.
fn logged(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    if flight.is_private {
        let refused = |failure| match failure {
            Failure::Rejected(why) => Failure::Rejected(format!("{why} ({})", flight.note)),
            failure => failure,
        };
        return done(scene, &flight, response, "wrote to `private_log`").map_err(refused);
    }
    let field = log_field(scene, &flight);
    match answer::refused_entry(response).filter(|_| field != PRIVATE_LOG) {
        Some(why) => log(scene, Flight { is_private: true, ..flight }.noted(&format!("`{field}`: {why}"))),
        None => done(scene, &flight, response, "wrote to the case log"),
    }
}

fn seen(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    match answer::read(scene.context, response) {
        Ok(answer) => match answer.objects.first() {
            Some(found) => ended(scene, &flight, found, "an earlier attempt wrote to the case log"),
            None => write_log(scene, flight),
        },
        // A log that cannot be searched: an entry twice is better than none.
        Err(Failure::Rejected(why)) => {
            write_log(scene, flight.noted(&format!("the case log was not looked through: {why}")))
        }
        Err(failure) => Err(failure),
    }
}

/// A new ticket, in place of the flight's if there is one.
fn create(scene: Scene<'_>, class: &str, flight: Flight) -> Result<Step, Failure> {
    let fields = ticket::created(scene, Mark::Incident, &flight)?;
    sent(scene, &call::create(scene, class, fields), &flight.to(Doing::Create))
}

/// A new ticket for an incident that is back, whose ticket is closed or deleted. An earlier attempt may have made it.
pub(crate) fn replace(scene: Scene<'_>, flight: Flight, why: &str) -> Result<Step, Failure> {
    let flight = flight.noted(why);
    if scene.context.attempt > 1 {
        let data = find::request(scene, &class(scene)?, Mark::Incident)?;
        return sent(scene, &data, &flight.to(Doing::Find));
    }
    let class = class(scene)?;
    create(scene, &class, flight)
}

/// The outcome for a write that ends the attempt.
fn done(scene: Scene<'_>, flight: &Flight, response: &Response, what: &str) -> Result<Step, Failure> {
    ended(scene, flight, &answer::written(scene.context, response)?, what)
}

/// The outcome at the end of an attempt.
pub(crate) fn ended(scene: Scene<'_>, flight: &Flight, found: &Found, what: &str) -> Result<Step, Failure> {
    Ok(back::outcome(scene, flight.summary(&found.name(), what), found).into())
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
