//! The operator's own `blocks`: a Block Kit layout in place of the default one.
//!
//! Never lets what an alert says become markup in it: every `mrkdwn` text is escaped as a message of the operator's is.

use serde_json::Value;

use crate::blocks::SECTION_CHARS;
use crate::mrkdwn::own as escaped;

/// Blocks of one message (Slack: 50), one of them for mentions.
const BLOCKS_MAX: usize = 49;
/// How deep objects may stand in each other.
const DEPTH_MAX: usize = 20;

/// The blocks of a list, or of an object with `blocks` as Block Kit Builder shows it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn own(document: &str) -> Result<Vec<Value>, String> {
    let wrong = "is not a list of blocks, `[{\"type\": \"section\", …}]`, or an object with such `blocks`";
    let mut document: Value = serde_json::from_str(document).map_err(|_| wrong.to_owned())?;
    let list = match document.get_mut("blocks") {
        Some(blocks) => blocks.take(),
        None => document,
    };
    let Value::Array(mut blocks) = list else { return Err(wrong.to_owned()) };
    if blocks.is_empty() || blocks.len() > BLOCKS_MAX {
        return Err(format!("has {} blocks: a message has 1 to {BLOCKS_MAX}", blocks.len()));
    }
    if let Some(at) = blocks.iter().position(|block| !block.get("type").is_some_and(Value::is_string)) {
        return Err(format!("has no `type` in block {}", at + 1));
    }
    for block in &mut blocks {
        escape(block, DEPTH_MAX);
    }
    Ok(blocks)
}

fn escape(value: &mut Value, depth: usize) {
    match value {
        Value::Array(list) if depth > 0 => list.iter_mut().for_each(|value| escape(value, depth - 1)),
        Value::Object(members) if depth > 0 => {
            let is_markup = members.get("type").and_then(Value::as_str) == Some("mrkdwn");
            if is_markup && let Some(Value::String(text)) = members.get_mut("text") {
                *text = escaped(text, SECTION_CHARS);
                members.insert("verbatim".to_owned(), true.into());
                return;
            }
            members.values_mut().for_each(|value| escape(value, depth - 1));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markup_is_escaped_and_plain_text_is_left() {
        let text = json!({"type": "mrkdwn", "text": "*x* <!channel> \u{e013}here\u{e012}"});
        let plain = json!({"type": "plain_text", "text": "<x>"});
        let given = json!({"blocks": [{"type": "section", "text": text, "fields": [plain]}]}).to_string();
        let blocks = own(&given).expect("blocks");
        assert_eq!(blocks[0]["text"]["text"], "*x* &lt;!channel&gt; <!here>");
        assert_eq!(blocks[0]["fields"][0]["text"], "<x>");
        for (wrong, words) in
            [("{}", "not a list"), ("[]", "has 0"), ("[{}]", "no `type` in block 1"), ("x", "not a")]
        {
            assert!(own(wrong).expect_err(wrong).contains(words), "{wrong}");
        }
    }
}
