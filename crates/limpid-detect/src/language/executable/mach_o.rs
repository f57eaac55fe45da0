//! The load commands of Mach-O, also for several architectures in one file. See `mach-o/loader.h`
//! and `mach-o/fat.h` of Apple's XNU.

use object::macho::{
    FAT_MAGIC, FAT_MAGIC_64, FatArch32, FatArch64, FatHeader, LC_SYMTAB, MachHeader32,
    MachHeader64, SymtabCommand, VM_PROT_WRITE,
};
use object::read::macho::{FatArch, MachHeader, Section, Segment};
use object::{BigEndian, Endianness};

use super::bytes::{Bytes, MOST_AT_ONCE, Table};
use super::image::{Image, Kind, Region, SymbolTable, name};

/// How many architectures a file may be for. Class files of Java begin with the same bytes, and
/// have a number of at least 45 here.
const MOST_ARCHITECTURES: u32 = 20;

const DAMAGED: &str = "is a damaged Mach-O file";

/// Tells from its first bytes whether a file is in this format.
pub(super) fn has_magic(start: &[u8]) -> bool {
    match start {
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, a, b, c, d, ..] => {
            u32::from_be_bytes([*a, *b, *c, *d]) <= MOST_ARCHITECTURES
        }
        _ => false,
    }
}

/// Returns the parts of a file for several architectures; itself when it is for one.
pub(super) fn parts(bytes: Bytes<'_>) -> Result<Vec<Bytes<'_>>, &'static str> {
    let start = Table::<FatHeader>::read(bytes, 0, 1);
    let Some(header) = start.rows().first() else {
        return Ok(vec![bytes]);
    };
    let count = header.nfat_arch.get(BigEndian).min(MOST_ARCHITECTURES);
    match header.magic.get(BigEndian) {
        FAT_MAGIC => parts_of_width::<FatArch32>(bytes, count),
        FAT_MAGIC_64 => parts_of_width::<FatArch64>(bytes, count),
        _ => Ok(vec![bytes]),
    }
}

fn parts_of_width<A: FatArch>(
    bytes: Bytes<'_>,
    count: u32,
) -> Result<Vec<Bytes<'_>>, &'static str> {
    let table = Table::<A>::read(bytes, size_of::<FatHeader>() as u64, count.into());
    let parts = table.rows().iter();
    parts
        .map(|row| {
            bytes
                .part(row.offset().into(), row.size().into())
                .ok_or(DAMAGED)
        })
        .collect()
}

/// Reads the tables of an executable for one architecture.
pub(super) fn read(bytes: Bytes<'_>) -> Result<Image<'_>, &'static str> {
    // The load commands follow the header.
    let start = bytes.read_up_to(0, MOST_AT_ONCE as u64);
    read_width::<MachHeader64<Endianness>>(bytes, &start)
        .or_else(|| read_width::<MachHeader32<Endianness>>(bytes, &start))
        .ok_or(DAMAGED)
}

fn read_width<'a, H>(bytes: Bytes<'a>, start: &[u8]) -> Option<Image<'a>>
where
    H: MachHeader<Endian = Endianness>,
{
    let header = H::parse(start, 0).ok()?;
    let endian = header.endian().ok()?;
    let mut image = Image {
        kind: Kind::MachO,
        bytes,
        endian,
        address_bytes: size_of::<H::Word>(),
        sections: Vec::new(),
        segments: Vec::new(),
        symbols: Vec::new(),
        is_managed: false,
    };
    // What comes after a damaged command cannot be found.
    let commands = header.load_commands(endian, start, 0).ok()?;
    for command in commands.map_while(Result::ok) {
        if let Ok(Some((segment, rest))) = H::Segment::from_command(command) {
            read_segment(segment, rest, &mut image);
        } else if command.cmd() == LC_SYMTAB
            && image.symbols.is_empty()
            && let Ok(table) = command.data::<SymtabCommand<Endianness>>()
        {
            let row = u64::try_from(size_of::<H::Nlist>()).ok()?;
            image.symbols.push(SymbolTable {
                offset: table.symoff.get(endian).into(),
                size: row.saturating_mul(table.nsyms.get(endian).into()),
                names_offset: table.stroff.get(endian).into(),
                names_size: table.strsize.get(endian).into(),
            });
        }
    }
    Some(image)
}

fn read_segment<S>(segment: &S, rest: &[u8], image: &mut Image<'_>)
where
    S: Segment<Endian = Endianness>,
{
    let endian = image.endian;
    let is_writable = segment.initprot(endian).contains(VM_PROT_WRITE);
    image.segments.push(Region {
        name: String::new(),
        address: segment.vmaddr(endian).into(),
        offset: segment.fileoff(endian).into(),
        size: segment.filesize(endian).into(),
        is_writable,
    });
    for section in segment.sections(endian, rest).unwrap_or(&[]) {
        image.sections.push(Region {
            name: name(section.sectname()),
            address: section.addr(endian).into(),
            offset: section.offset(endian).into(),
            size: section.size(endian).into(),
            is_writable,
        });
    }
}
