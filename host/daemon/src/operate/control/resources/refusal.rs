//! The answer to a change that was not made.

use axum::http::StatusCode;

use crate::config::{ConfigProblem, Kind, Refusal};
use crate::operate::api::status::StatusProblem;
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::{NotChanged, NotReloaded};

const CONFLICT: &str = "Not possible now";

/// Why the change of this source, connection or action was not made. Mistakes are also a list, `problems`.
pub(super) fn refusal(why: NotChanged, kind: Kind, name: &str, removes: bool) -> HttpProblem {
    match why {
        NotChanged::Refused(refusal) => refused(refusal),
        NotChanged::NotReloaded(NotReloaded::Stopping) => {
            HttpProblem::unavailable("Stopping", "The relay is stopping.")
        }
        NotChanged::NotReloaded(NotReloaded::Mistakes(problems)) => {
            let path = kind.path(name);
            let is_own = |problem: &ConfigProblem| {
                problem.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            match !removes && problems.iter().any(is_own) {
                true => mistakes(StatusCode::BAD_REQUEST, "Bad request", "", &problems),
                // The rest of the configuration does not fit it.
                false => {
                    let begin = format!("{path} cannot be changed so now:");
                    mistakes(StatusCode::CONFLICT, CONFLICT, &begin, &problems)
                }
            }
        }
        NotChanged::NotReloaded(NotReloaded::Failed(why)) => {
            HttpProblem::unavailable("Not changed", format!("Nothing was changed: {why}."))
        }
    }
}

fn refused(refusal: Refusal) -> HttpProblem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Mistakes(problems) => mistakes(StatusCode::BAD_REQUEST, "Bad request", "", &problems),
        Refusal::TooLarge { .. } => HttpProblem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail),
        Refusal::Absent { .. } => HttpProblem::not_found(detail),
        Refusal::Outdated { .. } => {
            HttpProblem::new(StatusCode::PRECONDITION_FAILED, "Another version", detail)
        }
        Refusal::Elsewhere { .. }
        | Refusal::Foreign { .. }
        | Refusal::NotReloaded { .. }
        | Refusal::Full { .. }
        | Refusal::Files(_) => HttpProblem::new(StatusCode::CONFLICT, CONFLICT, detail),
    }
}

fn mistakes(status: StatusCode, title: &'static str, begin: &str, problems: &[ConfigProblem]) -> HttpProblem {
    let begin = (!begin.is_empty()).then(|| begin.to_owned());
    let lines: Vec<String> = begin.into_iter().chain(problems.iter().map(ToString::to_string)).collect();
    let listed: Vec<StatusProblem> = problems.iter().map(StatusProblem::from).collect();
    let problem = HttpProblem::new(status, title, lines.join("\n"));
    // A list of texts is JSON.
    problem.with("problems", serde_json::to_value(listed).unwrap_or_default())
}
