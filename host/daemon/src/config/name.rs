//! Names of sources, connections, actions and managed secrets. They are parts of URLs and commands.

/// The mistake of a name that does not follow the rule.
pub const NO_NAME: &str = "is no name: use 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter";

/// Whether `name` follows the rule.
pub fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
