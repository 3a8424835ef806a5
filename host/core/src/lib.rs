//! Every decision of the relay: what an event does to an incident, who is told, when a delivery is tried
//! again, where a request may go, what a template says.
//!
//! Invariant: no I/O, no clock, no randomness, no `async`, no `unsafe`. Time, ids and jitter come in as
//! arguments; the tests build this crate for `wasm32-unknown-unknown`, where none of those exist. Its types
//! are not those of the plugin interface: the sandbox converts. The journal's records have numbered fields ([`journal`]).
//!
//! Reading order: [`event`] (what a source reports) → [`transition`] (the table) → [`incident`] →
//! [`command`] (what is to be done) → [`decide`] (what follows from it) → [`journal`] (what is recorded) → [`evolve`] (how
//! [`state`] follows from that) → [`delivery`], [`routing`] (who is told) → [`template`], [`retry`], [`egress`] (how it is sent) → [`plugin`] (what plugins are asked and
//! answer).
#![forbid(unsafe_code)]

pub mod durations;
pub mod fair;
pub mod histogram;
mod kinds;

pub mod id;
pub mod time;
pub mod time_zone;

pub mod event;
pub mod transition;

pub mod incident;

pub mod command;
pub mod delivery;
pub mod journal;
pub mod reason;
pub mod receipt;
pub mod timer;
pub mod told;
pub mod trace;

pub mod decide;
pub mod evolve;
pub mod routing;
pub mod state;

pub mod egress;
pub mod markers;
pub mod name;
pub mod path;
pub mod retry;
pub mod settings;
pub mod template;
pub mod value;
pub mod view;

pub mod plugin;

#[cfg(test)]
mod tests;
