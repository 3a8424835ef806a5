//! A disk that can be told to fail: it keeps what is synced apart from what is only written, as the page cache
//! does, and loses the difference when the machine crashes.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use redb::StorageBackend;

/// One change that was not synced yet.
#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// From this operation on the disk is gone, as if the machine had crashed.
    GoneFrom(u64),
    /// This operation fails; if it is a write, half of it is done.
    Once(u64, ErrorKind),
    /// This sync fails, and the kernel forgets what it could not write: the next sync will not write it.
    SyncForgets(u64),
    /// Writes beyond this many bytes fail.
    FullAt(usize),
    /// This read fails.
    ReadOnce(u64),
}

#[derive(Debug, Default)]
struct Contents {
    /// As reads see it.
    live: Vec<u8>,
    /// As it is after a crash.
    durable: Vec<u8>,
    /// From `durable` to `live`.
    pending: Vec<Change>,
    failure: Option<Failure>,
    /// Writes, changes of length and syncs so far.
    operations: u64,
    syncs: u64,
    reads: u64,
    /// Writes from this byte on have to wait.
    held_from: Option<usize>,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<(Mutex<Contents>, Condvar)>);

impl Disk {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.0.lock().unwrap()
    }

    /// Has writes from this byte on wait until [`Disk::let_go`].
    pub(super) fn hold_from(&self, offset: usize) {
        self.contents().held_from = Some(offset);
    }

    /// No write has to wait any more.
    pub(super) fn let_go(&self) {
        self.contents().held_from = None;
        self.0.1.notify_all();
    }

    /// Has this go wrong; counting begins now.
    pub(super) fn fail(&self, failure: Failure) {
        let mut contents = self.contents();
        (contents.operations, contents.syncs, contents.reads) = (0, 0, 0);
        contents.failure = Some(failure);
    }

    /// Nothing goes wrong any more.
    pub(super) fn heal(&self) {
        self.contents().failure = None;
    }

    /// Writes, changes of length and syncs since [`Disk::fail`], or in all.
    pub(super) fn operations(&self) -> u64 {
        self.contents().operations
    }

    pub(super) fn syncs(&self) -> u64 {
        self.contents().syncs
    }

    pub(super) fn reads(&self) -> u64 {
        self.contents().reads
    }

    pub(super) fn bytes(&self) -> usize {
        self.contents().live.len()
    }

    /// The disk as it is after a crash, if of what was not synced only what `survives` says got out.
    pub(super) fn crashed(&self, survives: Survives) -> Self {
        let contents = self.contents();
        let mut image = contents.durable.clone();
        let last = contents.pending.len().saturating_sub(1);
        for (index, change) in contents.pending.iter().enumerate() {
            let whole = match survives {
                Survives::Nothing => false,
                Survives::Everything | Survives::LastTorn => true,
                Survives::EverySecond => index % 2 == 0,
                Survives::HeaderOnly => matches!(change, Change::Write(0, _)),
            };
            match change {
                Change::Write(offset, data) if survives == Survives::LastTorn && index == last => {
                    apply(&mut image, &Change::Write(*offset, data[..data.len() / 2].to_vec()));
                }
                change if whole => apply(&mut image, change),
                _ => {}
            }
        }
        let contents = Contents { live: image.clone(), durable: image, ..Contents::default() };
        Self(Arc::new((Mutex::new(contents), Condvar::new())))
    }
}

/// What of the unsynced writes a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survives {
    Nothing,
    Everything,
    EverySecond,
    HeaderOnly,
    LastTorn,
}

impl Survives {
    pub(super) const ALL: [Self; 5] =
        [Self::Nothing, Self::Everything, Self::EverySecond, Self::HeaderOnly, Self::LastTorn];
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, data) => {
            let end = offset + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(data);
        }
        Change::Length(length) => bytes.resize(*length, 0),
    }
}

impl Contents {
    fn change(&mut self, change: Change) {
        apply(&mut self.live, &change);
        self.pending.push(change);
    }

    /// Counts one operation and says what becomes of it.
    fn step(&mut self) -> Option<ErrorKind> {
        self.operations += 1;
        match self.failure {
            Some(Failure::GoneFrom(first)) if self.operations >= first => Some(ErrorKind::BrokenPipe),
            Some(Failure::Once(nth, kind)) if self.operations == nth => Some(kind),
            _ => None,
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.contents().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut contents = self.contents();
        contents.reads += 1;
        if contents.failure == Some(Failure::ReadOnce(contents.reads)) {
            return Err(ErrorKind::TimedOut.into());
        }
        let offset = usize::try_from(offset).unwrap();
        let bytes = contents.live.get(offset..offset + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut contents = self.contents();
        match contents.step() {
            Some(kind) => Err(kind.into()),
            None => {
                contents.change(Change::Length(usize::try_from(len).unwrap()));
                Ok(())
            }
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut contents = self.contents();
        contents.syncs += 1;
        if let Some(kind) = contents.step() {
            return Err(kind.into());
        }
        let pending = std::mem::take(&mut contents.pending);
        if contents.failure == Some(Failure::SyncForgets(contents.syncs)) {
            return Err(ErrorKind::Other.into());
        }
        for change in &pending {
            apply(&mut contents.durable, change);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let is_held = |contents: &mut Contents| contents.held_from.is_some_and(|from| offset >= from);
        let mut contents = self.0.1.wait_while(self.contents(), is_held).unwrap();
        if let Some(Failure::FullAt(limit)) = contents.failure
            && offset + data.len() > limit
        {
            return Err(ErrorKind::StorageFull.into());
        }
        let failed = contents.step();
        let gone = matches!(contents.failure, Some(Failure::GoneFrom(_)));
        match failed {
            Some(kind) => {
                if !gone {
                    contents.change(Change::Write(offset, data[..data.len() / 2].to_vec()));
                }
                Err(kind.into())
            }
            None => {
                contents.change(Change::Write(offset, data.to_vec()));
                Ok(())
            }
        }
    }
}
