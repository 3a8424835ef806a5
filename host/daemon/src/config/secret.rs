//! Secrets of the configuration, and where they may be read from.
//!
//! Never printed: neither `Debug` nor an error shows the value.

use std::cell::RefCell;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Value;

/// Bytes of a secret in a file: a key or a token, not a document.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// The size limit of a file of certificates, in bytes: four times the size of all public authorities.
const CERTIFICATES_BYTES_MAX: u64 = 1024 * 1024;
/// The ways to write one.
const FORMS: &str = "expected a text, { file = \"/path\" }, { env = \"NAME\" }, { credential = \"name\" } (of systemd) or \
     { managed = \"name\" } (of `tocsin secrets`)";

/// A text that is not to be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    is_seen: bool,
}

/// Where a secret was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It stands in the configuration itself.
    Configuration,
    /// In this file.
    File(PathBuf),
    /// In the environment, or a credential of systemd.
    Service,
    /// In the relay's own store of secrets.
    Managed,
    /// It is there for the service alone, and why.
    Unseen(String),
    /// In a file that is not secret.
    Public,
}

/// How a configuration writes a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As itself.
    Literal(Secret),
    /// As a table with this one key: `{ file = … }`.
    Reference(String),
    /// The path of a file of certificates.
    Path,
    /// In no valid way. It may still contain the secret.
    Other,
}

impl Form {
    /// The form of `value`. Reads no secret.
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Literal(Secret::new(text.clone())),
            Value::Table(table) if table.len() == 1 => match table.iter().next() {
                Some((key, Value::String(_))) => Self::Reference(key.clone()),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// How the secrets of a table are written, by their paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Forms(RefCell<Vec<(String, Form)>>);

impl Forms {
    /// Notes the form of the secret at `path`. Returns a secret that is not known.
    pub(super) fn note(&self, path: String, value: &Value) -> Secret {
        self.0.borrow_mut().push((path, Form::of(value)));
        Secret::unseen()
    }

    /// Notes that the value at `path` names a file of certificates.
    pub(super) fn note_path(&self, path: String) {
        self.0.borrow_mut().push((path, Form::Path));
    }

    /// All notes.
    pub(super) fn all(&self) -> Vec<(String, Form)> {
        self.0.borrow().clone()
    }
}

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_seen: true }
    }

    /// One that stands for a secret that this process may not see.
    pub(super) const fn unseen() -> Self {
        Self { text: String::new(), is_seen: false }
    }

    /// Whether its text is known. A relay that runs has no other secrets.
    pub const fn is_seen(&self) -> bool {
        self.is_seen
    }

    /// The text, for where it is needed.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing in it but white space.
    pub fn is_blank(&self) -> bool {
        self.is_seen && self.text.trim().is_empty()
    }

    /// Reads what a configuration says about a secret. `managed` reads one of the relay's own store by its name.
    pub(super) fn read(
        value: &Value,
        managed: impl FnOnce(&str) -> Result<(Self, Place), String>,
    ) -> Result<(Self, Place), String> {
        match value {
            Value::String(text) => Ok((Self::new(text.clone()), Place::Configuration)),
            Value::Table(table) if table.len() == 1 => {
                let place =
                    table.iter().next().and_then(|(key, value)| Some((key.as_str(), value.as_str()?)));
                let found = match place {
                    Some(("file", path)) => read_file(Path::new(path), FILE_BYTES_MAX),
                    Some(("env", name)) => std::env::var(name)
                        .map(|text| (Self::new(text), Place::Service))
                        .map_err(|_| format!("the environment has no readable `{name}`")),
                    Some(("credential", name)) => read_credential(name),
                    Some(("managed", name)) => managed(name),
                    Some((other, _)) => Err(format!("`{other}` is no place for a secret: {FORMS}")),
                    None => Err(format!("is not a secret: {FORMS}")),
                }?;
                // Whoever names a place means something to be there.
                if found.0.is_blank() {
                    let place = place.map_or("", |(_, name)| name);
                    return Err(format!("`{place}` is there, but empty"));
                }
                Ok(found)
            }
            _ => Err(format!("is not a secret: {FORMS}")),
        }
    }

    /// Reads a file of certificates. It is not secret, but perhaps only the service can read it.
    pub(super) fn read_certificates(path: &Path) -> Result<(Self, Place), String> {
        let (text, place) = read_file(path, CERTIFICATES_BYTES_MAX)?;
        Ok((text, if matches!(place, Place::File(_)) { Place::Public } else { place }))
    }
}

fn read_credential(name: &str) -> Result<(Secret, Place), String> {
    if name.contains('/') {
        return Err(format!("`{name}` is no credential's name"));
    }
    let Ok(directory) = std::env::var("CREDENTIALS_DIRECTORY") else {
        let why = format!(
            "there is no credential `{name}`: it is only there when systemd starts the relay, with \
             `LoadCredential={name}:/path` in its unit, and not for a command in a shell"
        );
        return Ok((Secret::unseen(), Place::Unseen(why)));
    };
    let (secret, place) = read_file(&Path::new(&directory).join(name), FILE_BYTES_MAX)?;
    Ok((secret, if matches!(place, Place::File(_)) { Place::Service } else { place }))
}

/// The file's content, of at most `limit` bytes, without the line end that editors add.
fn read_file(path: &Path, limit: u64) -> Result<(Secret, Place), String> {
    let read = std::fs::metadata(path).and_then(|metadata| match metadata.len() {
        size if size > limit => Ok(Err(size)),
        _ => std::fs::read_to_string(path).map(Ok),
    });
    match read {
        Ok(Ok(text)) => Ok((Secret::new(text.trim_end_matches(['\r', '\n'])), Place::File(path.to_owned()))),
        Ok(Err(size)) => Err(format!("{} has {size} bytes, the limit is {limit}", path.display())),
        // The file, or its directory, is the service's.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let why = format!(
                "{} may not be read by this user: run it as the relay's user or as root",
                path.display()
            );
            Ok((Secret::unseen(), Place::Unseen(why)))
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
