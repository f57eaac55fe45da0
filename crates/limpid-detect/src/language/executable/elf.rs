//! The tables of ELF: program headers, section headers, symbols. See "Tool Interface Standard:
//! Executable and Linking Format", and elf(5).

use object::Endianness;
use object::elf::{
    ELFCLASS64, ET_DYN, ET_EXEC, FileHeader32, FileHeader64, PF_W, PT_LOAD, SHF_ALLOC, SHF_WRITE,
    SHT_DYNSYM, SHT_NOBITS, SHT_SYMTAB,
};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};

use super::bytes::{Bytes, Table};
use super::image::{Image, Kind, Region, SymbolTable, name};

/// Where a header says which class the file is of.
const CLASS: u64 = 4;

/// One of all symbols, and one of those that are exported.
const MOST_SYMBOL_TABLES: usize = 2;

/// Reads the tables; nothing when it is an object file or a core dump, which no one runs.
pub(super) fn read(bytes: Bytes<'_>) -> Result<Option<Image<'_>>, &'static str> {
    match bytes.read(CLASS, 1).as_deref() {
        Some([class]) if *class == ELFCLASS64.0 => read_class::<FileHeader64<Endianness>>(bytes),
        _ => read_class::<FileHeader32<Endianness>>(bytes),
    }
}

fn read_class<E>(bytes: Bytes<'_>) -> Result<Option<Image<'_>>, &'static str>
where
    E: FileHeader<Endian = Endianness>,
{
    let start = bytes.read_up_to(0, size_of::<E>() as u64);
    let header = E::parse(&*start).map_err(|_| "is a damaged ELF file")?;
    let endian = header.endian().map_err(|_| "is a damaged ELF file")?;
    if !matches!(header.e_type(endian), ET_EXEC | ET_DYN) {
        return Ok(None);
    }
    let mut image = Image {
        kind: Kind::Elf,
        bytes,
        endian,
        address_bytes: size_of::<E::Word>(),
        sections: Vec::new(),
        segments: segments(header, endian, bytes),
        symbols: Vec::new(),
        is_managed: false,
    };
    read_sections(header, &mut image);
    Ok(Some(image))
}

fn segments<E>(header: &E, endian: Endianness, bytes: Bytes<'_>) -> Vec<Region>
where
    E: FileHeader<Endian = Endianness>,
{
    let (offset, count) = (header.e_phoff(endian).into(), header.e_phnum(endian));
    let table = Table::<E::ProgramHeader>::read(bytes, offset, count.into());
    let loaded = table
        .rows()
        .iter()
        .filter(|segment| segment.p_type(endian) == PT_LOAD);
    loaded
        .map(|segment| Region {
            name: String::new(),
            address: segment.p_vaddr(endian).into(),
            offset: segment.p_offset(endian).into(),
            size: segment.p_filesz(endian).into(),
            is_writable: segment.p_flags(endian).contains(PF_W),
        })
        .collect()
}

fn read_sections<E>(header: &E, image: &mut Image<'_>)
where
    E: FileHeader<Endian = Endianness>,
{
    let (endian, bytes) = (image.endian, image.bytes);
    let (offset, count) = (header.e_shoff(endian).into(), header.e_shnum(endian));
    let table = Table::<E::SectionHeader>::read(bytes, offset, count.into());
    let table = table.rows();
    let range = |index: usize| {
        let section = table.get(index)?;
        Some((
            section.sh_offset(endian).into(),
            section.sh_size(endian).into(),
        ))
    };
    let names = range(usize::from(header.e_shstrndx(endian).0));
    let names = names.map_or_else(Default::default, |(offset, size)| {
        bytes.read_up_to(offset, size)
    });
    for section in table {
        let kind = section.sh_type(endian);
        if matches!(kind, SHT_SYMTAB | SHT_DYNSYM)
            && image.symbols.len() < MOST_SYMBOL_TABLES
            && let Some((names_offset, names_size)) = range(section.sh_link(endian) as usize)
        {
            image.symbols.push(SymbolTable {
                offset: section.sh_offset(endian).into(),
                size: section.sh_size(endian).into(),
                names_offset,
                names_size,
            });
        }
        let flags = section.sh_flags(endian);
        let start = section.sh_name(endian) as usize;
        if kind != SHT_NOBITS
            && let Some(start) = names.get(start..)
        {
            image.sections.push(Region {
                name: name(start),
                address: section.sh_addr(endian).into(),
                offset: section.sh_offset(endian).into(),
                size: section.sh_size(endian).into(),
                is_writable: flags.contains(SHF_WRITE) && flags.contains(SHF_ALLOC),
            });
        }
    }
}
