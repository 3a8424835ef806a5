//! `[connections.<name>]`: places that requests go out to.

use std::time::Duration;

use tocsin_core::egress::{Policy, check_url};
use url::Url;

use super::Connection;
use super::reader::Reader;

/// How long a request may take unless said otherwise: iTop creates tickets in seconds, not minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Deliveries under way at the same time unless said otherwise; those of one incident go one by one anyway.
const DEFAULT_CONCURRENCY: usize = 4;

pub(super) fn read(name: String, mut reader: Reader, policy: Policy) -> Option<(String, Connection)> {
    let plugin = reader.required_text("plugin", "the id of the plugin that sends, such as `slack`");
    let description = reader.text("description").unwrap_or_default();
    let policy = Policy { private: reader.boolean("allow_private").unwrap_or(policy.private) };
    let given = reader.required_secret("url", "the address that requests go to");
    let parsed = given.as_ref().map(|url| Url::parse(url.reveal().trim()));
    let parsed_url = match parsed {
        None => None,
        Some(Err(error)) => {
            reader.problem("url", format!("is no URL ({error}): expected `https://host/path`"));
            None
        }
        Some(Ok(url)) => {
            if let Err(denied) = check_url(&url, policy) {
                reader.problem("url", denied.to_string());
            }
            Some(url)
        }
    };
    let timeout = reader.duration("timeout").unwrap_or(DEFAULT_TIMEOUT);
    if timeout.is_zero() {
        reader.problem("timeout", "is 0, which no answer can meet");
    }
    let concurrency = reader.count("concurrency", 1..=64).unwrap_or(DEFAULT_CONCURRENCY);
    let secrets = reader.secrets("secrets");
    let settings = reader.settings("settings");
    reader.finish();
    let url = given?;
    let parsed_url = parsed_url?;
    let connection = Connection {
        name: name.clone(),
        plugin,
        description,
        url,
        parsed_url,
        policy,
        timeout,
        concurrency,
        secrets,
        settings,
    };
    Some((name, connection))
}
