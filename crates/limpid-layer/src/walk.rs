//! A tar archive as a stream of entries.

pub(crate) mod content;
pub(crate) mod cursor;
pub(crate) mod extensions;
mod extent;
pub(crate) mod header;
pub(crate) mod path;
mod pax;
mod sparse;

use std::io::BufRead;
use std::mem;

use limpid_types::{Problem, ProblemKind};

use self::content::Collector;
use self::cursor::{Cursor, Stop};
use self::extensions::Extensions;
use self::extent::Extent;
use self::header::{BLOCK, Header};
use self::path::clean_into;
use crate::problems::{Problems, SUBJECT};
use crate::{Budget, Entry, EntryKind, LayerError, LayerLimits, Spool, Visitor, Want};

/// What [`walk`] saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkSummary {
    /// Entries that the visitor got to see.
    pub entries: u64,
    /// Bytes of the archive, or of the wanted files of a directory, that were read.
    pub bytes: u64,
    /// What was odd.
    pub problems: Vec<Problem>,
}

/// Shows the entries of a tar archive to a visitor, in one pass.
///
/// Reads the formats v7, ustar, PAX and GNU, sparse files included. Where readers differ, this
/// one agrees with Go's `archive/tar`, because that is what unpacks images: global extended
/// headers are ignored, links and directories have no content, an extension applies to the next
/// entry only. Archives may follow one another.
///
/// A damaged archive is a [`ProblemKind::DamagedArchive`]: the entries before it were shown. An
/// error means that the source failed or a limit was met. Metadata take up to twice
/// [`LayerLimits::metadata_bytes`] outside the budget; content is taken from the budget.
pub fn walk(
    reader: &mut dyn BufRead,
    limits: &LayerLimits,
    budget: &Budget,
    spool: &Spool,
    visitor: &mut dyn Visitor,
) -> Result<WalkSummary, LayerError> {
    let mut walker = Walker {
        cursor: Cursor::new(reader),
        limits,
        collector: Collector::new(limits, budget, spool),
        visitor,
        extensions: Extensions::default(),
        buffer: Vec::new(),
        path: String::new(),
        link: String::new(),
        headers: 0,
        entries: 0,
        problems: Problems::default(),
    };
    match walker.run() {
        Ok(()) => {}
        Err(Stop::Damaged { offset, detail }) => walker
            .problems
            .push(Problem::new(ProblemKind::DamagedArchive, SUBJECT, detail).at(offset)),
        Err(Stop::Failed(error)) => return Err(error),
    }
    Ok(WalkSummary {
        entries: walker.entries,
        bytes: walker.cursor.position(),
        problems: walker.problems.finish(),
    })
}

struct Walker<'w> {
    cursor: Cursor<'w>,
    limits: &'w LayerLimits,
    collector: Collector<'w>,
    visitor: &'w mut dyn Visitor,
    /// What was said about the next entry.
    extensions: Extensions,
    buffer: Vec<u8>,
    path: String,
    link: String,
    headers: u64,
    entries: u64,
    problems: Problems,
}

