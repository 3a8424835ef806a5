//! Access tokens of the HTTP API: who may ask for what over the network.
//!
//! Keeps only the SHA-256 of each token, in a document of the state directory. The relay alone writes it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tocsin_core::time::Timestamp;

use crate::runtime::folder::Folder;
use crate::runtime::signing::{random_token, sha256};

/// The folder of the document, in the state directory.
const FOLDER: &str = "access";
/// The document.
const DOCUMENT: &str = "tokens.json";
/// Tokens at most.
const TOKENS_MAX: usize = 1000;
/// The first characters of every token, so that scanners for leaked secrets recognise it.
const PREFIX: &str = "tocsin_";

/// What somebody may do. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads what belongs to one source.
    Source,
    /// Reads everything but what a backup and the configuration's files hold.
    Viewer,
    /// Also works with incidents, deliveries and receipts.
    Operator,
    /// Everything.
    Admin,
}

impl Role {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// A role, and the only source that it covers if it covers one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    /// The role.
    pub role: Role,
    /// The source, for [`Role::Source`].
    pub source: Option<String>,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.as_str())?;
        self.source.as_ref().map_or(Ok(()), |source| write!(f, ":{source}"))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Self, UnknownScope> {
        text.parse()
    }
}

/// A text that is no scope.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: write admin, operator, viewer or source:<name>")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let role = match text.split_once(':') {
            Some(("source", source)) if !source.is_empty() => {
                return Ok(Self { role: Role::Source, source: Some(source.to_owned()) });
            }
            None => {
                [Role::Viewer, Role::Operator, Role::Admin].into_iter().find(|role| role.as_str() == text)
            }
            Some(_) => None,
        };
        let role = role.ok_or_else(|| UnknownScope(text.to_owned()))?;
        Ok(Self { role, source: None })
    }
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// The SHA-256 of the secret, in hexadecimal digits.
    sha256: String,
    /// Microseconds since the Unix epoch.
    created_at_us: i64,
    /// The person who created it.
    pub created_by: String,
    /// Microseconds since the Unix epoch.
    expires_at_us: Option<i64>,
}

impl Token {
    /// The SHA-256 of its secret, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.sha256
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at_us)
    }

    /// When it expires.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at_us.map(Timestamp::from_micros)
    }

    /// Whether it has expired at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }
}

/// The document.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    tokens: Vec<Token>,
}

/// All tokens.
pub struct Access {
    folder: Folder,
    state: Mutex<State>,
    /// Held by the only writer while it waits for the disk.
    writing: Mutex<()>,
}

struct State {
    by_digest: HashMap<String, Arc<Token>>,
    used: HashMap<String, Timestamp>,
    /// Why the document cannot be read. Then no token is valid, and none can be created.
    unreadable: Option<String>,
}

/// Why a token cannot be created or revoked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Another token has this name.
    #[error("there is a token `{0}` already: revoke it first, or choose another name")]
    Exists(String),
    /// No token has this name.
    #[error("there is no token `{0}`")]
    Unknown(String),
    /// Too many.
    #[error("there are {TOKENS_MAX} tokens: revoke some that nobody needs")]
    TooMany,
    /// The document cannot be read or written.
    #[error("the access tokens cannot be {0}")]
    Storage(String),
}

impl Access {
    /// The tokens of the relay with this state directory.
    pub fn open(state_dir: &Path) -> Self {
        let folder = Folder::new(state_dir, FOLDER, true);
        let (document, unreadable) = match folder.read::<Document>(DOCUMENT) {
            Ok(document) => (document, None),
            Err(error) => {
                let file = state_dir.join(FOLDER).join(DOCUMENT);
                (Document::default(), Some(format!("read: {}: {error}", file.display())))
            }
        };
        let by_digest = document.tokens.into_iter().map(|token| (token.sha256.clone(), Arc::new(token)));
        let state = State { by_digest: by_digest.collect(), used: HashMap::new(), unreadable };
        Self { folder, state: Mutex::new(state), writing: Mutex::default() }
    }

    /// Why no token is valid, if the document cannot be read.
    pub fn trouble(&self) -> Option<String> {
        let unreadable = self.lock().unreadable.clone();
        unreadable.map(|why| AccessError::Storage(why).to_string())
    }

    /// The token with this secret, unless it has expired.
    pub fn find(&self, secret: &str, now: Timestamp) -> Option<Arc<Token>> {
        let mut state = self.lock();
        // The search takes a time that depends on the digest, which tells nothing about any other secret.
        let token = Arc::clone(state.by_digest.get(&sha256(secret.as_bytes()))?);
        if token.is_expired(now) {
            return None;
        }
        state.used.insert(token.name.clone(), now);
        Some(token)
    }

    /// Whether this token is still valid.
    pub fn has(&self, token: &Token, now: Timestamp) -> bool {
        self.lock().by_digest.contains_key(&token.sha256) && !token.is_expired(now)
    }

    /// All tokens by name, each with the time of its last use since the start.
    pub fn all(&self) -> Vec<(Arc<Token>, Option<Timestamp>)> {
        let state = self.lock();
        let used = |token: &Arc<Token>| (Arc::clone(token), state.used.get(&token.name).copied());
        let mut all: Vec<_> = state.by_digest.values().map(used).collect();
        all.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        all
    }

