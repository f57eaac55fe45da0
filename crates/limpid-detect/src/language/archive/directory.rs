//! The central directory, and the records behind it that say where it is.

use std::io::{self, BufReader, Read};

use super::member::{Member, SEE_EXTRA, u16_at, u32_at, u64_at, widen};
use super::window::WindowReader;
use super::{Window, damaged};

/// The central directory of an archive, read one member at a time.
pub(super) struct Directory<'a> {
    reader: BufReader<WindowReader<'a>>,
    /// How far the archive is behind the start of the file: programs stand before some.
    shift: u64,
    member: Member,
    extra: Vec<u8>,
}

const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_BYTES: usize = 46;
const END: [u8; 4] = *b"PK\x05\x06";
const END_BYTES: usize = 22;
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const LOCATOR64_BYTES: u64 = 20;
const END64: [u8; 4] = *b"PK\x06\x06";
const END64_BYTES: usize = 56;

/// The end record and the longest comment behind it.
const LONGEST_END: usize = END_BYTES + 0xffff;

/// How much of the end is read first: nearly no archive has a comment.
const SHORT_END: usize = 1 << 10;

/// Where the central directory is.
struct Extent {
    /// Where the records behind it begin.
    end: u64,
    size: u64,
    offset: u64,
}

impl<'a> Directory<'a> {
    /// Finds the central directory of an archive.
    pub(super) fn find(archive: Window<'a>) -> io::Result<Self> {
        let extent = end(archive)?;
        if extent.size == 0 {
            return Ok(Self::new(archive.part(0, 0), 0));
        }
        // Offsets count from the first member, or from the start of a program before it.
        let behind_program = extent.end.checked_sub(extent.size);
        let places = [behind_program, Some(extent.offset)];
        for place in places.into_iter().flatten() {
            if archive.array(place).is_ok_and(|start| start == CENTRAL) {
                let shift = place.saturating_sub(extent.offset);
                return Ok(Self::new(archive.part(place, extent.size), shift));
            }
        }
        Err(damaged("its directory is not where its end says"))
    }

    fn new(entries: Window<'a>, shift: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(16 << 10, entries.reader()),
            shift,
            member: Member::default(),
            extra: Vec::new(),
        }
    }

    /// Moves to the next member.
    pub(super) fn advance(&mut self) -> io::Result<Option<&Member>> {
        let mut fixed = [0; CENTRAL_BYTES];
        if self.reader.by_ref().take(1).read(&mut fixed)? == 0 {
            return Ok(None);
        }
        self.fill(&mut fixed[1..])?;
        if !fixed.starts_with(&CENTRAL) {
            return Err(damaged("its directory is damaged"));
        }
        self.member.name.resize(usize::from(u16_at(&fixed, 28)), 0);
        self.extra.resize(usize::from(u16_at(&fixed, 30)), 0);
        read_whole(&mut self.reader, &mut self.member.name)?;
        read_whole(&mut self.reader, &mut self.extra)?;
        let comment = u64::from(u16_at(&fixed, 32));
        io::copy(&mut self.reader.by_ref().take(comment), &mut io::sink())?;
        let (mut packed, mut size) = (u32_at(&fixed, 20), u32_at(&fixed, 24));
        let mut header = u32_at(&fixed, 42);
        widen(&self.extra, &mut [&mut size, &mut packed, &mut header]);
        self.member.flags = u16_at(&fixed, 8);
        self.member.method = u16_at(&fixed, 10);
        self.member.packed = packed;
        self.member.header = header.saturating_add(self.shift);
        Ok(Some(&self.member))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        read_whole(&mut self.reader, bytes)
    }
}

fn read_whole(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<()> {
    reader
        .read_exact(bytes)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("its directory is cut off"),
            _ => error,
        })
}

/// Finds the record at the end of an archive, or the one of 64 bits before it.
fn end(archive: Window<'_>) -> io::Result<Extent> {
    let (end, record) = match end_within(archive, SHORT_END)? {
        Some(found) => found,
        None => end_within(archive, LONGEST_END)?.ok_or_else(|| damaged("its end is missing"))?,
    };
    let extent = Extent {
        end,
        size: u32_at(&record, 12),
        offset: u32_at(&record, 16),
    };
    let is_wide = extent.size == SEE_EXTRA || extent.offset == SEE_EXTRA;
    if is_wide || u16_at(&record, 10) == u16::MAX {
        return Ok(end64(archive, end)?.unwrap_or(extent));
    }
    Ok(extent)
}

/// Looks for the end record in so many bytes at the end. Its comment reaches to the end of the file,
/// unless something was put behind it; and a comment may look like a record.
fn end_within(archive: Window<'_>, most: usize) -> io::Result<Option<(u64, [u8; END_BYTES])>> {
    let start = archive.len().saturating_sub(most as u64);
    let mut tail = vec![0; most];
    let len = archive.read_at(start, &mut tail)?;
    tail.truncate(len);
    let find = |is_end: fn(usize, usize) -> bool| {
        let mut places = tail.windows(END_BYTES).enumerate().rev();
        places.find_map(|(place, record)| {
            let record: [u8; END_BYTES] = record.try_into().ok()?;
            let end = place + END_BYTES + usize::from(u16_at(&record, 20));
            let is_record = record.starts_with(&END) && is_end(end, len);
            is_record.then_some((start.saturating_add(place as u64), record))
        })
    };
    let exact = find(|end, len| end == len);
    Ok(match exact {
        None if most == LONGEST_END => find(|end, len| end < len),
        found => found,
    })
}

/// Returns what the record of 64 bits says, if there is one.
fn end64(archive: Window<'_>, end: u64) -> io::Result<Option<Extent>> {
    let Some(locator_place) = end.checked_sub(LOCATOR64_BYTES) else {
        return Ok(None);
    };
    let locator: [u8; LOCATOR64_BYTES as usize] = archive.array(locator_place)?;
    if !locator.starts_with(&LOCATOR64) {
        return Ok(None);
    }
    // The locator's offset is wrong when a program stands before the archive.
    let before_locator = locator_place.checked_sub(END64_BYTES as u64);
    for place in [Some(u64_at(&locator, 8)), before_locator]
        .into_iter()
        .flatten()
    {
        let record: io::Result<[u8; END64_BYTES]> = archive.array(place);
        if let Ok(record) = record
            && record.starts_with(&END64)
        {
            return Ok(Some(Extent {
                end: place,
                size: u64_at(&record, 40),
                offset: u64_at(&record, 48),
            }));
        }
    }
    Err(damaged("its end is damaged"))
}
