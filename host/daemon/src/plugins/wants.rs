//! What a plugin asks the host for, by its own description, and what of it is more than an earlier version asked for.
//!
//! Never decides what may be given: that is [`super::trust`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tocsin_core::event::single_line;
use tocsin_core::plugin::{Digest, Encoding, PluginInfo, Signature};
use tocsin_core::settings::secret_names;

/// Names of one kind that are listed; the rest is counted.
const LISTED_MAX: usize = 10;
/// Characters of a name in a sentence.
const NAME_CHARS_MAX: usize = 100;

/// What a plugin asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wants {
    /// Whether it takes requests in.
    takes: bool,
    /// Whether it sends requests.
    sends: bool,
    /// The fields of secrets.
    secrets: BTreeSet<String>,
    /// The hosts that it sends to; any when empty.
    hosts: BTreeSet<String>,
    /// The signatures that prove a sender.
    signatures: BTreeSet<String>,
    /// The hosts at which a subscription is confirmed.
    confirm_hosts: BTreeSet<String>,
}

impl Wants {
    /// What this description asks for.
    pub(super) fn of(info: &PluginInfo) -> Self {
        let (source, action) = (info.source.as_ref(), info.action.as_ref());
        let of_source = source.map_or(&[][..], |source| source.fields.as_slice());
        let of_connection = action.map_or(&[][..], |action| action.connection.as_slice());
        let of_action = action.map_or(&[][..], |action| action.fields.as_slice());
        let secrets = [of_source, of_connection, of_action].into_iter().flat_map(secret_names);
        Self {
            takes: source.is_some(),
            sends: action.is_some(),
            secrets: secrets.map(|(name, _)| name.to_owned()).collect(),
            hosts: action.map(|action| action.hosts.iter().cloned().collect()).unwrap_or_default(),
            signatures: source.map(|s| s.signatures.iter().map(signature).collect()).unwrap_or_default(),
            confirm_hosts: source.map(|s| s.confirm_hosts.iter().cloned().collect()).unwrap_or_default(),
        }
    }

    /// What this asks for and `before` did not, in words.
    pub(super) fn beyond(&self, before: &Self) -> Vec<String> {
        let mut more = Vec::new();
        if self.takes && !before.takes {
            more.push("taking requests in".to_owned());
        }
        if self.sends && !before.sends {
            more.push("sending requests".to_owned());
        }
        more.extend(added("the secret", &self.secrets, &before.secrets));
        if before.sends && !before.hosts.is_empty() && self.sends && self.hosts.is_empty() {
            more.push("sending to any host".to_owned());
        }
        // Who sent to any host gains nothing by a name.
        if !before.sends || !before.hosts.is_empty() {
            more.extend(added("sending to", &self.hosts, &before.hosts));
        }
        more.extend(added("the signature", &self.signatures, &before.signatures));
        more.extend(added("confirmations at", &self.confirm_hosts, &before.confirm_hosts));
        more
    }
}

/// The names that were not there before, behind what they are.
fn added(what: &str, now: &BTreeSet<String>, before: &BTreeSet<String>) -> Option<String> {
    let new: Vec<&String> = now.difference(before).collect();
    let names: Vec<String> = new
        .iter()
        .take(LISTED_MAX)
        .map(|name| format!("`{}`", single_line(name, NAME_CHARS_MAX).replace('`', "'")))
        .collect();
    let more = new.len().saturating_sub(LISTED_MAX);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!names.is_empty()).then(|| format!("{what} {}{rest}", names.join(", ")))
}

fn signature(signature: &Signature) -> String {
    match signature {
        Signature::BodyHmac { header, prefix, digest, encoding } => {
            let digest = match digest {
                Digest::Sha1 => "SHA-1",
                Digest::Sha256 => "SHA-256",
                Digest::Sha512 => "SHA-512",
            };
            let encoding = match encoding {
                Encoding::Hex => "hexadecimal",
                Encoding::Base64 => "base 64",
            };
            format!("{header}: {prefix}HMAC-{digest} in {encoding}")
        }
        Signature::StandardWebhooks => "Standard Webhooks".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn sender(secrets: &[&str], hosts: &[&str]) -> Wants {
        Wants { sends: true, secrets: set(secrets), hosts: set(hosts), ..Wants::default() }
    }

    #[test]
    fn only_what_the_version_before_did_not_ask_for_is_more() {
        let before = sender(&["token"], &["a.example"]);
        assert_eq!(before.beyond(&before), Vec::<String>::new());
        assert_eq!(sender(&[], &["a.example"]).beyond(&before), Vec::<String>::new(), "less is no more");
        let more = sender(&["token", "password"], &["a.example", "*.b.example"]).beyond(&before);
        assert_eq!(more, ["the secret `password`", "sending to `*.b.example`"]);
        assert_eq!(sender(&[], &[]).beyond(&before), ["sending to any host"]);
        assert_eq!(sender(&[], &["c.example"]).beyond(&sender(&[], &[])), Vec::<String>::new());
        let source = Wants { takes: true, ..Wants::default() };
        assert_eq!(source.beyond(&before), ["taking requests in"]);
        assert_eq!(
            before.beyond(&source),
            ["sending requests", "the secret `token`", "sending to `a.example`"]
        );
    }

    #[test]
    fn many_names_are_counted_and_none_breaks_the_line() {
        let names: Vec<String> = (10..40).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let more = sender(&names, &["a.example"]).beyond(&Wants::default());
        assert!(more[1].ends_with("`s19` and 20 more"), "{more:?}");
        let odd = Wants { confirm_hosts: set(&["a\n`b"]), ..Wants::default() };
        assert_eq!(odd.beyond(&Wants::default()).len(), 1);
        assert!(!odd.beyond(&Wants::default())[0].contains('\n'));
    }
}
