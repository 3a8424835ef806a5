//! Authorities, and certificates with their keys: files in PEM, read and checked with the rest of the configuration.
//!
//! A mistake names the file and the fix. An expired certificate is a warning, not a mistake (see [`super::expired`]).

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::RootCertStore;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use tocsin_core::time::Timestamp;

use super::reader::Reader;
use super::secret::Secret;
use crate::runtime::validity;

/// The authorities that peers' certificates are checked with.
pub(super) const CA: &str = "ca";
const CLIENT_CERTIFICATE: &str = "client_certificate";
const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";
const TO_PEM: &str = "expected text in PEM, which begins with `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der \
                      -in FILE` makes it of a binary file";

/// Authorities that are trusted to sign certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities {
    /// The file that they were read from.
    pub file: PathBuf,
    /// At least one.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// A certificate that the relay presents, to a peer or on its own listeners, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Where the certificate was read from.
    pub file: PathBuf,
    /// The certificate, then its intermediate authorities.
    pub chain: Vec<CertificateDer<'static>>,
    /// Chain and key as one text in PEM.
    pub pem: Secret,
}

/// The authorities of the file that `key` names.
pub(super) fn read_authorities(reader: &mut Reader, key: &'static str) -> Option<Authorities> {
    let (file, text) = reader.file(key)?;
    let certificates = reader.checked(key, authorities(&file, &text))?;
    Some(Authorities { file, certificates })
}

impl Identity {
    /// When the first certificate of the chain expires, if their times can be read.
    pub fn expires(&self) -> Option<Timestamp> {
        self.chain.iter().filter_map(|certificate| validity::of(certificate)).map(|one| one.ends).min()
    }
}

/// `client_certificate` of a connection, if it has one.
pub(super) fn read_client(reader: &mut Reader) -> Option<Identity> {
    if !reader.has(CLIENT_CERTIFICATE) {
        return None;
    }
    let mut reader = reader.section(CLIENT_CERTIFICATE);
    let identity = read_identity(&mut reader);
    reader.finish();
    identity
}

/// `certificate` and `key` of a table. None if one of them is wrong, or only the service can read it.
pub(super) fn read_identity(reader: &mut Reader) -> Option<Identity> {
    if !reader.has(CERTIFICATE) {
        reader.problem(CERTIFICATE, "is missing: the path of the certificate, in PEM");
    }
    let given = reader.file(CERTIFICATE);
    let given =
        given.and_then(|(file, text)| Some((reader.checked(CERTIFICATE, certificates(&file, &text))?, file)));
    let key = reader.required_secret(KEY, "the certificate's private key, such as { file = \"/path.pem\" }");
    let ((chain, file), key) = given.zip(key.filter(Secret::is_seen))?;
    let pem = reader.checked(KEY, with_key(&file, &chain, &key))?;
    Some(Identity { file, chain, pem })
}

/// The certificates in a text of PEM: at least one.
fn certificates(file: &Path, text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let name = file.display();
    let found: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(found) if found.is_empty() => Err(format!("{name} has no certificate: {TO_PEM}")),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("{name} is damaged: {error}: {TO_PEM}")),
    }
}

fn authorities(file: &Path, text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = certificates(file, text)?;
    for (index, certificate) in found.iter().enumerate() {
        RootCertStore::empty().add(certificate.clone()).map_err(|error| {
            let (number, count) = (index + 1, found.len());
            format!(
                "certificate {number} of {count} in {} is no valid authority: {error}: export it again, or remove \
                 it from the file",
                file.display()
            )
        })?;
    }
    Ok(found)
}

/// Chain and key as one text, if they belong together.
fn with_key(file: &Path, chain: &[CertificateDer<'static>], key: &Secret) -> Result<Secret, String> {
    let text = key.reveal();
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        _ if text.contains("ENCRYPTED") => {
            "is encrypted: `openssl pkey -in FILE -out DECRYPTED` writes it without a password".to_owned()
        }
        PemError::NoItemsFound => {
            "has no private key: expected text in PEM, which begins with `-----BEGIN PRIVATE KEY-----`"
                .to_owned()
        }
        // An error of the parser may show a line of the key.
        _ => "is damaged: expected a private key in PEM; export it again".to_owned(),
    })?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain.to_vec(), key.clone_key(), &provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => format!(
            "is the key of another certificate than the first one in {}: name the key that the certificate was made \
             with",
            file.display()
        ),
        error => format!("cannot be used with {}: {error}", file.display()),
    })?;
    let mut pem: String = chain.iter().map(|certificate| section("CERTIFICATE", certificate)).collect();
    pem.push_str(&match &key {
        PrivateKeyDer::Pkcs1(_) => section("RSA PRIVATE KEY", key.secret_der()),
        PrivateKeyDer::Sec1(_) => section("EC PRIVATE KEY", key.secret_der()),
        _ => section("PRIVATE KEY", key.secret_der()),
    });
    Ok(Secret::new(pem))
}

/// A section of a text in PEM.
fn section(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

#[cfg(test)]
mod tests;
