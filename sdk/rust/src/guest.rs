//! The component's exports: generated bindings and their conversion to this crate's own types.
//!
//! Never decides anything. Each interface has bindings in a world of its own, because a plugin exports some
//! of them and the generated macros of one interface can exist only once in a crate; the linked component's
//! world is the union, equal to one of those in `wit/worlds.wit` with the optional interfaces added.

use core::marker::PhantomData;

pub mod action;
pub mod action_checker;
pub mod checker;
pub mod description;
pub mod log;
pub mod prober;
pub mod source;

mod exchange;
mod shared;

use description::bindings::exports::tocsin::plugin::description as wit;
use description::bindings::tocsin::plugin::types;

/// A source, so that the generated traits can be implemented for it.
pub struct Exported<T, Kind>(PhantomData<(T, Kind)>);

/// Marks a plugin that is a source only.
pub struct SourceOnly;
/// Marks a plugin that is an action only.
pub struct ActionOnly;
/// Marks a plugin that is both.
pub struct Both;

impl<T: crate::Plugin + crate::Source> wit::Guest for Exported<T, SourceOnly> {
    fn describe() -> wit::PluginInfo {
        description::plugin_info(crate::describe_source::<T>())
    }
}

impl<T: crate::Plugin + crate::Action> wit::Guest for Exported<T, ActionOnly> {
    fn describe() -> wit::PluginInfo {
        description::plugin_info(crate::describe_action::<T>())
    }
}

impl<T: crate::Plugin + crate::Source + crate::Action> wit::Guest for Exported<T, Both> {
    fn describe() -> wit::PluginInfo {
        description::plugin_info(crate::describe_both::<T>())
    }
}
