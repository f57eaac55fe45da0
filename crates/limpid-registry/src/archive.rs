//! The outer tar archive: an index of its members, from which each can be read on its own.

mod inflate;
mod members;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::inflate::{inflating_reader, is_compressed};
pub(crate) use self::members::{
    CUT_HEADER, Member, MemberKind, Members, MembersError, NO_HEADER, Skip, Stream, clean,
};

use crate::blob::{Blob, SliceReader, open_regular};
use crate::files::Files;
use crate::{OpenOptions, SourceError, SourceLimits};

/// All member names of an archive together may not be longer than this.
const NAME_BYTES: usize = 16 << 20;
/// Links that are followed to find a member's content.
const LINKS: usize = 16;

/// A tar archive whose members can be read in any order and at the same time.
///
/// A plain archive is read in place: opening it reads headers only. A compressed one is inflated
/// once into an unlinked file, because the list of its layers usually stands at its end.
#[derive(Debug)]
pub(crate) struct TarArchive {
    path: PathBuf,
    file: Arc<File>,
    members: HashMap<String, Place>,
}

#[derive(Debug)]
enum Place {
    Content { offset: u64, size: u64 },
    Link(String),
}

impl TarArchive {
    /// Opens an archive and lists its members.
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Self, SourceError> {
        let (file, size) = open_regular(path)?;
        let file = Arc::new(file);
        if is_compressed(path, &file, size)? {
            let (spooled, size) = inflate::spool(path, file, size, options)?;
            return Self::list(path, Arc::new(spooled), size, &options.limits);
        }
        Self::list(path, file, size, &options.limits)
    }

    fn list(
        path: &Path,
        file: Arc<File>,
        size: u64,
        limits: &SourceLimits,
    ) -> Result<Self, SourceError> {
        let mut members = HashMap::new();
        let mut names = 0_usize;
        let mut count = 0_usize;
        let mut source = Members::new(SliceReader::whole(Arc::clone(&file), size));
        while let Some(member) = source.next().map_err(|error| error.of(path))? {
            count += 1;
            if count > limits.archive_members {
                let limit = limits.archive_members as u64;
                return Err(SourceError::limit(
                    "members",
                    limit,
                    path.display().to_string(),
                ));
            }
            let place = match member.kind {
                MemberKind::File => Place::Content {
                    offset: member.offset,
                    size: member.size,
                },
                MemberKind::HardLink(target) | MemberKind::SymbolicLink(target) => {
                    names += target.len();
                    Place::Link(target)
                }
                MemberKind::Other => continue,
            };
            names += member.name.len();
            if names > NAME_BYTES {
                let what = "bytes of member names";
                let subject = path.display().to_string();
                return Err(SourceError::limit(what, NAME_BYTES as u64, subject));
            }
            // Of two members with one name the later one counts, as it does when unpacking. A
            // hard link to itself would then only lose the content.
            if !matches!(&place, Place::Link(target) if *target == member.name) {
                members.insert(member.name, place);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            members,
        })
    }
}

impl Files for TarArchive {
    fn path(&self) -> &Path {
        &self.path
    }

    fn find(&self, name: &str) -> Result<Option<Blob>, SourceError> {
        let mut current = clean(name.as_bytes());
        for _ in 0..LINKS {
            match self.members.get(&current) {
                None => return Ok(None),
                Some(Place::Link(target)) => current.clone_from(target),
                Some(&Place::Content { offset, size }) => {
                    let (path, file) = (self.path.clone(), Arc::clone(&self.file));
                    return Ok(Some(Blob::slice(path, file, offset, size)));
                }
            }
        }
        Err(SourceError::LinkLoop {
            archive: self.path.clone(),
            member: name.to_owned(),
        })
    }
}

impl MembersError {
    /// Says in which archive it happened.
    pub(crate) fn of(self, archive: &Path) -> SourceError {
        let archive = archive.to_owned();
        match self {
            Self::Read { offset, source } => SourceError::Read {
                path: archive,
                offset,
                source,
            },
            Self::Damaged { offset, reason } => SourceError::DamagedArchive {
                archive,
                offset,
                reason,
            },
        }
    }
}
