//! Runs a plugin natively over a folder of cases: what it is given, and what it is expected to make of it, in one file.
//!
//! ```text
//! # cases/down.case
//!
//! == settings
//! severity = "high"
//!
//! == request
//! POST /
//! Content-Type: application/json
//!
//! {"check": "db-1", "ok": false}
//!
//! == expected outcome
//! {
//!   "events": [ … ]
//! }
//! ```
//!
//! | section | in a case of | |
//! |---|---|---|
//! | `settings` | both | optional, TOML |
//! | `request` | a source | request line, headers, an empty line, the body; another one is about the same incident |
//! | `incident` | an action | TOML: what differs from [`example_context`]; may be empty |
//! | `connection` | an action | optional, TOML |
//! | `answer` | an action | status, headers, an empty line, the body; one after each request that it answers |
//! | `expected request` | an action | what the plugin wants sent, decoded; written by the runner |
//! | `expected outcome` | both | what the plugin makes of it, as JSON; written by the runner |
//!
//! The body of `request (form)` has a line for each field, decoded; that of `request (base64)` is any bytes. Line
//! breaks at the end of a section are the file's. Lines before the first section begin with `#` and are for the reader.
//!
//! With `TOCSIN_UPDATE_CASES=1` in the environment the runner writes the expected sections instead of comparing them:
//! read the difference before committing it. Only for tests: everything in here panics on a failure.

#![expect(clippy::panic, reason = "a test's way to fail")]

mod answers;
mod cases;
mod context;
mod expected;
mod given;
mod http;
mod incident;
mod limits;
mod pair;
mod readme;
mod render;
mod samples;

pub use answers::{Answer, for_each_answer, response, verdict};
pub use cases::{run_action_cases, run_source_cases};
pub use context::{all_buttons, all_facts, example_context, hostile_context};
pub use expected::expected_of_cases;
pub use http::parse_request;
pub use incident::context_from_json;
pub use limits::{check_action, check_decoded, check_description, check_example, check_source};
pub use pair::check_pair;
pub use readme::{check_readme_settings, check_readme_snippets};
pub use render::request_to_json;
pub use samples::{for_each_sample, run_sample_outcomes};
