//! What may not be written over the API, although it may stand in an operator's file.
//!
//! A client there need not be an operator of the machine. It must not read the machine's files with the relay's rights,
//! and must not extend what the relay may reach. Reads no secret and no file.

use tocsin_core::egress::Policy;
use tocsin_core::retry::Schedule;
use toml::Table;
use url::Url;

use super::kind::Kind;
use crate::config::error::ConfigProblem;
use crate::config::managed_secrets::{ManagedUse, uses};
use crate::config::parts::NAMED;
use crate::config::reader::Reader;
use crate::config::secret::Form;
use crate::config::{Limits, Transport, actions, connections, sources};

/// The only reference to a secret that may be written: a file, a variable of the environment or a credential of the service
/// could be any, also the key of the managed secrets, and the relay would send it to the client's peer.
const REFERENCES: [&str; 1] = ["managed"];
/// The same, as text.
const USE: &str = "store it with `tocsin secrets set NAME` and use { managed = \"NAME\" }";

/// The fix for a secret that the relay uses for itself.
const USE_ANOTHER: &str = "store a secret of its own with `tocsin secrets set NAME`";

/// The keys of a connection that decide what the relay may reach and which files it reads for that.
pub(super) const OPERATORS_KEYS: [&str; 6] =
    ["allow_private", "allow_link_local", "proxy", "proxy_allow_private", "ca", "client_certificate"];

/// The settings of this kind that may not be written over the API.
pub(super) fn refused(kind: Kind, name: &str, settings: &Table) -> Vec<ConfigProblem> {
    let path = kind.path(name);
    let mut problems: Vec<ConfigProblem> = OPERATORS_KEYS
        .iter()
        .filter(|key| kind == Kind::Connections && settings.contains_key(**key))
        .map(|key| {
            let problem = "only an operator's file may extend what the relay may reach: write this connection in the \
                           main file or in conf.d, or set it in [egress]";
            ConfigProblem::new(format!("{path}.{key}"), problem)
        })
        .collect();
    for (at, form) in forms(kind, name, settings) {
        let is_operators = OPERATORS_KEYS.iter().any(|key| is_at_or_below(&at, &format!("{path}.{key}")));
        if let (false, Some(problem)) = (is_operators, problem(&at, &form)) {
            problems.push(ConfigProblem::new(at, problem));
        }
    }
    problems
}

/// The managed secrets that the configuration in `table` uses for the relay itself and not for a source, a connection or
/// an action: the key of a certificate, a password of the proxy of `[egress]`.
pub(super) fn uses_of_the_relay(table: &Table) -> Vec<ManagedUse> {
    let mut found = uses(table);
    found.retain(|one| !NAMED.iter().any(|kind| is_at_or_below(&one.path, kind)));
    found
}

/// The secrets of these settings that the relay uses for itself. The relay would send them to the client's peer.
pub(super) fn refused_secrets(path: &str, settings: &Table, relays: &[ManagedUse]) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    for one in uses(settings) {
        if let Some(relays) = relays.iter().find(|relays| relays.name == one.name) {
            let words = format!(
                "the managed secret `{}` is the relay's own ({}), and would leave it here: {USE_ANOTHER}",
                one.name, relays.path
            );
            problems.push(ConfigProblem::new(format!("{path}.{}", one.path), words));
        }
    }
    problems
}

fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// How each secret of these settings is written, by its path. The readers of the configuration know which are secrets.
pub(super) fn forms(kind: Kind, name: &str, settings: &Table) -> Vec<(String, Form)> {
    let reader = Reader::noting(&kind.path(name), settings.clone());
    let notes = reader.notes();
    read(kind, name, reader);
    notes.forms()
}

/// Reads the settings for their notes only.
fn read(kind: Kind, name: &str, reader: Reader) {
    let name = name.to_owned();
    match kind {
        Kind::Sources => drop(sources::read(name, reader)),
        Kind::Connections => {
            let policy = Policy { private: true, link_local: true };
            let (transport, limits) = (Transport::default(), Limits::default());
            drop(connections::read(name, reader, policy, &transport, Schedule::default(), &limits));
        }
        Kind::Actions => drop(actions::read(name, reader, &[])),
    }
}

/// Why a secret may not be written in this form.
fn problem(path: &str, form: &Form) -> Option<String> {
    match form {
        Form::Reference(key) if REFERENCES.contains(&key.as_str()) => None,
        Form::Reference(key) if key == "file" || key == "env" => Some(format!(
            "{{ {key} = … }} could be any secret that the relay's user may read, so only an operator's file may have \
             it: {USE}"
        )),
        Form::Reference(key) => Some(format!("`{key}` is no place for a secret: {USE}")),
        Form::Literal(text) if is_plain_address(path, text.reveal()) => None,
        Form::Literal(_) => {
            Some(format!("is a secret, and answers show settings as they are written: {USE}"))
        }
        Form::Path => Some("names a file, which only an operator's file may do".to_owned()),
        Form::Other => Some(format!("is not a secret: {USE}")),
    }
}

