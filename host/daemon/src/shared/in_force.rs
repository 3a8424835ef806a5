//! The value in force, which a reload or another plugin replaces as a whole.

use std::sync::Arc;

use tocsin_core::routing::Router;

use crate::config::Config;
use crate::plugins::bindings::Bindings;
use crate::send::client::Senders;
use crate::shared::links::Links;

/// The configuration and the values made from it.
#[derive(Clone)]
pub struct InForce {
    /// The configuration.
    pub config: Arc<Config>,
    /// The policy for decisions, with compiled filters.
    pub policy: Arc<Router>,
    /// HTTP clients, one for each connection.
    pub senders: Senders,
    /// What signs and checks the links in messages.
    pub links: Links,
    /// The plugins, bound to the configuration.
    pub bindings: Arc<Bindings>,
}
