//! `[secrets]`: where the key of managed secrets is.

use std::path::Path;

use super::reader::Reader;
use super::vault::{KeyPlace, Vault};

/// The table.
pub(super) const TABLE: &str = "secrets";

/// The managed secrets in `state_dir`.
pub(super) fn read(root: &mut Reader, state_dir: &Path) -> Vault {
    let mut reader = root.section(TABLE);
    let mut place = KeyPlace::Usual;
    if reader.has("key") {
        let mut key = reader.section("key");
        match (key.text("file"), key.text("credential")) {
            (Some(file), None) => place = KeyPlace::File(file.into()),
            (None, Some(name)) if !name.is_empty() && !name.contains('/') => {
                place = KeyPlace::Credential(name);
            }
            (None, Some(_)) => key.problem("credential", "is no credential's name"),
            _ => key.problem(
                "",
                "expected the place of the key: { file = \"/path\" } or { credential = \"name\" } (of systemd)",
            ),
        }
        key.finish();
    }
    reader.finish();
    Vault::new(state_dir, place)
}
