//! The optional interfaces: mistakes in settings, and a request that tries a connection.

use crate::exports::tocsin::plugin::action_checker::{Guest as ChecksActions, Problem as ActionProblem};
use crate::exports::tocsin::plugin::connection_prober::{Guest as Probes, Probe};
use crate::exports::tocsin::plugin::settings_checker::{Guest as ChecksSources, Problem};
use crate::tocsin::plugin::types::{Failure, Later, Request, Response, Setting};
use crate::{Guest, written};

/// What is wrong with the setting `key`, if its value ends in `wrong`.
fn wrong(settings: &[Setting], key: &str, of: &str) -> Option<ActionProblem> {
    let value = written(settings, key);
    let problem = || format!("of {of} is {value}: it must not be wrong");
    value.ends_with("wrong").then(|| ActionProblem { field: key.to_owned(), problem: problem() })
}

impl ChecksSources for Guest {
    fn check_source(settings: Vec<Setting>) -> Vec<Problem> {
        let found = wrong(&settings, "program", "the source");
        found.map(|found| Problem { field: found.field, problem: found.problem }).into_iter().collect()
    }
}

impl ChecksActions for Guest {
    fn check_connection(host: String, connection: Vec<Setting>) -> Vec<ActionProblem> {
        wrong(&connection, "room", &host).into_iter().collect()
    }

    fn check_action(host: String, connection: Vec<Setting>, settings: Vec<Setting>) -> Vec<ActionProblem> {
        let over = format!("an action over {} at {host}", written(&connection, "room"));
        wrong(&settings, "note", &over).into_iter().collect()
    }
}

impl Probes for Guest {
    fn prepare(host: String, connection: Vec<Setting>) -> Option<Probe> {
        let request = Request {
            method: "GET".to_owned(),
            path: "/info".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            content_type: String::new(),
            body: Vec::new(),
            signing: Vec::new(),
        };
        let is_probed = host == "127.0.0.1" && written(&connection, "room") != "text unprobed";
        is_probed.then(|| Probe { request, after: "/hooks".to_owned() })
    }

    fn judge(host: String, connection: Vec<Setting>, response: Response) -> Result<String, Failure> {
        let said = String::from_utf8_lossy(&response.body).into_owned();
        match response.status {
            200 => Ok(format!("{said} at {host} for {}", written(&connection, "room"))),
            503 => Err(Failure::Retry(Later { reason: said, after_ms: None })),
            _ => Err(Failure::Misconfigured(said)),
        }
    }
}
