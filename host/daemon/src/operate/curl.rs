//! A plugin's example as a request to one of its sources: the address and a `curl` command.

use std::fmt::Write as _;

use tocsin_core::plugin::Example;

/// The address of the example; `source` is the address of the source, without a query.
pub fn address(source: &str, token: &str, example: &Example) -> String {
    let more = if example.query.is_empty() { "" } else { "&" };
    format!("{source}?token={token}{more}{}", example.query)
}

/// The request as a shell command.
pub fn line(address: &str, example: &Example) -> String {
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
