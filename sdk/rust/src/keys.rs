//! Keys of incidents: unambiguous, and never longer than the host takes.
//!
//! Never joins parts with a separator alone: `a|b` and `c` must not become what `a` and `b|c` become.

/// Bytes of a key that the host takes.
pub const BYTES_MAX: usize = 1024;

/// A key of several parts, each after its length in bytes: `3:web8:https://`.
pub fn compose(parts: &[&str]) -> String {
    let key: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    fit(&key)
}

/// `key` itself, or, when it is too long, its beginning with a hash of the whole: another long key with the
/// same beginning stays another key.
pub fn fit(key: &str) -> String {
    if key.len() <= BYTES_MAX {
        return key.to_owned();
    }
    let start = &key[..key.floor_char_boundary(BYTES_MAX - 40)];
    format!(
        "{start}#{:016x}{:016x}",
        fnv1a(key.as_bytes(), 0xcbf2_9ce4_8422_2325),
        fnv1a(key.as_bytes(), 0x9ae1_6a3b_2f90_404f)
    )
}

/// FNV-1a from a given start: stable over versions, unlike the standard library's hashes.
fn fnv1a(bytes: &[u8], start: u64) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_one_another() {
        assert_ne!(compose(&["a|b", "c"]), compose(&["a", "b|c"]));
        assert_ne!(compose(&["", "a"]), compose(&["a", ""]));
        assert_eq!(compose(&["web", "x"]), "3:web1:x");
    }

    #[test]
    fn a_long_key_fits_and_stays_distinct() {
        let (a, b) = ("ü".repeat(2000) + "a", "ü".repeat(2000) + "b");
        assert!(fit(&a).len() <= BYTES_MAX);
        assert_ne!(fit(&a), fit(&b));
        assert_eq!(fit(&a), fit(&a));
    }
}
