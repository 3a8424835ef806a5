//! What people see of a running relay and do to it.
//!
//! `api` has the requests and answers of the HTTP API; `control` serves it on the control socket and on the network;
//! `pages` shows one incident behind a signed link; `interactions` answers Slack's buttons; `ready` and `metrics` answer
//! a monitoring system. `throttle` bounds how often somebody may try. Never a step of the road: what is done here is an
//! entry like any other.

pub mod api;
pub mod control;
pub mod curl;
pub mod interactions;
pub mod metrics;
pub mod pages;
pub mod ready;
mod throttle;
