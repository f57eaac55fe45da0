//! Documents that are files of a mirror.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use limpid_types::{Algorithm, Hasher};

use crate::{Document, FetchFault, Fetched, Fingerprint};

/// A file that was changed so recently may change again without its time changing.
const SETTLED: Duration = Duration::from_secs(2);

/// Copies a file of the mirror to a file without a name, unless it looks unchanged.
///
/// It is copied, because the mirror may be written to at the same time, and what is parsed must be
/// what was hashed.
pub(crate) fn fetch(
    mirror: &Path,
    path: &Path,
    previous: Option<&Fingerprint>,
    max_bytes: u64,
    spool: &Path,
) -> Result<Fetched, FetchFault> {
    let Some((mut file, metadata)) = open(mirror, path)? else {
        return Ok(Fetched::NotFound);
    };
    let tag = size_and_time(&metadata);
    if tag.is_some() && previous.is_some_and(|previous| previous.etag == tag) {
        return Ok(Fetched::Unchanged);
    }
    let mut copy = tempfile::tempfile_in(spool).map_err(FetchFault::Spool)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).map_err(FetchFault::Mirror)?;
        let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        bytes += chunk.len() as u64;
        if bytes > max_bytes {
            return Err(FetchFault::TooLarge { limit: max_bytes });
        }
        hasher.update(chunk);
        copy.write_all(chunk).map_err(FetchFault::Spool)?;
    }
    copy.seek(SeekFrom::Start(0)).map_err(FetchFault::Spool)?;
    Ok(Fetched::Document(Document {
        file: copy,
        bytes,
        fingerprint: Fingerprint {
            etag: tag,
            last_modified: None,
            digest: hasher.finish(),
        },
    }))
}

/// Tells whether there is a file.
pub(crate) fn exists(mirror: &Path, path: &Path) -> Result<bool, FetchFault> {
    Ok(open(mirror, path)?.is_some())
}

/// Opens a regular file. What is none (a directory, a pipe that would never end) is not opened.
fn open(mirror: &Path, path: &Path) -> Result<Option<(File, Metadata)>, FetchFault> {
    let is_absent = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    match path.metadata() {
        Err(error) if is_absent(&error) => {
            // A mirror that is not there (not mounted, say) does not lack a document: it says nothing.
            mirror.metadata().map_err(FetchFault::Mirror)?;
            return Ok(None);
        }
        Err(error) => return Err(FetchFault::Mirror(error)),
        Ok(metadata) if !metadata.is_file() => return Ok(None),
        Ok(_) => {}
    }
    let file = File::open(path).map_err(FetchFault::Mirror)?;
    let metadata = file.metadata().map_err(FetchFault::Mirror)?;
    Ok(Some((file, metadata)))
}

fn size_and_time(metadata: &Metadata) -> Option<String> {
    let modified = metadata.modified().ok()?;
    let age = SystemTime::now().duration_since(modified).ok()?;
    let time = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    (age >= SETTLED).then(|| format!("{}-{}", metadata.len(), time.as_nanos()))
}
