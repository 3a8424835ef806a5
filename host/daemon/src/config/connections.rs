//! `[connections.<name>]`: places that requests go out to.

use std::time::Duration;

use tocsin_core::egress::{Policy, check_url};
use tocsin_core::retry::Schedule;
use tocsin_core::template::TemplateError;

use super::limits::BODY_BYTES_MAX;
use super::reader::Reader;
use super::transport::{self, Transport};
use super::{Connection, Limits, Secret, Target, oauth2, retry};

/// How long a request may take unless said otherwise: iTop creates tickets in seconds, not minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of one request unless said otherwise: no peer for people takes more.
const DEFAULT_BODY_BYTES: usize = 1024 * 1024;
/// How many times a plugin holds a request in its memory while it is made: as text, as a document, as bytes.
const COPIES: usize = 4;
/// Deliveries under way at the same time unless said otherwise; those of one incident go one by one anyway.
const DEFAULT_CONCURRENCY: usize = 4;

pub(super) fn read(
    name: String,
    mut reader: Reader,
    policy: Policy,
    transport: &Transport,
    schedule: Schedule,
    limits: &Limits,
) -> Option<(String, Connection)> {
    let plugin = reader.required_text("plugin", "the id of the plugin that sends, such as `slack`");
    let description = reader.text("description").unwrap_or_default();
    let kind = reader.text("type").unwrap_or_default();
    let environment = reader.text("environment").unwrap_or_default();
    let policy = Policy {
        private: reader.boolean("allow_private").unwrap_or(policy.private),
        link_local: reader.boolean("allow_link_local").unwrap_or(policy.link_local),
    };
    let given = reader.required_secret("url", "the address that requests go to");
    let target = given.as_ref().and_then(|url| reader.checked("url", target(url)));
    if let Some(target) = target.as_ref().filter(|target| target.is_seen()) {
        reader.checked("url", check_url(target.sample(), policy));
    }
    let transport = transport::read_connection(&mut reader, transport);
    let oauth2 = oauth2::read(&mut reader, policy);
    let timeout = reader.duration("timeout").unwrap_or(DEFAULT_TIMEOUT);
    if timeout.is_zero() {
        reader.problem("timeout", "is 0, which no answer can meet");
    }
    let concurrency = reader.count("concurrency", 1..=64).unwrap_or(DEFAULT_CONCURRENCY);
    let body_bytes = reader.bytes("body", 1024..=BODY_BYTES_MAX).unwrap_or(DEFAULT_BODY_BYTES);
    let needed = body_bytes.saturating_mul(COPIES);
    if body_bytes > DEFAULT_BODY_BYTES && needed > limits.plugin_memory_bytes {
        let mib = needed.div_ceil(1024 * 1024);
        reader.problem(
            "body",
            format!("no plugin could hold it in its memory: set `limits.plugin_memory` to {mib}MiB or more"),
        );
    }
    let retry = if reader.has("retry") { retry::read(reader.section("retry"), schedule) } else { schedule };
    let secrets = reader.secrets("secrets");
    let settings = reader.settings("settings");
    reader.finish();
    // The rest of the connection and its actions are examined all the same.
    let target = target.or_else(|| Target::unseen().ok())?;
    let connection = Connection {
        name: name.clone(),
        plugin,
        description,
        kind,
        environment,
        target,
        policy,
        transport,
        oauth2,
        timeout,
        concurrency,
        retry,
        body_bytes,
        secrets,
        settings,
    };
    Some((name, connection))
}

fn target(url: &Secret) -> Result<Target, TemplateError> {
    if url.is_seen() { Target::parse(url.reveal().trim()) } else { Target::unseen() }
}
