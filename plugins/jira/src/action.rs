//! The action: an issue for each incident, commented and moved as the incident changes.
//!
//! Never creates a second issue for an incident when an answer was lost, and never puts text of an alert where
//! Jira reads markup, JQL or a path.

mod answer;
mod api;
mod content;
mod document;
mod flow;
mod origin;
mod settings;
mod settle;
mod task;
mod transition;

pub use settings::{Account, Api, Authentication, Ticket};

pub(crate) use api::{probe, probed};
pub(crate) use flow::{begin, resume};

#[cfg(test)]
mod tests;
