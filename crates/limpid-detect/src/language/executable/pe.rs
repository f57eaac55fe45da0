//! The section table of PE, and which directories it has. See "PE Format" in Microsoft's
//! documentation of Windows.

use object::pe::{
    IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR, IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_WRITE,
    ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64, ImageSectionHeader,
};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader};
use object::{Endianness, LittleEndian};

use super::bytes::{Bytes, MOST_AT_ONCE};
use super::image::{Image, Kind, Region, name};

/// Reads the tables; none when the file only begins like a PE file.
pub(super) fn read(bytes: Bytes<'_>) -> Option<Image<'_>> {
    let start = bytes.read_up_to(0, MOST_AT_ONCE as u64);
    read_width::<ImageNtHeaders64>(bytes, &start)
        .or_else(|| read_width::<ImageNtHeaders32>(bytes, &start))
}

/// Reads the tables from the start of the file, which has them in all real files.
fn read_width<'a, H: ImageNtHeaders>(bytes: Bytes<'a>, start: &[u8]) -> Option<Image<'a>> {
    let dos = ImageDosHeader::parse(start).ok()?;
    let mut offset = dos.nt_headers_offset().into();
    let (header, directories) = H::parse(start, &mut offset).ok()?;
    let base = header.optional_header().image_base();
    let sections = header.sections(start, offset).ok()?;
    let managed = directories.get(usize::from(IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR));
    Some(Image {
        kind: Kind::Pe,
        bytes,
        endian: Endianness::Little,
        address_bytes: if header.is_type_64() { 8 } else { 4 },
        sections: sections.iter().map(|row| section(row, base)).collect(),
        segments: Vec::new(),
        symbols: Vec::new(),
        is_managed: managed
            .is_some_and(|directory| directory.virtual_address.get(LittleEndian) != 0),
    })
}

fn section(row: &ImageSectionHeader, base: u64) -> Region {
    let flags = row.characteristics.get(LittleEndian);
    Region {
        name: name(&row.name),
        address: base.wrapping_add(row.virtual_address.get(LittleEndian).into()),
        offset: row.pointer_to_raw_data.get(LittleEndian).into(),
        size: row.size_of_raw_data.get(LittleEndian).into(),
        is_writable: flags.contains(IMAGE_SCN_CNT_INITIALIZED_DATA)
            && flags.contains(IMAGE_SCN_MEM_WRITE),
    }
}
