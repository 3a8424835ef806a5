//! The person behind a request over the API: the name that they gave, and what the relay knows about them.
//!
//! The given name is only a claim, so the journal records the system user or the access token beside it. Messages and
//! timelines have only the given name.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tocsin_core::command::{Command, beside};
use tocsin_core::event::single_line;

use super::guard::Caller;
use crate::shared::problem::HttpProblem;

/// Characters of a name that somebody gave.
const NAME_CHARS_MAX: usize = 100;
/// The list of the system's users.
const USERS: &str = "/etc/passwd";

/// The caller of a request, for the record.
pub(super) struct User(Caller);

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        Caller::from_request_parts(parts, state).await.map(Self)
    }
}

impl User {
    /// `command`, which has the given name, together with what the relay knows.
    pub(super) fn does(&self, command: Command) -> Command {
        match self.known() {
            Some(user) => Command::Acting { user, command: Box::new(command) },
            None => command,
        }
    }

    /// The name for the timeline: the claimed one, or else the name of the system user or of the access token.
    pub(super) fn actor(&self, claim: Option<String>) -> String {
        let own = || match &self.0 {
            Caller::Local(_) => self.known().unwrap_or_else(|| "operator".to_owned()),
            Caller::Token(token, _) => token.name.clone(),
        };
        // What the relay knows follows the claim in a record, and no claim may push it out.
        let claim = claim.map(|name| single_line(&name, NAME_CHARS_MAX));
        claim.filter(|name| !name.is_empty()).unwrap_or_else(own)
    }

    /// The recorded name of a person who gave `claim`: followed by what the relay knows in parentheses, unless that is
    /// the same name.
    pub(super) fn beside(&self, claim: &str) -> String {
        self.known().map_or_else(|| claim.to_owned(), |user| beside(claim, &user))
    }

    /// The system user, or the access token and its address.
    fn known(&self) -> Option<String> {
        match &self.0 {
            Caller::Local(id) => {
                let id = (*id)?;
                let users = std::fs::read_to_string(USERS).unwrap_or_default();
                Some(name_of(id, &users).map_or_else(|| format!("uid {id}"), str::to_owned))
            }
            Caller::Token(token, from) => Some(with_token(&token.name, *from)),
        }
    }
}

fn with_token(name: &str, from: Option<IpAddr>) -> String {
    let from = from.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
    format!("token {name} from {from}")
}

/// The name of the user with this number, from lines such as `ada:x:1000:1000::/srv/ada:/bin/sh`.
fn name_of(id: u32, users: &str) -> Option<&str> {
    let mut found = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id)).then_some(name)
    });
    found.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\nbroken\nada:x:1000:1000::/srv/ada:/bin/sh\n";

    fn local(id: Option<u32>) -> User {
        User(Caller::Local(id))
    }

    #[test]
    fn a_user_has_the_name_that_the_system_lists() {
        assert_eq!([0, 1000, 7].map(|id| name_of(id, USERS)), [Some("root"), Some("ada"), None]);
    }

    #[test]
    fn a_claim_stands_beside_the_user_who_made_it() {
        assert_eq!(local(Some(0)).beside("root"), "root");
        assert_eq!(local(Some(0)).beside("ada"), "ada (root)");
        assert_eq!(local(Some(u32::MAX)).beside("ada"), format!("ada (uid {})", u32::MAX));
        assert_eq!(local(None).beside("ada"), "ada");
    }

    #[test]
    fn who_gives_no_name_has_the_one_that_the_relay_knows() {
        assert_eq!(local(Some(0)).actor(None), "root");
        assert_eq!(local(Some(0)).actor(Some(" ".to_owned())), "root");
        assert_eq!(local(Some(0)).actor(Some("ada".to_owned())), "ada");
        let forged = format!("ada (token ci)\n{}", "x".repeat(300));
        assert_eq!(local(Some(0)).actor(Some(forged)).chars().count(), NAME_CHARS_MAX);
        assert_eq!(local(None).actor(None), "operator");
        assert_eq!(with_token("ci", "192.0.2.7".parse().ok()), "token ci from 192.0.2.7");
    }
}
