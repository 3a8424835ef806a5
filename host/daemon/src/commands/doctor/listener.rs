//! Compares the certificate that the running relay shows with the one in the configuration's file. They differ from a
//! renewal until the next reload.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::certificate::CERTIFICATE;
use crate::config::Config;
use crate::operate::api::doctor::Finding;
use crate::runtime::validity;

/// The time limit for a handshake with a relay on this machine.
const PATIENCE: Duration = Duration::from_secs(5);
/// The fix for another certificate.
const RELOAD: &str =
    "run `tocsin reload`, which puts the file's certificate in force without closing a connection";
/// The fix for a listener without TLS, or one that does not answer.
const NOT_READ: &str =
    "check `tocsin status`; run `tocsin reload` if the relay started before `[tls]` was configured";

/// Looks at the relay that listens at `listen`, if its configuration has a certificate that this user can read.
pub(super) async fn look(config: &Config, listen: &str) -> Option<Finding> {
    let own = config.tls.as_ref()?.identity.as_ref()?;
    let (file, expected) = (own.file.display(), own.chain.first()?);
    // The system chose the port if the configured one is 0, and `listen` does not say which.
    let address = listen.parse::<SocketAddr>().ok().filter(|listen| listen.port() != 0).map(reached_at)?;
    Some(match shown_at(address).await {
        Ok(shown) if shown == *expected => {
            Finding::ok(CERTIFICATE, format!("the relay at {address} uses the certificate in {file}"))
        }
        Ok(shown) => {
            let until =
                validity::of(&shown).map(|one| format!("; the one in use is valid until {}", one.ends));
            let until = until.unwrap_or_default();
            let found =
                format!("the relay at {address} uses a certificate other than the one in {file}{until}");
            Finding::warning(CERTIFICATE, found, RELOAD)
        }
        Err(why) => {
            let found = format!("could not read the certificate of the relay at {address}: {why}");
            Finding::warning(CERTIFICATE, found, NOT_READ)
        }
    })
}

/// Where this machine reaches a listener.
fn reached_at(listen: SocketAddr) -> SocketAddr {
    let here: IpAddr = match listen.ip() {
        address if !address.is_unspecified() => address,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(here, listen.port())
}

/// The certificate that the listener at `address` shows in a handshake. Sends nothing after it.
async fn shown_at(address: SocketAddr) -> Result<CertificateDer<'static>, String> {
    let provider = Arc::new(ring::default_provider());
    let seen = Arc::new(Seen { provider: Arc::clone(&provider), certificate: Mutex::default() });
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.map_err(|error| error.to_string())?;
    let client = client.dangerous().with_custom_certificate_verifier(Arc::clone(&seen) as _);
    let connector = TlsConnector::from(Arc::new(client.with_no_client_auth()));
    let shaken = async {
        let stream = TcpStream::connect(address).await?;
        connector.connect(ServerName::IpAddress(address.ip().into()), stream).await
    };
    let shaken = tokio::time::timeout(PATIENCE, shaken).await;
    let certificate = seen.certificate.lock().unwrap_or_else(PoisonError::into_inner).take();
    // A listener that asks for a client's certificate shows its own first.
    certificate.ok_or_else(|| match shaken {
        Ok(Ok(_)) => "the handshake had none".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    })
}

/// Accepts and keeps every certificate: it is compared and not trusted.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    certificate: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let kept = Some(certificate.clone().into_owned());
        *self.certificate.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_for_all_addresses_is_reached_at_this_machines_own() {
        let at = |text: &str| reached_at(text.parse().expect("an address")).to_string();
        assert_eq!(at("0.0.0.0:8443"), "127.0.0.1:8443");
        assert_eq!(at("[::]:8443"), "[::1]:8443");
        assert_eq!(at("192.0.2.7:8443"), "192.0.2.7:8443");
    }
}
