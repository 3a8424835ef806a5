//! The limits of a file's contents, each with its unit and its reason, and the sentence when one is met.
//!
//! Wide of what real toolchains write: the largest of what was measured in the bundled plugins (Rust), a component
//! of componentize-js 0.23 (12 MB) and one of componentize-py 0.25 (18 MB) stands behind each.

use super::Refused;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Components inside components.
pub(super) const NESTING_MAX: usize = 16;
/// Component instances that the file makes, each counted as often as what contains it is instantiated.
pub(super) const INSTANCES_MAX: u64 = 1_000;
/// Items that the file defines (aliases, functions that are lifted or lowered, instances, exports), each counted as
/// often as what contains it is instantiated: the compiler goes through them one by one.
pub(super) const ITEMS_MAX: u64 = 200_000;
/// Types of components, those inside other types included.
pub(super) const COMPONENT_TYPES_MAX: usize = 50_000;
/// Types inside types.
pub(super) const TYPE_NESTING_MAX: usize = 32;
/// Bytes of all code.
pub(super) const CODE_BYTES_MAX: usize = 40 * MIB;
/// Functions of all modules, imported ones included.
pub(super) const FUNCTIONS_MAX: usize = 200_000;
/// Bytes of one function: the compiler's time and memory grow faster than a function does. Python's interpreter has
/// one of 430 KB.
pub(super) const BODY_BYTES_MAX: usize = MIB;
/// Local variables of one function, parameters excluded.
pub(super) const LOCALS_MAX: usize = 10_000;
/// Local variables of a function times its bytes: how much the compiler tracks at once.
pub(super) const LOCALS_BY_BYTES_MAX: usize = 256 * MIB;
/// Blocks inside blocks of one function.
pub(super) const BLOCKS_MAX: usize = 5_000;
/// Types of all modules.
pub(super) const TYPES_MAX: usize = 50_000;
/// Tables of all modules.
pub(super) const TABLES_MAX: usize = 256;
/// Memories of one module; there are few components with more than one module that has a memory at all.
pub(super) const MEMORIES_OF_MODULE_MAX: usize = 1;
/// Memories of all modules.
pub(super) const MEMORIES_MAX: usize = 16;
/// Globals of all modules.
pub(super) const GLOBALS_MAX: usize = 50_000;
/// Imports and exports of all modules.
pub(super) const LINKS_MAX: usize = 100_000;
/// Elements that fill tables, and pieces of data, of all modules.
pub(super) const SEGMENTS_MAX: usize = 500_000;
/// Bytes of one name of an import or export.
pub(super) const NAME_BYTES_MAX: usize = 8 * KIB;
/// Bytes of the names of all imports and exports.
pub(super) const LINK_NAMES_BYTES_MAX: usize = 8 * MIB;
/// Bytes of the sections that name functions for people.
pub(super) const NAMES_BYTES_MAX: usize = 16 * MIB;
/// Bytes of all custom sections: names and debug information.
pub(super) const CUSTOM_BYTES_MAX: usize = 32 * MIB;

/// A limit, in words.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    /// What has so much: `it`, or a part of it.
    pub(super) of: &'static str,
    /// What is counted, in the plural.
    pub(super) what: &'static str,
    /// What the plugin's author can do.
    pub(super) fix: &'static str,
}

/// Whether `found` is within `limit`.
///
/// # Errors
/// A sentence with both numbers and what to do.
pub(super) fn within<N: Into<Number>>(found: N, limit: N, words: Limit) -> Result<(), Refused> {
    let (Number(found), Number(limit)) = (found.into(), limit.into());
    if found <= limit {
        return Ok(());
    }
    let Limit { of, what, fix } = words;
    let found = if found == u64::MAX { "countless".to_owned() } else { found.to_string() };
    Err(Refused::TooMuch(format!("{of} has {found} {what}, the limit is {limit}; {fix}")))
}

/// A count.
#[derive(Clone, Copy)]
pub(super) struct Number(u64);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Self {
        Self(number as u64)
    }
}
