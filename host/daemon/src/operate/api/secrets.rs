//! Managed secrets. The command line answers from the files alone, without a relay. No answer has a value.

use serde::{Deserialize, Serialize};

/// The managed secrets.
#[derive(Debug, Serialize, Deserialize)]
pub struct ManagedSecrets {
    /// By name: those that are stored, and those that the configuration uses.
    pub items: Vec<ManagedSecret>,
    /// The place of the key; null if there is no store, or the key was not found.
    pub key: Option<String>,
    /// Why the secrets cannot be decrypted; null if they can.
    pub problem: Option<String>,
}

/// A managed secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct ManagedSecret {
    /// Its name.
    pub name: String,
    /// When it was first stored; null if it is used but not stored.
    pub set_at: Option<String>,
    /// When its value was last replaced.
    pub rotated_at: Option<String>,
    /// The paths in the configuration that use it.
    pub used_by: Vec<String>,
}

/// A secret that was stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredSecret {
    /// Its name.
    pub name: String,
    /// Whether there was none with this name.
    pub is_new: bool,
    /// The paths in the configuration that use it.
    pub used_by: Vec<String>,
    /// The file of the key, if it was made as well.
    pub made_key: Option<String>,
    /// Whether the relay was reloaded with it.
    pub is_in_force: bool,
}

/// A secret that was removed.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemovedSecret {
    /// Its name.
    pub name: String,
}

/// Another key encrypts the managed secrets.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotatedKey {
    /// Its place.
    pub key: String,
}
