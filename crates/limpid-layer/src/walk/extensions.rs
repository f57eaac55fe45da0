use super::header::{Header, until_nul};
use super::pax::{decimal, for_each_record};
use super::sparse::{Segment, SparseMap};
use crate::{EntryKind, LayerLimits};

/// What extension headers say about the entry that follows them.
///
/// Nothing of it applies to an extension header: each of those has the size in its own header.
/// Otherwise an archive could be written that different readers cut at different places (see
/// GHSA-j5gw-2vrg-8fgx and GHSA-3cv2-h65g-fgmm).
#[derive(Debug, Default)]
pub struct Extensions {
    /// From GNU long name headers, which win over PAX records.
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pub(crate) pax: Pax,
}

/// The records of a PAX extended header that matter here.
#[derive(Debug, Default)]
pub(crate) struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    /// Bytes that the entry has in the archive.
    size: Option<u64>,
    sparse: PaxSparse,
}

#[derive(Debug, Default)]
struct PaxSparse {
    major: Option<u64>,
    minor: Option<u64>,
    name: Option<Vec<u8>>,
    size: Option<u64>,
    map: SparseMap,
    has_map: bool,
    offset: Option<u64>,
}

/// The format of a sparse file that PAX records describe.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SparseFormat {
    /// 0.0 and 0.1.
    MapInHeader,
    /// 1.0.
    MapInData,
}

impl Extensions {
    /// Adds what the data of an extension header say; fails with what is wrong with them.
    ///
    /// A name that is longer than [`LayerLimits::path_bytes`] is cut one byte later, so that its
    /// length is still seen to be too large.
    pub fn add(
        &mut self,
        header: &Header,
        data: &[u8],
        limits: &LayerLimits,
    ) -> Result<(), &'static str> {
        match header.kind() {
            b'x' | b'X' => self.pax = Pax::parse(data, limits)?,
            b'L' => self.long_name = Some(kept_name(data, limits)),
            b'K' => self.long_link = Some(kept_name(data, limits)),
            // A global header.
            _ => *self = Self::default(),
        }
        Ok(())
    }

    /// Finds out what the entry with this header is and how many bytes of data follow, and writes
    /// its name as it stands; fails with what is wrong.
    pub fn describe(
        &self,
        header: &Header,
        name: &mut Vec<u8>,
    ) -> Result<(EntryKind, u64), &'static str> {
        name.clear();
        match self.name() {
            Some(replaced) => name.extend_from_slice(replaced),
            None => header.name_into(name),
        }
        let (kind, has_data) = kind_of(header.kind(), name);
        let size = || self.pax.size.or_else(|| header.size());
        let stored = if has_data { size() } else { Some(0) };
        Ok((kind, stored.ok_or("a header has no size")?))
    }

    /// Returns the link target of the entry with this header, as it stands.
    pub fn link<'a>(&'a self, header: &'a Header) -> &'a [u8] {
        let replaced = self.long_link.as_deref().or(self.pax.link.as_deref());
        replaced.unwrap_or_else(|| header.link())
    }

    /// Tells whether the data of the entry with this header are a map and pieces of the file.
    pub fn is_sparse(&self, header: &Header) -> bool {
        header.kind() == b'S' || self.pax.sparse_format().is_some()
    }

    /// Returns the name that replaces the one of the header.
    fn name(&self) -> Option<&[u8]> {
        let sparse = self.pax.sparse_format().is_some();
        let sparse_name = self.pax.sparse.name.as_deref().filter(|_| sparse);
        sparse_name
            .or(self.long_name.as_deref())
            .or(self.pax.path.as_deref())
    }
}

/// Returns what an entry is, and whether data follow its header.
fn kind_of(kind: u8, name: &[u8]) -> (EntryKind, bool) {
    match kind {
        // Before ustar, a directory was a file with a slash at the end.
        0 if name.ends_with(b"/") => (EntryKind::Directory, false),
        0 | b'0' | b'7' | b'S' => (EntryKind::File, true),
        b'1' => (EntryKind::HardLink, false),
        b'2' => (EntryKind::Symlink, false),
        b'3' | b'4' | b'6' => (EntryKind::Other, false),
        b'5' => (EntryKind::Directory, false),
        // A GNU incremental archive lists the names of a directory as its data.
        b'D' => (EntryKind::Directory, true),
        _ => (EntryKind::Other, true),
    }
}

impl Pax {
    /// Reads the records of an extended header.
    fn parse(bytes: &[u8], limits: &LayerLimits) -> Result<Self, &'static str> {
        let mut pax = Self::default();
        for_each_record(bytes, |key, value| {
            // An empty value means that the header's own field counts.
            if value.is_empty() {
                return Ok(());
            }
            match key {
                b"path" => pax.path = Some(kept_name(value, limits)),
                b"linkpath" => pax.link = Some(kept_name(value, limits)),
                b"size" => pax.size = Some(number(value)?),
                _ => {
                    if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                        pax.sparse.record(key, value, limits)?;
                    }
                }
            }
            Ok(())
        })?;
        Ok(pax)
    }

    /// Tells whether the entry is a sparse file, and of which format. Records of formats that
    /// nobody has defined are ignored, as other readers do.
    pub(crate) fn sparse_format(&self) -> Option<SparseFormat> {
        match (self.sparse.major, self.sparse.minor) {
            (Some(0), Some(0 | 1)) => Some(SparseFormat::MapInHeader),
            (Some(1), Some(0)) => Some(SparseFormat::MapInData),
            (None, None) if self.sparse.has_map => Some(SparseFormat::MapInHeader),
            _ => None,
        }
    }

    /// Returns the size of the sparse file with its holes.
    pub(crate) fn sparse_size(&self) -> Option<u64> {
        self.sparse.size
    }

    /// Takes the map that the records had.
    pub(crate) fn take_map(&mut self) -> SparseMap {
        std::mem::take(&mut self.sparse.map)
    }
}

impl PaxSparse {
    fn record(
        &mut self,
        key: &[u8],
        value: &[u8],
        limits: &LayerLimits,
    ) -> Result<(), &'static str> {
        let segments = limits.sparse_segments();
        match key {
            b"major" => self.major = Some(number(value)?),
            b"minor" => self.minor = Some(number(value)?),
            b"name" => self.name = Some(kept_name(value, limits)),
            b"size" | b"realsize" => self.size = Some(number(value)?),
            b"map" => {
                self.map = SparseMap::parse(value, segments)?;
                self.has_map = true;
            }
            b"offset" => self.offset = Some(number(value)?),
            b"numbytes" => {
                let offset = self
                    .offset
                    .take()
                    .ok_or("sparse segment without an offset")?;
                let length = number(value)?;
                self.map.push(Segment { offset, length }, segments)?;
                self.has_map = true;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Copies a name, one byte longer than allowed at most.
fn kept_name(value: &[u8], limits: &LayerLimits) -> Vec<u8> {
    let name = until_nul(value);
    name.get(..=limits.path_bytes).unwrap_or(name).to_vec()
}

fn number(value: &[u8]) -> Result<u64, &'static str> {
    decimal(value).ok_or("extended header with an invalid number")
}