impl Walker<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let mut ended = false;
        loop {
            let offset = self.cursor.position();
            let (header, filled) = self.cursor.read_block()?;
            if filled == 0 {
                if !ended && offset > 0 {
                    self.note(offset, "the archive has no end mark");
                }
                return Ok(());
            }
            if filled == BLOCK && header.is_zero() {
                ended = true;
                self.extensions = Extensions::default();
                continue;
            }
            if filled < BLOCK || !header.checksum_holds() {
                if ended {
                    self.note(offset, "bytes after the end of the archive");
                    return Ok(());
                }
                let detail = if filled < BLOCK {
                    "the archive ends inside a header"
                } else {
                    "a header's checksum is wrong"
                };
                return Err(damaged(offset, detail));
            }
            ended = false;
            self.count_header(offset)?;
            self.header(&header, offset)?;
        }
    }

    fn count_header(&mut self, offset: u64) -> Result<(), Stop> {
        self.headers += 1;
        if self.headers > self.limits.entries {
            return Err(Stop::Failed(LayerError::TooManyEntries {
                limit: self.limits.entries,
                offset,
            }));
        }
        Ok(())
    }

    fn header(&mut self, header: &Header, offset: u64) -> Result<(), Stop> {
        if header.is_extension() {
            self.read_metadata(header, offset)?;
            return self
                .extensions
                .add(header, &self.buffer, self.limits)
                .map_err(|detail| damaged(offset, detail));
        }
        let extensions = mem::take(&mut self.extensions);
        self.entry(header, extensions, offset)
    }

    /// Reads the data of an extension header into the buffer.
    fn read_metadata(&mut self, header: &Header, offset: u64) -> Result<(), Stop> {
        let size = header
            .size()
            .filter(|&size| size <= self.limits.metadata_bytes as u64)
            .ok_or_else(|| damaged(offset, "an extension header is too large"))?;
        self.buffer.clear();
        let end = padded(self.cursor.position(), size)
            .ok_or_else(|| damaged(offset, "an extension header is too large"))?;
        self.cursor.read_into(size, &mut self.buffer)?;
        self.cursor.skip_to(end)
    }

    fn entry(
        &mut self,
        header: &Header,
        mut extensions: Extensions,
        offset: u64,
    ) -> Result<(), Stop> {
        let (kind, stored) = extensions
            .describe(header, &mut self.buffer)
            .map_err(|detail| damaged(offset, detail))?;
        let extent = if kind == EntryKind::File {
            let pax = &mut extensions.pax;
            Extent::of_file(stored, header, pax, &mut self.cursor, self.limits)?
        } else {
            Extent::of_other(stored)
        };
        let end = padded(self.cursor.position(), extent.stored)
            .ok_or_else(|| damaged(offset, "a header's size is too large"))?;
        let link = extensions.link(header);
        if self.name(kind, link, offset) {
            let entry = Entry {
                path: &self.path,
                kind,
                size: extent.size,
                mode: header.mode(),
                link: &self.link,
                offset,
            };
            self.entries += 1;
            let want = self.visitor.enter(&entry);
            if kind == EntryKind::File && want != Want::Nothing {
                self.collector.deliver_extent(
                    &mut self.cursor,
                    &entry,
                    want,
                    extent,
                    self.visitor,
                )?;
            }
        }
        self.cursor.skip_to(end)
    }

    /// Cleans the name in the buffer and the link; tells whether the entry can be shown.
    fn name(&mut self, kind: EntryKind, link: &[u8], offset: u64) -> bool {
        let limit = self.limits.path_bytes;
        if self.buffer.len() > limit || link.len() > limit {
            let start = String::from_utf8_lossy(self.buffer.get(..80).unwrap_or(&self.buffer));
            self.problems.push(
                Problem::new(
                    ProblemKind::DamagedArchive,
                    start,
                    format!("entry left out: its name has more than {limit} bytes"),
                )
                .at(offset),
            );
            return false;
        }
        let mut cleaned = clean_into(&self.buffer, &mut self.path);
        self.link.clear();
        match kind {
            EntryKind::Symlink => self.link.push_str(&String::from_utf8_lossy(link)),
            EntryKind::HardLink => cleaned = cleaned.and(clean_into(link, &mut self.link)),
            EntryKind::File | EntryKind::Directory | EntryKind::Other => {}
        }
        let why = match cleaned {
            Err(path::Escapes) => "entry left out: it leads out of the root",
            Ok(()) if self.path.is_empty() && kind != EntryKind::Directory => {
                "entry left out: it has no name"
            }
            Ok(()) => return true,
        };
        let name = String::from_utf8_lossy(&self.buffer);
        self.problems
            .push(Problem::new(ProblemKind::Note, name, why).at(offset));
        false
    }

    fn note(&mut self, offset: u64, detail: &str) {
        self.problems
            .push(Problem::new(ProblemKind::Note, SUBJECT, detail).at(offset));
    }
}

/// Returns where data end that start at a position and are padded to whole blocks.
fn padded(position: u64, size: u64) -> Option<u64> {
    position.checked_add(size.checked_next_multiple_of(BLOCK as u64)?)
}

fn damaged(offset: u64, detail: &str) -> Stop {
    Stop::Damaged {
        offset,
        detail: detail.to_owned(),
    }
}
