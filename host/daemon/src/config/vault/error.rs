//! Why a managed secret cannot be read or written. Never shows a value or a key.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{SECRETS_MAX, STORE_BYTES_MAX, VALUE_BYTES_MAX};

/// Why a managed secret cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file or folder is the service's.
    #[error("{} may not be read by this user: run it as the relay's user or as root", .0.display())]
    Denied(PathBuf),
    /// The key is a credential, and this process was not started by systemd.
    #[error(
        "the key of managed secrets is not here: the credential `{0}` is only there when systemd starts the relay. While \
         the relay runs, root can run the command with CREDENTIALS_DIRECTORY=/run/credentials/tocsin.service"
    )]
    NoCredential(String),
    /// A file.
    #[error("{}: {error}", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The configured file of the key does not exist.
    #[error("{} does not exist, and should hold the key of managed secrets: restore it, or make a new key with \
             `(umask 077; openssl rand -hex 32 > {})` if there are no managed secrets yet", .0.display(), .0.display())]
    NoKeyFile(PathBuf),
    /// There is a store, but no key.
    #[error(
        "{} exists, but its key is neither in {} nor in the credential `secrets-key`, which is only there when systemd \
         starts the relay: restore the key from where you keep it, or move {} away and store each secret again with \
         `tocsin secrets set`", store.display(), key.display(), store.display())]
    KeyLost {
        /// The store.
        store: PathBuf,
        /// Where Tocsin makes the key.
        key: PathBuf,
        /// Whether this process sees no credentials.
        is_blind: bool,
    },
    /// The content of a key's place.
    #[error(
        "{0} holds no key: expected 32 random bytes as 64 hexadecimal digits or as base64, one key on each line, as \
         `openssl rand -hex 32` prints them"
    )]
    NotAKey(String),
    /// The store has another key.
    #[error("{} is encrypted with another key than the one in {place}: put the right key there (its id is {id}), or move \
             {} away and store each secret again with `tocsin secrets set`", store.display(), store.display())]
    WrongKey {
        /// The store.
        store: PathBuf,
        /// Where the keys are that do not fit.
        place: String,
        /// The id of the right key.
        id: String,
    },
    /// The store was changed by something else than Tocsin, or is not complete.
    #[error("{} is damaged ({why}): restore it from a copy, or move it away and store each secret again with \
             `tocsin secrets set`", store.display())]
    Damaged {
        /// The store.
        store: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The store's format is newer.
    #[error("{} has format {format}, which this version of tocsin cannot read: use a newer version", store.display())]
    Newer {
        /// The store.
        store: PathBuf,
        /// Its format.
        format: u64,
    },
    /// There is no such secret.
    #[error("there is no managed secret `{name}`: store it with `tocsin secrets set {name}`")]
    Missing {
        /// Its name.
        name: String,
    },
    /// The name breaks the rule for names.
    #[error("`{name}` {}", crate::config::name::NO_NAME)]
    Name {
        /// The name.
        name: String,
    },
    /// The value is empty.
    #[error("the value is empty: nothing was stored")]
    Blank,
    /// The value is too long.
    #[error("the value has {0} bytes, the limit is {VALUE_BYTES_MAX}: nothing was stored")]
    TooLong(usize),
    /// The store is full.
    #[error(
        "there are {SECRETS_MAX} managed secrets already, which is the limit: remove those that are not used"
    )]
    TooMany,
    /// The store would be too large.
    #[error(
        "the managed secrets would take more than {STORE_BYTES_MAX} bytes: remove those that are not used"
    )]
    TooLarge,
    /// Another command is writing.
    #[error("another `tocsin secrets` command is writing {}: try again when it has ended", .0.display())]
    Locked(PathBuf),
    /// The key is a credential, which Tocsin cannot write.
    #[error(
        "the key is the credential `{0}`, which Tocsin cannot write: put a new key (`openssl rand -hex 32`) on a line \
         before the present one in the credential, start the relay again, run `tocsin secrets rotate-key`, and then remove \
         the old key from the credential"
    )]
    KeyIsCredential(String),
    /// There is nothing to encrypt.
    #[error("there are no managed secrets, so no key to change")]
    Empty,
    /// The system gives no random numbers.
    #[error("the system provides no random numbers: {0}")]
    Random(getrandom::Error),
    /// The store could not be written as text, or a value could not be encrypted.
    #[error("the managed secrets cannot be written: {0}")]
    Encoding(String),
}

impl VaultError {
    /// The error of the file or folder at `path`.
    pub(super) fn of(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        // The system's text names neither the cause nor the fix.
        if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            let why = "it is a link, which is not followed: replace it with the file itself";
            return Self::Io { path, error: io::Error::new(ErrorKind::InvalidInput, why) };
        }
        match error.kind() {
            ErrorKind::PermissionDenied => Self::Denied(path),
            _ => Self::Io { path, error },
        }
    }

    /// Whether the service may see what this process cannot.
    pub const fn is_unseen(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::NoCredential(_) | Self::KeyLost { is_blind: true, .. })
    }
}
