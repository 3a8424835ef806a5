//! What is wrong with settings, told when they are saved; and a connection tried without a trace.
//!
//! Never sends anything that changes an object.

use std::time::Duration;

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::plan::Plan;
use crate::settings::{Authentication, Connection, Fields, Operation, given};
use crate::{answer, call, guard};

/// The longest that a create may be waited for.
const SETTLE_MAX: Duration = Duration::from_secs(3_600);

/// Mistakes in a connection.
pub(crate) fn connection(connection: &Connection) -> Result<(), Vec<SettingProblem>> {
    let mut problems = Vec::new();
    let user = given(&connection.user);
    if connection.authentication != Authentication::Token && user.is_none() {
        problems
            .push(SettingProblem::new("user", "is missing: `form` and `basic` send a user and a password"));
    }
    if connection.authentication == Authentication::Basic && user.is_some_and(|user| user.contains(':')) {
        problems.push(SettingProblem::new(
            "user",
            "holds a colon, which Basic authentication cannot carry: use `form`",
        ));
    }
    if given(&connection.web_url).is_some_and(|url| url.contains(".php") || url.contains(['?', '#'])) {
        problems.push(SettingProblem::new(
            "web_url",
            "is where people open iTop, without a page, for example `https://itop.example.com`",
        ));
    }
    if connection.settle > SETTLE_MAX {
        problems.push(SettingProblem::new(
            "settle",
            "is longer than an hour, for which an incident would have no ticket: give at most `1h`",
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Mistakes in an action.
pub(crate) fn action(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
    let plan = Plan::read(settings)?;
    let mut problems = Vec::new();
    let class = settings.class.trim();
    // A template may be empty for the sample.
    if !class.is_empty() && !guard::is_name(class) {
        problems.push(SettingProblem::new("class", "is not a class of iTop's: letters, digits and `_`"));
    }
    for (field, setting) in [("organization", &settings.organization), ("caller", &settings.caller)] {
        if let Err(problem) = plan.queries.place(field, given(setting).unwrap_or(""), false) {
            problems.push(SettingProblem::new(field, problem));
        }
    }
    let makes = matches!(settings.operation, Operation::Follow | Operation::Create);
    let organized = settings.organization.is_some() || plan.fields.contains_key("org_id");
    if makes && settings.standard_fields && !organized {
        problems.push(SettingProblem::new(
            "organization",
            "is missing: iTop wants an organization for each ticket, by its name or id",
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The request that tries a connection.
pub(crate) fn probe(connection: &Connection) -> Option<Probe> {
    call::request(connection, &call::list_operations()).ok().map(Probe::from)
}

/// What its answer means.
pub(crate) fn probed(connection: &Connection, response: &Response) -> Result<String, Failure> {
    let answer = answer::of(response)?;
    let Some(operations) = answer.document.get("operations").and_then(Value::as_array) else {
        return Err(Failure::misconfigured("iTop answered code 0 without its operations: is this iTop?"));
    };
    let version = json::text(&answer.document, "version");
    let version = version.as_deref().unwrap_or(connection.version.as_str());
    let mut said =
        format!("iTop takes the login and offers {} operations in version {version}", operations.len());
    let has = |verb: &str| operations.iter().any(|operation| operation["verb"] == verb);
    if !has("core/create") || !has("core/apply_stimulus") {
        said.push_str(", but neither creating nor stimuli: look for an extension that hides them");
    }
    Ok(text::truncate(&said, 300))
}
