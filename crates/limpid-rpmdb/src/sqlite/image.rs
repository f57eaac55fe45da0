use std::io::{self, Read};

use limpid_types::{Problem, ProblemKind};

use super::log::Log;
use crate::byte_order::ByteOrder::Big;
use crate::{Error, ReadAt};

/// Bytes of the file header that are looked at.
const HEADER_BYTES: usize = 32;
/// Where the header has the versions of the format for writers and readers: 2 with a write-ahead
/// log, 1 without.
const FORMAT_VERSIONS: std::ops::Range<usize> = 18..20;
/// Where the header has the number of pages.
const PAGE_COUNT: std::ops::Range<usize> = 28..32;

/// The bytes of a sqlite database as they are with its write-ahead log applied.
///
/// The first page is changed in two places. rpm's databases say that they are used with a log,
/// which sqlite refuses in memory: they then say that they are not. And a database that was cut off
/// says how many pages it really has, because sqlite otherwise opens none of them.
pub(crate) struct Image<'a> {
    database: &'a dyn ReadAt,
    wal: Option<(&'a dyn ReadAt, Log)>,
    page_size: u32,
    pages: u32,
    /// What is wrong with the database or its log.
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Image<'a> {
    pub(crate) fn new(
        database: &'a dyn ReadAt,
        wal: Option<&'a dyn ReadAt>,
    ) -> Result<Self, Error> {
        let mut header = [0; HEADER_BYTES];
        database
            .read_at(0, &mut header)
            .map_err(|source| Error::Read { offset: 0, source })?;
        let page_size = match Big.u16(&header, 16).unwrap_or_default() {
            1 => 65536,
            size => u32::from(size),
        };
        if !page_size.is_power_of_two() || page_size < 512 {
            return Err(Error::Damaged {
                field: "page size",
                value: page_size.into(),
            });
        }
        let mut image = Self {
            database,
            wal: None,
            page_size,
            pages: u32::try_from(database.len() / u64::from(page_size)).unwrap_or(u32::MAX),
            problems: Vec::new(),
        };
        image.apply(wal);
        image.check_page_count()?;
        Ok(image)
    }

    fn apply(&mut self, wal: Option<&'a dyn ReadAt>) {
        let Some(wal) = wal.filter(|wal| wal.len() > 0) else {
            return;
        };
        match Log::read(wal, self.page_size) {
            Ok(Some(log)) => {
                // Every page of the database is in the file or in the log; more there cannot be.
                let most = self.pages.saturating_add(log.pages());
                self.pages = log.database_pages().min(most);
                self.wal = Some((wal, log));
            }
            Ok(None) => {}
            Err(why) => self.problems.push(Problem::new(
                ProblemKind::UnreadableFile,
                "write-ahead log",
                why,
            )),
        }
    }

    fn check_page_count(&mut self) -> Result<(), Error> {
        let mut first = vec![0; self.page_size as usize];
        self.read_page(1, &mut first)
            .map_err(|source| Error::Read { offset: 0, source })?;
        let claimed = Big.u32(&first, PAGE_COUNT.start).unwrap_or_default();
        if claimed > self.pages {
            let detail = format!("only {} of {claimed} pages are there", self.pages);
            let kind = ProblemKind::UnreadableFile;
            self.problems.push(Problem::new(kind, "database", detail));
        }
        Ok(())
    }

    /// Returns the size of the whole image.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.pages) * u64::from(self.page_size)
    }

    /// Returns the image as a stream.
    pub(super) fn reader(self) -> impl Read {
        Reader {
            page: vec![0; self.page_size as usize],
            unread: 0,
            next: 1,
            image: self,
        }
    }

    /// Reads a page, which sqlite counts from 1, from the log or else from the file.
    fn read_page(&self, number: u32, page: &mut [u8]) -> io::Result<()> {
        let logged = self
            .wal
            .as_ref()
            .and_then(|(wal, log)| Some((wal, log.page(number)?)));
        if let Some((wal, offset)) = logged {
            return wal.read_at(offset, page);
        }
        let offset = u64::from(number.saturating_sub(1)) * u64::from(self.page_size);
        self.database.read_at(offset, page)
    }

    fn correct_first_page(&self, page: &mut [u8]) {
        if let Some(versions) = page.get_mut(FORMAT_VERSIONS) {
            for version in versions.iter_mut().filter(|version| **version == 2) {
                *version = 1;
            }
        }
        let claimed = Big.u32(page, PAGE_COUNT.start).unwrap_or_default();
        if let Some(count) = page.get_mut(PAGE_COUNT)
            && claimed > self.pages
        {
            count.copy_from_slice(&self.pages.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    image: Image<'a>,
    page: Vec<u8>,
    /// Bytes of the page, at its end, that were not handed out yet.
    unread: usize,
    /// Number of the page to read when all are handed out.
    next: u32,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread == 0 {
            if self.next > self.image.pages {
                return Ok(0);
            }
            self.image.read_page(self.next, &mut self.page)?;
            if self.next == 1 {
                self.image.correct_first_page(&mut self.page);
            }
            self.next += 1;
            self.unread = self.page.len();
        }
        let start = self.page.len() - self.unread;
        let mut bytes = self.page.get(start..).unwrap_or_default();
        let count = bytes.read(buffer)?;
        self.unread -= count;
        Ok(count)
    }
}
