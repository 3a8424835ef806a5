//! `[traces]`: the collector that traces are sent to, and which traces.
//!
//! A secret of `headers` is never shown.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};
use tocsin_core::egress::{Policy, check_address};
use tocsin_core::template::lacks_scheme;
use url::{Host, Url};

use super::Transport;
use super::reader::Reader;
use super::secret::Secret;
use super::transport;
use crate::runtime::steps::Traced;

/// The table.
const TABLE: &str = "traces";
/// The address of the collector.
const OTLP: &str = "otlp";
const HEADERS: &str = "headers";
/// The path that OTLP over HTTP has for traces
/// (<https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>).
const PATH: &str = "/v1/traces";
const EXAMPLE: &str = "http://127.0.0.1:4318";
/// Headers that belong to how the request is sent.
const NOT_AN_OPERATORS: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
];

/// Where traces are sent, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// The collector's address, with its path.
    pub endpoint: Url,
    /// What each request to it has, by the header's name.
    pub headers: BTreeMap<String, Secret>,
    /// How it is reached.
    pub transport: Transport,
    /// Which part of the traces that begin here is recorded, from 0 to 1.
    pub sample: f64,
}

impl Traces {
    /// Whether a trace is recorded. A sender decided that of its own trace. Of others, the id decides, as it does in
    /// OpenTelemetry's libraries: everyone who records the same part records the same traces.
    pub fn records(&self, Traced { trace, is_given }: Traced) -> bool {
        if is_given {
            return trace.is_sampled();
        }
        let low = trace.to_bytes().iter().skip(8).fold(0, |low: u64, byte| low << 8 | u64::from(*byte));
        // The largest number is rounded to 2^63.
        let is_part = self.sample >= 1.0 || ((low >> 1) as f64) < self.sample * (1_u64 << 63) as f64;
        trace.is_sampled() && is_part
    }
}

/// The table, if there is one. `egress` is the transport of all requests.
pub(super) fn read(root: &mut Reader, egress: &Transport) -> Option<Traces> {
    if !root.has(TABLE) {
        return None;
    }
    let mut reader = root.section(TABLE);
    if !reader.has(OTLP) {
        reader.problem(OTLP, format!("is missing: the address of the collector, such as `{EXAMPLE}`"));
    }
    let endpoint = reader.parsed(OTLP, parse);
    let headers = reader.secrets(HEADERS);
    for (name, value) in &headers {
        if let Err(problem) = check_header(name, value) {
            reader.problem(&format!("{HEADERS}.{name}"), problem);
        }
    }
    let is_here = endpoint.as_ref().is_some_and(is_this_machine);
    let transport = transport::read_traces(&mut reader, egress, is_here);
    let sample = reader.ratio("sample").unwrap_or(1.0);
    reader.finish();
    Some(Traces { endpoint: endpoint?, headers, transport, sample })
}

fn parse(text: &str) -> Result<Url, String> {
    let wrong = |what: &str| format!("`{text}` {what}");
    // It may be a secret, so it is not shown.
    if text.contains(['@', '?']) {
        return Err("has a user name, a password or a query: write what the collector asks for into \
                    `headers`, such as headers = { Authorization = { file = \"/path\" } }"
            .to_owned());
    }
    if lacks_scheme(text) {
        return Err(wrong("has no scheme: write `http://` or `https://` in front of it"));
    }
    let not_an_address = || wrong(&format!("is not an address of http or https, such as `{EXAMPLE}`"));
    let mut url = Url::parse(text).map_err(|_| not_an_address())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(not_an_address());
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) | None => None,
    };
    if address
        .is_some_and(|address| check_address(address, Policy { private: true, link_local: false }).is_err())
    {
        return Err(wrong("is a link-local address, where a collector cannot be: write another one of it"));
    }
    url.set_fragment(None);
    if url.path() == "/" {
        url.set_path(PATH);
    }
    Ok(url)
}

/// Whether an address leads to this machine, as far as its text says.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

fn check_header(name: &str, value: &Secret) -> Result<(), &'static str> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "is no name of a header: write one such as `Authorization`")?;
    if NOT_AN_OPERATORS.contains(&header.as_str()) {
        return Err("is a header that Tocsin sets itself: remove it");
    }
    if value.is_seen() && HeaderValue::from_str(value.reveal()).is_err() {
        return Err("cannot be the value of a header: it has a line end or another control character");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tocsin_core::id::ReceiptId;
    use tocsin_core::trace::Trace;

    use super::*;

    #[test]
    fn an_address_without_a_path_gets_that_of_the_standard_and_another_one_keeps_its_own() {
        for (text, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otel.example.org/", "https://otel.example.org/v1/traces"),
            ("https://otel.example.org/otlp/v1/traces", "https://otel.example.org/otlp/v1/traces"),
            ("http://10.0.0.8:4318/#x", "http://10.0.0.8:4318/v1/traces"),
        ] {
            assert_eq!(parse(text).expect(text).as_str(), expected);
        }
        for (text, words) in [
            ("127.0.0.1:4318", "has no scheme"),
            ("grpc://127.0.0.1:4317", "is not an address of http or https"),
            ("http://", "is not an address of http or https"),
            ("https://me:word@otel.example.org", "into `headers`"),
            ("https://otel.example.org/?key=word", "into `headers`"),
            ("me:word@otel.example.org:4318", "into `headers`"),
            ("http://169.254.169.254", "is a link-local address"),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(words) && !said.contains("word@") && !said.contains("key=word"), "{said}");
        }
    }

    #[test]
    fn only_a_collector_on_this_machine_is_reached_without_the_proxy_of_all() {
        for (text, is_here) in [
            ("http://127.0.0.1:4318", true),
            ("http://[::1]:4318", true),
            ("http://[::ffff:127.0.0.1]:4318", true),
            ("http://localhost:4318", true),
            ("http://otel.localhost:4318", true),
            ("http://10.0.0.8:4318", false),
            ("http://notlocalhost:4318", false),
        ] {
            assert_eq!(is_this_machine(&parse(text).expect(text)), is_here, "{text}");
        }
    }

    #[test]
    fn the_id_decides_which_new_traces_are_recorded_and_the_sender_which_of_its_own() {
        let traces = |sample| Traces {
            endpoint: parse(EXAMPLE).expect("an address"),
            headers: BTreeMap::new(),
            transport: Transport::default(),
            sample,
        };
        let trace = |byte| Trace::of_receipt(ReceiptId::from_bytes([byte; 16]));
        let recorded = |sample: f64| {
            let traces = traces(sample);
            (1..=255).filter(|byte| traces.records(Traced { trace: trace(*byte), is_given: false })).count()
        };
        assert_eq!((recorded(0.0), recorded(1.0)), (0, 255));
        assert!((120..=135).contains(&recorded(0.5)), "{}", recorded(0.5));
        for is_sampled in [true, false] {
            let given = Traced { trace: trace(200).sampled(is_sampled), is_given: true };
            assert_eq!(traces(0.0).records(given), is_sampled);
            assert_eq!(traces(1.0).records(given), is_sampled);
        }
    }
}
