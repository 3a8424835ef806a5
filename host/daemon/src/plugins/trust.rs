//! Whether a file may be put in force: the one place where that is decided.
//!
//! A check of signatures belongs here. Never looks at more than is handed to it.

use super::approvals::Approvals;
use super::wants::Wants;
use crate::config::{Consent, Plugins};

/// A file that could be put in force.
pub(super) struct Candidate<'a> {
    /// The file's name.
    pub(super) file: &'a str,
    /// The id of its plugin.
    pub(super) id: &'a str,
    /// SHA-256 of its bytes.
    pub(super) digest: &'a str,
    /// What it asks for.
    pub(super) wants: &'a Wants,
    /// What it would take the place of.
    pub(super) before: Before<'a>,
}

/// The version that was in force last.
pub(super) enum Before<'a> {
    /// No plugin had the id.
    Nothing,
    /// The bundled plugin, which asks for this.
    Bundled(&'a Wants),
    /// A dropped one, which may be removed by now.
    Dropped {
        /// SHA-256 of its file.
        digest: &'a str,
        /// What it asks for.
        wants: &'a Wants,
        /// Whether there is a bundled plugin of the id.
        is_bundled: bool,
    },
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It may be put in force.
    Yes,
    /// An operator has to say yes first: a sentence, and what the file wants in addition.
    Ask(String, Vec<String>),
    /// It may not, whatever is approved.
    No(String),
}

/// Whether `candidate` may be put in force.
pub(super) fn decide(policy: &Plugins, approvals: &Approvals, candidate: &Candidate<'_>) -> Trust {
    let Candidate { file, id, digest, wants, before } = candidate;
    if let Some(pinned) = policy.pins.get(*id) {
        if pinned == digest {
            return Trust::Yes;
        }
        return Trust::No(format!(
            "its digest is sha256:{digest}, and `{id}` in [plugins.pin] allows sha256:{pinned} alone"
        ));
    }
    let allowed = policy.allow.contains(&((*id).to_owned(), (*digest).to_owned()));
    if allowed || approvals.holds(id, digest) {
        return Trust::Yes;
    }
    let (what, more) = match before {
        Before::Nothing => {
            let what = "no plugin had its id before".to_owned();
            (policy.new == Consent::Approved).then(|| (what, wants.beyond(&Wants::default())))
        }
        Before::Dropped { digest: known, .. } if known == digest => None,
        Before::Bundled(bundled) => Some((replaces(id), wants.beyond(bundled))),
        Before::Dropped { wants: known, is_bundled: true, .. } => Some((replaces(id), wants.beyond(known))),
        Before::Dropped { wants: known, is_bundled: false, .. } => {
            let more = wants.beyond(known);
            (!more.is_empty()).then(|| (format!("it takes the place of another file of `{id}`"), more))
        }
    }
    .filter(|_| matches!(before, Before::Nothing) || policy.overrides == Consent::Approved)
    .unzip();
    let (Some(what), Some(more)) = (what, more) else { return Trust::Yes };
    let wants = match more.as_slice() {
        [] => "and wants no more than that".to_owned(),
        more => format!("and wants {}", more.join(", ")),
    };
    let sentence = format!(
        "it needs approval: {what}, {wants}; say yes with `tocsin plugins approve {file}`, or with \
         `allow = [\"{id}@sha256:{digest}\"]` in [plugins]"
    );
    Trust::Ask(sentence, more)
}

fn replaces(id: &str) -> String {
    format!("it takes the place of the bundled plugin `{id}`")
}

#[cfg(test)]
mod tests {
    use tocsin_core::time::Timestamp;

    use super::*;
    use crate::runtime::folder::Folder;

    fn sender(hosts: &str) -> Wants {
        let json = format!(
            r#"{{"takes":false,"sends":true,"secrets":[],"hosts":["{hosts}"],"signatures":[],"confirm_hosts":[]}}"#
        );
        serde_json::from_str(&json).expect("wants")
    }

    #[test]
    fn a_file_is_trusted_by_its_digest_and_asked_about_when_it_wants_more() {
        let state = tempfile::tempdir().expect("a folder");
        let approvals = Approvals::open(&Folder::new(state.path(), "plugin-records", true));
        let (one, two) = (sender("a.example"), sender("b.example"));
        let decided = |policy: &Plugins, approvals: &Approvals, wants: &Wants, before: Before<'_>| {
            let candidate = Candidate { file: "x.wasm", id: "x", digest: "d2", wants, before };
            decide(policy, approvals, &candidate)
        };
        let dropped = |digest, is_bundled| Before::Dropped { digest, wants: &one, is_bundled };
        let asks = |trust: Trust| matches!(trust, Trust::Ask(..));
        let (usual, any) = (Plugins::default(), Plugins { overrides: Consent::Any, ..Plugins::default() });
        let strict = Plugins { new: Consent::Approved, ..Plugins::default() };

        assert_eq!(decided(&usual, &approvals, &two, Before::Nothing), Trust::Yes);
        assert!(asks(decided(&strict, &approvals, &two, Before::Nothing)));
        assert!(asks(decided(&usual, &approvals, &one, Before::Bundled(&one))));
        assert_eq!(decided(&any, &approvals, &two, Before::Bundled(&one)), Trust::Yes);
        assert_eq!(decided(&usual, &approvals, &one, dropped("d1", false)), Trust::Yes, "it wants no more");
        assert!(asks(decided(&usual, &approvals, &one, dropped("d1", true))), "each digest once");
        assert_eq!(decided(&usual, &approvals, &two, dropped("d2", true)), Trust::Yes, "it was in force");
        let Trust::Ask(sentence, more) = decided(&usual, &approvals, &two, dropped("d1", false)) else {
            unreachable!("it wants more");
        };
        assert_eq!(more, ["sending to `b.example`"]);
        assert!(sentence.contains("`tocsin plugins approve x.wasm`"), "{sentence}");
        assert!(sentence.contains("x@sha256:d2"), "{sentence}");

        let allow = Plugins { allow: [("x".to_owned(), "d2".to_owned())].into(), ..Plugins::default() };
        assert_eq!(decided(&allow, &approvals, &two, Before::Bundled(&one)), Trust::Yes);
        let pinned =
            |digest: &str| Plugins { pins: [("x".to_owned(), digest.to_owned())].into(), ..any.clone() };
        assert_eq!(decided(&pinned("d2"), &approvals, &two, Before::Bundled(&one)), Trust::Yes);
        assert!(matches!(decided(&pinned("d3"), &approvals, &two, Before::Nothing), Trust::No(_)));
        approvals.add("x", "1.0.0", "d2", more, Timestamp::from_micros(0)).expect("written");
        assert_eq!(decided(&usual, &approvals, &two, Before::Bundled(&one)), Trust::Yes);
        let again = Approvals::open(&Folder::new(state.path(), "plugin-records", true));
        assert_eq!(decided(&usual, &again, &two, dropped("d1", false)), Trust::Yes, "it was written down");
    }
}
