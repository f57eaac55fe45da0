//! What Go's linker writes into every binary since 1.13: the build information.
//!
//! It begins with 16 bytes at an address that 16 divides, in a section of its own (`.go.buildinfo`,
//! `__go_buildinfo`) or at the start of the first data that may be changed:
//!
//! | bytes | meaning |
//! |---|---|
//! | 14 | `\xff Go buildinf:` |
//! | 1 | how many bytes an address has |
//! | 1 | bit 1: the texts follow (since 1.18); bit 0: numbers are big-endian |
//!
//! Since 1.18 two texts follow after 32 bytes, each with its length before it as a varint: the
//! release of Go, and the modules ([`super::go_modules`]). Before, two addresses follow after 16
//! bytes, each of a text, which is an address and a length. See `debug/buildinfo` of Go's standard
//! library.

use memchr::memmem;
use object::Endianness;

use super::super::Found;
use super::bytes::MOST_AT_ONCE;
use super::go_modules;
use super::image::{Image, Kind, Region, word};

const MAGIC: &[u8] = b"\xff Go buildinf:";

/// The header with the addresses, or with the room for them.
const HEADER: usize = 32;

/// The addresses in memory that the information may begin at.
const ALIGNMENT: u64 = 16;

/// How many bytes of data are searched. The linker puts the information first.
const SEARCHED: u64 = MOST_AT_ONCE as u64;

/// The texts before and after the modules, which mark them for debuggers, are so long.
const MARK: usize = 16;

/// Reads the build information, if there is one.
pub(super) fn read(image: &Image<'_>, found: &mut Found<'_>) {
    let Some(start) = find(image) else {
        return;
    };
    match texts(image, start) {
        Some((release, modules)) => go_modules::read(&release, &modules, found),
        None => found.unreadable("has build information of Go that cannot be read"),
    }
}

/// Returns the address of the build information.
fn find(image: &Image<'_>) -> Option<u64> {
    let name = match image.kind {
        Kind::Elf | Kind::Pe => ".go.buildinfo",
        Kind::MachO => "__go_buildinfo",
    };
    let regions = match image.kind {
        Kind::Pe => &image.sections,
        Kind::Elf | Kind::MachO => &image.segments,
    };
    let region = image
        .section(name)
        .or_else(|| regions.iter().find(|region| region.is_writable))?;
    find_in(image, region)
}

fn find_in(image: &Image<'_>, region: &Region) -> Option<u64> {
    let data = image
        .bytes
        .read_up_to(region.offset, region.size.min(SEARCHED));
    memmem::find_iter(&data, MAGIC)
        .filter_map(|position| region.address.checked_add(position as u64))
        .find(|address| address.is_multiple_of(ALIGNMENT))
}

/// Returns the release of Go and the modules.
fn texts(image: &Image<'_>, start: u64) -> Option<(String, String)> {
    let header = image.at_address(start, HEADER)?;
    let (address_bytes, flags) = (usize::from(*header.get(14)?), *header.get(15)?);
    let (release, modules) = if flags & 2 != 0 {
        let first = start.checked_add(HEADER as u64)?;
        let (release, next) = text_after_length(image, first)?;
        (release, text_after_length(image, next)?.0)
    } else {
        let endian = match flags & 1 {
            0 => Endianness::Little,
            _ => Endianness::Big,
        };
        let text = |position: usize| {
            let bytes = header.get(position..)?;
            text_at(
                image,
                word(bytes, address_bytes, endian)?,
                address_bytes,
                endian,
            )
        };
        let modules = text(MARK.checked_add(address_bytes)?);
        (text(MARK)?, modules.unwrap_or_default())
    };
    let release = String::from_utf8(release).ok()?;
    Some((release, without_marks(&modules).unwrap_or_default()))
}

/// Returns a text that has its length before it, and the address of what follows.
fn text_after_length(image: &Image<'_>, address: u64) -> Option<(Vec<u8>, u64)> {
    let (mut length, mut start) = (0, address);
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *image.at_address(start, 1)?.first()?;
        start = start.checked_add(1)?;
        length |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    let text = image.at_address(start, usize::try_from(length).ok()?)?;
    Some((text.into_owned(), start.checked_add(length)?))
}

/// Returns a text of which address and length are at an address.
fn text_at(
    image: &Image<'_>,
    header: u64,
    address_bytes: usize,
    endian: Endianness,
) -> Option<Vec<u8>> {
    let header = image.at_address(header, address_bytes.checked_mul(2)?)?;
    let address = word(&header, address_bytes, endian)?;
    let length = word(header.get(address_bytes..)?, address_bytes, endian)?;
    let text = image.at_address(address, usize::try_from(length).ok()?)?;
    Some(text.into_owned())
}

/// Takes the marks off that stand around the modules.
fn without_marks(modules: &[u8]) -> Option<String> {
    let end = modules.len().checked_sub(MARK)?;
    let modules = modules.get(MARK..end)?;
    let modules = modules.ends_with(b"\n").then_some(modules)?;
    Some(String::from_utf8_lossy(modules).into_owned())
}
