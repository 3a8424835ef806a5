//! Relative paths in a configuration: all begin at the directory of the main file, whichever file names them.
//!
//! So a part means the same after it was moved to another file, and whatever the working directory of a command is.

use std::path::Path;

use toml::{Table, Value};

/// The keys whose text is a path.
const PATHS: [&str; 7] = ["state_dir", "plugins_dir", "cache_dir", "dir", "ca", "client_ca", "certificate"];
/// The key of a reference to a secret in a file.
const FILE: &str = "file";
/// Tables whose keys are names that an operator or a plugin chose, and whose texts are no paths.
const NAMES: [&str; 3] = ["settings", "secrets", "pin"];

/// Makes the paths of a configuration begin at `base`, its own directory.
pub(super) fn resolve(table: &mut Table, base: &Path) {
    for (key, value) in table.iter_mut() {
        let Value::Table(inner) = value else {
            if PATHS.contains(&key.as_str()) {
                begin_at(base, value);
            }
            continue;
        };
        if NAMES.contains(&key.as_str()) {
            // A secret may be a reference to a file.
            inner
                .iter_mut()
                .filter_map(|(_, value)| value.as_table_mut())
                .for_each(|one| in_table(one, base));
        } else {
            in_table(inner, base);
        }
    }
}

/// A table that may be a reference to a file.
fn in_table(table: &mut Table, base: &Path) {
    let is_reference = table.len() == 1;
    match table.get_mut(FILE) {
        Some(path @ Value::String(_)) if is_reference => begin_at(base, path),
        _ => resolve(table, base),
    }
}

/// A path that is text and not empty. A base that is no text cannot be in a configuration.
fn begin_at(base: &Path, value: &mut Value) {
    let Some(path) = value.as_str().filter(|path| !path.is_empty()) else { return };
    if let Some(path) = base.join(path).to_str() {
        *value = Value::String(path.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relative_path_begins_at_the_base_and_nothing_else_changes() {
        let text = |base: &str| {
            format!(
                "state_dir = \"{base}state\"\ncache_dir = \"/cache\"\nlisten = \"ca\"\n\
                 [secrets]\nkey = {{ file = \"{base}key\" }}\n\
                 [tls]\ncertificate = \"{base}tls.pem\"\nkey = {{ file = \"{base}tls.key\" }}\n\
                 [backup]\ndir = \"{base}backups\"\n\
                 [egress]\nca = \"{base}ca.pem\"\nproxy = {{ env = \"PROXY\" }}\n\
                 [plugins.pin]\nfile = \"0123\"\n\
                 [connections.out]\nurl = {{ file = \"{base}url\" }}\nsettings = {{ file = \"a setting\", dir = \"x\" }}\n\
                 client_certificate = {{ certificate = \"{base}c.pem\", key = {{ file = \"{base}c.key\" }} }}\n\
                 secrets = {{ file = \"a secret\", ca = {{ file = \"{base}token\" }} }}\n\
                 oauth2 = {{ client_id = \"x\", client_secret = {{ file = \"{base}secret\" }} }}\n\
                 [sources.in]\ntoken = {{ file = \"{base}../in\" }}\nsettings = {{ certificate = \"x\" }}\n"
            )
        };
        let mut table: Table = text("").parse().expect("it is TOML");
        resolve(&mut table, Path::new("/etc/tocsin"));
        let expected: Table = text("/etc/tocsin/").parse().expect("it is TOML");
        assert_eq!(table, expected);
    }
}
