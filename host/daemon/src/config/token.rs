//! A sender's token: plain, or only its SHA-256, so that a reader of the configuration cannot send.

use super::Secret;
use crate::runtime::signing::{SHA256_DIGITS, same, sha256, sha256_digits};

/// The token that a sender must give.
#[derive(Clone, Debug)]
pub enum Token {
    /// This text.
    Plain(Secret),
    /// A text with this SHA-256, in hexadecimal digits. If it was made of random bytes, it cannot be found from the
    /// digest.
    Hashed(String),
}

/// The keys of a source's tokens. Senders may give either; the second one serves to rotate tokens.
pub const KEYS: [&str; 2] = ["token", "next_token"];

impl Token {
    /// The token with this SHA-256, in hexadecimal digits.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn hashed(digits: &str) -> Result<Self, String> {
        // The error does not show the value, which may be the token itself.
        let wrong = || {
            format!(
                "sha256 is not the {SHA256_DIGITS} hexadecimal digits of a SHA-256: `tocsin sources token` \
                 generates them"
            )
        };
        sha256_digits(digits).map(Self::Hashed).ok_or_else(wrong)
    }

    /// Whether `given` is the token. Takes the same time whichever character is wrong.
    pub fn is(&self, given: &str) -> bool {
        match self {
            Self::Plain(secret) => same(given.as_bytes(), secret.reveal().as_bytes()),
            Self::Hashed(digest) => same(sha256(given.as_bytes()).as_bytes(), digest.as_bytes()),
        }
    }

    /// The token itself, if it is known.
    pub const fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Plain(secret) => Some(secret),
            Self::Hashed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf tocsin | sha256sum`
    const DIGEST: &str = "b5a8dd20cc56908f40e2082b5c7f5137ccb4ec9a67e05f0727dce4fce02cd645";

    #[test]
    fn a_token_is_known_by_its_digest() {
        let token = Token::hashed(DIGEST).expect("64 digits");
        assert!(token.is("tocsin") && !token.is("Tocsin") && !token.is(DIGEST) && !token.is(""));
        assert!(token.secret().is_none());
        let plain = Token::Plain(Secret::new("tocsin"));
        assert!(plain.is("tocsin") && !plain.is("tocsi"));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for wrong in ["", "00", &DIGEST[1..], &format!("{DIGEST}0"), &"g".repeat(64), &"é".repeat(32)] {
            assert!(Token::hashed(wrong).is_err(), "{wrong}");
        }
    }
}
