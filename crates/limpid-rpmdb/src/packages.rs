use limpid_types::{DatabaseKind, PackageRecord, Problem};

use crate::collector::Collector;
use crate::{Error, Limits, ReadAt, bdb, ndb, sqlite};

/// Bytes that [`sniff`] needs.
const SNIFFED_BYTES: usize = 16;

/// Tells the format of an rpm database from its first 16 bytes.
pub fn sniff(start: &[u8]) -> Option<DatabaseKind> {
    if start.starts_with(sqlite::MAGIC) {
        Some(DatabaseKind::RpmSqlite)
    } else if start.starts_with(ndb::MAGIC) {
        Some(DatabaseKind::RpmNdb)
    } else if bdb::byte_order(start).is_some() {
        Some(DatabaseKind::RpmBdb)
    } else {
        None
    }
}

/// Reads every package of an rpm database.
///
/// `wal` is the `rpmdb.sqlite-wal` that lay beside the database, which may hold newer pages; the
/// other two formats have none. `on_package` gets each package with the paths of the files that it
/// owns, without leading slash; it need not take them. Packages come in the order of the database.
///
/// Returns what could not be read. The subject of a problem is the record (the package's name if
/// that much is known), and its offset is in the database.
///
/// Fails only when the database cannot be opened at all, and then without having called
/// `on_package`.
pub fn read_packages(
    database: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    limits: &Limits,
    on_package: &mut dyn FnMut(PackageRecord, &mut dyn Iterator<Item = String>),
) -> Result<Vec<Problem>, Error> {
    if database.len() < SNIFFED_BYTES as u64 {
        return Err(Error::UnknownFormat);
    }
    let mut start = [0; SNIFFED_BYTES];
    database
        .read_at(0, &mut start)
        .map_err(|source| Error::Read { offset: 0, source })?;
    let wal_bytes = wal.map_or(0, ReadAt::len);
    let total_bytes = database.len().saturating_add(wal_bytes);
    let mut collector = Collector::new(limits, total_bytes, on_package);
    match sniff(&start).ok_or(Error::UnknownFormat)? {
        DatabaseKind::RpmSqlite => sqlite::read(database, wal, &mut collector)?,
        DatabaseKind::RpmNdb => ndb::read(database, &mut collector)?,
        _ => bdb::read(database, &mut collector)?,
    }
    Ok(collector.into_problems())
}
