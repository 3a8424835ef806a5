//! What is in force: one value that a reload, or another plugin, replaces as a whole.

use std::sync::Arc;

use tocsin_core::routing::Router;

use crate::config::Config;
use crate::plugins::bindings::Bindings;
use crate::send::client::Senders;
use crate::shared::links::Links;

/// The configuration, and what was made of it.
#[derive(Clone)]
pub struct InForce {
    /// The configuration.
    pub config: Arc<Config>,
    /// The part of it that decisions depend on, its filters compiled.
    pub policy: Arc<Router>,
    /// HTTP clients, one for each connection.
    pub senders: Senders,
    /// What signs and checks the links in messages.
    pub links: Links,
    /// The plugins, bound to the configuration.
    pub bindings: Arc<Bindings>,
}
