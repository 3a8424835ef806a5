//! One operation for each change: create, update, a stimulus, get, delete, or JSON data as they are.
//!
//! Never deletes unless the operator has allowed it, and never acts on every object because a criterion is
//! empty.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::answer;
use crate::back;
use crate::flight::{Doing, Flight};
use crate::follow::{class, key, sent};
use crate::settings::{Operation, Scene, given};
use crate::ticket::{self, Mark};
use crate::{call, find, optional};

/// The first request for a change.
pub(crate) fn begin(scene: Scene<'_>) -> Result<Step, Failure> {
    let settings = scene.settings;
    match settings.operation {
        Operation::Raw => return raw(scene),
        Operation::Create if scene.context.attempt > 1 && is_found_again(scene) => {
            let data = find::request(scene, &class(scene)?, Mark::Delivery)?;
            return sent(scene, &data, &Flight::from(Doing::Find));
        }
        Operation::Create => return create(scene, Flight::from(Doing::Single)),
        _ => {}
    }
    let (class, key) = match object(scene)? {
        Ok(object) => object,
        Err(why) => return Ok(Step::Skipped(why)),
    };
    let data = match settings.operation {
        Operation::Update => {
            call::update(scene, &class, &key, ticket::changed(scene, &scene.plan.fields, None)?)
        }
        Operation::ApplyStimulus => {
            let fields = ticket::changed(scene, &scene.plan.fields, None)?;
            let stimulus = given(&settings.stimulus).unwrap_or("");
            call::stimulus(scene, &class, &key, stimulus, fields, call::output(scene, &[]))
        }
        Operation::Delete => call::delete(scene, &class, &key),
        _ => call::get(&class, &key, call::output(scene, &[])),
    };
    sent(scene, &data, &Flight::from(Doing::Single))
}

/// What the answer means.
pub(crate) fn resume(scene: Scene<'_>, flight: &Flight, response: &Response) -> Result<Step, Failure> {
    let context = scene.context;
    if flight.doing == Doing::Find {
        let answer = answer::read(context, response)?;
        return match find::ours(scene, &answer, Mark::Delivery, None)? {
            Some(found) => {
                let summary = format!("{}: it was made by an earlier attempt", found.name());
                Ok(back::outcome(scene, summary, &found).into())
            }
            None => {
                find::is_settled(scene)?;
                create(scene, flight.clone())
            }
        };
    }
    let verb = operation(scene);
    match verb.as_str() {
        "core/create" => {
            if scene.settings.operation == Operation::Create
                && let Some(flight) = optional::without_refused(scene, flight, response)
            {
                return create(scene, flight);
            }
            let found = answer::written(context, response)?;
            let note = if flight.note.is_empty() { String::new() } else { format!(" ({})", flight.note) };
            let summary = format!("created {} {}{note}", found.class, found.name());
            Ok(back::outcome(scene, summary, &found).into())
        }
        "core/update" => {
            let found = answer::written(context, response)?;
            let outcome = Outcome::delivered(format!("{}: updated", found.name()));
            Ok(back::labelled(scene, outcome, &found).into())
        }
        "core/apply_stimulus" => match answer::applied(context, response)? {
            Ok(found) => {
                let outcome = Outcome::delivered(format!("{}: the stimulus was applied", found.name()));
                Ok(back::labelled(scene, outcome, &found).into())
            }
            Err(refused) => {
                Err(Failure::rejected(format!("iTop did not apply the stimulus: {}", refused.why)))
            }
        },
        _ => {
            let answer = answer::read(context, response)?;
            let said = if answer.message.is_empty() { "done".to_owned() } else { answer.message.clone() };
            let outcome = Outcome::delivered(said);
            Ok(match answer.objects.first() {
                Some(found) if verb != "core/delete" => back::labelled(scene, outcome, found).into(),
                _ => outcome.into(),
            })
        }
    }
}

/// What iTop was asked to do.
fn operation(scene: Scene<'_>) -> String {
    match scene.settings.operation {
        Operation::Raw => scene.plan.operation(),
        Operation::Create | Operation::Follow => "core/create".to_owned(),
        Operation::Update => "core/update".to_owned(),
        Operation::ApplyStimulus => "core/apply_stimulus".to_owned(),
        Operation::Get => "core/get".to_owned(),
        Operation::Delete => "core/delete".to_owned(),
    }
}

fn create(scene: Scene<'_>, flight: Flight) -> Result<Step, Failure> {
    let fields = ticket::created(scene, Mark::Delivery, &flight)?;
    let data = call::create(scene, &class(scene)?, fields);
    sent(scene, &data, &flight.to(Doing::Single))
}

/// Whether a new object has a place for a mark.
fn is_found_again(scene: Scene<'_>) -> bool {
    let own = scene.plan.fields.get("description");
    given(&scene.settings.mark_field).is_some()
        || own.map_or(scene.settings.standard_fields, Value::is_string)
}

/// The class and key of the object that the operation is about, or why there is none for this incident.
fn object(scene: Scene<'_>) -> Result<Result<(String, Value), String>, Failure> {
    let class = class(scene)?;
    match &scene.plan.key {
        Some(criteria) => {
            if let Some(name) = empty(criteria) {
                return Ok(Err(format!("the criterion `{name}` is empty for this incident")));
            }
            Ok(Ok((class, criteria.clone())))
        }
        None => match back::kept(scene, &class) {
            Some(ticket) => {
                let key = key(&ticket);
                Ok(Ok((ticket.class, key)))
            }
            None => Ok(Err("no earlier delivery kept an object of this incident, and neither `key` nor \
                            `criteria` names one"
                .to_owned())),
        },
    }
}

/// The first criterion without a value, at any depth.
fn empty(criteria: &Value) -> Option<String> {
    let members = criteria.as_object()?;
    members.iter().find_map(|(name, value)| match value {
        Value::String(text) if text.trim().is_empty() => Some(name.clone()),
        Value::Null => Some(name.clone()),
        nested => empty(nested),
    })
}

/// The operator's JSON data, as they are.
fn raw(scene: Scene<'_>) -> Result<Step, Failure> {
    let mut request = call::request(scene.connection, &Value::Object(scene.plan.json_data.clone()))?;
    for (name, value) in &scene.plan.headers {
        request = request.header(name, value);
    }
    Ok(Step::Send(Box::new(request), Flight::from(Doing::Single).to_bytes()))
}
