//! How two values of one row differ, for a person: by field where they are records.

use serde_json::Value;

/// Characters of a value that are shown.
const SHOWN_CHARS: usize = 120;

/// How `kept` differs from `folded`.
pub(super) fn difference(kept: &[u8], folded: &[u8]) -> String {
    match (object(kept), object(folded)) {
        (Some(kept), Some(folded)) => {
            let names: Vec<&String> = kept.keys().chain(folded.keys()).collect();
            let mut seen = std::collections::BTreeSet::new();
            let fields: Vec<String> = names
                .into_iter()
                .filter(|name| kept.get(*name) != folded.get(*name) && seen.insert(name.as_str()))
                .map(|name| {
                    let (kept, folded) = (field(kept.get(name)), field(folded.get(name)));
                    format!("`{name}` is {kept}, the journal says {folded}")
                })
                .collect();
            if fields.is_empty() { "it is written differently".to_owned() } else { fields.join("; ") }
        }
        _ => format!("it is {}, the journal says {}", shown(kept), shown(folded)),
    }
}

/// The record's fields, if it is one with fields.
fn object(bytes: &[u8]) -> Option<serde_json::Map<String, Value>> {
    let (_, body) = bytes.split_first()?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

fn field(value: Option<&Value>) -> String {
    value.map_or_else(|| "not there".to_owned(), |value| cut(&value.to_string()))
}

fn shown(bytes: &[u8]) -> String {
    let text = bytes.split_first().and_then(|(_, body)| std::str::from_utf8(body).ok());
    match text {
        Some(text) if text.chars().all(|c| !c.is_control()) && !text.is_empty() => cut(text),
        _ => cut(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARS - 1).chain(['…']).collect()
}
