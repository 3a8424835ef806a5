//! The answer that a program gives its sender.
//!
//! Never passes on a member that no answer has: the author would not see that it is missing.

use serde_json::Value;
use tocsin_plugin::prelude::*;
use tocsin_plugin::{Header, Reply};

/// The answer that the sender gets: `{status, headers, body}`. A body that is no text is sent as JSON.
pub(super) fn read(answer: &Value) -> Result<Reply, String> {
    let Value::Object(members) = answer else {
        return Err("gave a reply that is no object; {status: 200, body: …} was expected".to_owned());
    };
    if let Some(unknown) = members.keys().find(|name| !["status", "headers", "body"].contains(&name.as_str()))
    {
        let unknown = text::truncate(&text::one_line(unknown), 60);
        return Err(format!("gave a reply with the member `{unknown}`; known are status, headers, body"));
    }
    let status = match members.get("status") {
        None | Some(Value::Null) => 200,
        Some(status) => status
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (200..=599).contains(status))
            .ok_or_else(|| format!("gave a reply with the status {status}, which is not 200 to 599"))?,
    };
    let lines = members.get("headers").and_then(Value::as_object).into_iter().flatten();
    let line = |(name, value): (&String, &Value)| {
        Some(Header { name: name.to_ascii_lowercase(), value: json::scalar(value)? })
    };
    let mut headers: Vec<Header> = lines.filter_map(line).collect();
    let body = match members.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(document) => {
            if !headers.iter().any(|header| header.name == "content-type") {
                let value = "application/json".to_owned();
                headers.push(Header { name: "content-type".to_owned(), value });
            }
            document.to_string().into_bytes()
        }
    };
    Ok(Reply { status, headers, body })
}
