//! Which clients are kept when the configuration is read again.

use std::path::Path;

use super::*;
use crate::config::Config;

const OAUTH2: &str =
    "oauth2 = { token_url = \"https://auth.example.org/\", client_id = \"a\", client_secret = \"b\" }\n";

fn config(lines: &str) -> Config {
    let text = format!("[connections.out]\nplugin = \"webhook\"\nurl = \"https://example.org/\"\n{lines}");
    let config = Config::parse(Path::new("/nowhere/tocsin.toml"), &text);
    config.unwrap_or_else(|error| unreachable!("{error}"))
}

#[test]
fn a_client_is_kept_only_while_everything_that_it_is_made_of_stays_the_same() {
    // Another test of this process may have been quicker.
    rustls::crypto::ring::default_provider().install_default().ok();
    let proxy = "proxy = \"http://jane:one@proxy.example.org:3128\"\n";
    let before = format!("{proxy}{OAUTH2}");
    let senders = Senders::new(config(&before).connections.values()).expect("a client");
    let is_kept = |lines: &str| {
        let renewed = senders.renewed(config(lines).connections.values()).expect("a client");
        Arc::ptr_eq(&senders.0["out"], &renewed.0["out"])
    };
    assert!(is_kept(&before));
    assert!(is_kept(&format!("{before}description = \"for the people on call\"\n")));
    for other in [
        before.replace("jane:one", "jane:two"),
        before.replace(":3128", ":3129"),
        format!("{before}proxy_allow_private = true\n"),
        before.replace(proxy, ""),
        before.replace("\"b\"", "\"c\""),
        before.replace("auth.example", "login.example"),
        before.replace(OAUTH2, ""),
        format!("{before}timeout = \"7s\"\n"),
        format!("{before}allow_private = true\n"),
    ] {
        assert!(!is_kept(&other), "{other}");
    }
}
