//! Reads a configuration from its files, as a whole or as far as a command needs it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{ConfigError, ConfigProblem};
use super::files::{File, Files};
use super::managed_secrets::{self, ManagedUse};
use super::vault::Vault;
use super::{Config, directories, merge, relay};

impl Config {
    /// Reads and checks the configuration whose main file is at `path`.
    ///
    /// # Errors
    /// A file cannot be read, is not TOML, or has mistakes: all of them.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::of_files(&Files::read(path)?)
    }

    /// Checks `text` as if it were in the file at `path` and in no other.
    ///
    /// # Errors
    /// It is not TOML, or has mistakes: all of them.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::of_files(&Files::of_text(path, text))
    }

    /// Checks files that were read before.
    ///
    /// # Errors
    /// One of them is not TOML, or they have mistakes: all of them.
    pub fn of_files(files: &Files) -> Result<Self, ConfigError> {
        let (config, mut problems) = Self::inspect_files(files)?;
        problems.extend(config.unread.iter().chain(&config.unseen).cloned());
        if problems.is_empty() {
            return Ok(config);
        }
        Err(ConfigError::Invalid { path: files.main.clone(), problems })
    }

    /// Reads the configuration whose main file is at `path` as far as it can be read, with all of its mistakes.
    ///
    /// # Errors
    /// A file cannot be read, or is not TOML.
    pub fn inspect(path: &Path) -> Result<(Self, Vec<ConfigProblem>), ConfigError> {
        Self::inspect_files(&Files::read(path)?)
    }

    /// As [`Self::inspect`], of files that have been read.
    ///
    /// # Errors
    /// One of them is not TOML.
    pub fn inspect_files(files: &Files) -> Result<(Self, Vec<ConfigProblem>), ConfigError> {
        let kept_in = files.state_dir.as_deref();
        let (config, problems) = relay::read(&files.main, merge::merge(files)?, kept_in);
        Ok((Self { unread: files.unread.clone(), files: Arc::new(files.clone()), ..config }, problems))
    }

    /// The state directory, even if the rest of the main file has mistakes. Only the main file may set it; reads no
    /// other file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or the directory is not text.
    pub fn read_state_dir(path: &Path) -> Result<PathBuf, ConfigError> {
        let table = File::read_main(path)?.keys_before_tables()?;
        let (state_dir, problems) = directories::read_state_dir(directories::base(path), table);
        if problems.is_empty() {
            return Ok(state_dir);
        }
        Err(ConfigError::Invalid { path: path.to_owned(), problems })
    }

    /// Reads only the directory of the relay's scheduled backups, if it makes any.
    ///
    /// # Errors
    /// A file cannot be read, is not TOML, or has a mistake in this setting.
    pub fn read_backup_dir(path: &Path) -> Result<Option<PathBuf>, ConfigError> {
        let merged = merge::merge(&Files::read(path)?)?;
        relay::read_backup_dir(path, merged)
            .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
    }

    /// Reads only where managed secrets are, and which parts of the configuration use them.
    ///
    /// # Errors
    /// A file cannot be read, is not TOML, or has a mistake in `[secrets]`.
    pub fn read_vault(path: &Path) -> Result<(Vault, Vec<ManagedUse>), ConfigError> {
        let files = Files::read(path)?;
        let merged = merge::merge(&files)?;
        let uses = managed_secrets::uses(&merged.table);
        let state_dir = files.state_dir.as_deref().unwrap_or(Path::new(""));
        let vault = relay::read_vault(merged, state_dir)
            .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })?;
        Ok((vault, uses))
    }
}
