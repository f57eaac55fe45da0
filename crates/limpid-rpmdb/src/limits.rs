/// How much a database may ask of its reader.
///
/// Independent of these, the headers of a database may together not hold more than twice the bytes
/// that the database has: in a sound one no two headers share bytes, in a crafted one thousands may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of one package's header, which is held in memory. rpm itself refuses 256 MiB.
    pub header_bytes: u64,
    /// Headers in one database; those after the limit are not read.
    pub packages: usize,
    /// Paths of owned files in one database; those after the limit are left out.
    pub files: usize,
    /// Length of all paths of owned files in one database together. A header names each directory
    /// once, so the paths that come out are many times longer than the header.
    pub path_bytes: usize,
    /// Size of a sqlite database, which is held in memory whole; the other formats are not.
    pub sqlite_bytes: u64,
    /// Problems that are reported one by one; the others are only counted.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 64 << 20,
            packages: 100_000,
            files: 5_000_000,
            path_bytes: 512 << 20,
            sqlite_bytes: 512 << 20,
            problems: 100,
        }
    }
}
