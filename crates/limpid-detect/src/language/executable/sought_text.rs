//! The search for a text in the data of an executable.

use regex::bytes::{Regex, RegexBuilder};

use super::bytes::MOST_AT_ONCE;
use super::image::{Image, Kind, Region};

/// How many bytes of an executable are searched. Node has 60 MB of data.
const MOST_SEARCHED: u64 = 256 << 20;

/// Texts are shorter, in bytes; so much of a piece is searched again with the next one.
const LONGEST_TEXT: usize = 1 << 10;

/// Compiles patterns of bytes. All come from us, and the tests compile each.
pub(super) fn compile(patterns: &[&str]) -> Vec<Regex> {
    let patterns = patterns.iter();
    let compiled = patterns.map(|pattern| RegexBuilder::new(pattern).unicode(false).build());
    compiled.filter_map(Result::ok).collect()
}

/// Returns the group `v` of the first of some patterns that is found in the constant data with a
/// version that fits.
pub(super) fn find(
    image: &Image<'_>,
    patterns: &[Regex],
    fits: impl Fn(&str) -> bool,
) -> Option<String> {
    // Patterns after the one that was found no longer count.
    let (mut counting, mut version) = (patterns, None);
    let mut left = MOST_SEARCHED;
    for region in data(image) {
        let mut done = 0;
        while done < region.size && left > 0 && !counting.is_empty() {
            let offset = region.offset.checked_add(done)?;
            let piece = image.bytes.read_up_to(offset, region.size - done);
            left = left.saturating_sub(piece.len() as u64);
            let found = counting.iter().enumerate().find_map(|(rank, pattern)| {
                let mut texts = pattern
                    .captures_iter(&piece)
                    .filter_map(|text| text.name("v"));
                let text = texts.find_map(|text| {
                    let text = std::str::from_utf8(text.as_bytes()).ok()?;
                    fits(text).then(|| text.to_owned())
                })?;
                Some((rank, text))
            });
            if let Some((rank, text)) = found {
                counting = counting.get(..rank).unwrap_or_default();
                version = Some(text);
            }
            if piece.len() < MOST_AT_ONCE {
                break;
            }
            done = done.saturating_add((MOST_AT_ONCE - LONGEST_TEXT) as u64);
        }
    }
    version
}

/// Iterates over the parts of an image that have texts: all that are loaded when it has no names
/// for them.
fn data<'a>(image: &'a Image<'_>) -> impl Iterator<Item = &'a Region> {
    let has_sections = !image.sections.is_empty();
    let sections = image.sections.iter().filter(|section| {
        let name = section.name.as_str();
        match image.kind {
            Kind::Elf => name.starts_with(".rodata") || name.starts_with(".data"),
            Kind::Pe => matches!(name, ".rdata" | ".data"),
            Kind::MachO => matches!(name, "__cstring" | "__const" | "__data"),
        }
    });
    let segments = image.segments.iter().filter(move |_| !has_sections);
    sections.chain(segments)
}
