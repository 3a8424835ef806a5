//! The daemon: the only part of Tocsin with sockets, a clock and a command line.
//!
//! Its rooms, from the top down; a room knows only rooms below it:
//!
//! [`commands`] (the command line) → [`relay`] (put together, started, stopped) → [`operate`] (the HTTP API, metrics and
//! the pages behind links) → [`timers`] (time passes), [`backups`] (made on a schedule) and [`traces`] (sent to a
//! collector) → [`receive`] (a request comes in and is on the disk when it is answered) and [`deliver`] (what is owed is
//! sent) → [`shared`] (what the steps of the road share) → [`plugins`] (which plugin is in force, bound to the
//! configuration) → [`send`] (secrets, signatures, addresses, HTTP out) → [`config`] → [`runtime`] (clock, HTTP in, log,
//! steps).
//!
//! The road of one alert: [`receive::ingest`] → [`receive::decode`] → [`shared::app`] (the commit) →
//! [`deliver::dispatch`] → [`deliver::attempt`] → [`send::request`] → [`send::client`] → [`deliver::outcome`].
#![forbid(unsafe_code)]
// They panic once nobody reads any more: `commands::out` has what commands print with.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod commands;
pub mod relay;

pub mod operate;

pub mod backups;
pub mod timers;
pub mod traces;

pub mod deliver;
pub mod receive;

pub mod shared;

pub mod plugins;
pub mod send;

pub mod config;
pub mod runtime;
