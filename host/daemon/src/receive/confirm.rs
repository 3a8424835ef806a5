//! Confirms a subscription where a sender asks for it, as Amazon SNS does: fetches the address that it sent, once.
//!
//! Only for a source with `confirm = true`, only from a host that its plugin knows, only from public addresses, and
//! never in a sender's time. Reads no more than the status of the answer.

use std::sync::Arc;
use std::time::Duration;

use tocsin_core::egress::Denied;
use tocsin_core::plugin::SourceInfo;
use tocsin_core::receipt::{ReceiptRecord, ReceiptStatus};
use tokio::sync::Semaphore;
use tracing::Instrument;
use url::Url;

use crate::config::{Source, Transport};
use crate::send::error::SendError;
use crate::send::transport;
use crate::shared::app::App;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Confirmations at the same time: a source has one in its life, as a rule.
const AT_ONCE: usize = 2;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// The sender of a request that is on the disk asks for `url` to be fetched.
pub(crate) fn asked(app: &Arc<App>, source: &Source, receipt: &ReceiptRecord, url: String) {
    if matches!(receipt.status, ReceiptStatus::Duplicate(_)) {
        return;
    }
    let (id, name) = (receipt.id, source.name.clone());
    // Meant to be opened by whoever reads it, and of no use once it was.
    tracing::info!(source = name, receipt = %id, url, "the sender asks for this address to be opened");
    if !source.confirm {
        let outcome = format!("asked for: open the address in receipt {id}, or set `confirm = true`");
        app.intake.confirmed(&name, &outcome);
        return;
    }
    let bindings = app.bindings();
    let info = bindings.sources.get(&name).and_then(|bound| bound.as_ref().ok()).map(|bound| &bound.info);
    match check(&url, info) {
        Ok(url) => {
            let app = Arc::clone(app);
            let confirming = async move {
                let outcome = fetch(url, app.config().transport.clone()).await;
                tell(&app, &name, &outcome);
            };
            tokio::spawn(confirming.in_current_span());
        }
        Err(why) => tell(app, &name, &Err(why)),
    }
}

fn tell(app: &App, source: &str, outcome: &Result<u16, String>) {
    match outcome {
        Ok(status) => {
            tracing::info!(source, status, "the address was opened: confirmed");
            app.intake.confirmed(source, &format!("confirmed, with status {status}"));
        }
        Err(why) => {
            tracing::warn!(source, reason = why, "the address was not opened: not confirmed");
            app.intake.confirmed(source, &format!("not confirmed: {why}"));
        }
    }
}

/// The address, if it may be fetched.
fn check(url: &str, info: Option<&SourceInfo>) -> Result<Url, String> {
    let hosts = info.map_or(&[][..], |info| info.confirm_hosts.as_slice());
    let url = Url::parse(url).map_err(|error| format!("the address is no URL: {error}"))?;
    if url.scheme() != "https" {
        return Err(format!("the address is not https but {}", url.scheme()));
    }
    if url.port().is_some() {
        return Err("the address names a port".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address has a user name or password".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if hosts.iter().any(|pattern| matches(pattern, host)) {
        return Ok(url);
    }
    Err(format!("the host `{host}` is none that the plugin knows: {}", hosts.join(", ")))
}

/// Whether `host` is one of `pattern`, whose `*` stands for exactly one label.
fn matches(pattern: &str, host: &str) -> bool {
    let (mut pattern, mut host) = (pattern.split('.'), host.split('.'));
    loop {
        match (pattern.next(), host.next()) {
            (None, None) => return true,
            (Some("*"), Some(label)) if !label.is_empty() => {}
            (Some(wanted), Some(label)) if wanted.eq_ignore_ascii_case(label) => {}
            _ => return false,
        }
    }
}

/// The status of the answer.
async fn fetch(url: Url, transport: Transport) -> Result<u16, String> {
    let Ok(_place) = PLACES.try_acquire() else {
        return Err("other addresses are being opened: have the sender ask again".to_owned());
    };
    let status = transport::status_of(url, transport, TIMEOUT).await.map_err(|error| match error {
        // There is no connection that could allow it.
        SendError::Denied(Denied::Address { address, what, .. }) => format!("{address} is {what}"),
        other => other.to_string(),
    })?;
    if (200..300).contains(&status) { Ok(status) } else { Err(format!("the answer had status {status}")) }
}

#[cfg(test)]
mod tests {
    use tocsin_core::plugin::Replays;

    use super::*;

    fn checked(url: &str) -> Result<Url, String> {
        let info = SourceInfo {
            fields: Vec::new(),
            signatures: Vec::new(),
            methods: Vec::new(),
            replays: Replays::ByDeliveryId,
            body_limit: None,
            confirm_hosts: vec!["sns.*.amazonaws.com".to_owned(), "hooks.example.com".to_owned()],
            example: None,
        };
        check(url, Some(&info))
    }

    #[test]
    fn only_the_hosts_that_the_plugin_knows_are_asked() {
        for good in [
            "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
            "https://SNS.eu-west-1.AMAZONAWS.com:443/",
            "https://hooks.example.com/a",
        ] {
            checked(good).unwrap();
        }
        for (bad, word) in [
            ("https://sns.amazonaws.com/", "none that the plugin knows"),
            ("https://sns.a.b.amazonaws.com/", "none that the plugin knows"),
            ("https://sns..amazonaws.com/", "none that the plugin knows"),
            ("https://sns.eu-west-1.amazonaws.com.example.org/", "none that the plugin knows"),
            ("https://sns.eu-west-1.amazonaws.com./", "none that the plugin knows"),
            ("https://example.org/?sns.eu-west-1.amazonaws.com", "none that the plugin knows"),
            ("https://xhooks.example.com/", "none that the plugin knows"),
            ("https://127.0.0.1/", "none that the plugin knows"),
            ("https://sns.eu-west-1.amazonaws.com:8443/", "port"),
            ("https://sns.eu-west-1.amazonaws.com@example.org/", "user name"),
            ("https://:x@hooks.example.com/", "password"),
            ("http://sns.eu-west-1.amazonaws.com/", "not https"),
            ("file:///etc/passwd", "not https"),
            ("sns", "no URL"),
        ] {
            let why = checked(bad).expect_err(bad);
            assert!(why.contains(word), "{bad}: {why}");
        }
    }

    #[test]
    fn without_a_plugin_no_host_is_known() {
        check("https://sns.eu-west-1.amazonaws.com/", None).unwrap_err();
    }
}
