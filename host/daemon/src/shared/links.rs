//! Signed links to an incident's page, for whoever reads a message.
//!
//! A link names an incident, the action whose message it was in, and when it expires; the signature covers all
//! three. It is a capability: whoever has it may do what that action's `readers_may` allows at the time of the
//! click. Never changes anything by itself.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strum::IntoEnumIterator;
use subtle::ConstantTimeEq;
use tocsin_core::event::Link;
use tocsin_core::id::IncidentId;
use tocsin_core::incident::Incident;
use tocsin_core::plugin::Digest;
use tocsin_core::time::Timestamp;
use url::Url;

use crate::config::Purpose;
use crate::runtime::signing;

/// The key's file in the state directory.
const KEY_FILE: &str = "links.key";
/// Bytes of the key: as many as the digest has.
const KEY_BYTES: usize = 32;
/// What the signature begins with, so that it is good for nothing else.
const DOMAIN: &str = "tocsin incident page v1";

/// What signs and checks links.
#[derive(Clone)]
pub struct Links {
    key: [u8; KEY_BYTES],
    base: Option<Url>,
    lifetime: Duration,
}

/// What a link says of itself, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The action whose message it was in.
    pub via: String,
    /// When it expires, in seconds since the Unix epoch.
    pub until: String,
    /// The signature.
    pub sig: String,
}

/// Why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidLink {
    /// It was not made here, or is not whole.
    Forged,
    /// It was good until then.
    Expired(Timestamp),
}

impl Links {
    /// Links below `base`, good for `lifetime`, signed with the key in `state_dir`, which is made when there
    /// is none.
    ///
    /// # Errors
    /// The key's file cannot be read or made, or is not a key.
    pub fn open(state_dir: &Path, base: Option<Url>, lifetime: Duration) -> io::Result<Self> {
        Ok(Self { key: key(&state_dir.join(KEY_FILE))?, base, lifetime })
    }

    /// The same key, for links below another `base` or with another lifetime.
    pub fn with(&self, base: Option<Url>, lifetime: Duration) -> Self {
        Self { key: self.key, base, lifetime }
    }

    /// The addresses of `incident`'s page for the readers of `via`'s messages, by purpose; none without a
    /// public address.
    pub fn of(&self, incident: &Incident, via: &str, may: &[Purpose], now: Timestamp) -> Vec<Link> {
        let Some(base) = &self.base else { return Vec::new() };
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        let until = (now.plus_ms(lifetime).micros() / 1_000_000).to_string();
        let sig = self.sign(incident.id, via, &until);
        let address = |purpose: Purpose| {
            let mut url = base.clone();
            let path = format!("{}/incidents/{}", url.path().trim_end_matches('/'), incident.id);
            url.set_path(&path);
            url.query_pairs_mut()
                .clear()
                .append_pair("via", via)
                .append_pair("until", &until)
                .append_pair("sig", &sig);
            if purpose != Purpose::Incident {
                url.query_pairs_mut().append_pair("do", purpose.as_str());
            }
            Link { title: purpose.as_str().to_owned(), url: url.into() }
        };
        let allowed = |purpose: &Purpose| {
            *purpose == Purpose::Incident || (may.contains(purpose) && purpose.fits(incident.state()))
        };
        Purpose::iter().filter(allowed).map(address).collect()
    }

    /// Whether this is a link to `incident` that is still good at `now`.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, incident: IncidentId, claim: &Claim, now: Timestamp) -> Result<(), InvalidLink> {
        let expected = self.sign(incident, &claim.via, &claim.until);
        if !bool::from(expected.as_bytes().ct_eq(claim.sig.as_bytes())) {
            return Err(InvalidLink::Forged);
        }
        let seconds: i64 = claim.until.parse().map_err(|_| InvalidLink::Forged)?;
        let until = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
        if until <= now { Err(InvalidLink::Expired(until)) } else { Ok(()) }
    }

    /// The parts hold no line break: an action's name is one of the configuration's, or the signature of a
    /// forged one, which nobody has.
    fn sign(&self, incident: IncidentId, via: &str, until: &str) -> String {
        let signed = format!("{DOMAIN}\n{incident}\n{until}\n{via}");
        URL_SAFE_NO_PAD.encode(signing::hmac(Digest::Sha256, &self.key, signed.as_bytes()))
    }
}

fn key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            let words = format!("it does not hold {KEY_BYTES} bytes: remove it, and links sent so far end");
            io::Error::new(io::ErrorKind::InvalidData, words)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(path),
        Err(error) => Err(error),
    }
}

/// Whole or not at all: a start that is cut short must not leave half a key.
fn make_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let unfinished = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tocsin_core::view::sample;

    const DAY: Duration = Duration::from_secs(86_400);

    fn links(folder: &Path) -> Links {
        let base = Url::parse("https://relay.example/tocsin/?x=1").unwrap();
        Links::open(folder, Some(base), DAY).unwrap()
    }

    fn claim(link: &str) -> Claim {
        let url = Url::parse(link).unwrap();
        let value = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        Claim { via: value("via"), until: value("until"), sig: value("sig") }
    }

    #[test]
    fn a_link_is_good_for_its_incident_until_it_expires_and_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (mut incident, change) = sample();
        incident.reopen(change.at);
        let made = links(folder.path()).of(&incident, "tell", &[Purpose::Resolve], change.at);
        let titles: Vec<&str> = made.iter().map(|link| link.title.as_str()).collect();
        assert_eq!(titles, ["incident", "resolve"]);
        assert!(made[0].url.starts_with("https://relay.example/tocsin/incidents/"), "{}", made[0].url);
        let (links, claim) = (links(folder.path()), claim(&made[1].url));
        assert_eq!(links.check(incident.id, &claim, change.at), Ok(()));
        let after = change.at.plus_ms(86_400_000);
        assert!(matches!(links.check(incident.id, &claim, after), Err(InvalidLink::Expired(_))));
    }

    #[test]
    fn a_link_that_was_changed_anywhere_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (incident, change) = sample();
        let links = links(folder.path());
        let good = claim(&links.of(&incident, "tell", &[], change.at)[0].url);
        let other = IncidentId::new(change.at, 99);
        assert_eq!(links.check(other, &good, change.at), Err(InvalidLink::Forged));
        for bad in [
            Claim { via: "another".to_owned(), ..good.clone() },
            Claim { until: "99999999999".to_owned(), ..good.clone() },
            Claim { sig: String::new(), ..good.clone() },
            Claim { sig: good.sig[1..].to_owned(), ..good },
            Claim::default(),
        ] {
            assert_eq!(links.check(incident.id, &bad, change.at), Err(InvalidLink::Forged), "{bad:?}");
        }
    }

    #[test]
    fn what_the_state_does_not_allow_has_no_link_and_without_an_address_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (mut incident, change) = sample();
        incident.resolve(incident.opened_at);
        let made = links(folder.path()).of(&incident, "tell", &Purpose::CHANGES, change.at);
        let titles: Vec<&str> = made.iter().map(|link| link.title.as_str()).collect();
        assert_eq!(titles, ["incident", "reopen", "note", "modify"]);
        let nowhere = Links::open(folder.path(), None, DAY).unwrap();
        assert!(nowhere.of(&incident, "tell", &Purpose::CHANGES, change.at).is_empty());
    }

    #[test]
    fn the_key_is_for_the_relay_alone_and_a_broken_one_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        links(folder.path());
        let path = folder.path().join(KEY_FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, b"short").unwrap();
        let error = Links::open(folder.path(), None, DAY).err().unwrap();
        assert!(error.to_string().contains("32 bytes"), "{error}");
    }
}
