use std::fs;
use std::path::Path;

use crate::Error;

/// What the names of incomplete files end in.
pub(crate) const PARTIAL_SUFFIX: &str = ".partial";

/// Removes what builds that were killed have left in a directory; returns how many files.
///
/// Call it only while nothing is being built there: a build's own file looks the same.
pub fn remove_leftovers(directory: &Path) -> Result<usize, Error> {
    let mut removed = 0;
    let list = |error| Error::io("list", directory)(error);
    for entry in fs::read_dir(directory).map_err(list)? {
        let entry = entry.map_err(list)?;
        let is_partial = entry
            .file_name()
            .as_encoded_bytes()
            .ends_with(PARTIAL_SUFFIX.as_bytes());
        if is_partial && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}
