//! iTop: a ticket that follows its incident, or any single operation of iTop's REST/JSON.
//!
//! Never lets text of an alert become a part of a query or HTML, never believes a status alone, and never
//! makes a second ticket because an answer was lost.

use tocsin_plugin::prelude::*;
use tocsin_plugin::{Context, Response};

mod answer;
mod back;
mod call;
mod check;
mod criteria;
mod find;
mod flight;
mod follow;
mod guard;
mod html;
mod optional;
mod own;
mod plan;
mod rights;
mod settings;
mod single;
mod ticket;
mod walk;
mod when;

use flight::{Doing, Flight};
use plan::Plan;
use settings::Scene;
pub use settings::{Authentication, Connection, Fields, OnUpdate, Operation, ResolveFallback, Version};

/// The plugin.
pub struct Itop;

impl Plugin for Itop {
    const ABOUT: About =
        About::new("itop", "iTop", "Tickets in iTop that follow incidents.", env!("CARGO_PKG_VERSION"))
            .documented_at("https://www.itophub.io/wiki/page?id=latest:advancedtopics:rest_json");
}

impl Action for Itop {
    type Connection = Connection;
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        ActionInfo::default().records()
    }

    fn encode(context: &Context, connection: &Connection, settings: &Fields) -> Result<Step, Failure> {
        let plan = plan(settings)?;
        let scene = Scene { context, connection, settings, plan: &plan };
        match settings.operation {
            Operation::Follow => follow::begin(scene),
            _ => single::begin(scene),
        }
    }

    fn resume(
        context: &Context,
        connection: &Connection,
        settings: &Fields,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        let plan = plan(settings)?;
        let scene = Scene { context, connection, settings, plan: &plan };
        let flight = Flight::from_bytes(state).ok_or_else(flight::lost)?;
        if flight.doing == Doing::Rights {
            return rights::resume(scene, flight, response);
        }
        if let Some(step) = rights::begin(scene, response) {
            return step;
        }
        match settings.operation {
            Operation::Follow => follow::resume(scene, flight, response),
            _ => single::resume(scene, &flight, response),
        }
    }

    fn check_connection(_: &str, connection: &Connection) -> Result<(), Vec<SettingProblem>> {
        check::connection(connection)
    }

    fn check_action(_: &str, _: &Connection, settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        check::action(settings)
    }

    fn probe(_: &str, connection: &Connection) -> Option<Probe> {
        check::probe(connection)
    }

    fn probed(_: &str, connection: &Connection, response: &Response) -> Result<String, Failure> {
        check::probed(connection, response)
    }
}

/// The settings as they are meant; a mistake rejects the delivery with its words.
fn plan(settings: &Fields) -> Result<Plan, Failure> {
    Plan::read(settings).map_err(|problems| {
        let problems: Vec<String> =
            problems.into_iter().map(|problem| format!("`{}`: {}", problem.field, problem.problem)).collect();
        Failure::rejected(problems.join("; "))
    })
}

tocsin_plugin::export!(Itop: action);

#[cfg(test)]
mod tests;
