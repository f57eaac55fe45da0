use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::archive::{
    CUT_HEADER, Member, Members, MembersError, NO_HEADER, Skip, Stream, TarArchive,
    inflating_reader, is_compressed,
};
use crate::blob::{SliceReader, open_regular};
use crate::files::Files as _;
use crate::layout_directory::LayoutDirectory;
use crate::{OpenOptions, SourceError, docker_archive, oci};

/// What a path turned out to be.
pub(crate) enum Found {
    DockerArchive(TarArchive),
    OciArchive(TarArchive),
    OciDirectory(LayoutDirectory),
    Directory,
    Layer,
}

/// Directories that stand at the top of root file systems and not of image archives.
const ROOT_DIRECTORIES: [&str; 21] = [
    "app", "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt",
    "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var",
];

/// Files that stand at the top of image archives.
const ARCHIVE_FILES: [&str; 4] = [
    docker_archive::MANIFEST,
    oci::INDEX,
    oci::LAYOUT,
    "repositories",
];

/// Recognises what is at a path by its content.
pub(crate) fn recognise(path: &Path, options: &OpenOptions) -> Result<Found, SourceError> {
    let metadata = std::fs::metadata(path).map_err(|error| SourceError::open(path, error))?;
    if metadata.is_dir() {
        return recognise_directory(path);
    }
    if !is_image_archive(path, options)? {
        return Ok(Found::Layer);
    }
    let archive = TarArchive::open(path, options)?;
    let is_oci = archive.find(oci::LAYOUT)?.is_some() || archive.find(oci::INDEX)?.is_some();
    Ok(if is_oci {
        Found::OciArchive(archive)
    } else {
        Found::DockerArchive(archive)
    })
}

fn recognise_directory(path: &Path) -> Result<Found, SourceError> {
    let has = |name: &str| path.join(name).symlink_metadata().is_ok();
    // A root file system may well have an `index.json` of its own.
    if has(oci::LAYOUT) || (has(oci::INDEX) && has("blobs")) {
        return LayoutDirectory::open(path).map(Found::OciDirectory);
    }
    Ok(Found::Directory)
}

/// Tells an image archive from a layer, by the first member that can only be in one of them.
fn is_image_archive(path: &Path, options: &OpenOptions) -> Result<bool, SourceError> {
    let (file, size) = open_regular(path)?;
    let file = Arc::new(file);
    let verdict = if is_compressed(path, &file, size)? {
        let reader = inflating_reader(path, file, size, options)?;
        judge(Stream(reader), options.limits.archive_members)
    } else {
        judge(
            SliceReader::whole(file, size),
            options.limits.archive_members,
        )
    };
    verdict.map_err(|error| match error {
        MembersError::Damaged {
            offset: 0,
            reason: NO_HEADER | CUT_HEADER,
        } => SourceError::FileType {
            path: path.to_owned(),
            expected: "tar archive of an image or of a layer",
        },
        error => error.of(path),
    })
}

fn judge(source: impl Skip, limit: usize) -> Result<bool, MembersError> {
    let mut members = Members::new(source);
    for count in 0..limit {
        let member = match members.next() {
            Ok(Some(member)) => member,
            // What begins as an archive but is damaged later is for the reader of layers to judge.
            Err(MembersError::Damaged { .. }) if count > 0 => return Ok(false),
            Err(MembersError::Read { ref source, .. })
                if count > 0 && source.kind() == io::ErrorKind::InvalidData =>
            {
                return Ok(false);
            }
            Ok(None) => return Ok(false),
            Err(error) => return Err(error),
        };
        if let Some(verdict) = judge_member(&member) {
            return Ok(verdict);
        }
    }
    Ok(false)
}

/// Tells whether a member belongs to an image archive or to a layer; `None` when it may be either.
fn judge_member(member: &Member) -> Option<bool> {
    let (first, rest) = match member.name.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (member.name.as_str(), None),
    };
    if rest.is_none() && ARCHIVE_FILES.contains(&first) {
        return Some(true);
    }
    if rest.is_some_and(|rest| first == "blobs" && rest.starts_with("sha")) || is_digest_like(first)
    {
        return Some(true);
    }
    let is_root = ROOT_DIRECTORIES.contains(&first) || first.starts_with(".wh.");
    is_root.then_some(false)
}

/// Tells whether a name is a digest: `<hex>`, `<hex>.json`, `<hex>.tar.gz`, `sha256:<hex>`.
fn is_digest_like(name: &str) -> bool {
    let name = name.strip_prefix("sha256:").unwrap_or(name);
    let stem = name.split('.').next().unwrap_or_default();
    stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}
