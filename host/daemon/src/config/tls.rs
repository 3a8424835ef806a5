//! `[tls]`: the certificate of the relay's own listeners, and the certificates that it asks of clients.

use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::certificates::{self, Authorities, Identity};
use super::reader::Reader;

const TLS: &str = "tls";
const CLIENT_CA: &str = "client_ca";
const CLIENT_CERTIFICATES: &str = "client_certificates";
/// The only protocol that the listeners speak inside TLS.
const HTTP_1_1: &[u8] = b"http/1.1";

/// How the listeners speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The listeners' certificate. None if only the service can read it, or it has a mistake; a relay that runs has
    /// one.
    pub identity: Option<Identity>,
    /// Whose clients' certificates are accepted. Without it, clients are asked for none.
    pub clients: Option<Clients>,
}

/// The clients' certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    /// The authorities that must have signed them.
    pub authorities: Authorities,
    /// Whether a client without a certificate is refused.
    pub is_required: bool,
}

impl Tls {
    /// The settings of handshakes: TLS 1.2 and 1.3, HTTP/1.1 only. It has a cache of sessions of its own, so sessions
    /// that began under other settings are not resumed.
    ///
    /// # Errors
    /// There is no certificate, or the TLS library refuses it or the authorities.
    pub fn server(&self) -> Result<ServerConfig, String> {
        let identity = self.identity.as_ref().ok_or("there is no certificate with its key")?;
        let key = PrivateKeyDer::from_pem_slice(identity.pem.reveal().as_bytes());
        // An error of the parser may show a line of the key.
        let key = key.map_err(|_| "its key cannot be read")?;
        let refused = |error: rustls::Error| error.to_string();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(refused)?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(clients.verifier()?),
        };
        let mut server = builder.with_single_cert(identity.chain.clone(), key).map_err(refused)?;
        server.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(server)
    }
}

impl Clients {
    fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, String> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.authorities.certificates {
            roots.add(certificate.clone()).map_err(|error| error.to_string())?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = if self.is_required { builder } else { builder.allow_unauthenticated() };
        builder.build().map_err(|error| error.to_string())
    }
}

/// The table, if there is one.
pub(super) fn read(root: &mut Reader) -> Option<Tls> {
    if !root.has(TLS) {
        return None;
    }
    let mut reader = root.section(TLS);
    let identity = certificates::read_identity(&mut reader);
    let clients = read_clients(&mut reader);
    let tls = Tls { identity, clients };
    if tls.identity.is_some() {
        reader.checked("certificate", tls.server());
    }
    reader.finish();
    Some(tls)
}

fn read_clients(reader: &mut Reader) -> Option<Clients> {
    let has_authorities = reader.has(CLIENT_CA);
    let authorities = certificates::read_authorities(reader, CLIENT_CA);
    if reader.has(CLIENT_CERTIFICATES) && !has_authorities {
        let problem =
            "has no `client_ca` beside it: name the file of the authorities that sign the certificates";
        reader.problem(CLIENT_CERTIFICATES, problem);
    }
    let is_required = reader.parsed(CLIENT_CERTIFICATES, |text| match text {
        "required" => Ok(true),
        "optional" => Ok(false),
        _ => Err(format!("`{text}` is neither `required` nor `optional`")),
    });
    Some(Clients { authorities: authorities?, is_required: is_required.unwrap_or(true) })
}
