use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::SourceError;
use crate::blob::Blob;
use crate::files::Files;

/// The longest symbolic link that Linux makes, in bytes.
const LONGEST_LINK: u64 = 4096;

/// An OCI image layout as a directory.
///
/// Files may be symbolic links to other files of the layout; a link that leads outside is refused,
/// so that a layout from elsewhere cannot make the scanner read a host's files.
#[derive(Debug)]
pub(crate) struct LayoutDirectory {
    path: PathBuf,
    canonical: PathBuf,
}

impl LayoutDirectory {
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        let canonical = fs::canonicalize(path).map_err(|error| SourceError::open(path, error))?;
        if !canonical.is_dir() {
            return Err(SourceError::FileType {
                path: path.to_owned(),
                expected: "directory",
            });
        }
        Ok(Self {
            path: path.to_owned(),
            canonical,
        })
    }
}

impl Files for LayoutDirectory {
    fn path(&self) -> &Path {
        &self.path
    }

    fn find(&self, name: &str) -> Result<Option<Blob>, SourceError> {
        let path = self.path.join(name);
        let canonical = match fs::canonicalize(&path) {
            Ok(canonical) => canonical,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SourceError::open(&path, error)),
        };
        if !canonical.starts_with(&self.canonical) {
            return Err(SourceError::LeavesLayout { path });
        }
        let metadata = fs::metadata(&canonical).map_err(|error| SourceError::open(&path, error))?;
        if !metadata.is_file() {
            return Err(SourceError::FileType {
                path,
                expected: "regular file",
            });
        }
        Ok(Some(Blob::file(canonical, metadata.len())))
    }

    fn follow_text(&self, name: &str, file: &Blob) -> Result<Option<Blob>, SourceError> {
        if file.size() > LONGEST_LINK {
            return Ok(None);
        }
        let text = file.prefix(LONGEST_LINK)?;
        let Ok(target) = std::str::from_utf8(&text) else {
            return Ok(None);
        };
        let is_relative = !target.is_empty() && !target.starts_with('/');
        if !is_relative || target.contains(char::is_control) {
            return Ok(None);
        }
        let directory = Path::new(name).parent().unwrap_or(Path::new(""));
        match directory.join(target).to_str() {
            Some(target) => self.find(target),
            None => Ok(None),
        }
    }
}
