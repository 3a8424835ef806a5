//! Relative paths in a configuration: all begin at the directory of the main file, whichever file names them.
//!
//! So a part means the same after it was moved to another file, and whatever the working directory of a command is.
//! The path of a key decides, not its name alone: sources, connections, headers, secrets and settings have names that
//! an operator or a plugin chose.

use std::path::Path;

use toml::{Table, Value};

/// The key of a reference to a secret in a file.
const FILE: &str = "file";

/// Makes the paths of a configuration begin at `base`, its own directory.
pub(super) fn resolve(table: &mut Table, base: &Path) {
    resolve_at(table, &[], base);
}

/// Resolves the paths of the table at `above`.
fn resolve_at(table: &mut Table, above: &[&str], base: &Path) {
    for (key, value) in table.iter_mut() {
        let at = [above, &[key.as_str()]].concat();
        match value {
            Value::Table(_) if is_free(&at) => {}
            Value::Table(inner) if has_names(&at) => resolve_at(inner, &at, base),
            Value::Table(inner) => match file_of(inner) {
                Some(path) => begin_at(base, path),
                None => resolve_at(inner, &at, base),
            },
            value if is_path(&at) => begin_at(base, value),
            _ => {}
        }
    }
}

/// Whether the text of this key is a path.
fn is_path(at: &[&str]) -> bool {
    matches!(
        at,
        ["state_dir" | "plugins_dir" | "cache_dir"]
            | ["backup", "dir"]
            | ["tls", "certificate" | "client_ca"]
            | ["egress" | "traces", "ca"]
            | ["connections", _, "ca"]
            | ["connections", _, "client_certificate", "certificate"]
    )
}

/// Whether this table has no path and no secret.
fn is_free(at: &[&str]) -> bool {
    matches!(at, ["plugins", "pin"] | ["sources" | "connections" | "actions", _, "settings"])
}

/// Whether the keys of this table are names, so that `file` may be one of them. Its secrets may be references.
fn has_names(at: &[&str]) -> bool {
    matches!(
        at,
        ["sources" | "connections" | "actions"] | ["traces", "headers"] | ["connections", _, "secrets"]
    )
}

/// The path of a reference to a secret in a file. Every other table of one key has another key.
fn file_of(table: &mut Table) -> Option<&mut Value> {
    let is_alone = table.len() == 1;
    table.get_mut(FILE).filter(|path| is_alone && path.is_str())
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

    /// Checks that a configuration with an empty base becomes the same one with `/etc/tocsin/`.
    fn check(text: impl Fn(&str) -> String) {
        let mut table: Table = text("").parse().expect("it is TOML");
        resolve(&mut table, Path::new("/etc/tocsin"));
        let expected: Table = text("/etc/tocsin/").parse().expect("it is TOML");
        assert_eq!(table, expected);
    }

    #[test]
    fn every_relative_path_begins_at_the_base_and_nothing_else_changes() {
        check(|base| {
            format!(
                "state_dir = \"{base}state\"\nplugins_dir = \"{base}plugins\"\ncache_dir = \"/cache\"\n\
                 listen = \"ca\"\n\
                 [secrets]\nkey = {{ file = \"{base}key\" }}\n\
                 [tls]\ncertificate = \"{base}tls.pem\"\nkey = {{ file = \"{base}tls.key\" }}\n\
                 client_ca = \"{base}clients.pem\"\n\
                 [backup]\ndir = \"{base}backups\"\n\
                 [egress]\nca = \"{base}ca.pem\"\nproxy = {{ env = \"PROXY\" }}\n\
                 [traces]\nca = \"{base}otel.pem\"\nproxy = {{ file = \"{base}proxy\" }}\n\
                 [plugins.pin]\nfile = \"0123\"\n\
                 [connections.out]\nurl = {{ file = \"{base}url\" }}\nca = \"{base}out.pem\"\n\
                 settings = {{ file = \"a setting\", dir = \"x\" }}\n\
                 client_certificate = {{ certificate = \"{base}c.pem\", key = {{ file = \"{base}c.key\" }} }}\n\
                 secrets = {{ file = \"a secret\", ca = {{ file = \"{base}token\" }} }}\n\
                 oauth2 = {{ client_id = \"x\", client_secret = {{ file = \"{base}secret\" }} }}\n\
                 [sources.in]\ntoken = {{ file = \"{base}../in\" }}\nsettings = {{ certificate = \"x\" }}\n\
                 basic = {{ user = \"ca\", password = {{ file = \"{base}password\" }} }}\n"
            )
        });
    }

    #[test]
    fn a_value_of_a_header_is_no_path_whatever_the_header_is_called() {
        for name in ["ca", "dir", "certificate", "file", "state_dir"] {
            check(|_| format!("[traces.headers]\n{name} = \"a value\"\n"));
            check(|base| format!("[traces.headers]\n{name} = {{ file = \"{base}value\" }}\n"));
            check(|_| format!("[traces.headers]\n{name} = \"a value\"\nother = {{ env = \"OTHER\" }}\n"));
        }
    }

    #[test]
    fn a_secret_of_a_connection_is_no_path_whatever_it_is_called() {
        for name in ["ca", "dir", "certificate", "file"] {
            check(|_| format!("[connections.out.secrets]\n{name} = \"a secret\"\n"));
            check(|base| format!("[connections.out.secrets]\n{name} = {{ file = \"{base}secret\" }}\n"));
        }
    }

    #[test]
    fn a_setting_is_no_path_whatever_it_is_called() {
        for kind in ["sources", "connections", "actions"] {
            for name in ["ca", "dir", "certificate", "file"] {
                check(|_| format!("[{kind}.one.settings]\n{name} = \"a setting\"\n"));
            }
        }
    }

    #[test]
    fn the_paths_of_a_part_are_found_whatever_the_part_is_called() {
        for name in ["settings", "secrets", "pin", "headers", "ca", "file", "traces"] {
            check(|base| {
                format!(
                    "[connections.{name}]\nca = \"{base}ca.pem\"\nurl = {{ file = \"{base}url\" }}\n\
                     secrets = {{ key = {{ file = \"{base}key\" }} }}\n\
                     [sources.{name}]\ntoken = {{ file = \"{base}token\" }}\n"
                )
            });
        }
    }

    #[test]
    fn a_key_is_a_path_only_in_its_own_table() {
        check(|_| {
            "ca = \"x\"\ndir = \"x\"\nfile = \"x\"\n[log]\nlevel = \"dir\"\nca = \"x\"\n\
             [sources.in]\nca = \"x\"\ndir = \"x\"\n[connections.out]\ndir = \"x\"\n"
                .to_owned()
        });
    }
}
