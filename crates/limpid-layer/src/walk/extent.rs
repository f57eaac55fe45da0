use super::content::Collector;
use super::cursor::{Cursor, Stop};
use super::extensions::{Pax, SparseFormat};
use super::header::Header;
use super::sparse::{Run, SparseMap};
use crate::{Entry, LayerError, LayerLimits, Visitor, Want};

/// The size of an entry, in the archive and in the file.
#[derive(Debug)]
pub(crate) struct Extent {
    /// Bytes in the archive.
    pub(crate) stored: u64,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// For a sparse file, where its segments are described.
    sparse: Option<Sparse>,
}

#[derive(Debug)]
enum Sparse {
    Known(SparseMap),
    /// The map precedes the data.
    InData,
}

impl Extent {
    /// Describes an entry whose data are of no interest.
    pub(crate) fn of_other(stored: u64) -> Self {
        Self {
            stored,
            size: 0,
            sparse: None,
        }
    }

    /// Finds out the size of a file, and reads what stands before its data.
    pub(crate) fn of_file(
        stored: u64,
        header: &Header,
        pax: &mut Pax,
        cursor: &mut Cursor<'_>,
        limits: &LayerLimits,
    ) -> Result<Self, Stop> {
        let (size, sparse) = if header.kind() == b'S' {
            let map = SparseMap::read_gnu(header, cursor, limits.sparse_segments())?;
            let size = header
                .sparse_size()
                .ok_or_else(|| cursor.damaged("a sparse file has no size"))?;
            (size, Some(Sparse::Known(map)))
        } else if let Some(format) = pax.sparse_format() {
            let sparse = match format {
                SparseFormat::MapInHeader => Sparse::Known(pax.take_map()),
                SparseFormat::MapInData => Sparse::InData,
            };
            (pax.sparse_size().unwrap_or(stored), Some(sparse))
        } else {
            (stored, None)
        };
        Ok(Self {
            stored,
            size,
            sparse,
        })
    }
}

impl Collector<'_> {
    /// Delivers what is wanted of a file whose data are next. They may not all be consumed
    /// afterwards.
    pub(crate) fn deliver_extent(
        &mut self,
        cursor: &mut Cursor<'_>,
        entry: &Entry<'_>,
        want: Want,
        extent: Extent,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Stop> {
        if extent.sparse.is_none() {
            return self.deliver(cursor, entry, want, visitor).map(|_| ());
        }
        let length = match self.length(entry, want) {
            Ok(length) => length,
            Err(why) => {
                visitor.lost(entry, why);
                return Ok(());
            }
        };
        let start = cursor.position();
        let map = match extent.sparse {
            None => return Ok(()),
            Some(Sparse::Known(map)) => Ok(map),
            Some(Sparse::InData) => {
                SparseMap::read_pax(cursor, extent.stored, self.limits().sparse_segments())?
            }
        };
        let stored = extent.stored.saturating_sub(cursor.position() - start);
        let runs = map.and_then(|map| {
            map.runs(extent.size, stored, length)
                .ok_or("sparse file with an invalid map")
        });
        match runs {
            Ok(runs) => {
                self.count_holes(&runs, cursor.position())?;
                self.deliver_runs(cursor, &runs, entry, visitor)
            }
            Err(why) => {
                visitor.lost(entry, why.to_owned());
                Ok(())
            }
        }
    }

    /// Counts holes as uncompressed bytes, because delivering them costs as much.
    fn count_holes(&mut self, runs: &[Run], offset: u64) -> Result<(), Stop> {
        for run in runs {
            if let Run::Hole(length) = run {
                self.holes = self.holes.saturating_add(*length);
            }
        }
        let limit = self.limits().uncompressed_bytes;
        if self.holes.saturating_add(offset) > limit {
            return Err(Stop::Failed(LayerError::TooManyBytes { limit, offset }));
        }
        Ok(())
    }
}
