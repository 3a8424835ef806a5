//! Pieces of configurations.

/// The token of every source of a test that has one.
pub(crate) const TOKEN: &str = "token-of-the-tests-0123456789";

/// `[sources.<name>]` with this plugin and [`TOKEN`].
pub(crate) fn source(name: &str, plugin: &str) -> String {
    format!("[sources.{name}]\nplugin = \"{plugin}\"\ntoken = \"{TOKEN}\"\n")
}

/// `[connections.<name>]` to a receiver on this machine.
pub(crate) fn connection(name: &str, plugin: &str, url: &str) -> String {
    format!("[connections.{name}]\nplugin = \"{plugin}\"\nurl = \"{url}\"\nallow_private = true\n")
}

/// `[actions.<name>]`, enabled, on every change that people are told of.
pub(crate) fn action(name: &str, connection: &str) -> String {
    format!("[actions.{name}]\nconnection = \"{connection}\"\n")
}

/// `settings` of the table before it.
pub(crate) fn settings(of: &str, lines: &str) -> String {
    format!("[{of}.settings]\n{lines}\n")
}
