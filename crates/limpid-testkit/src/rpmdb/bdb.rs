use super::RpmPackage;

const META_PAGE: u8 = 8;
const OVERFLOW_PAGE: u8 = 7;
const HASH_PAGE: u8 = 13;
const PAGE_HEADER: usize = 26;

/// The order of the bytes in the numbers of a Berkeley DB file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Most significant byte first.
    Big,
    /// Least significant byte first.
    Little,
}

impl ByteOrder {
    fn u16(self, number: usize) -> [u8; 2] {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        match self {
            Self::Big => number.to_be_bytes(),
            Self::Little => number.to_le_bytes(),
        }
    }

    fn u32(self, number: usize) -> [u8; 4] {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        match self {
            Self::Big => number.to_be_bytes(),
            Self::Little => number.to_le_bytes(),
        }
    }
}

/// Writes packages as a `Packages` file, a Berkeley DB hash with pages of 4096 bytes.
pub fn write_bdb(packages: &[RpmPackage], order: ByteOrder) -> Vec<u8> {
    let headers: Vec<_> = packages.iter().map(RpmPackage::header).collect();
    write_bdb_headers(&headers, order, 4096)
}

/// Writes headers as a `Packages` file, with pages of a size between 512 bytes and 64 KiB.
///
/// All items are in one bucket, a chain of hash pages. A header of more than a quarter of a page is
/// put into a chain of overflow pages, as Berkeley DB does. The records are numbered from 1;
/// record 0 holds the highest number.
pub fn write_bdb_headers(headers: &[Vec<u8>], order: ByteOrder, page_size: usize) -> Vec<u8> {
    let mut file = Writer {
        order,
        pages: vec![vec![0; page_size], vec![0; page_size]],
        page_size,
    };
    let highest = order.u32(headers.len()).to_vec();
    let mut bucket = Bucket::starting_at(1);
    bucket.add(&mut file, 0, &highest);
    for (record, header) in (1..).zip(headers) {
        bucket.add(&mut file, record, header);
    }
    bucket.finish_page(&mut file, 0);
    file.write_meta(headers.len() + 1);
    file.pages.concat()
}

struct Writer {
    order: ByteOrder,
    pages: Vec<Vec<u8>>,
    page_size: usize,
}

impl Writer {
    fn add_page(&mut self) -> usize {
        self.pages.push(vec![0; self.page_size]);
        self.pages.len() - 1
    }

    fn put(&mut self, page: usize, at: usize, bytes: &[u8]) {
        self.pages[page][at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn put_u32(&mut self, page: usize, at: usize, number: usize) {
        self.put(page, at, &self.order.u32(number));
    }

    /// Writes a chain of overflow pages and returns the number of the first.
    fn add_chain(&mut self, bytes: &[u8]) -> usize {
        let first = self.pages.len();
        let room = self.page_size - PAGE_HEADER;
        let count = bytes.chunks(room).count();
        for (place, chunk) in bytes.chunks(room).enumerate() {
            let page = self.add_page();
            let previous = if place == 0 { 0 } else { page - 1 };
            let next = if place + 1 == count { 0 } else { page + 1 };
            self.put_u32(page, 8, page);
            self.put_u32(page, 12, previous);
            self.put_u32(page, 16, next);
            // The number of items counts the references to the chain here.
            self.put(page, 20, &self.order.u16(1));
            self.put(page, 22, &self.order.u16(chunk.len()));
            self.put(page, 25, &[OVERFLOW_PAGE]);
            self.put(page, PAGE_HEADER, chunk);
        }
        first
    }

    fn write_meta(&mut self, records: usize) {
        // The log sequence number of a database that is not logged.
        self.put_u32(0, 4, 1);
        self.put_u32(0, 12, 0x0006_1561);
        self.put_u32(0, 16, 9);
        self.put_u32(0, 20, self.page_size);
        self.put(0, 25, &[META_PAGE]);
        self.put_u32(0, 32, self.pages.len() - 1);
        self.put_u32(0, 40, records);
        self.put_u32(0, 44, records);
        // One bucket, number 0, which begins 1 page after its number.
        self.put_u32(0, 96, 1);
    }
}

/// The chain of hash pages that is being filled.
struct Bucket {
    page: usize,
    previous: usize,
    /// Items of the current page; keys and values take turns.
    items: Vec<Vec<u8>>,
}

impl Bucket {
    fn starting_at(page: usize) -> Self {
        Self {
            page,
            previous: 0,
            items: Vec::new(),
        }
    }

    fn add(&mut self, file: &mut Writer, record: usize, blob: &[u8]) {
        let key = [&[1][..], &file.order.u32(record)].concat();
        let value = if blob.len() > file.page_size / 4 {
            let first = file.order.u32(file.add_chain(blob));
            [&[3, 0, 0, 0][..], &first, &file.order.u32(blob.len())].concat()
        } else {
            [&[1], blob].concat()
        };
        let used: usize = self.items.iter().map(|item| item.len() + 2).sum();
        if PAGE_HEADER + used + key.len() + value.len() + 4 > file.page_size {
            let next = file.add_page();
            self.finish_page(file, next);
            self.previous = self.page;
            self.page = next;
        }
        self.items.extend([key, value]);
    }

    fn finish_page(&mut self, file: &mut Writer, next: usize) {
        let page = self.page;
        let items = std::mem::take(&mut self.items);
        let mut end = file.page_size;
        for (number, item) in items.iter().enumerate() {
            end -= item.len();
            file.put(page, end, item);
            file.put(page, PAGE_HEADER + 2 * number, &file.order.u16(end));
        }
        file.put_u32(page, 4, 1);
        file.put_u32(page, 8, page);
        file.put_u32(page, 12, self.previous);
        file.put_u32(page, 16, next);
        file.put(page, 20, &file.order.u16(items.len()));
        file.put(page, 22, &file.order.u16(end));
        file.put(page, 25, &[HASH_PAGE]);
    }
}
