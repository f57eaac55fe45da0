//! Executables with sections of one's choice: ELF, PE and Mach-O, of either width and byte order.

/// The format of an executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As on Linux.
    Elf,
    /// As on Windows; always little-endian.
    Pe,
    /// As on macOS.
    MachO,
}

/// An executable in the making: each section is loaded at its address.
#[derive(Clone, Debug)]
pub struct Executable {
    format: Format,
    is_64: bool,
    is_big_endian: bool,
    sections: Vec<Section>,
    is_managed: bool,
}

#[derive(Clone, Debug)]
struct Section {
    name: String,
    address: u64,
    content: Vec<u8>,
    is_writable: bool,
}

/// Where PE images go in memory; addresses of sections must be above.
const BASE: u64 = 0x40_0000;

impl Executable {
    /// Makes one without sections, of 64 bits and little-endian.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            is_64: true,
            is_big_endian: false,
            sections: Vec::new(),
            is_managed: false,
        }
    }

    /// Makes it one of 32 bits.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.is_64 = false;
        self
    }

    /// Makes it big-endian.
    #[must_use]
    pub fn big_endian(mut self) -> Self {
        self.is_big_endian = true;
        self
    }

    /// Makes it an assembly of .NET.
    #[must_use]
    pub fn managed(mut self) -> Self {
        self.is_managed = true;
        self
    }

    /// Adds a section that is only read.
    #[must_use]
    pub fn section(self, name: &str, address: u64, content: &[u8]) -> Self {
        self.add(name, address, content, false)
    }

    /// Adds a section that the program may change.
    #[must_use]
    pub fn data(self, name: &str, address: u64, content: &[u8]) -> Self {
        self.add(name, address, content, true)
    }

    fn add(mut self, name: &str, address: u64, content: &[u8], is_writable: bool) -> Self {
        self.sections.push(Section {
            name: name.to_owned(),
            address,
            content: content.to_vec(),
            is_writable,
        });
        self
    }

    /// Returns a number of 2 or 4 bytes, or of the width of an address for 8, in its byte order.
    pub fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        let bytes = if bytes == 8 && !self.is_64 { 4 } else { bytes };
        if self.is_big_endian {
            value.to_be_bytes()[8 - bytes..].to_vec()
        } else {
            value.to_le_bytes()[..bytes].to_vec()
        }
    }

    fn numbers(&self, values: &[(u64, usize)]) -> Vec<u8> {
        let values = values.iter();
        values
            .flat_map(|&(value, bytes)| self.number(value, bytes))
            .collect()
    }

    /// Returns the file.
    pub fn build(&self) -> Vec<u8> {
        match self.format {
            Format::Elf => self.elf(),
            Format::Pe => self.pe(),
            Format::MachO => self.mach_o(),
        }
    }

    /// Returns where the content of each section begins when the first begins there, and the end.
    fn offsets(&self, start: usize) -> (Vec<u64>, u64) {
        let mut next = start as u64;
        let offsets = self.sections.iter().map(|section| {
            let offset = next;
            next += section.content.len() as u64;
            offset
        });
        (offsets.collect(), next)
    }

    fn elf(&self) -> Vec<u8> {
        let (header, program, row) = if self.is_64 {
            (64, 56, 64)
        } else {
            (52, 32, 40)
        };
        let count = self.sections.len();
        let (offsets, names_offset) = self.offsets(header + count * program);
        let mut names = vec![0];
        let name_starts: Vec<u64> = self
            .sections
            .iter()
            .map(|section| {
                let start = names.len() as u64;
                names.extend(section.name.as_bytes());
                names.push(0);
                start
            })
            .collect();
        let table = names_offset + names.len() as u64;
        let class = if self.is_64 { 2 } else { 1 };
        let order = if self.is_big_endian { 2 } else { 1 };
        let mut file = vec![
            0x7f, b'E', b'L', b'F', class, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        file.extend(self.numbers(&[
            (3, 2),
            (62, 2),
            (1, 4),
            (0, 8),
            (header as u64, 8),
            (table, 8),
        ]));
        file.extend(self.numbers(&[(0, 4), (header as u64, 2), (program as u64, 2)]));
        file.extend(self.numbers(&[
            (count as u64, 2),
            (row, 2),
            (count as u64 + 2, 2),
            (count as u64 + 1, 2),
        ]));
        for (section, &offset) in self.sections.iter().zip(&offsets) {
            let size = section.content.len() as u64;
            let flags = if section.is_writable { 6 } else { 4 };
            if self.is_64 {
                file.extend(self.numbers(&[(1, 4), (flags, 4), (offset, 8), (section.address, 8)]));
                file.extend(self.numbers(&[(0, 8), (size, 8), (size, 8), (1, 8)]));
            } else {
                file.extend(self.numbers(&[(1, 4), (offset, 8), (section.address, 8), (0, 8)]));
                file.extend(self.numbers(&[(size, 8), (size, 8), (flags, 4), (1, 8)]));
            }
        }
        file.extend(self.sections.iter().flat_map(|section| &section.content));
        file.extend(&names);
        file.extend(vec![0; usize::try_from(row).expect("small")]);
        for ((section, &offset), &name) in self.sections.iter().zip(&offsets).zip(&name_starts) {
            let flags = if section.is_writable { 3 } else { 2 };
            // A table of symbols has its names in the section after it, as rows count from one.
            let (kind, link) = match section.name.as_str() {
                ".dynsym" => (
                    11,
                    name_starts
                        .iter()
                        .position(|&start| start == name)
                        .expect("is one") as u64
                        + 2,
                ),
                _ => (1, 0),
            };
            file.extend(self.numbers(&[(name, 4), (kind, 4), (flags, 8), (section.address, 8)]));
            file.extend(self.numbers(&[
                (offset, 8),
                (section.content.len() as u64, 8),
                (link, 4),
                (0, 4),
                (1, 8),
                (0, 8),
            ]));
        }
        file.extend(self.numbers(&[(0, 4), (3, 4), (0, 8), (0, 8), (names_offset, 8)]));
        file.extend(self.numbers(&[(names.len() as u64, 8), (0, 4), (0, 4), (1, 8), (0, 8)]));
        file
    }

    fn pe(&self) -> Vec<u8> {
        let optional = if self.is_64 { 112 } else { 96 } + 16 * 8;
        let count = self.sections.len();
        let (offsets, _) = self.offsets(64 + 24 + optional + count * 40);
        let mut file = vec![0; 64];
        file[..2].copy_from_slice(b"MZ");
        file[60] = 64;
        file.extend(b"PE\0\0");
        let machine = if self.is_64 { 0x8664 } else { 0x14c };
        file.extend(self.numbers(&[
            (machine, 2),
            (count as u64, 2),
            (0, 4),
            (0, 4),
            (0, 4),
            (optional as u64, 2),
            (2, 2),
        ]));
        let start = file.len();
        file.extend(self.numbers(&[(if self.is_64 { 0x20b } else { 0x10b }, 2)]));
        file.resize(start + if self.is_64 { 24 } else { 28 }, 0);
        file.extend(self.number(BASE, 8));
        file.resize(start + optional - 16 * 8 - 4, 0);
        file.extend(self.number(16, 4));
        let directories = file.len();
        file.resize(start + optional, 0);
        if self.is_managed {
            file[directories + 14 * 8] = 8;
        }
        for (section, &offset) in self.sections.iter().zip(&offsets) {
            let mut name = section.name.clone().into_bytes();
            name.resize(8, 0);
            file.extend(name);
            let size = section.content.len() as u64;
            let flags = if section.is_writable {
                0xc000_0040
            } else {
                0x4000_0040
            };
            file.extend(self.numbers(&[
                (size, 4),
                (section.address - BASE, 4),
                (size, 4),
                (offset, 4),
            ]));
            file.extend(self.numbers(&[(0, 4), (0, 4), (0, 2), (0, 2), (flags, 4)]));
        }
        file.extend(self.sections.iter().flat_map(|section| &section.content));
        file
    }

    fn mach_o(&self) -> Vec<u8> {
        let (header, command, row) = if self.is_64 {
            (32, 72, 80)
        } else {
            (28, 56, 68)
        };
        let count = self.sections.len();
        let commands = count * (command + row);
        let (offsets, _) = self.offsets(header + commands);
        let magic = if self.is_64 { 0xfeed_facf } else { 0xfeed_face };
        let mut file = self.numbers(&[(magic, 4), (0x0100_0007, 4), (3, 4), (2, 4)]);
        file.extend(self.numbers(&[(count as u64, 4), (commands as u64, 4), (0, 4)]));
        file.resize(header, 0);
        for (section, &offset) in self.sections.iter().zip(&offsets) {
            let size = section.content.len() as u64;
            let protection = if section.is_writable { 3 } else { 1 };
            let kind = if self.is_64 { 0x19 } else { 1 };
            file.extend(self.numbers(&[(kind, 4), ((command + row) as u64, 4)]));
            file.extend(b"__DATA\0\0\0\0\0\0\0\0\0\0");
            file.extend(self.numbers(&[(section.address, 8), (size, 8), (offset, 8), (size, 8)]));
            file.extend(self.numbers(&[(3, 4), (protection, 4), (1, 4), (0, 4)]));
            let mut name = section.name.clone().into_bytes();
            name.resize(16, 0);
            file.extend(name);
            file.extend(b"__DATA\0\0\0\0\0\0\0\0\0\0");
            file.extend(self.numbers(&[(section.address, 8), (size, 8), (offset, 4)]));
            let end = file.len() + row - 32 - if self.is_64 { 20 } else { 12 };
            file.resize(end, 0);
        }
        file.extend(self.sections.iter().flat_map(|section| &section.content));
        file
    }
}

/// Joins executables of Mach-O for several architectures into one file.
///
/// # Panics
///
/// When a part has more than 4 GiB.
pub fn universal(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut file = 0xcafe_babe_u32.to_be_bytes().to_vec();
    let number = |value: usize| (value as u64).to_be_bytes()[4..].to_vec();
    file.extend(number(parts.len()));
    let mut offset = 8 + parts.len() * 20;
    for part in parts {
        for value in [7, 3, offset, part.len(), 0] {
            file.extend(number(value));
        }
        offset += part.len();
    }
    file.extend(parts.iter().flatten());
    file
}
