//! A plugin's own example as a request to one of its sources: its address, and a `curl` line to copy.

use std::fmt::Write as _;

use tocsin_core::plugin::Example;

/// The address that the example goes to: `source` is the source's own, without a query.
pub(super) fn address(source: &str, token: &str, example: &Example) -> String {
    let more = if example.query.is_empty() { "" } else { "&" };
    format!("{source}?token={token}{more}{}", example.query)
}

/// The request as a line for a shell.
pub(super) fn line(address: &str, example: &Example) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let Example { method, content_type, body, .. } = example;
    let mut line = format!("curl -X {method} {}", quote(address));
    // Writing to a `String` cannot fail.
    if !content_type.is_empty() {
        let _ = write!(line, " -H {}", quote(&format!("Content-Type: {content_type}")));
    }
    if !body.is_empty() {
        let _ = write!(line, " -d {}", quote(body));
    }
    line
}