    /// Creates a token. Returns its secret, which is not kept. May wait for the disk.
    ///
    /// # Errors
    /// The name is taken, there are too many, or the document cannot be written.
    pub fn create(
        &self,
        name: &str,
        scope: Scope,
        by: &str,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<(String, Arc<Token>), AccessError> {
        let random = random_token().map_err(|error| {
            AccessError::Storage(format!("made: the system provides no random numbers: {error}"))
        })?;
        let secret = format!("{PREFIX}{random}");
        let token = Arc::new(Token {
            name: name.to_owned(),
            scope,
            sha256: sha256(secret.as_bytes()),
            created_at_us: now.micros(),
            created_by: by.to_owned(),
            expires_at_us: expires_at.map(Timestamp::micros),
        });
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tokens = self.kept()?;
        if tokens.iter().any(|other| other.name == name) {
            return Err(AccessError::Exists(name.to_owned()));
        }
        if tokens.len() >= TOKENS_MAX {
            return Err(AccessError::TooMany);
        }
        tokens.push((*token).clone());
        self.write(tokens)?;
        self.lock().by_digest.insert(token.sha256.clone(), Arc::clone(&token));
        Ok((secret, token))
    }

    /// Revokes the token of this name. May wait for the disk.
    ///
    /// # Errors
    /// There is none, or the document cannot be written.
    pub fn revoke(&self, name: &str) -> Result<Arc<Token>, AccessError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tokens = self.kept()?;
        let at = tokens.iter().position(|token| token.name == name);
        let token = tokens.swap_remove(at.ok_or_else(|| AccessError::Unknown(name.to_owned()))?);
        self.write(tokens)?;
        let mut state = self.lock();
        state.by_digest.remove(&token.sha256);
        state.used.remove(name);
        Ok(Arc::new(token))
    }

    /// All tokens, as they were written last.
    fn kept(&self) -> Result<Vec<Token>, AccessError> {
        let state = self.lock();
        match &state.unreadable {
            Some(why) => Err(AccessError::Storage(why.clone())),
            None => Ok(state.by_digest.values().map(|token| (**token).clone()).collect()),
        }
    }

    fn write(&self, mut tokens: Vec<Token>) -> Result<(), AccessError> {
        tokens.sort_by(|one, other| one.name.cmp(&other.name));
        let written: io::Result<()> = self.folder.write(DOCUMENT, &Document { tokens });
        written.map_err(|error| AccessError::Storage(format!("written: {error}")))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn scope(text: &str) -> Scope {
        text.parse().expect("a scope")
    }

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for text in ["admin", "operator", "viewer", "source:jira"] {
            assert_eq!(scope(text).to_string(), text);
        }
        for wrong in ["", "root", "source", "source:", "viewer:jira", "Admin"] {
            assert_eq!(wrong.parse::<Scope>(), Err(UnknownScope(wrong.to_owned())));
        }
        assert!(Role::Source < Role::Viewer && Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
    }

    #[test]
    fn a_token_is_valid_until_it_expires_or_is_revoked_also_after_a_restart() {
        let state = tempfile::tempdir().expect("a folder");
        let access = Access::open(state.path());
        let (secret, _) = access.create("ci", scope("viewer"), "ada", NOW, None).expect("created");
        let end = NOW.plus_ms(1000);
        let (short, _) = access.create("short", scope("admin"), "ada", NOW, Some(end)).expect("created");
        assert!(matches!(access.create("ci", scope("admin"), "eve", NOW, None), Err(AccessError::Exists(_))));
        let access = Access::open(state.path());
        let found = access.find(&secret, NOW).expect("valid");
        assert_eq!((found.name.as_str(), found.scope.to_string().as_str()), ("ci", "viewer"));
        assert!(access.find(&short, NOW).is_some() && access.find(&short, end).is_none());
        assert!(access.find(&format!("{secret}x"), NOW).is_none() && access.find("", NOW).is_none());
        let used: Vec<_> = access.all().into_iter().map(|(token, used)| (token.name.clone(), used)).collect();
        assert_eq!(used, [("ci".to_owned(), Some(NOW)), ("short".to_owned(), Some(NOW))]);
        access.revoke("ci").expect("revoked");
        assert!(matches!(access.revoke("ci"), Err(AccessError::Unknown(_))));
        assert!(
            access.find(&secret, NOW).is_none() && Access::open(state.path()).find(&secret, NOW).is_none()
        );
    }

    #[test]
    fn the_document_has_no_secret_and_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::tempdir().expect("a folder");
        let access = Access::open(state.path());
        let (secret, _) = access.create("ci", scope("admin"), "ada", NOW, None).expect("created");
        let file = state.path().join(FOLDER).join(DOCUMENT);
        let text = std::fs::read_to_string(&file).expect("it is there");
        assert!(!text.contains(&secret[PREFIX.len()..]), "{text}");
        assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_document_that_cannot_be_read_opens_nothing_and_is_not_overwritten() {
        let state = tempfile::tempdir().expect("a folder");
        let (secret, _) =
            Access::open(state.path()).create("ci", scope("admin"), "ada", NOW, None).expect("created");
        let file = state.path().join(FOLDER).join(DOCUMENT);
        std::fs::write(&file, "{").expect("ours");
        let access = Access::open(state.path());
        assert!(access.trouble().is_some_and(|why| why.contains("tokens.json")));
        assert!(access.find(&secret, NOW).is_none());
        assert!(matches!(
            access.create("new", scope("admin"), "ada", NOW, None),
            Err(AccessError::Storage(_))
        ));
        assert_eq!(std::fs::read_to_string(&file).expect("ours"), "{");
    }
}
