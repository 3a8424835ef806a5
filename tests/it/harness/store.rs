//! A store's database, opened below the relay to damage it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Builder, Database, StorageBackend};

/// Bytes of the first page of a store's file, which says how large the log behind it is.
const PAGE: u64 = 4096;

/// The database of a store that no relay has open. It stands behind the first page and the log.
pub(crate) fn database(path: &Path) -> Database {
    let file = OpenOptions::new().read(true).write(true).open(path).expect("the store is there");
    let mut log = [0; 8];
    file.read_exact_at(&mut log, 12).expect("the store has a first page");
    let base = PAGE + u64::from_be_bytes(log);
    let backend = FileBackend::new(file).expect("the store is closed");
    Builder::new().create_with_backend(Behind { backend, base }).expect("the store is closed")
}

#[derive(Debug)]
struct Behind {
    backend: FileBackend,
    base: u64,
}

impl StorageBackend for Behind {
    fn len(&self) -> io::Result<u64> {
        Ok(self.backend.len()?.saturating_sub(self.base))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.read(self.base + offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.backend.set_len(self.base + len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend.write(self.base + offset, data)
    }
}
