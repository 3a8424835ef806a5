//! Encrypts and decrypts with XChaCha20-Poly1305, under a key of 32 random bytes.
//!
//! Each encryption takes a random nonce of 24 bytes, so many that two of them are never the same. Whatever a ciphertext
//! belongs to is its associated data: it cannot be decrypted as anything else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key as CipherKey, XChaCha20Poly1305, XNonce};
use tocsin_core::plugin::Encoding;

use super::error::VaultError;
use crate::runtime::signing::{sha256_of, write};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;
/// Hexadecimal digits of a key's id: enough to tell an operator's keys apart.
const ID_DIGITS: usize = 16;

/// A key. Its id is a digest, which does not reveal it.
#[derive(Clone)]
pub(super) struct Key {
    bytes: [u8; KEY_BYTES],
    id: String,
}

impl Key {
    fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let digest = sha256_of(&["tocsin key of managed secrets", &write(Encoding::Hex, &bytes)]);
        Self { bytes, id: digest[..ID_DIGITS].to_owned() }
    }

    /// A new one.
    pub(super) fn random() -> Result<Self, VaultError> {
        Ok(Self::new(random()?))
    }

    /// The key with this text: 64 hexadecimal digits, or base64.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = if text.len() == KEY_BYTES * 2 { unhex(text) } else { BASE64.decode(text).ok() };
        Some(Self::new(bytes?.try_into().ok()?))
    }

    /// Its text, as [`Self::parse`] reads it.
    pub(super) fn text(&self) -> String {
        write(Encoding::Hex, &self.bytes)
    }

    /// What tells it from other keys.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Encrypts `text`, which belongs to `about`: base64 of nonce, ciphertext and tag.
    pub(super) fn seal(&self, about: &[u8], text: &[u8]) -> Result<String, VaultError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: text, aad: about });
        let sealed = sealed.map_err(|error| VaultError::Encoding(error.to_string()))?;
        Ok(BASE64.encode([&nonce[..], &sealed].concat()))
    }

    /// Decrypts what [`Self::seal`] made; none if it was changed, belongs to something else or has another key.
    pub(super) fn open(&self, about: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let sealed = BASE64.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: about }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&CipherKey::from(self.bytes))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(VaultError::Random)?;
    Ok(bytes)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1: AEAD_XCHACHA20_POLY1305.
    #[test]
    fn the_published_vector_is_decrypted() {
        let key =
            Key::parse("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").expect("a key");
        let nonce = unhex("404142434445464748494a4b4c4d4e4f5051525354555657").expect("hex");
        let about = unhex("50515253c0c1c2c3c4c5c6c7").expect("hex");
        let ciphertext = unhex(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
             ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        )
        .expect("hex");
        let text = key.open(&about, &BASE64.encode([nonce, ciphertext].concat())).expect("it fits");
        assert_eq!(
            String::from_utf8_lossy(&text),
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would \
             be it."
        );
    }

    #[test]
    fn a_key_is_read_from_digits_and_base64_and_from_nothing_else() {
        let key = Key::random().expect("random numbers");
        let base64 = BASE64.encode(key.bytes);
        for text in [key.text(), key.text().to_uppercase(), base64.clone()] {
            assert_eq!(Key::parse(&text).expect("a key").bytes, key.bytes, "{text}");
        }
        for wrong in ["", "secret", &key.text()[1..], &base64[1..], &"g".repeat(64), &"é".repeat(32)] {
            assert!(Key::parse(wrong).is_none(), "{wrong}");
        }
        assert_ne!(key.id(), Key::random().expect("random numbers").id());
        assert_eq!(format!("{key:?}"), "***");
    }

    #[test]
    fn the_same_text_is_never_encrypted_to_the_same_bytes() {
        let key = Key::random().expect("random numbers");
        let seal = || key.seal(b"a", b"text").expect("encrypted");
        assert_ne!(seal(), seal());
        assert_eq!(key.open(b"a", &seal()).as_deref(), Some(&b"text"[..]));
        assert_eq!(key.open(b"b", &seal()), None);
        assert_eq!(Key::random().expect("random numbers").open(b"a", &seal()), None);
    }
}
