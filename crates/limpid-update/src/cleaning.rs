//! The directory of the snapshots.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use limpid_store::FeedSnapshot;
use limpid_types::{Digest, Hasher};
use limpid_vulndb::format::EXTENSION;

/// Returns where a snapshot is.
pub(crate) fn path(directory: &Path, digest: &Digest) -> PathBuf {
    directory.join(format!("{}.{EXTENSION}", digest.hex()))
}

/// Reads a snapshot through and tells whether it is there and undamaged: its name is its digest.
pub(crate) fn is_complete(directory: &Path, snapshot: &FeedSnapshot) -> io::Result<bool> {
    let mut file = match fs::File::open(path(directory, &snapshot.snapshot)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() != snapshot.bytes {
        return Ok(false);
    }
    let mut hasher = Hasher::new(snapshot.snapshot.algorithm());
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish() == snapshot.snapshot),
            count => hasher.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Removes the snapshots that are not needed; returns how many. Other files are left alone.
pub(crate) fn remove_others(directory: &Path, needed: &BTreeSet<Digest>) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if is_snapshot(&path).is_some_and(|digest| !needed.contains(&digest)) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Returns the digest that a file is named by.
fn is_snapshot(path: &Path) -> Option<Digest> {
    if path.extension()? != EXTENSION {
        return None;
    }
    format!("sha256:{}", path.file_stem()?.to_str()?)
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unneeded_snapshots_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (Digest::sha256(b"old"), Digest::sha256(b"new"));
        let keep = [
            path(directory.path(), &new),
            directory.path().join("notes.snapshot"),
            directory.path().join(format!("{}.txt", old.hex())),
        ];
        for file in keep.iter().chain([&path(directory.path(), &old)]) {
            fs::write(file, b"x").unwrap();
        }
        let needed = BTreeSet::from([new]);
        assert_eq!(remove_others(directory.path(), &needed).unwrap(), 1);
        for file in keep {
            assert!(file.try_exists().unwrap(), "{}", file.display());
        }
    }
}
