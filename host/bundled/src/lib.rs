//! The plugins that come with Tocsin, compiled to components and embedded.
//!
//! Must never run one: it holds bytes, and the sandbox treats them like any other file.

/// A plugin that is part of the binary.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// The name of its folder under `plugins/`, which is the id that it describes itself with.
    pub id: &'static str,
    /// A validated WebAssembly component that imports no function.
    pub component: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/plugins.rs"));

/// All bundled plugins, ordered by id.
pub fn plugins() -> &'static [Bundled] {
    PLUGINS
}

#[cfg(test)]
mod tests;
