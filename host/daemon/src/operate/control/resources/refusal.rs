//! The answer to a change that was not made.

use axum::http::StatusCode;

use crate::config::{ConfigProblem, Kind, Refusal};
use crate::operate::control::configuration::{self, mistakes};
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::{NotChanged, NotReloaded};

const CONFLICT: &str = "Not possible now";

/// Why the change of this source, connection or action was not made. Mistakes are also a list, `problems`.
pub(super) fn refusal(why: NotChanged, kind: Kind, name: &str, removes: bool) -> HttpProblem {
    match why {
        NotChanged::Refused(refusal) => refused(refusal),
        NotChanged::NotReloaded(NotReloaded::Mistakes(problems)) => {
            let path = kind.path(name);
            let is_own = |problem: &ConfigProblem| {
                problem.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            match !removes && problems.iter().any(is_own) {
                true => mistakes(StatusCode::BAD_REQUEST, "Bad request", None, &problems),
                // The rest of the configuration does not fit it.
                false => {
                    let begin = format!("{path} cannot be changed so now:");
                    mistakes(StatusCode::CONFLICT, CONFLICT, Some(begin), &problems)
                }
            }
        }
        NotChanged::NotReloaded(why) => configuration::refusal(why),
    }
}

fn refused(refusal: Refusal) -> HttpProblem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Mistakes(problems) => mistakes(StatusCode::BAD_REQUEST, "Bad request", None, &problems),
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
