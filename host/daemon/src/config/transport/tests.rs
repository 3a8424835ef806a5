//! What a connection has of its own, and what it has of `[egress]`.

use std::path::Path;

use crate::config::{Config, Connection};

fn read(tables: &str) -> Result<Config, String> {
    Config::parse(Path::new("/nowhere/tocsin.toml"), tables).map_err(|error| error.to_string())
}

/// The proxy of the connection `out` with these lines, beside this `[egress]`.
fn proxy(egress: &str, lines: &str) -> Option<String> {
    let config = read(&tables(egress, lines)).unwrap_or_else(|error| unreachable!("{error}"));
    let Connection { transport, .. } = &*config.connections["out"];
    transport.proxy.as_ref().map(|proxy| proxy.place())
}

fn tables(egress: &str, lines: &str) -> String {
    format!(
        "[egress]\n{egress}\n[connections.out]\nplugin = \"webhook\"\nurl = \"https://example.org/\"\n{lines}\n"
    )
}

#[test]
fn a_connections_own_proxy_goes_before_that_of_all() {
    let of_all = "proxy = \"http://proxy.example.org:3128\"";
    let place = |lines: &str| proxy(of_all, lines);
    assert_eq!(place("").as_deref(), Some("proxy.example.org:3128"));
    assert_eq!(place("proxy = \"https://other.example.org\"").as_deref(), Some("other.example.org:443"));
    assert_eq!(place("proxy = \"\""), None);
    assert_eq!(place("proxy = false"), None);
    assert_eq!(proxy("", ""), None);
    assert_eq!(proxy("proxy = \"\"", ""), None);
}

#[test]
fn the_permission_for_a_private_proxy_comes_from_the_connection_or_from_egress() {
    let private = "proxy = \"http://10.0.0.8:3128\"";
    let mistake = |egress: &str, lines: &str| read(&tables(egress, lines)).expect_err("a mistake");
    let said = mistake(private, "");
    assert!(said.contains("egress.proxy: the proxy's address 10.0.0.8 is a private address"), "{said}");
    assert!(!said.contains("connections.out"), "{said}");
    let said = mistake("", private);
    assert!(said.contains("connections.out.proxy: "), "{said}");
    assert!(said.contains("set `proxy_allow_private = true` beside `proxy`"), "{said}");
    // What the destination is allowed says nothing about the proxy.
    let said = mistake("allow_private = true", &format!("{private}\nallow_private = true"));
    assert!(said.contains("connections.out.proxy: "), "{said}");
    let both = format!("{private}\nproxy_allow_private = true");
    assert_eq!(proxy(&both, "").as_deref(), Some("10.0.0.8:3128"));
    assert_eq!(proxy("", &both).as_deref(), Some("10.0.0.8:3128"));
    assert_eq!(proxy("proxy_allow_private = true", private).as_deref(), Some("10.0.0.8:3128"));
    let said = mistake(&both, "proxy_allow_private = false");
    assert!(said.contains("connections.out.proxy: "), "{said}");
}

#[test]
fn a_wrong_proxy_is_a_mistake_that_does_not_show_it() {
    for (lines, words) in [
        ("proxy = true", "is true: write the proxy's address, or `false` for no proxy"),
        ("proxy = 3128", "is not a secret: "),
        (
            "proxy = \"jane:s3cr3t@proxy.example.org\"",
            "is not the address of a proxy: write `http://host:port`",
        ),
        ("proxy = \"socks5://jane:s3cr3t@proxy\"", "is not the address of a proxy"),
        ("proxy = \"http://jane:s3cr3t@127.0.0.1:1\"", "is this machine: set `proxy_allow_private = true`"),
        ("proxy = { env = \"NOT_THERE\" }", "the environment has no readable `NOT_THERE`"),
    ] {
        let said = read(&tables("", lines)).expect_err(lines);
        assert!(said.contains("connections.out.proxy: ") && said.contains(words), "{words}: {said}");
        assert!(!said.contains("s3cr3t"), "{said}");
    }
}

#[test]
fn oauth2_is_read_with_its_defaults_and_every_mistake_has_its_path() {
    let lines = "[connections.out.oauth2]\ntoken_url = \"https://auth.example.org/token\"\nclient_id = \"relay\"\n\
                 client_secret = \"s3cr3t\"\n";
    let config = read(&tables("", lines)).unwrap_or_else(|error| unreachable!("{error}"));
    let oauth2 = config.connections["out"].oauth2.as_ref().expect("it has one");
    assert_eq!((oauth2.client_id.as_str(), oauth2.scope.as_str()), ("relay", ""));
    assert_eq!(oauth2.auth, crate::config::ClientAuthentication::Basic);
    assert!(config.connections["out"].has_credentials());
    assert!(!format!("{oauth2:?}").contains("s3cr3t"));
    for (from, to, words) in [
        ("\"https://auth.example.org/token\"", "\"nowhere\"", "oauth2.token_url: is not an address such as"),
        (
            "https://auth.example.org/token",
            "http://10.0.0.1/",
            "oauth2.token_url: 10.0.0.1 is a private address",
        ),
        ("https://auth", "https://me:word@auth", "oauth2.token_url: the URL has a user name or password"),
        ("\"s3cr3t\"", "\"\"", "oauth2.client_secret: is empty: write the client's secret"),
        ("client_id = \"relay\"\n", "", "oauth2.client_id: is missing"),
        ("token_url = \"https://auth.example.org/token\"\n", "", "oauth2.token_url: is missing"),
        ("client_secret = \"s3cr3t\"\n", "auth = \"form\"\n", "oauth2.client_secret: is missing"),
        ("\"s3cr3t\"\n", "\"s3cr3t\"\nauth = \"form\"\n", "`form`"),
        (
            "\"s3cr3t\"\n",
            "\"s3cr3t\"\naudience = \"x\"\n",
            "oauth2.audience: is unknown: there is token_url,",
        ),
    ] {
        let said = read(&tables("", &lines.replace(from, to))).expect_err(to);
        assert!(said.contains(words) && !said.contains("s3cr3t"), "{words}: {said}");
    }
}
