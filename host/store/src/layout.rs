//! The first page of a store's file, which says what follows it: the log of the latest commits, then the database.
//!
//! Written once, when the file is made. Knows nothing of what is in either part.

use std::io;

use redb::StorageBackend;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of the page.
pub(crate) const PAGE: usize = 4096;
/// What it begins with.
const MAGIC: [u8; 8] = *b"tocsin\r\n";
/// The first format whose files begin so.
const LAYOUT: u32 = 4;
/// The bytes of the page that say something: the magic, the layout, the bytes of the log, and the XXH3 of these.
const SAID: usize = 28;
/// What the file of an earlier format begins with: redb's own magic.
const REDB: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";

/// How a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// With nothing: it is new, or making it was interrupted.
    Blank,
    /// With a database, as files of earlier formats do.
    Database,
    /// With the page. The log has so many bytes.
    Page(u64),
    /// With the page of a later layout.
    Later(u32),
    /// With something else.
    Foreign,
}

/// How the file behind `backend` begins.
pub(crate) fn beginning(backend: &dyn StorageBackend) -> io::Result<Beginning> {
    let length = usize::try_from(backend.len()?).unwrap_or(usize::MAX).min(PAGE);
    let mut page = [0; PAGE];
    backend.read(0, &mut page[..length])?;
    Ok(read(&page))
}

fn read(page: &[u8; PAGE]) -> Beginning {
    if page.starts_with(&REDB) {
        return Beginning::Database;
    }
    if page.iter().all(|byte| *byte == 0) {
        return Beginning::Blank;
    }
    let said = || {
        let (magic, rest) = page.split_first_chunk::<8>()?;
        let (layout, rest) = rest.split_first_chunk::<4>()?;
        let (log, rest) = rest.split_first_chunk::<8>()?;
        let check = rest.first_chunk::<8>()?;
        let is_ours = *magic == MAGIC && u64::from_be_bytes(*check) == xxh3_64(&page[..SAID - 8]);
        is_ours.then_some((u32::from_be_bytes(*layout), u64::from_be_bytes(*log)))
    };
    match said() {
        Some((LAYOUT, log)) => Beginning::Page(log),
        Some((layout, _)) => Beginning::Later(layout),
        None => Beginning::Foreign,
    }
}

/// The page of a file whose log has so many bytes.
pub(crate) fn page(log: u64) -> [u8; PAGE] {
    page_of(LAYOUT, log)
}

/// The page of a file of this layout.
pub(crate) fn page_of(layout: u32, log: u64) -> [u8; PAGE] {
    let mut page = [0; PAGE];
    let said = [MAGIC.as_slice(), &layout.to_be_bytes(), &log.to_be_bytes()].concat();
    let check = xxh3_64(&said).to_be_bytes();
    for (place, byte) in page.iter_mut().zip(said.iter().chain(&check)) {
        *place = *byte;
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_how_large_the_log_is_and_a_damaged_one_is_foreign() {
        let written = page(12_345);
        assert_eq!(read(&written), Beginning::Page(12_345));
        for byte in 0..SAID {
            let mut damaged = written;
            damaged[byte] ^= 1;
            assert_eq!(read(&damaged), Beginning::Foreign, "byte {byte}");
        }
        assert_eq!(read(&[0; PAGE]), Beginning::Blank);
    }
}
