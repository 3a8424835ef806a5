//! A digest of rows: the sum of a hash of each.
//!
//! The sum does not depend on the order of the rows, and a change of one row costs two hashes: that of the row before
//! is subtracted, that of the row after is added. Never looks into a row: keys and values are bytes.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128, xxh3_128_with_seed};

/// Bytes of a digest.
pub(crate) const BYTES: usize = 32;
/// What the two halves of a row's hash begin with. Fixed for ever, as the hash is.
const SEEDS: [u64; 2] = [0x746f_6373_696e_2031, 0x746f_6373_696e_2032];

/// A digest of all rows of the state: two sums of 128 bits each, which wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u128; 2]);

impl Digest {
    /// As it is kept.
    pub(crate) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (first, second) = bytes.split_at_mut(BYTES / 2);
        first.copy_from_slice(&self.0[0].to_be_bytes());
        second.copy_from_slice(&self.0[1].to_be_bytes());
        bytes
    }

    /// Reads what [`Digest::to_bytes`] made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, second) = bytes.split_first_chunk()?;
        Some(Self([u128::from_be_bytes(*first), u128::from_be_bytes(second.try_into().ok()?)]))
    }

    /// Reads the 64 hexadecimal digits that it is shown as.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, second) = text.split_at_checked(BYTES)?;
        let is_whole = second.len() == BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let half = |half| u128::from_str_radix(half, 16).ok();
        is_whole.then_some(Self([half(first)?, half(second)?]))
    }

    /// The digest of one row. The table's name is in `seed`.
    pub(crate) fn of(seed: u64, key: &[u8], value: &[u8]) -> Self {
        let mut parts = [0; BYTES];
        let (first, second) = parts.split_at_mut(BYTES / 2);
        first.copy_from_slice(&xxh3_128_with_seed(key, seed).to_be_bytes());
        second.copy_from_slice(&xxh3_128(value).to_be_bytes());
        Self(SEEDS.map(|seed| xxh3_128_with_seed(&parts, seed)))
    }

    pub(crate) fn add(&mut self, row: Self) {
        self.0 = [self.0[0].wrapping_add(row.0[0]), self.0[1].wrapping_add(row.0[1])];
    }

    pub(crate) fn subtract(&mut self, row: Self) {
        self.0 = [self.0[0].wrapping_sub(row.0[0]), self.0[1].wrapping_sub(row.0[1])];
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}{:032x}", self.0[0], self.0[1])
    }
}

/// What a table's name adds to the hash of each of its keys.
pub(crate) fn seed(table: &str) -> u64 {
    xxh3_64(table.as_bytes())
}

/// The digest as the tables of one transaction change it.
pub(crate) type Running = Rc<Cell<Digest>>;

/// A digest that the tables of a transaction go on from.
pub(crate) fn running(digest: Digest) -> Running {
    Rc::new(Cell::new(digest))
}
