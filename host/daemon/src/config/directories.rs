//! The directories of a configuration, and their defaults.

use std::path::{Path, PathBuf};

use toml::Table;

use super::error::ConfigProblem;
use super::paths;
use super::reader::Reader;

/// The key of the state directory.
pub(super) const STATE_DIR: &str = "state_dir";
/// Where packages put the configuration, and where the unit then keeps the state: the command line has to
/// find it without the service's environment.
const PACKAGED: (&str, &str) = ("/etc/tocsin", "/var/lib/tocsin");

/// The directory that relative paths in a configuration begin at: the main file's own.
pub(super) fn base(main: &Path) -> &Path {
    main.parent().unwrap_or(Path::new(""))
}

/// Only the state directory: a command that looks for the running relay need not be able to read its secrets. Returns the
/// directory with its mistakes; after a mistake, it is the default.
pub(super) fn read_state_dir(base: &Path, mut table: Table) -> (PathBuf, Vec<ConfigProblem>) {
    table.retain(|key, _| key == STATE_DIR);
    paths::resolve(&mut table, base);
    let mut root = Reader::root(table);
    let state_dir = state_dir(&mut root, base);
    (state_dir, root.finish())
}

pub(super) fn state_dir(root: &mut Reader, base: &Path) -> PathBuf {
    directory(root, STATE_DIR, "STATE_DIRECTORY", || {
        if base == Path::new(PACKAGED.0) { PathBuf::from(PACKAGED.1) } else { base.join("state") }
    })
}

/// A directory as configured, else as systemd says, else `or`.
pub(super) fn directory(
    root: &mut Reader,
    key: &'static str,
    variable: &str,
    or: impl FnOnce() -> PathBuf,
) -> PathBuf {
    if let Some(path) = root.text(key) {
        return PathBuf::from(path);
    }
    let given = std::env::var_os(variable).filter(|value| !variable.is_empty() && !value.is_empty());
    given.map_or_else(or, PathBuf::from)
}
