use super::header::until_nul;
use super::pax::{decimal, for_each_record};
use super::sparse::{Segment, SparseMap};
use crate::LayerLimits;

/// What extension headers say about the entry that follows them.
///
/// Nothing of it applies to an extension header: each of those has the size in its own header.
/// Otherwise an archive could be written that different readers cut at different places (see
/// GHSA-j5gw-2vrg-8fgx and GHSA-3cv2-h65g-fgmm).
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    /// From GNU long name headers, which win over PAX records.
    pub(crate) long_name: Option<Vec<u8>>,
    pub(crate) long_link: Option<Vec<u8>>,
    pub(crate) pax: Pax,
}

/// The records of a PAX extended header that matter here.
#[derive(Debug, Default)]
pub(crate) struct Pax {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    /// Bytes that the entry has in the archive.
    pub(crate) size: Option<u64>,
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
    /// Returns the name that replaces the one of the header.
    pub(crate) fn name(&self) -> Option<&[u8]> {
        let sparse = self.pax.sparse_format().is_some();
        let sparse_name = self.pax.sparse.name.as_deref().filter(|_| sparse);
        sparse_name
            .or(self.long_name.as_deref())
            .or(self.pax.path.as_deref())
    }

    /// Returns the link target that replaces the one of the header.
    pub(crate) fn link(&self) -> Option<&[u8]> {
        self.long_link.as_deref().or(self.pax.link.as_deref())
    }
}

impl Pax {
    /// Reads the records of an extended header.
    pub(crate) fn parse(bytes: &[u8], limits: &LayerLimits) -> Result<Self, &'static str> {
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

/// Copies a name, one byte longer than allowed at most, so that its length is still seen to be too
/// large.
pub(crate) fn kept_name(value: &[u8], limits: &LayerLimits) -> Vec<u8> {
    let name = until_nul(value);
    name.get(..=limits.path_bytes).unwrap_or(name).to_vec()
}

fn number(value: &[u8]) -> Result<u64, &'static str> {
    decimal(value).ok_or("extended header with an invalid number")
}
