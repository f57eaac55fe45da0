use std::fs::File;

/// One entry of a layer, described by its metadata alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Path without leading slash, `.`, `..` or doubled slashes; empty for the root itself.
    /// Bytes that are not UTF-8 are replaced by U+FFFD.
    pub path: &'a str,
    /// What it is.
    pub kind: EntryKind,
    /// Size of the content in bytes; 0 for everything but files.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Target of a symbolic link (as written) or of a hard link (cleaned like `path`); else empty.
    pub link: &'a str,
    /// Offset of the entry's header in the uncompressed archive.
    pub offset: u64,
}

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file with content.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A second name for an earlier file of the same layer.
    HardLink,
    /// A device, a pipe or anything else.
    Other,
}

/// What a [`Visitor`] wants of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    Nothing,
    /// At most so many bytes from the start.
    Prefix(usize),
    /// Everything.
    Whole,
    /// Everything, if [`Visitor::confirm`] agrees when it has seen at most so many bytes from the
    /// start. A file of which nothing more is wanted is not copied. A sparse file is not asked
    /// about and comes whole.
    WholeAfter(usize),
}

/// The content of a file as a [`Visitor`] gets it.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// In memory: the wanted prefix, or everything.
    Memory(&'a [u8]),
    /// The same, in an unlinked temporary file at its start, because it is too large for memory.
    Spooled(&'a File),
}

/// Looks at the entries of a layer, in the order in which the archive has them.
pub trait Visitor {
    /// Decides from the metadata what is wanted of an entry. Only [`EntryKind::File`] has content.
    fn enter(&mut self, entry: &Entry<'_>) -> Want;

    /// Decides from the first bytes whether the rest of the entry that was just entered is wanted,
    /// see [`Want::WholeAfter`].
    fn confirm(&mut self, _entry: &Entry<'_>, _start: &[u8]) -> bool {
        true
    }

    /// Takes the wanted content of the entry that was just entered.
    fn content(&mut self, entry: &Entry<'_>, content: Content<'_>);

    /// Learns that the wanted content of the entry could not be had, and why. The walk goes on.
    fn lost(&mut self, entry: &Entry<'_>, why: String);
}