/// Whether a secret is an address that says nothing but scheme, host and port. Lists show these anyway; the rest of a
/// webhook's address is often its secret.
pub(super) fn is_plain_address(path: &str, text: &str) -> bool {
    let is_plain = |url: Url| {
        url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    path.ends_with(".url") && path.matches('.').count() == 2 && Url::parse(text.trim()).is_ok_and(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_at(kind: Kind, text: &str) -> Vec<String> {
        let problems = refused(kind, "x", &text.parse().expect("it is TOML"));
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn only_managed_secrets_and_digests_may_be_written() {
        let digest = "0".repeat(64);
        for right in [
            format!("plugin = \"webhook\"\ntoken = {{ sha256 = \"{digest}\" }}"),
            "plugin = \"webhook\"\ntoken = { managed = \"hook\" }\nbasic = { user = \"a\", password = { managed = \"b\" } }"
                .to_owned(),
        ] {
            assert_eq!(refused_at(Kind::Sources, &right), Vec::<String>::new(), "{right}");
        }
        for wrong in [
            "token = \"a-token-of-a-sender\"",
            "token = { file = \"/etc/shadow\" }",
            "token = { credential = \"secrets-key\" }",
            "next_token = { env = \"HOME\" }",
            "token = { sha256 = 5 }",
            "token = 5",
            "basic = { user = \"a\", password = \"b\" }",
            "field_token = { field = \"t\", key = { file = \"/x\" } }",
            "signing_key = { file = \"/x\", env = \"X\" }",
        ] {
            assert_eq!(refused_at(Kind::Sources, wrong).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn every_secret_of_a_connection_is_found_and_its_file_is_not_read() {
        // Reading the device would never end.
        let text = "plugin = \"webhook\"\nurl = \"https://hooks.example.org/T0/secret\"\n\
                    secrets = { token = \"a\", key = { file = \"/dev/zero\" } }\n\
                    oauth2 = { token_url = \"https://example.org/token\", client_id = \"a\", client_secret = \"b\" }";
        assert_eq!(
            refused_at(Kind::Connections, text),
            [
                "connections.x.url",
                "connections.x.oauth2.client_secret",
                "connections.x.secrets.key",
                "connections.x.secrets.token"
            ]
        );
        for plain in ["https://example.org", "http://example.org:8080/"] {
            let text = format!("plugin = \"webhook\"\nurl = \"{plain}\"");
            assert_eq!(refused_at(Kind::Connections, &text), Vec::<String>::new());
        }
        for secret in ["https://example.org/?key=1", "https://a:b@example.org", "https://example.org/#a", "x"]
        {
            let text = format!("plugin = \"webhook\"\nurl = \"{secret}\"");
            assert_eq!(refused_at(Kind::Connections, &text), ["connections.x.url"]);
        }
        // Only the address of a connection may be plain.
        let text = "plugin = \"webhook\"\nsecrets = { url = \"https://example.org\" }";
        assert_eq!(refused_at(Kind::Connections, text), ["connections.x.secrets.url"]);
    }

    #[test]
    fn keys_that_extend_what_the_relay_may_reach_are_for_operators() {
        for (key, value) in [
            ("allow_private", "false"),
            ("allow_link_local", "true"),
            ("proxy", "false"),
            ("proxy_allow_private", "true"),
            ("ca", "\"/etc/passwd\""),
            ("client_certificate", "{ certificate = \"/etc/passwd\", key = { file = \"/dev/zero\" } }"),
        ] {
            assert_eq!(
                refused_at(Kind::Connections, &format!("{key} = {value}")),
                [format!("connections.x.{key}")]
            );
        }
    }

    /// A new key of a connection must be put into one of the two lists.
    #[test]
    fn every_key_of_a_connection_is_either_for_operators_or_for_everybody() {
        let reader = Reader::noting("connections.x", Table::from_iter([("zzz".to_owned(), true.into())]));
        let notes = reader.notes();
        read(Kind::Connections, "x", reader);
        let problems = notes.problems();
        let unknown =
            problems.iter().find(|problem| problem.path == "connections.x.zzz").expect("it is unknown");
        let (_, known) = unknown.problem.split_once("there is ").expect("a list");
        let mut known: Vec<&str> = known.split(", ").filter(|key| !OPERATORS_KEYS.contains(key)).collect();
        known.sort_unstable();
        let for_everybody = [
            "body",
            "concurrency",
            "description",
            "environment",
            "oauth2",
            "plugin",
            "retry",
            "secrets",
            "settings",
            "timeout",
            "type",
            "url",
        ];
        assert_eq!(known, for_everybody);
    }

    #[test]
    fn a_managed_secret_of_the_relay_itself_may_not_be_used() {
        let relays = uses_of_the_relay(
            &"[tls]\nkey = { managed = \"tls-key\" }\n[egress]\nproxy = { managed = \"proxy\" }\n\
              [sources.a]\ntoken = { managed = \"shared\" }\n"
                .parse()
                .expect("it is TOML"),
        );
        let text = "plugin = \"webhook\"\nurl = { managed = \"shared\" }\n\
                    secrets = { a = { managed = \"tls-key\" }, b = { managed = \"proxy\" } }\n";
        let problems = refused_secrets("connections.x", &text.parse().expect("it is TOML"), &relays);
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("connections.x.secrets.a: ") && problems[0].contains("tls.key"));
        assert!(problems[1].starts_with("connections.x.secrets.b: ") && problems[1].contains("egress.proxy"));
    }
}
