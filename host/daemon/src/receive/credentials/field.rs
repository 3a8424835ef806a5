//! A token in a field of the form, of the JSON object, or of the query, as StatusCake sends its account's.
//!
//! A token that was found is taken out, whether it was right or not; the rest of a form stays as it was sent.

use md5::{Digest, Md5};
use serde_json::Value;
use tocsin_core::plugin::{Encoding, Pair, SourceRequest};

use crate::config::FieldToken;
use crate::receive::charset;
use crate::runtime::signing;
use crate::runtime::signing::same;

/// Whether the field's value is the right one. Takes the field out of query and body.
pub(super) fn take(wanted: &FieldToken, request: &mut SourceRequest) -> bool {
    let mut given = take_pairs(&mut request.query, &wanted.field);
    given.extend(take_from_body(&wanted.field, request));
    let expected = expected(wanted);
    // Hexadecimal digits may be of either case.
    let fold = wanted.md5_user.is_some();
    given.iter().any(|value| {
        let value = if fold { value.trim().to_ascii_lowercase() } else { value.clone() };
        same(value.as_bytes(), expected.as_bytes())
    })
}

/// `md5(lower-case user ++ key)` (statuscake.com, "How to use the web hook URL"), or the key.
pub(super) fn expected(wanted: &FieldToken) -> String {
    match &wanted.md5_user {
        Some(user) => {
            let mut digest = Md5::new();
            digest.update(user.to_lowercase());
            digest.update(wanted.key.reveal());
            signing::write(Encoding::Hex, &digest.finalize())
        }
        None => wanted.key.reveal().to_owned(),
    }
}

fn take_pairs(pairs: &mut Vec<Pair>, field: &str) -> Vec<String> {
    let mut taken = Vec::new();
    pairs.retain(|pair| {
        let found = pair.name.eq_ignore_ascii_case(field);
        if found {
            taken.push(pair.value.clone());
        }
        !found
    });
    taken
}

fn take_from_body(field: &str, request: &mut SourceRequest) -> Vec<String> {
    let readable = charset::readable(request);
    if let Ok(Value::Object(mut object)) = serde_json::from_slice(&readable.body) {
        let name = object.keys().find(|name| name.eq_ignore_ascii_case(field)).cloned();
        let Some(taken) = name.and_then(|name| object.remove(&name)) else { return Vec::new() };
        request.body = Value::Object(object).to_string().into_bytes();
        charset::say_utf8(&mut request.headers);
        return taken.as_str().map(str::to_owned).into_iter().collect();
    }
    let mut taken = Vec::new();
    let mut rest = Vec::new();
    for part in charset::form_parts(&request.body) {
        let (name, value) = charset::form_pair(part);
        if charset::text(&name).eq_ignore_ascii_case(field) {
            taken.push(charset::text(&value).into_owned());
        } else {
            rest.push(part);
        }
    }
    if !taken.is_empty() {
        request.body = rest.join(&b'&');
    }
    taken
}
