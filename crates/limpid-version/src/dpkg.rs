//! dpkg's versions: `[epoch:]upstream[-revision]`.
//!
//! The order is that of deb-version(7): epochs as numbers, then upstream
//! versions, then revisions, where an absent revision equals `0`. Both texts
//! are read as pairs of a run without digits and a number. Runs are ordered by
//! character: `~` before the end of the run, the end before letters, letters
//! before everything else.
//!
//! dpkg only warns about a version that does not start with a digit or that
//! holds characters outside of its alphabet, and compares it all the same, so
//! this reader accepts any printable ASCII. What dpkg rejects is rejected here.

use std::cmp::Ordering;

use crate::SortKey;
use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::scheme::Version;

/// The rank of the end of a run, between `~` and all other characters.
const RUN_END: u8 = 2;

/// A version as dpkg reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DpkgVersion<'a> {
    epoch: u32,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Version<'a> for DpkgVersion<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        if !text.is_ascii() {
            return Err("character outside of ASCII");
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (read_epoch(epoch)?, rest),
            None => (0, text),
        };
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((_, "")) => return Err("empty revision"),
            Some(parts) => parts,
            None => (rest, ""),
        };
        if upstream.is_empty() {
            return Err("empty upstream version");
        }
        Ok(Self {
            epoch,
            upstream,
            revision,
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_texts(self.upstream, other.upstream))
            .then_with(|| compare_texts(self.revision, other.revision))
    }

    fn sort_key(&self) -> Option<SortKey> {
        let mut key = KeyWriter::for_length(self.upstream.len() + self.revision.len());
        for byte in self.epoch.to_be_bytes() {
            key.tag(byte);
        }
        write_text(&mut key, self.upstream);
        write_text(&mut key, self.revision);
        Some(key.finish())
    }
}

fn read_epoch(epoch: &str) -> Result<u32, &'static str> {
    if epoch.is_empty() {
        return Err("empty epoch");
    }
    if !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("epoch is not a number");
    }
    // dpkg keeps epochs in a C int.
    epoch
        .parse::<u32>()
        .ok()
        .filter(|&epoch| i32::try_from(epoch).is_ok())
        .ok_or("epoch is too big")
}

/// A run without digits, and the number after it.
#[derive(Clone, Copy, Default)]
struct Pair<'a> {
    run: &'a [u8],
    number: Number<'a>,
}

impl Pair<'_> {
    fn ranks(self) -> impl Iterator<Item = u8> {
        self.run.iter().map(|&byte| rank(byte)).chain([RUN_END])
    }

    fn compare(self, other: Self) -> Ordering {
        let by_run = self.ranks().cmp(other.ranks());
        by_run.then_with(|| self.number.cmp(&other.number))
    }
}

const fn rank(byte: u8) -> u8 {
    match byte {
        b'~' => 1,
        b'A'..=b'Z' | b'a'..=b'z' => byte,
        // Above all letters; the text is ASCII, so the bit is free.
        _ => byte | 0x80,
    }
}

fn pairs(text: &str) -> impl Iterator<Item = Pair<'_>> {
    let mut cursor = Cursor::new(text.as_bytes());
    std::iter::from_fn(move || {
        if cursor.is_empty() {
            return None;
        }
        Some(Pair {
            run: cursor.take_while(|byte| !byte.is_ascii_digit()),
            number: cursor.number(),
        })
    })
}

/// Orders upstream versions or revisions; a text that has ended goes on with empty runs and zeros.
fn compare_texts(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (pairs(left), pairs(right));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
        };
        let order = left.compare(right);
        if order.is_ne() {
            return order;
        }
    }
}

/// Writes the pairs and one more end of a run.
///
/// Only the first run of a text can be empty, so the end is not mistaken for a
/// pair once the first pair stands, for an empty text too.
fn write_text(key: &mut KeyWriter, text: &str) {
    let mut pairs = pairs(text);
    let mut next = Some(pairs.next().unwrap_or_default());
    while let Some(pair) = next {
        for rank in pair.ranks() {
            key.tag(rank);
        }
        key.number(pair.number);
        next = pairs.next();
    }
    key.tag(RUN_END);
}
