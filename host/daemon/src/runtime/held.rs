//! A folder held open: reads and writes its files by name, and never follows a link.
//!
//! Root can use it safely in another user's folder: that user cannot redirect root to another file with a link.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{self, AtFlags, CWD, FlockOperation, Gid, Mode, OFlags, RawMode, Uid};

/// The pause between two attempts to lock a folder.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A folder that is held open.
#[derive(Debug)]
pub struct Held(OwnedFd);

/// The owner and mode of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    uid: u32,
    gid: u32,
    mode: RawMode,
}

impl Owner {
    /// The user of this process, with mode 0644.
    pub fn of_this_process() -> Self {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Self { uid, gid, mode: 0o644 }
    }

    /// The same owner, with mode 0600.
    pub const fn alone(self) -> Self {
        Self { mode: 0o600, ..self }
    }
}

impl Held {
    /// Opens the folder at `path`; none if it does not exist. Refuses a link unless `may_be_link`, because a user who
    /// can write to the parent could put one there.
    ///
    /// # Errors
    /// It cannot be opened, or is not a folder.
    pub fn open(path: &Path, may_be_link: bool) -> io::Result<Option<Self>> {
        let nofollow = if may_be_link { OFlags::empty() } else { OFlags::NOFOLLOW };
        // An empty path means the working directory.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        found(fs::openat(
            CWD,
            path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | nofollow,
            Mode::empty(),
        ))
        .map(|folder| folder.map(Self))
    }

    /// The owner of the folder.
    ///
    /// # Errors
    /// The system's.
    pub fn owner(&self) -> io::Result<Owner> {
        Ok(owner(&fs::fstat(&self.0)?))
    }

    /// The owner of the file `name`; none if it does not exist.
    ///
    /// # Errors
    /// The system's.
    pub fn owner_of(&self, name: &str) -> io::Result<Option<Owner>> {
        Ok(found(fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW))?.map(|stat| owner(&stat)))
    }

    /// The content of the file `name`; none if it does not exist.
    ///
    /// # Errors
    /// It cannot be read, or is a link.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.read_at_most(name, u64::MAX)
    }

    /// As [`Self::read`], of a file of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::read`], or the file is larger.
    pub fn read_at_most(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Some(file) = found(fs::openat(&self.0, name, flags, Mode::empty()))? else { return Ok(None) };
        let file = File::from(file);
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            let why = format!("it is larger than the limit of {limit} bytes");
            return Err(io::Error::new(ErrorKind::FileTooLarge, why));
        }
        Ok(Some(bytes))
    }

    /// Locks the folder against other processes that lock it, until `self` is dropped. Returns false if another
    /// process still has the lock after `patience`.
    ///
    /// # Errors
    /// The system's.
    pub fn lock(&self, patience: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + patience;
        loop {
            match fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(true),
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Changes the owner of the folder to `whose`. Its mode stays.
    ///
    /// # Errors
    /// This user may not change the owner.
    pub fn give(&self, whose: Owner) -> io::Result<()> {
        give(&self.0, whose)
    }

    /// Writes the file `name` atomically, and changes its owner to `whose`.
    ///
    /// # Errors
    /// It cannot be written, or this user may not change the owner; the previous file stays.
    pub fn write(&self, name: &str, bytes: &[u8], whose: Owner) -> io::Result<()> {
        let part = format!(".{name}.part");
        self.remove(&part)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(fs::openat(&self.0, &*part, flags, Mode::from_raw_mode(0o600))?);
        file.write_all(bytes)?;
        give(&file, whose)?;
        fs::fchmod(&file, Mode::from_raw_mode(whose.mode))?;
        file.sync_all()?;
        fs::renameat(&self.0, &*part, &self.0, name)?;
        fs::fsync(&self.0)?;
        Ok(())
    }

    /// Gives the file `from` the name `to`, in the place of a file that has it. Needs no space on the disk.
    ///
    /// # Errors
    /// The system's.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::renameat(&self.0, from, &self.0, to)?;
        fs::fsync(&self.0)?;
        Ok(())
    }

    /// Removes the file `name`, if it exists. Returns when this is on the disk.
    ///
    /// # Errors
    /// The system's.
    pub fn take(&self, name: &str) -> io::Result<()> {
        self.remove(name)?;
        Ok(fs::fsync(&self.0)?)
    }

    /// Removes the file `name`, if it exists.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        found(fs::unlinkat(&self.0, name, AtFlags::empty())).map(drop)
    }
}

/// Changes the owner of an open file to `whose`, if it differs.
fn give(open: impl AsFd, whose: Owner) -> io::Result<()> {
    let is = owner(&fs::fstat(&open)?);
    if (is.uid, is.gid) != (whose.uid, whose.gid) {
        fs::fchown(&open, Some(Uid::from_raw(whose.uid)), Some(Gid::from_raw(whose.gid)))?;
    }
    Ok(())
}

fn owner(stat: &fs::Stat) -> Owner {
    Owner { uid: stat.st_uid, gid: stat.st_gid, mode: stat.st_mode & 0o777 }
}

fn found<T>(result: rustix::io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn held(path: &Path) -> Held {
        Held::open(path, false).expect("it opens").expect("it is there")
    }

    #[test]
    fn a_file_is_written_whole_for_whoever_it_is_given_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = held(folder.path());
        let mine = held.owner().expect("known").alone();
        assert_eq!(held.read("a").expect("read"), None);
        held.write("a", b"one", mine).expect("written");
        held.write("a", b"two", Owner { mode: 0o640, ..mine }).expect("written");
        assert_eq!(held.read("a").expect("read").as_deref(), Some(&b"two"[..]));
        assert_eq!(held.owner_of("a").expect("known").map(|owner| owner.mode), Some(0o640));
        held.remove("a").and_then(|()| held.remove("a")).expect("gone");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = held(folder.path());
        std::fs::write(folder.path().join("a"), "12345").expect("written");
        assert_eq!(held.read_at_most("a", 5).expect("read").as_deref(), Some(&b"12345"[..]));
        assert_eq!(held.read_at_most("a", 4).map_err(|error| error.kind()), Err(ErrorKind::FileTooLarge));
    }

    #[test]
    fn only_one_holds_the_lock_of_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (held(folder.path()), held(folder.path()));
        assert!(first.lock(Duration::ZERO).expect("asked"));
        assert!(!second.lock(Duration::ZERO).expect("asked"));
        drop(first);
        assert!(second.lock(Duration::ZERO).expect("asked"));
    }

    #[test]
    fn no_link_leads_anywhere() {
        let (folder, other) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let secret = other.path().join("secret");
        std::fs::write(&secret, "secret").expect("written");
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).expect("set");
        for name in ["a", ".a.part"] {
            symlink(&secret, folder.path().join(name)).expect("a link");
        }
        let held = held(folder.path());
        assert!(held.read("a").is_err());
        held.write("a", b"new", held.owner().expect("known")).expect("written");
        assert_eq!(std::fs::read_to_string(&secret).expect("read"), "secret");
        assert_eq!(std::fs::read_to_string(folder.path().join("a")).expect("read"), "new");
        symlink(other.path(), folder.path().join("folder")).expect("a link");
        assert!(Held::open(&folder.path().join("folder"), false).is_err());
        assert!(Held::open(&folder.path().join("folder"), true).is_ok());
        assert!(Held::open(&folder.path().join("none"), false).expect("looked").is_none());
    }
}
