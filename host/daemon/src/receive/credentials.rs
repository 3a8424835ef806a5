//! Who a sender is: everything that its source asks for, all of it.
//!
//! Compares in constant time and never says which proof failed. What proves the sender is taken out of the
//! request, so that neither a plugin nor the store ever sees it.

use axum::http::header::{AUTHORIZATION, COOKIE, HeaderMap, PROXY_AUTHORIZATION};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tocsin_core::plugin::{Pair, Signature, SourceRequest};
use tocsin_core::time::Timestamp;

use crate::config::{Authentication, Basic, Secret, Token};
use crate::runtime::clock::Clock;
use crate::runtime::signing::{self, same};
use crate::send::redact::Secrets;

mod field;

/// The query parameter that holds the token.
const PARAMETER: &str = "token";
/// The header that holds the token.
const HEADER: &str = "x-tocsin-token";
/// Seconds that a signed request's time may differ from ours (standardwebhooks.com, "Verifying webhook
/// authenticity": five minutes in its libraries).
const SIGNED_AGE_SECONDS_MAX: i64 = 5 * 60;

/// What a request did not prove although it has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unproven {
    Token,
    Basic,
    Signature,
    FieldToken,
    Address,
}

impl Unproven {
    /// For the operator; the sender is not told which it was.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Token => "the token is missing or wrong",
            Self::Basic => "the user name and password (HTTP Basic) are missing or wrong",
            Self::Signature => "the signature is missing, wrong or too old",
            Self::FieldToken => "the token in the field of `field_token` is missing or wrong",
            Self::Address => "the sender's address is in no network of `allow`",
        }
    }
}

/// A token in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The index of its key, see [`TOKEN_KEYS`](crate::config::TOKEN_KEYS).
    pub(super) place: usize,
    /// The token itself, of which the configuration may have only the digest.
    pub(super) text: Secret,
}

/// Checks all that can be checked before the body is read: token and Basic. A token in the path is taken out
/// of it. Returns the token that was shown.
pub(super) fn prove_head(
    wanted: &Authentication,
    path: &mut String,
    query: &[Pair],
    headers: &[Pair],
) -> Result<Option<Shown>, Unproven> {
    let shown = find_token(&wanted.tokens, query, headers).or_else(|| take_from_path(&wanted.tokens, path));
    let basic = wanted.basic.as_ref().is_none_or(|basic| has_basic(basic, headers));
    match (shown.is_some() || wanted.tokens.is_empty(), basic) {
        (false, _) => Err(Unproven::Token),
        (true, false) => Err(Unproven::Basic),
        (true, true) => Ok(shown),
    }
}

/// Checks a signature that the plugin describes. The body of `request` must be as it was sent.
pub(super) fn prove_signature(
    wanted: &Authentication,
    signatures: &[Signature],
    request: &SourceRequest,
    clock: &Clock,
) -> Result<(), Unproven> {
    let Some(key) = &wanted.signing_key else { return Ok(()) };
    let signed = signatures.iter().any(|signature| is_signed(signature, key, request, clock));
    if signed { Ok(()) } else { Err(Unproven::Signature) }
}

/// Checks a field's token, which is taken out. The body of `request` must be decoded.
pub(super) fn prove_field(wanted: &Authentication, request: &mut SourceRequest) -> Result<(), Unproven> {
    let proven = wanted.field_token.as_ref().is_none_or(|wanted| field::take(wanted, request));
    if proven { Ok(()) } else { Err(Unproven::FieldToken) }
}

/// Takes out of query and headers what proves a sender.
pub(super) fn strip(query: &mut Vec<Pair>, headers: &mut Vec<Pair>) {
    query.retain(|pair| pair.name != PARAMETER);
    let secret = [AUTHORIZATION.as_str(), PROXY_AUTHORIZATION.as_str(), COOKIE.as_str(), HEADER];
    headers.retain(|pair| !secret.contains(&pair.name.as_str()));
}

