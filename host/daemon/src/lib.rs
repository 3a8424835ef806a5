//! The daemon: the only part of Tocsin with sockets, a clock and a command line.
//!
//! Read [`pipeline`] first: it is the road of one alert in one screen. Then, in the order of that road:
//! [`http`] (requests come in) → [`bindings`] (which plugin, with which settings) → [`app`] (what is shared,
//! and the commit) → [`delivery`] and [`attempt`] (what is owed is sent) → [`outgoing`], [`sender`] (secrets
//! and addresses). Around it: [`config`], [`plugins`] (dropped files), [`relay`] (start and stop),
//! [`control`] (the command line's socket), [`cli`].
#![forbid(unsafe_code)]
// They panic once nobody reads any more: `out` has what commands print with.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod pipeline;

pub mod app;
pub mod attempt;
pub mod backlog;
pub mod backups;
pub mod bell;
pub mod bindings;
pub mod budget;
pub mod charset;
pub mod clock;
pub mod coding;
pub mod config;
pub mod confirm;
pub mod delivery;
pub mod doubts;
pub mod filters;
pub mod holds;
pub mod http;
pub mod intake;
pub mod judgement;
pub mod links;
mod marks;
pub mod out;
pub mod outgoing;
pub mod plugins;
pub mod probe;
pub mod problem;
pub mod quiet;
pub mod rates;
pub mod relay;
mod reply;
pub mod scrub;
pub mod sender;
pub mod server;
pub mod shares;
pub mod signing;
pub mod suspensions;
pub mod timers;
pub mod trace;
pub mod trials;
mod understood;
pub mod words;

pub mod cli;
pub mod control;
pub mod demo;
pub mod systemd;
