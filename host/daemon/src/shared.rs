//! What the steps of the road share while a relay runs: [`app`] holds all of it, each file one part.
//!
//! Receiving counts and bounds here (`intake`, `rates`, `budget`, `shares`, `suspensions`, `backlog`), delivering
//! remembers its peers (`backoffs`, `doubts`, `trials`), both sign and report (`links`, `filters`, `problem`); `backups`
//! remembers the newest one, `measures` counts for metrics, `events` wakes streams,
//! `steps` reports to watchers, `access` has the tokens of the API.
//! Kept in memory alone, but for the counts of `intake` and the tokens, and never a step of the road itself.

pub mod access;
pub mod app;
pub mod backlog;
pub mod backoffs;
pub mod backups;
pub mod budget;
pub mod doubts;
pub mod events;
pub mod filters;
pub mod in_force;
pub mod intake;
pub mod links;
pub mod measures;
pub mod problem;
pub mod pulses;
pub mod rates;
pub mod reloads;
pub mod shares;
pub mod signals;
pub mod steps;
pub mod suspensions;
pub mod tokens;
pub mod trials;