/// Takes every secret of the source out of what is kept of a request beside its body: proxies copy addresses into
/// headers, and a token may stand in an address more than once.
pub(super) fn forget(wanted: &Authentication, shown: Option<&Shown>, request: &mut SourceRequest) {
    let mut secrets = Secrets::default();
    if let Some(shown) = shown {
        secrets.put_in_whole(shown.text.reveal().as_bytes());
    }
    wanted.secrets().for_each(|secret| secrets.put_in_whole(secret.reveal().as_bytes()));
    if let Some(wanted) = &wanted.field_token {
        secrets.put_in_whole(field::expected(wanted).as_bytes());
    }
    secrets.scrub_head(request);
}

fn find_token(tokens: &[(usize, Token)], query: &[Pair], headers: &[Pair]) -> Option<Shown> {
    let in_query = query.iter().filter(|pair| pair.name == PARAMETER).map(|pair| pair.value.as_str());
    let in_headers = headers.iter().filter_map(|pair| match pair.name.as_str() {
        HEADER => Some(pair.value.as_str()),
        name if name == AUTHORIZATION.as_str() => after_scheme(&pair.value, "bearer"),
        _ => None,
    });
    in_query.chain(in_headers).find_map(|given| shown(tokens, given))
}

/// Which of the tokens `given` is.
fn shown(tokens: &[(usize, Token)], given: &str) -> Option<Shown> {
    let (place, _) = tokens.iter().find(|(_, token)| token.is(given))?;
    Some(Shown { place: *place, text: Secret::new(given) })
}

/// Takes the first segment of `path` when it is one of the tokens.
fn take_from_path(tokens: &[(usize, Token)], path: &mut String) -> Option<Shown> {
    let rest = path.strip_prefix('/').unwrap_or_default();
    let (first, remainder) = match rest.split_once('/') {
        Some((first, remainder)) => (first, format!("/{remainder}")),
        None => (rest, String::new()),
    };
    let shown = shown(tokens, first)?;
    *path = remainder;
    Some(shown)
}

fn has_basic(expected: &Basic, headers: &[Pair]) -> bool {
    let wanted = format!("{}:{}", expected.user, expected.password.reveal());
    headers
        .iter()
        .filter(|pair| pair.name == AUTHORIZATION.as_str())
        .filter_map(|pair| BASE64.decode(after_scheme(&pair.value, "basic")?).ok())
        .any(|given| same(&given, wanted.as_bytes()))
}

/// The token of a request with `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    after_scheme(given, "bearer")
}

/// What follows the scheme in an `Authorization` header of that scheme.
fn after_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = value.trim().split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn is_signed(signature: &Signature, key: &Secret, request: &SourceRequest, clock: &Clock) -> bool {
    let header =
        |name: &str| request.headers.iter().find(|pair| pair.name == name).map(|pair| pair.value.trim());
    match signature {
        Signature::BodyHmac { header: name, prefix, digest, encoding } => {
            let mac = signing::hmac(*digest, key.reveal().as_bytes(), &request.body);
            let expected = format!("{prefix}{}", signing::write(*encoding, &mac));
            // PagerDuty sends several while a secret is being changed; every one is compared.
            let fits = |given: &&str| same(given.trim().as_bytes(), expected.as_bytes());
            header(name).is_some_and(|given| given.split(',').filter(fits).count() > 0)
        }
        Signature::StandardWebhooks => {
            let (Some(id), Some(seconds), Some(signatures), Ok(key)) = (
                header("webhook-id"),
                header("webhook-timestamp").and_then(|text| text.parse::<i64>().ok()),
                header("webhook-signature"),
                signing::standard_key(key.reveal()),
            ) else {
                return false;
            };
            let expected = signing::standard_webhooks(&key, id, seconds, &request.body);
            // Several while a key is being changed; every one is compared.
            let signed =
                signatures.split(' ').filter(|given| same(given.as_bytes(), expected.as_bytes())).count();
            // The sender signs the time of its own clock.
            let now = request.received_at.minus_ms(clock.ahead_ms());
            is_fresh(seconds, now) && signed > 0
        }
    }
}

fn is_fresh(seconds: i64, now: Timestamp) -> bool {
    (now.micros() / 1_000_000).abs_diff(seconds) <= SIGNED_AGE_SECONDS_MAX.unsigned_abs()
}

#[cfg(test)]
mod tests;
