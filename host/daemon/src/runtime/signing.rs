//! Digests and HMACs, as peers write them.
//!
//! Never holds a key longer than a call.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq;
use tocsin_core::plugin::{Digest, Encoding};

/// Hexadecimal digits of a SHA-256.
pub const SHA256_DIGITS: usize = 64;

/// Random bytes of a token: too many to find the token from its digest.
const TOKEN_BYTES: usize = 24;

/// A new token, in hexadecimal digits.
///
/// # Errors
/// The system provides no random numbers.
pub fn random_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(write(Encoding::Hex, &bytes))
}

/// The HMAC of `body` under `key`.
pub fn hmac(digest: Digest, key: &[u8], body: &[u8]) -> Vec<u8> {
    match digest {
        Digest::Sha1 => mac::<Hmac<Sha1>>(key, &[body]),
        Digest::Sha256 => mac::<Hmac<Sha256>>(key, &[body]),
        Digest::Sha512 => mac::<Hmac<Sha512>>(key, &[body]),
    }
}

/// `mac` as text.
pub fn write(encoding: Encoding, mac: &[u8]) -> String {
    match encoding {
        Encoding::Hex => mac.iter().fold(String::with_capacity(mac.len() * 2), |mut text, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        }),
        Encoding::Base64 => BASE64.encode(mac),
    }
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    write(Encoding::Hex, &Sha256::digest(bytes))
}

/// The SHA-256 of several texts, in hexadecimal. It covers their lengths, so that different texts never produce the
/// same bytes.
pub fn sha256_of(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    write(Encoding::Hex, &hash.finalize())
}

/// The digits of a SHA-256 in lower case, if `text` is one.
pub fn sha256_digits(text: &str) -> Option<String> {
    let is_whole = text.len() == SHA256_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| text.to_ascii_lowercase())
}

/// The key behind `whsec_<base64>`, or the bytes of any other text (standardwebhooks.com, "Signature scheme").
///
/// # Errors
/// It begins with `whsec_` and what follows is not base 64.
pub fn standard_key(secret: &str) -> Result<Vec<u8>, &'static str> {
    match secret.strip_prefix("whsec_") {
        Some(encoded) => BASE64.decode(encoded).map_err(|_| "after `whsec_` it is not base 64"),
        None => Ok(secret.as_bytes().to_vec()),
    }
}

/// The `webhook-signature` of `id.seconds.body` under `key`.
pub fn standard_webhooks(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let head = format!("{id}.{seconds}.");
    format!("v1,{}", BASE64.encode(mac::<Hmac<Sha256>>(key, &[head.as_bytes(), body])))
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("an HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Whether both are the same, in a time that does not tell where they differ.
pub fn same(given: &[u8], expected: &[u8]) -> bool {
    given.ct_eq(expected).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The WebSub vector, as Atlassian's documentation of webhook signatures prints it.
    #[test]
    fn a_body_is_signed_as_the_published_vector_says() {
        let mac = hmac(Digest::Sha256, b"It's a Secret to Everybody", b"Hello World!");
        let hex = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert_eq!(write(Encoding::Hex, &mac), hex);
    }

    /// RFC 2202 (SHA-1) and RFC 4231 (SHA-512), test case 2.
    #[test]
    fn the_other_digests_give_the_published_vectors() {
        let sha1 = hmac(Digest::Sha1, b"Jefe", b"what do ya want for nothing?");
        assert_eq!(write(Encoding::Hex, &sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let sha512 = hmac(Digest::Sha512, b"Jefe", b"what do ya want for nothing?");
        assert!(
            write(Encoding::Hex, &sha512).starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd6")
        );
    }

    /// The vector of the Standard Webhooks reference libraries.
    #[test]
    fn standard_webhooks_are_signed_as_the_reference_does() {
        let key = standard_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = standard_webhooks(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_standard_webhooks_key_that_is_no_base_64_is_refused() {
        assert!(standard_key("whsec_not base 64!").is_err());
        assert_eq!(standard_key("plain").unwrap(), b"plain");
    }
}
