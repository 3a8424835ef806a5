//! A token in a field of the form, of the JSON object, or of the query, as StatusCake sends its account's.
//!
//! A token that was found is taken out, whether it was right or not.

use md5::{Digest, Md5};
use serde_json::Value;
use tocsin_core::plugin::{Encoding, Pair, SourceRequest};
use url::form_urlencoded;

use super::same;
use crate::config::FieldToken;
use crate::signing;

/// Whether the field's value is the right one. Takes the field out of query and body.
pub(super) fn take(wanted: &FieldToken, request: &mut SourceRequest) -> bool {
    let mut given = take_pairs(&mut request.query, &wanted.field);
    given.extend(take_from_body(&wanted.field, &mut request.body));
    let expected = expected(wanted);
    // Hexadecimal digits may be of either case.
    let fold = wanted.md5_user.is_some();
    given.iter().any(|value| {
        let value = if fold { value.trim().to_ascii_lowercase() } else { value.clone() };
        same(value.as_bytes(), expected.as_bytes())
    })
}

/// `md5(lower-case user ++ key)` (statuscake.com, "How to use the web hook URL"), or the key.
fn expected(wanted: &FieldToken) -> String {
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

fn take_from_body(field: &str, body: &mut Vec<u8>) -> Vec<String> {
    if let Ok(Value::Object(mut object)) = serde_json::from_slice(body) {
        let name = object.keys().find(|name| name.eq_ignore_ascii_case(field)).cloned();
        let Some(taken) = name.and_then(|name| object.remove(&name)) else { return Vec::new() };
        *body = Value::Object(object).to_string().into_bytes();
        return taken.as_str().map(str::to_owned).into_iter().collect();
    }
    let mut pairs: Vec<Pair> =
        form_urlencoded::parse(body).map(|(name, value)| Pair::new(name, value)).collect();
    let taken = take_pairs(&mut pairs, field);
    if !taken.is_empty() {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for pair in &pairs {
            form.append_pair(&pair.name, &pair.value);
        }
        *body = form.finish().into_bytes();
    }
    taken
}
