//! Who a sender is: the token in the query, in `Authorization: Bearer` or in `X-Tocsin-Token`.
//!
//! Compares in constant time, and takes what proves the sender out of the request, so that neither a plugin
//! nor the store ever sees it.

use axum::http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use subtle::ConstantTimeEq;
use tocsin_core::plugin::Pair;

use crate::config::Secret;

/// The query parameter that holds the token.
const PARAMETER: &str = "token";
/// The header that holds the token.
const HEADER: &str = "x-tocsin-token";
/// The scheme of `Authorization`, in lower case.
const SCHEME: &str = "bearer ";

/// Whether one of the places for a token holds `expected`.
pub(super) fn prove(expected: &Secret, query: &[Pair], headers: &[Pair]) -> bool {
    let in_query = query.iter().filter(|pair| pair.name == PARAMETER).map(|pair| pair.value.as_str());
    let in_headers = headers.iter().filter_map(|pair| match pair.name.as_str() {
        HEADER => Some(pair.value.as_str()),
        name if name == AUTHORIZATION.as_str() => {
            let scheme = pair.value.get(..SCHEME.len())?;
            scheme.eq_ignore_ascii_case(SCHEME).then(|| pair.value[SCHEME.len()..].trim())
        }
        _ => None,
    });
    in_query.chain(in_headers).any(|given| {
        let same: bool = given.as_bytes().ct_eq(expected.reveal().as_bytes()).into();
        same
    })
}

/// Takes out what proves the sender.
pub(super) fn strip(query: &mut Vec<Pair>, headers: &mut Vec<Pair>) {
    query.retain(|pair| pair.name != PARAMETER);
    let secret = [AUTHORIZATION.as_str(), PROXY_AUTHORIZATION.as_str(), COOKIE.as_str(), HEADER];
    headers.retain(|pair| !secret.contains(&pair.name.as_str()));
}
