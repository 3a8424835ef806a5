//! Secrets of the configuration, and where they may be read from.
//!
//! Never printed: neither `Debug` nor an error shows the value.

use std::fmt;
use std::path::Path;

use toml::Value;

/// Bytes of a secret in a file: a key or a token, not a document.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// The ways to write one.
const FORMS: &str =
    "expected a text, { file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" } (of systemd)";

/// A text that is not to be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for where it is needed.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it but white space.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Reads what a configuration says about a secret.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self(text.clone())),
            Value::Table(table) if table.len() == 1 => {
                let place =
                    table.iter().next().and_then(|(key, value)| Some((key.as_str(), value.as_str()?)));
                let secret = match place {
                    Some(("file", path)) => read_file(Path::new(path)),
                    Some(("env", name)) => std::env::var(name)
                        .map(Self)
                        .map_err(|_| format!("the environment has no readable `{name}`")),
                    Some(("credential", name)) => read_credential(name),
                    Some((other, _)) => Err(format!("`{other}` is no place for a secret: {FORMS}")),
                    None => Err(format!("is not a secret: {FORMS}")),
                }?;
                // Whoever names a place means something to be there.
                if secret.is_blank() {
                    let place = place.map_or("", |(_, name)| name);
                    return Err(format!("`{place}` is there, but empty"));
                }
                Ok(secret)
            }
            _ => Err(format!("is not a secret: {FORMS}")),
        }
    }
}

fn read_credential(name: &str) -> Result<Secret, String> {
    let directory = std::env::var("CREDENTIALS_DIRECTORY").map_err(|_| {
        format!(
            "there is no credential `{name}`: it is only there when systemd starts the relay, with \
             `LoadCredential={name}:/path` in its unit, and not for a command in a shell"
        )
    })?;
    if name.contains('/') {
        return Err(format!("`{name}` is no credential's name"));
    }
    read_file(&Path::new(&directory).join(name))
}

/// The file's content without the line end that editors add.
fn read_file(path: &Path) -> Result<Secret, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("{} has {size} bytes, the limit is {FILE_BYTES_MAX}", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Secret(text.trim_end_matches(['\r', '\n']).to_owned()))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
