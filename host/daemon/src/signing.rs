//! HMACs, as peers write them.
//!
//! Never holds a key longer than a call.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use tocsin_core::plugin::{Digest, Encoding};

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
