//! Giving back to the file system what deleted rows took.

use rusqlite::{Result, Transaction};

/// Free pages of 4 KiB that stay in the file, because the next rows will want them.
const PAGES_TO_KEEP: i64 = 256;

/// Pages that one transaction gives back at most, so that nobody waits for it long.
const PAGES_AT_ONCE: i64 = 2048;

/// Shortens the database by free pages, if it has more than it should keep.
///
/// The file itself is shortened when SQLite next copies its log into it.
pub(crate) fn reclaim(transaction: &Transaction<'_>) -> Result<()> {
    let free: i64 = transaction.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let pages = free.saturating_sub(PAGES_TO_KEEP).min(PAGES_AT_ONCE);
    if pages > 0 {
        let mut vacuum = transaction.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut steps = vacuum.query([])?;
        // Each row stands for one page, which is given back when the row is asked for.
        while steps.next()?.is_some() {}
    }
    Ok(())
}
