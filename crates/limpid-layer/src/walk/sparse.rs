//! Maps of sparse files: which parts of the file the archive has; the rest are holes.
//!
//! | format | where the map is |
//! |---|---|
//! | old GNU | header, then blocks of 21 segments, a flag for another block at 504 |
//! | PAX 0.0 | records `GNU.sparse.offset` and `GNU.sparse.numbytes`, repeated |
//! | PAX 0.1 | record `GNU.sparse.map`: numbers with commas between |
//! | PAX 1.0 | before the data: a count and numbers, a line each, padded to a block |
//!
//! See the GNU tar manual, "Storing Sparse Files".

use super::cursor::{Cursor, Stop};
use super::header::{BLOCK, Header, number};
use super::pax::decimal;

/// A part of a sparse file that the archive has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// A run of bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// The next bytes of the archive.
    Stored(u64),
    /// Zeros that the archive does not have.
    Hole(u64),
}

/// The segments of a sparse file, not yet judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SparseMap(Vec<Segment>);

impl SparseMap {
    /// Adds a segment, unless there are too many.
    pub(crate) fn push(&mut self, segment: Segment, limit: usize) -> Result<(), &'static str> {
        if self.0.len() >= limit {
            return Err("sparse file with too many segments");
        }
        self.0.push(segment);
        Ok(())
    }

    /// Reads the numbers of a PAX 0.1 map.
    pub(crate) fn parse(text: &[u8], limit: usize) -> Result<Self, &'static str> {
        const INVALID: &str = "sparse file with an invalid map";
        let mut map = Self::default();
        let mut numbers = text.split(|&byte| byte == b',').map(decimal);
        while let Some(offset) = numbers.next() {
            let (offset, length) = (offset, numbers.next().flatten());
            let (offset, length) = offset.zip(length).ok_or(INVALID)?;
            map.push(Segment { offset, length }, limit)?;
        }
        Ok(map)
    }

    /// Reads the map of the old GNU format, which goes on in the blocks after the header.
    pub(crate) fn read_gnu(
        header: &Header,
        cursor: &mut Cursor<'_>,
        limit: usize,
    ) -> Result<Self, Stop> {
        let mut map = Self::default();
        let mut add = |bytes: &[u8], cursor: &Cursor<'_>| {
            for field in bytes.chunks_exact(24) {
                let (offset, length) = field.split_at(12);
                // An unused field ends the list.
                if offset[0] == 0 && length[0] == 0 {
                    break;
                }
                let (offset, length) = number(offset)
                    .zip(number(length))
                    .ok_or_else(|| cursor.damaged("sparse file with an invalid segment"))?;
                map.push(Segment { offset, length }, limit)
                    .map_err(|detail| cursor.damaged(detail))?;
            }
            Ok(())
        };
        add(header.sparse_segments(), cursor)?;
        let mut more = header.sparse_continues();
        let mut blocks = 0;
        while more {
            let (block, filled) = cursor.read_block()?;
            blocks += 1;
            if filled < BLOCK || blocks > limit {
                return Err(cursor.damaged("sparse file without an end of its segments"));
            }
            add(&block.0[..504], cursor)?;
            more = block.0[504] != 0;
        }
        Ok(map)
    }

    /// Reads the map that precedes the data in PAX 1.0. Fails with what is wrong; the caller
    /// knows where the data end.
    pub(crate) fn read_pax(
        cursor: &mut Cursor<'_>,
        stored: u64,
        limit: usize,
    ) -> Result<Result<Self, &'static str>, Stop> {
        let mut lines = Lines {
            cursor,
            left: stored,
            block: [0; BLOCK],
            at: BLOCK,
        };
        let Some(count) = lines.number()? else {
            return Ok(Err("sparse file without a map"));
        };
        let mut map = Self::default();
        for _ in 0..count {
            let Some((offset, length)) = lines.number()?.zip(lines.number()?) else {
                return Ok(Err("sparse file with an invalid map"));
            };
            if let Err(detail) = map.push(Segment { offset, length }, limit) {
                return Ok(Err(detail));
            }
        }
        Ok(Ok(map))
    }

    /// Returns the runs of the first `wanted` bytes, or `None` when the map contradicts the size
    /// of the file or of what is stored.
    pub(crate) fn runs(&self, size: u64, stored: u64, wanted: u64) -> Option<Vec<Run>> {
        let mut runs = Vec::new();
        let (mut at, mut total) = (0_u64, 0_u64);
        for segment in &self.0 {
            let end = segment.offset.checked_add(segment.length)?;
            total = total.checked_add(segment.length)?;
            if segment.offset < at || end > size || total > stored {
                return None;
            }
            let hole = segment.offset.min(wanted).saturating_sub(at.min(wanted));
            let data = end.min(wanted).saturating_sub(segment.offset.min(wanted));
            runs.extend((hole > 0).then_some(Run::Hole(hole)));
            runs.extend((data > 0).then_some(Run::Stored(data)));
            at = end;
        }
        let hole = size.min(wanted).saturating_sub(at);
        runs.extend((hole > 0).then_some(Run::Hole(hole)));
        Some(runs)
    }
}

