//! Runs a plugin natively over a folder of cases: requests in files, expected outcomes beside them.
//!
//! ```text
//! cases/down/request.http       a request as on the wire: request line, headers, empty line, body
//! cases/down/settings.json      optional; a JSON object
//! cases/down/expected.json      the outcome
//! ```
//!
//! For an action, `context.json` stands in place of the request (see [`run_action_cases`]), `connection.json`
//! holds the connection's settings and `response-1.http`, `response-2.http`, … the service's answers.
//!
//! With `TOCSIN_UPDATE_CASES=1` in the environment the expected files are written instead of compared: read
//! the difference before committing it. Only for tests: everything in here panics on a failure.

#![expect(clippy::panic, reason = "a test's way to fail")]

mod answers;
mod cases;
mod context;
mod diff;
mod http;
mod limits;
mod mutate;
mod readme;
mod render;
mod samples;

pub use answers::{Answer, for_each_answer, response, verdict};
pub use cases::{run_action_cases, run_source_cases};
pub use context::{all_buttons, all_facts, context_from_json, example_context, hostile_context};
pub use http::{parse_request, parse_response};
pub use limits::{check_action, check_decoded, check_description, check_example, check_source};
pub use readme::{check_readme_settings, check_readme_snippets};
pub use render::{decoded_to_json, request_to_json, step_to_json};
pub use samples::{check_pair, for_each_sample, run_sample_outcomes};
