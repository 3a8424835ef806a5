//! Who asks over the control socket: who they say they are, and the system's user who opened it.
//!
//! A name that a person gives is a claim, and is recorded as such: the journal has the user beside it. Messages and
//! timelines have the name alone.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tocsin_core::command::{Command, beside};

use crate::runtime::server::LocalUser;

/// Where the system's users are listed.
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
    /// `command`, which says who the person claims to be, with the user beside it.
    pub(super) fn does(&self, command: Command) -> Command {
        match self.name() {
            Some(user) => Command::Acting { user, command: Box::new(command) },
            None => command,
        }
    }

    /// The name that is recorded for whoever says to be `claim`: with the user in brackets, unless it is his own name.
    pub(super) fn beside(&self, claim: &str) -> String {
        self.name().map_or_else(|| claim.to_owned(), |user| beside(claim, &user))
    }

    fn name(&self) -> Option<String> {
        let id = self.0?;
        let users = std::fs::read_to_string(USERS).unwrap_or_default();
        Some(name_of(id, &users).map_or_else(|| format!("uid {id}"), str::to_owned))
    }
}

/// The name of the user with this number, of lines such as `ada:x:1000:1000::/srv/ada:/bin/sh`.
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
