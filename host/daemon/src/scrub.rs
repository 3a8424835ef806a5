//! Takes secrets out of what peers answer: an error page that repeats the address or the credentials must not
//! bring them to a plugin, the log or the journal.
//!
//! Never touches short values: a password of a few letters is found in any answer, and what stands around it
//! would be damaged.

use tocsin_core::plugin::Response;
use url::Url;

/// Bytes of a secret that is looked for.
const SECRET_BYTES_MIN: usize = 8;
/// Bytes of a part of an address that is taken for a secret: the tokens of all known webhooks are longer, words
/// of an interface's path are shorter.
const TOKEN_BYTES_MIN: usize = 16;
/// What stands in its place.
const PLACE: &[u8] = b"{{secret}}";

/// What must not come back.
#[derive(Debug, Default)]
pub struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Adds what was put into a request, as it was written there.
    pub fn put_in(&mut self, written: &[u8]) {
        if written.len() >= SECRET_BYTES_MIN && !self.0.iter().any(|known| known == written) {
            self.0.push(written.to_vec());
        }
    }

    /// Adds the parts of an address that are tokens, as they stand there and decoded.
    pub fn in_address(&mut self, address: &Url) {
        let segments = address.path().split('/').map(str::to_owned);
        let written = address.query().unwrap_or_default().split(['&', '=']).map(str::to_owned);
        let decoded = address.query_pairs().map(|(_, value)| value.into_owned());
        for token in segments.chain(written).chain(decoded).filter(|token| token.len() >= TOKEN_BYTES_MIN) {
            self.put_in(token.as_bytes());
        }
    }

    /// Takes them out of `response`.
    pub fn scrub(&self, response: &mut Response) {
        for secret in &self.0 {
            if let Some(clean) = without(&response.body, secret) {
                response.body = clean;
            }
            for header in &mut response.headers {
                if let Some(clean) = without(header.value.as_bytes(), secret) {
                    header.value = String::from_utf8_lossy(&clean).into_owned();
                }
            }
        }
    }
}

/// `text` with every `secret` replaced; nothing when there is none in it.
fn without(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let mut found = memchr::memmem::find_iter(text, secret).peekable();
    found.peek()?;
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = 0;
    for at in found {
        clean.extend_from_slice(&text[rest..at]);
        clean.extend_from_slice(PLACE);
        rest = at + secret.len();
    }
    clean.extend_from_slice(&text[rest..]);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tocsin_core::plugin::Pair;

    fn scrubbed(secrets: &Secrets, body: &str) -> String {
        let headers = vec![Pair::new("location", body)];
        let mut response = Response { status: 404, headers, body: body.as_bytes().to_vec() };
        secrets.scrub(&mut response);
        assert_eq!(response.headers[0].value.as_bytes(), response.body);
        String::from_utf8(response.body).unwrap()
    }

    #[test]
    fn what_was_put_in_comes_back_as_a_placeholder() {
        let mut secrets = Secrets::default();
        secrets.put_in(b"correct horse");
        secrets.put_in(b"short");
        assert_eq!(
            scrubbed(&secrets, "no: correct horse, correct horse! short"),
            "no: {{secret}}, {{secret}}! short"
        );
    }

    #[test]
    fn tokens_in_an_address_are_hidden_and_words_of_its_path_are_not() {
        let mut secrets = Secrets::default();
        let address = "https://hooks.example/services/api/v2/B0123/0123456789abcdefgh?key=short&sig=a%2Bb-0123456789abc";
        secrets.in_address(&Url::parse(address).unwrap());
        assert_eq!(
            scrubbed(&secrets, "The path /services/api/v2/B0123/0123456789abcdefgh was not found"),
            "The path /services/api/v2/B0123/{{secret}} was not found"
        );
        assert_eq!(
            scrubbed(&secrets, "sig=a%2Bb-0123456789abc or a+b-0123456789abc"),
            "sig={{secret}} or {{secret}}"
        );
        assert_eq!(scrubbed(&secrets, "key=short"), "key=short");
    }
}
