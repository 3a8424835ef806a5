//! Takes secrets out of what peers answer: an error page that repeats the address or the credentials must not
//! bring them to a plugin, the log or the journal.
//!
//! Never touches short values or words: a password of a few letters is found in any answer, and what stands around
//! it would be damaged. Of an address, only what looks drawn by chance counts, and nothing that an incident filled
//! in: a peer's own addresses and names come back whole.

use tocsin_core::plugin::Response;
use url::Url;

/// Bytes of a secret that is looked for.
const SECRET_BYTES_MIN: usize = 8;
/// Bytes of a part of an address that may be a secret: the tokens of all known webhooks are longer.
const TOKEN_BYTES_MIN: usize = 16;
/// Digits of a token, at least: words of an interface's path have fewer.
const TOKEN_DIGITS_MIN: usize = 3;
/// What stands in its place.
pub const PLACE: &str = "{{secret}}";

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
            self.put_in(part.as_bytes());
        }
    }

    /// Takes them out of `text`.
    pub fn scrub_text(&self, text: &mut String) {
        for secret in &self.0 {
            if let Some(clean) = without(text.as_bytes(), secret) {
                *text = String::from_utf8_lossy(&clean).into_owned();
            }
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

/// The parts of an address that are taken for secrets.
fn tokens(address: &Url) -> Vec<String> {
    parts(address).into_iter().filter(|part| is_token(part)).collect()
}

/// The parts of an address that are long enough for a secret, as they stand there and decoded.
fn parts(address: &Url) -> Vec<String> {
    let segments = address.path().split('/').map(str::to_owned);
    let written = address.query().unwrap_or_default().split(['&', '=']).map(str::to_owned);
    let decoded = address.query_pairs().map(|(_, value)| value.into_owned());
    segments.chain(written).chain(decoded).filter(|part| part.len() >= TOKEN_BYTES_MIN).collect()
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

/// `text` with every `secret` replaced; nothing when there is none in it.
fn without(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let mut found = memchr::memmem::find_iter(text, secret).peekable();
    found.peek()?;
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = 0;
    for at in found {
        clean.extend_from_slice(&text[rest..at]);
        clean.extend_from_slice(PLACE.as_bytes());
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
        let address = Url::parse(address).unwrap();
        secrets.in_address(&address, &address);
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

    /// A peer's own addresses and an incident's own names were once taken out of answers, and what was kept of
    /// them led nowhere.
    #[test]
    fn words_of_an_address_and_what_an_incident_fills_in_come_back_whole() {
        let mut secrets = Secrets::default();
        let address = |host: &str| {
            let path = "api/incident-management/CreateIncidentFromMonitoring/v2-connect-oauth2-proxy";
            Url::parse(&format!("https://desk.example/{path}/{host}?sp=%2Ftriggers%2Fmanual%2Frun")).unwrap()
        };
        secrets.in_address(&address("db-primary-0001.example.org"), &address("sample"));
        let said = "/api/incident-management/CreateIncidentFromMonitoring/v2-connect-oauth2-proxy \
                    db-primary-0001.example.org /triggers/manual/run";
        assert_eq!(scrubbed(&secrets, said), said);
        // What only people read loses the words as well: they may be somebody's secret.
        secrets.in_whole_address(&address("db-primary-0001.example.org"), &address("sample"));
        let mut text = "incident-management of db-primary-0001.example.org".to_owned();
        secrets.scrub_text(&mut text);
        assert_eq!(text, "{{secret}} of db-primary-0001.example.org");
    }

    #[test]
    fn what_is_drawn_by_chance_is_a_token() {
        for token in [
            "XXyyZZabCDefGHijKLmnOPqr",
            "9f86d081884c7d659a2feaa0c55ad015",
            "0191e0c4-7d2c-7cc1-9f3a-3d2f0a4b5c6d",
            "AIzaSyD3xQ9mPLEk3y7Fh2aBspZcEw0vT1uRnXo",
            "xoxb-1234567890-abcdefghij",
        ] {
            assert!(is_token(token), "{token}");
        }
        for word in
            ["incident-management", "applications/json", "202601010000000001", "IncomingWebhookTrigger"]
        {
            assert!(!is_token(word), "{word}");
        }
    }
}
