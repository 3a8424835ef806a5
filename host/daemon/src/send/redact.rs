//! Takes secrets out of what peers answer and senders send: an error page that repeats the address or the credentials
//! must not bring them to a plugin, the log or the journal.
//!
//! Of a secret, every run of eight bytes and more is taken out, in each of its forms (see [`finder`]). A shorter one is
//! taken out where it stands as a word: a password of a few letters is found in any answer, and what stands around it
//! would be damaged. Of an address, only what looks drawn by chance counts, and nothing that an incident filled in: a
//! peer's own addresses and names come back whole.

use std::sync::Arc;

use tocsin_core::plugin::{Pair, Response, SourceRequest};
use url::Url;

use finder::Finder;

pub mod finder;
mod recent;
mod undone;

/// Bytes of a part of an address that may be a secret: the tokens of all known webhooks are longer.
const TOKEN_BYTES_MIN: usize = 16;
/// Digits of a token, at least: words of an interface's path have fewer.
const TOKEN_DIGITS_MIN: usize = 3;
/// What stands in its place.
pub const PLACE: &str = "{{secret}}";

/// What must not come back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Of which every run is taken out.
    runs: Vec<Vec<u8>>,
    /// Which are taken out where they stand whole.
    whole: Vec<Vec<u8>>,
}

impl Secrets {
    /// Adds a secret of which no run may come back.
    pub fn put_in(&mut self, secret: &[u8]) {
        add(&mut self.runs, secret);
    }

    /// Adds a secret that may come back in parts: for texts that hold words of others, which may be in it.
    pub fn put_in_whole(&mut self, secret: &[u8]) {
        add(&mut self.whole, secret);
    }

    /// Adds the parts of an address that are tokens, as they stand there and decoded; `sample` is the same address
    /// for another incident: what the two do not share is no secret of the connection's.
    pub fn in_address(&mut self, address: &Url, sample: &Url) {
        let shared = tokens(sample);
        for token in tokens(address).iter().filter(|token| shared.contains(token)) {
            self.put_in(token.as_bytes());
        }
    }

    /// Adds every long part of an address, words as well: for texts that are only read by people.
    pub fn in_whole_address(&mut self, address: &Url, sample: &Url) {
        let shared = parts(sample);
        for part in parts(address).iter().filter(|part| shared.contains(part)) {
            self.put_in_whole(part.as_bytes());
        }
    }

    /// Takes them out of `text`.
    pub fn scrub_text(&self, text: &mut String) {
        for finder in self.finders().iter() {
            scrub_text(finder, text);
        }
    }

    /// Takes them out of `response`.
    pub fn scrub(&self, response: &mut Response) {
        for finder in self.finders().iter() {
            if let Some(clean) = finder.without(&response.body, PLACE.as_bytes()) {
                response.body = clean;
            }
            scrub_pairs(finder, &mut response.headers);
        }
    }

    /// Takes them out of what is kept of a request beside its body: path, query and headers.
    pub fn scrub_head(&self, request: &mut SourceRequest) {
        for finder in self.finders().iter() {
            scrub_text(finder, &mut request.path);
            scrub_pairs(finder, &mut request.query);
            scrub_pairs(finder, &mut request.headers);
        }
    }

    /// What finds them. Made once for the same secrets, as far as they were looked for lately.
    fn finders(&self) -> Arc<[Finder]> {
        recent::finders(self, || {
            let runs = (!self.runs.is_empty()).then(|| Finder::of_runs(&self.runs));
            runs.into_iter().chain(self.whole.iter().map(|secret| Finder::of_whole(secret))).collect()
        })
    }
}

fn add(to: &mut Vec<Vec<u8>>, secret: &[u8]) {
    if secret.len() >= finder::SECRET_BYTES_MIN && !to.iter().any(|known| known == secret) {
        to.push(secret.to_vec());
    }
}

fn scrub_text(finder: &Finder, text: &mut String) {
    if let Some(clean) = finder.without(text.as_bytes(), PLACE.as_bytes()) {
        *text = String::from_utf8_lossy(&clean).into_owned();
    }
}

fn scrub_pairs(finder: &Finder, pairs: &mut [Pair]) {
    for Pair { name, value } in pairs {
        scrub_text(finder, name);
        scrub_text(finder, value);
    }
}

/// The parts of an address that are taken for secrets.
fn tokens(address: &Url) -> Vec<String> {
    parts(address).into_iter().filter(|part| is_token(part)).collect()
}

/// The parts of an address that are long enough for a secret, decoded: escapes have digits that are no part of it.
fn parts(address: &Url) -> Vec<String> {
    let plain = |segment: &str| String::from_utf8_lossy(&undone::all(segment.as_bytes())).into_owned();
    let segments = address.path().split('/').map(plain);
    let pairs = address.query_pairs().flat_map(|(name, value)| [name.into_owned(), value.into_owned()]);
    segments.chain(pairs).filter(|part| part.len() >= TOKEN_BYTES_MIN).collect()
}

/// Whether a long part of an address looks drawn by chance: of letters with several digits, or of capital and small
/// letters that change more often than in words.
fn is_token(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let has_letters = part.bytes().any(|byte| byte.is_ascii_alphabetic());
    let cases: Vec<bool> =
        part.bytes().filter(u8::is_ascii_alphabetic).map(|byte| byte.is_ascii_uppercase()).collect();
    let turns = cases.windows(2).filter(|pair| pair[0] != pair[1]).count();
    has_letters && (digits >= TOKEN_DIGITS_MIN || turns * 3 >= cases.len().max(TOKEN_BYTES_MIN))
}

#[cfg(test)]
mod tests;
