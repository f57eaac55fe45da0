use std::cell::Cell;
use std::io;

use super::damaged;

/// How much work one file may make, with everything that is packed into it.
///
/// Members may share their data, so that a small file unfolds into any number of archives; what it
/// costs is therefore counted over all of them.
pub(in crate::language) struct Bounds {
    bytes: Cell<u64>,
    members: Cell<u64>,
    archives: Cell<u64>,
}

/// What any file may cost, in bytes that are read or inflated.
const LEAST_BYTES: u64 = 64 << 20;

/// What a file may cost beyond that, for each byte that it has. Classes shrink to a half or a
/// third; hostile data inflates to a thousand times its size.
const BYTES_PER_BYTE: u64 = 64;

/// What no file may cost more than.
const MOST_BYTES: u64 = 16 << 30;

/// The most members that are looked at.
const MOST_MEMBERS: u64 = 4_000_000;

/// The most archives in archives; large applications have some thousand.
const MOST_ARCHIVES: u64 = 10_000;

impl Bounds {
    /// Makes the bounds for a file of so many bytes.
    pub(in crate::language) fn of_file(size: u64) -> Self {
        let bytes = size.saturating_mul(BYTES_PER_BYTE);
        Self {
            bytes: Cell::new(bytes.saturating_add(LEAST_BYTES).min(MOST_BYTES)),
            members: Cell::new(MOST_MEMBERS),
            archives: Cell::new(MOST_ARCHIVES),
        }
    }

    /// Counts bytes that were read or inflated.
    pub(super) fn count_bytes(&self, bytes: usize) -> io::Result<()> {
        count(&self.bytes, bytes as u64, "it unfolds into too much data")
    }

    /// Counts a member that is looked at.
    pub(super) fn count_member(&self) -> io::Result<()> {
        count(&self.members, 1, "it has too many members")
    }

    /// Counts an archive in an archive.
    pub(in crate::language) fn count_archive(&self) -> io::Result<()> {
        count(&self.archives, 1, "it has too many archives")
    }
}

fn count(left: &Cell<u64>, amount: u64, why: &str) -> io::Result<()> {
    let rest = left.get().checked_sub(amount);
    // Whoever goes on in spite of it gets nothing more.
    left.set(rest.unwrap_or(0));
    rest.map(drop).ok_or_else(|| damaged(why))
}