/// The lines of numbers in front of the data of a PAX 1.0 sparse file, read in whole blocks.
struct Lines<'c, 'r> {
    cursor: &'c mut Cursor<'r>,
    left: u64,
    block: [u8; BLOCK],
    at: usize,
}

impl Lines<'_, '_> {
    fn number(&mut self) -> Result<Option<u64>, Stop> {
        let mut digits = [0; 20];
        for index in 0..=digits.len() {
            let Some(byte) = self.byte()? else {
                return Ok(None);
            };
            if byte == b'\n' {
                return Ok(decimal(&digits[..index]));
            }
            let Some(digit) = digits.get_mut(index) else {
                break;
            };
            *digit = byte;
        }
        Ok(None)
    }

    fn byte(&mut self) -> Result<Option<u8>, Stop> {
        if self.at == BLOCK {
            let Some(left) = self.left.checked_sub(BLOCK as u64) else {
                return Ok(None);
            };
            let (block, filled) = self.cursor.read_block()?;
            if filled < BLOCK {
                return Err(self.cursor.damaged("the archive ends inside an entry"));
            }
            self.left = left;
            self.block = block.0;
            self.at = 0;
        }
        let byte = self.block.get(self.at).copied();
        self.at += 1;
        Ok(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(segments: &[(u64, u64)]) -> SparseMap {
        let segment = |&(offset, length)| Segment { offset, length };
        SparseMap(segments.iter().map(segment).collect())
    }

    #[test]
    fn runs_alternate_between_holes_and_data() {
        let map = map(&[(10, 5), (20, 5), (40, 0)]);
        assert_eq!(
            map.runs(40, 10, 100).unwrap(),
            [
                Run::Hole(10),
                Run::Stored(5),
                Run::Hole(5),
                Run::Stored(5),
                Run::Hole(15)
            ]
        );
        assert_eq!(
            map.runs(40, 10, 22).unwrap(),
            [Run::Hole(10), Run::Stored(5), Run::Hole(5), Run::Stored(2)]
        );
        assert_eq!(map.runs(40, 10, 3).unwrap(), [Run::Hole(3)]);
    }

    #[test]
    fn maps_that_contradict_themselves_are_refused() {
        let cases = [
            map(&[(10, 5), (12, 5)]),
            map(&[(38, 5)]),
            map(&[(0, 20)]),
            map(&[(u64::MAX, 5)]),
        ];
        for map in cases {
            assert_eq!(map.runs(40, 10, 40), None, "{map:?}");
        }
    }

    #[test]
    fn a_written_map_needs_pairs_of_numbers() {
        assert_eq!(
            SparseMap::parse(b"1,2,30,4", 9),
            Ok(map(&[(1, 2), (30, 4)]))
        );
        for text in [&b""[..], b"1", b"1,2,3", b"1,x", b"-1,2"] {
            assert!(SparseMap::parse(text, 9).is_err(), "{text:?}");
        }
        assert!(SparseMap::parse(b"1,2,3,4,5,6", 2).is_err());
    }
}
