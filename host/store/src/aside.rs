//! Reading while the file cannot be written: an opening that keeps its own writes to itself.
//!
//! redb repairs what it opens, which a full disk does not allow. Over this backend it may: what it writes stays in
//! memory, and the file is as it was. Never writes to the file, never makes room in it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use crate::way::Way;

/// Bytes that are kept together once one of them was written.
const BLOCK: usize = 4096;

/// The bytes of a way, and over them what was written since.
#[derive(Debug)]
pub(crate) struct Aside {
    way: Way,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    length: u64,
    /// From here on there is nothing of the file's.
    file_end: u64,
    /// By number.
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl Aside {
    /// Begins with what is behind `way`.
    pub(crate) fn over(way: Way) -> io::Result<Self> {
        let length = way.len()?;
        let written = Mutex::new(Written { length, file_end: length, blocks: BTreeMap::new() });
        Ok(Self { way, written })
    }

    /// Nothing behind this mutex can be left half changed.
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    /// The parts of the blocks that `length` bytes from `offset` touch: number, where in the block, how many.
    fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
        let (mut at, mut left) = (offset, length);
        std::iter::from_fn(move || {
            let start = usize::try_from(at % BLOCK as u64).ok()?;
            let size = left.min(BLOCK - start);
            let part = (size > 0).then_some((at / BLOCK as u64, start, size));
            (at, left) = (at + size as u64, left - size);
            part
        })
    }

    /// What `out.len()` bytes from `offset` are.
    fn read(&self, way: &Way, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.saturating_add(out.len() as u64) > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let of_file = self.file_end.saturating_sub(offset).min(out.len() as u64);
        let (file, beyond) = out.split_at_mut(usize::try_from(of_file).unwrap_or(0));
        if !file.is_empty() {
            way.read(offset, file)?;
        }
        beyond.fill(0);
        let mut done = 0;
        for (number, start, size) in Self::parts(offset, out.len()) {
            if let Some(block) = self.blocks.get(&number) {
                out[done..done + size].copy_from_slice(&block[start..start + size]);
            }
            done += size;
        }
        Ok(())
    }

    fn write(&mut self, way: &Way, offset: u64, data: &[u8]) -> io::Result<()> {
        self.length = self.length.max(offset.saturating_add(data.len() as u64));
        let mut done = 0;
        for (number, start, size) in Self::parts(offset, data.len()) {
            if !self.blocks.contains_key(&number) {
                let mut block = Box::new([0; BLOCK]);
                let begins = number * BLOCK as u64;
                let there = usize::try_from(self.length.saturating_sub(begins)).unwrap_or(BLOCK).min(BLOCK);
                self.read(way, begins, &mut block[..there])?;
                self.blocks.insert(number, block);
            }
            if let Some(block) = self.blocks.get_mut(&number) {
                block[start..start + size].copy_from_slice(&data[done..done + size]);
            }
            done += size;
        }
        Ok(())
    }

    fn set_len(&mut self, length: u64) {
        self.length = length;
        self.file_end = self.file_end.min(length);
        // What is behind the end must read as zeros once the end moves on.
        for (number, block) in self.blocks.range_mut(length / BLOCK as u64..) {
            let kept = length.saturating_sub(number * BLOCK as u64);
            let kept = usize::try_from(kept).unwrap_or(BLOCK).min(BLOCK);
            block[kept..].fill(0);
        }
    }
}

impl StorageBackend for Aside {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.written().read(&self.way, offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.written().set_len(length);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        // It need not survive anything.
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.written().write(&self.way, offset, data)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.way.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.way.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.way.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.way.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.way.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.way.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;
    use crate::medium::Medium;

    #[test]
    fn what_is_written_aside_is_read_back_and_the_file_is_as_it_was() {
        let medium = Medium::scratch(InMemoryBackend::new());
        let file = Way::to(&medium);
        file.set_len(10_000).unwrap();
        file.write(0, &[7; 10_000]).unwrap();
        let aside = Aside::over(Way::to(&medium)).unwrap();
        let read = |from: &dyn StorageBackend, offset, length| {
            let mut bytes = vec![9; length];
            from.read(offset, &mut bytes).map(|()| bytes)
        };
        // Over the ends of blocks, and over the end of the file.
        aside.write(4000, &[1; 5000]).unwrap();
        aside.set_len(20_000).unwrap();
        aside.write(12_000, &[2; 500]).unwrap();
        let expected =
            [vec![7; 4000], vec![1; 5000], vec![7; 1000], vec![0; 2000], vec![2; 500], vec![0; 7500]];
        assert_eq!(read(&aside, 0, 20_000).unwrap(), expected.concat());
        assert_eq!(read(&aside, 8999, 2).unwrap(), [1, 7]);
        assert!(read(&aside, 19_999, 2).is_err());
        // What was cut off does not come back.
        aside.set_len(5000).unwrap();
        aside.set_len(10_000).unwrap();
        assert_eq!(read(&aside, 4990, 20).unwrap(), [vec![1; 10], vec![0; 10]].concat());
        assert_eq!(read(&file, 0, 10_000).unwrap(), [7; 10_000]);
        assert_eq!(file.len().unwrap(), 10_000);
    }
}
