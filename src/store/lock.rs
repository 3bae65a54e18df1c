//! One sweep in a folder at a time: who writes chunks shares a lock, who decides what the folder holds has it alone.

use super::StoreError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// The file whose lock it is.
const LOCK: &str = "lock";

/// A lock on a folder, until it is dropped or the process ends, in whatever way.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock alone; none where others have it. Where the file system knows no locks, nobody is kept out.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the lock's file cannot be made.
    pub fn alone(folder: &Path) -> Result<(Self, bool), StoreError> {
        let path = folder.join(LOCK);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| StoreError::Write { file: path, error })?;
        let alone = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        Ok((Self { file }, alone))
    }

    /// Shares it from now on with others that write the same.
    pub fn share(&self) {
        // Without locks there is nothing to give back, and nothing to wait for.
        let _ = self.file.unlock();
        let _ = self.file.lock_shared();
    }
}
