//! The frame of a snapshot file and its checksums, from the description of the format.

use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

pub(crate) const HEADER_BYTES: usize = 16;
pub(crate) const ENTRY_BYTES: usize = 32;
pub(crate) const TRAILER_BYTES: usize = 24;

/// Kind of the section of records.
pub(crate) const RECORDS: usize = 3;

/// Reads a number of four bytes.
pub(crate) fn u32_at(content: &[u8], place: usize) -> usize {
    u32::from_le_bytes(content[place..place + 4].try_into().unwrap()) as usize
}

/// Reads a number of eight bytes.
pub(crate) fn u64_at(content: &[u8], place: usize) -> usize {
    usize::try_from(u64::from_le_bytes(
        content[place..place + 8].try_into().unwrap(),
    ))
    .unwrap()
}

/// Returns where the section table is.
pub(crate) fn table(content: &[u8]) -> Range<usize> {
    let end = content.len() - TRAILER_BYTES;
    end - u32_at(content, end) * u32_at(content, end + 4)..end
}

/// Returns the kind and place of each section.
pub(crate) fn sections(content: &[u8]) -> Vec<(usize, Range<usize>)> {
    table(content)
        .step_by(ENTRY_BYTES)
        .map(|entry| {
            let start = u64_at(content, entry + 8);
            (
                u32_at(content, entry),
                start..start + u64_at(content, entry + 16),
            )
        })
        .collect()
}

/// Where the checksums of a file are, and what they cover.
pub(crate) struct Seals {
    /// Pieces of sections, each beginning with its checksum, and the seeds.
    pieces: Vec<(Range<usize>, u64)>,
    /// Sections, in the order of the table.
    sections: Vec<Range<usize>>,
}

impl Seals {
    /// Finds the checksums of an undamaged file.
    pub(crate) fn of(content: &[u8]) -> Self {
        let sections = sections(content);
        let find = |wanted| {
            sections
                .iter()
                .find(|(kind, _)| *kind == wanted)
                .unwrap()
                .1
                .clone()
        };
        let mut pieces = Vec::new();
        for (parts, directory) in [(find(1), find(2)), (find(4), find(5)), (find(10), find(11))] {
            let ends: Vec<_> = directory
                .step_by(8)
                .map(|place| u64_at(content, place))
                .collect();
            for (number, pair) in (0..).zip(ends.windows(2)) {
                pieces.push((parts.start + pair[0]..parts.start + pair[1], number));
            }
        }
        let records = find(RECORDS);
        let mut start = records.start;
        while start < records.end {
            let end = start + 8 + u32_at(content, start + 4);
            pieces.push((start..end, (start - records.start) as u64));
            start = end;
        }
        Self {
            pieces,
            sections: sections.into_iter().map(|(_, range)| range).collect(),
        }
    }

    /// Makes all checksums right again.
    pub(crate) fn apply(&self, content: &mut [u8]) {
        for (piece, seed) in &self.pieces {
            let sum = xxh3_64_with_seed(&content[piece.start + 4..piece.end], *seed);
            content[piece.start..piece.start + 4].copy_from_slice(&sum.to_le_bytes()[..4]);
        }
        let table = table(content);
        for (entry, section) in table.clone().step_by(ENTRY_BYTES).zip(&self.sections) {
            let sum = xxh3_64(&content[section.clone()]);
            content[entry + 24..entry + 32].copy_from_slice(&sum.to_le_bytes());
        }
        let end = table.end + 8;
        let sum = frame_checksum(content, table.start, end);
        content[end..end + 8].copy_from_slice(&sum.to_le_bytes());
    }
}

/// Computes the checksum of header, section table and the numbers after it.
pub(crate) fn frame_checksum(content: &[u8], table_start: usize, end: usize) -> u64 {
    xxh3_64(&[&content[..HEADER_BYTES], &content[table_start..end]].concat())
}
