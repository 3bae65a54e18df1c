//! Files from the disk, as far as they can be files of ours.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Larger files are refused: the largest that makes sense is a table of measurements.
pub const LARGEST: u64 = 64 << 20;

/// Reads a file. Pipes and devices are refused rather than waited for, and so is what is larger than [`LARGEST`].
///
/// # Errors
/// That of the system; [`ErrorKind::InvalidInput`] for what is no regular file, [`ErrorKind::FileTooLarge`].
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        let what = if about.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(Error::new(ErrorKind::InvalidInput, format!("it is {what}, not a file")));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_devices_and_endless_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap_err().kind(), ErrorKind::InvalidInput);
        let file = folder.path().join("large");
        File::create(&file).unwrap().set_len(LARGEST + 1).unwrap();
        assert_eq!(read(&file).unwrap_err().kind(), ErrorKind::FileTooLarge);
        File::create(&file).unwrap().set_len(3).unwrap();
        assert_eq!(read(&file).unwrap(), [0, 0, 0]);
        #[cfg(unix)]
        assert_eq!(read(Path::new("/dev/zero")).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
