//! Finds expired certificates in the configuration, for warnings.
//!
//! Never refuses a configuration: a relay must start and send everything else when one certificate has expired.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use tocsin_core::time::Timestamp;

use super::certificates::{Authorities, Identity};
use super::error::ConfigProblem;
use super::transport::Transport;
use super::{Config, Tls};
use crate::runtime::validity::{self, Validity};

impl Config {
    /// The files with a certificate that is not valid at `now`, each with its path in the configuration.
    pub fn invalid_certificates(&self, now: Timestamp) -> Vec<ConfigProblem> {
        let mut found = Vec::new();
        if let Some(Tls { identity, clients }) = &self.tls {
            let certificate = "tls.certificate".to_owned();
            found.extend(identity.as_ref().and_then(|own| Some((certificate, of_identity(own, now)?))));
            let authorities = clients.as_ref().map(|clients| &clients.authorities);
            found.extend(of_authorities("tls.client_ca".to_owned(), authorities, now));
        }
        found.extend(of_authorities("egress.ca".to_owned(), self.transport.authorities.as_deref(), now));
        let of_traces = self.traces.as_ref().map(|traces| &traces.transport.authorities);
        if let Some(authorities) = of_traces.filter(|authorities| **authorities != self.transport.authorities)
        {
            found.extend(of_authorities("traces.ca".to_owned(), authorities.as_deref(), now));
        }
        for (name, connection) in &self.connections {
            let Transport { authorities, client_certificate, .. } = &connection.transport;
            if *authorities != self.transport.authorities {
                found.extend(of_authorities(format!("connections.{name}.ca"), authorities.as_deref(), now));
            }
            if let Some(shown) = client_certificate {
                let path = format!("connections.{name}.client_certificate.certificate");
                found.extend(of_identity(shown, now).map(|problem| (path, problem)));
            }
        }
        found.into_iter().map(|(path, problem)| self.located(ConfigProblem::new(path, problem))).collect()
    }
}

fn of_identity(identity: &Identity, now: Timestamp) -> Option<String> {
    problem(&identity.file, &identity.chain, now)
}

fn of_authorities(
    path: String,
    authorities: Option<&Authorities>,
    now: Timestamp,
) -> Option<(String, String)> {
    let authorities = authorities?;
    Some((path, problem(&authorities.file, &authorities.certificates, now)?))
}

/// The problem of the first of these certificates that is not valid at `now`. A certificate without readable times
/// counts as valid: the TLS library decides.
fn problem(file: &Path, certificates: &[CertificateDer<'static>], now: Timestamp) -> Option<String> {
    let count = certificates.len();
    let mut wrong = certificates.iter().enumerate().filter_map(|(index, certificate)| {
        let Validity { begins, ends } = validity::of(certificate)?;
        let when = match (now < begins, now > ends) {
            (_, true) => format!("expired at {ends}: replace it with a renewed one"),
            (true, false) => format!("is not valid before {begins}: check the clock of this machine"),
            (false, false) => return None,
        };
        let which = if count == 1 { String::new() } else { format!(" {} of {count}", index + 1) };
        Some(format!("certificate{which} in {} {when}", file.display()))
    });
    wrong.next()
}
