//! One sweep in a folder at a time: who writes chunks shares a lock, who decides what the folder holds has it alone.

use super::StoreError;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The file whose lock it is.
const LOCK: &str = "lock";

/// A lock on a folder, until it is dropped or the process ends, in whatever way.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    /// Whether the file system knows locks.
    known: bool,
}

impl Lock {
    /// Takes a folder alone, by a lock on the folder itself, which leaves nothing behind; none where others have it.
    ///
    /// # Errors
    /// [`StoreError::Read`] where the folder cannot be opened.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = if cfg!(unix) { folder.to_owned() } else { folder.join(LOCK) };
        let file = if cfg!(unix) { File::open(&path) } else { File::create(&path) };
        let file = file.map_err(|error| StoreError::Read { file: path.clone(), error })?;
        let (known, alone) = attempt(&file);
        Ok(alone.then_some(Self { file, path, known }))
    }

    /// Takes the lock alone; false where others have it. Where the file system knows no locks, nobody is kept out.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the lock's file cannot be made.
    pub fn alone(folder: &Path) -> Result<(Self, bool), StoreError> {
        let path = folder.join(LOCK);
        // On a network, a shared lock needs a file that is open for reading too.
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|error| StoreError::Write { file: path.clone(), error })?;
        let (known, alone) = attempt(&file);
        Ok((Self { file, path, known }, alone))
    }

    /// Shares it from now on with others that write the same; waits for one that has it alone.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the file system refuses.
    pub fn share(&self) -> Result<(), StoreError> {
        if !self.known {
            return Ok(());
        }
        let shared = self.file.unlock().and_then(|()| self.file.lock_shared());
        shared.map_err(|error| StoreError::Write { file: self.path.clone(), error })
    }
}

/// Tries to take a lock: whether the file system knows locks, and whether nobody else has it.
fn attempt(file: &File) -> (bool, bool) {
    match file.try_lock() {
        Ok(()) => (true, true),
        Err(TryLockError::WouldBlock) => (true, false),
        Err(TryLockError::Error(_)) => (false, true),
    }
}
