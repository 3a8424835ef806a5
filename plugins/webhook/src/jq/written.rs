//! A program's value as JSON, without a tree in between: it may have tens of megabytes.
//!
//! Never writes what is no JSON: not a number and infinity become null.

use std::io::Write;

use jaq_json::Val;
use serde_json::Number;

/// Bytes of a document; what a request may hold at most.
const BYTES_MAX: usize = 60 * 1024 * 1024;
/// Lists and objects within one another: more than peers take.
const DEPTH_MAX: usize = 100;

/// Appends `value` to `document`.
///
/// # Errors
/// It is too large or too deep.
pub(super) fn write(value: &Val, document: &mut Vec<u8>) -> Result<(), String> {
    put(value, document, 0)
}

fn put(value: &Val, document: &mut Vec<u8>, depth: usize) -> Result<(), String> {
    fits(document, 0)?;
    if depth > DEPTH_MAX {
        return Err(format!("it gives more than {DEPTH_MAX} lists and objects within one another"));
    }
    match value {
        Val::Null => document.extend_from_slice(b"null"),
        Val::Bool(yes) => document.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Val::Num(number) => {
            let number = number.to_string();
            let is_json = number.parse::<Number>().is_ok();
            document.extend_from_slice(if is_json { number.as_bytes() } else { b"null" });
        }
        Val::BStr(bytes) | Val::TStr(bytes) => text(bytes, document)?,
        Val::Arr(items) => {
            document.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(index, document);
                put(item, document, depth + 1)?;
            }
            document.push(b']');
        }
        Val::Obj(members) => {
            document.push(b'{');
            for (index, (name, value)) in members.iter().enumerate() {
                separate(index, document);
                match name {
                    Val::BStr(bytes) | Val::TStr(bytes) => text(bytes, document)?,
                    other => text(other.to_string().as_bytes(), document)?,
                }
                document.push(b':');
                put(value, document, depth + 1)?;
            }
            document.push(b'}');
        }
    }
    Ok(())
}

fn fits(document: &[u8], more: usize) -> Result<(), String> {
    if document.len().saturating_add(more) > BYTES_MAX {
        return Err(format!("it gives more than {} MiB", BYTES_MAX / (1024 * 1024)));
    }
    Ok(())
}

fn separate(index: usize, document: &mut Vec<u8>) {
    if index > 0 {
        document.push(b',');
    }
}

fn text(bytes: &[u8], document: &mut Vec<u8>) -> Result<(), String> {
    fits(document, bytes.len())?;
    serde_json::to_writer(document.by_ref(), &String::from_utf8_lossy(bytes))
        .map_err(|error| error.to_string())
}
