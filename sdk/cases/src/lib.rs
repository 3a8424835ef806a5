//! The files in which cases of plugins are written: what a plugin is given, and what it is expected to make of it.
//!
//! Two runners share this crate: the Rust SDK's, which calls a plugin natively, and `tocsin plugin test`, which calls
//! the built component in the relay's sandbox. So a file means the same to both, and both write it in the same way.
//!
//! Invariants: knows neither the SDK nor the host nor `wit/`, only texts, bytes and JSON; calls no plugin. Each runner
//! converts between the types in here and its own.
//!
//! Reading order: [`mod@file`] (sections) → [`given`], [`incident`], [`http`], [`body`] (what the sections say) →
//! [`outcome`] (what a plugin answered, as JSON) → [`verdict`] (whether a case holds, with `expected` and [`diff`])
//! → [`mutate`], [`pair`] (what else a case is good for) → [`folder`].

pub mod body;
pub mod diff;
mod expected;
pub mod file;
pub mod folder;
pub mod given;
pub mod http;
pub mod incident;
pub mod mutate;
pub mod outcome;
pub mod pair;
pub mod verdict;

pub use body::Coding;
pub use expected::expected;
pub use file::{Case, Job, Kind, Section};
