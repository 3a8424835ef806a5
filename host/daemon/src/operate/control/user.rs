//! The person behind a request over the control socket: the name that they gave, and the system user.
//!
//! The given name is only a claim, so the journal records the system user beside it. Messages and timelines have only
//! the given name.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tocsin_core::command::{Command, beside};

use crate::runtime::server::LocalUser;

/// The list of the system's users.
const USERS: &str = "/etc/passwd";

/// The system's user behind a request.
pub(super) struct User(Option<u32>);

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<LocalUser>().map(|user| user.0)))
    }
}

impl User {
    /// `command`, which has the given name, together with the system user.
    pub(super) fn does(&self, command: Command) -> Command {
        match self.name() {
            Some(user) => Command::Acting { user, command: Box::new(command) },
            None => command,
        }
    }

    /// The recorded name of a person who gave `claim`: followed by the system user in parentheses, unless that is the
    /// same name.
    pub(super) fn beside(&self, claim: &str) -> String {
        self.name().map_or_else(|| claim.to_owned(), |user| beside(claim, &user))
    }

    fn name(&self) -> Option<String> {
        let id = self.0?;
        let users = std::fs::read_to_string(USERS).unwrap_or_default();
        Some(name_of(id, &users).map_or_else(|| format!("uid {id}"), str::to_owned))
    }
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

    #[test]
    fn a_user_has_the_name_that_the_system_lists() {
        assert_eq!([0, 1000, 7].map(|id| name_of(id, USERS)), [Some("root"), Some("ada"), None]);
    }

    #[test]
    fn a_claim_stands_beside_the_user_who_made_it() {
        assert_eq!(User(Some(0)).beside("root"), "root");
        assert_eq!(User(Some(0)).beside("ada"), "ada (root)");
        assert_eq!(User(Some(u32::MAX)).beside("ada"), format!("ada (uid {})", u32::MAX));
        assert_eq!(User(None).beside("ada"), "ada");
    }
}
