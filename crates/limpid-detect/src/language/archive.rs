//! Zip archives, as Java and Python use them: bounded, and read no further than is wanted.
//!
//! | part | where | what is used of it |
//! |---|---|---|
//! | local header | before the data of each member | its length; all of it when read forward |
//! | central directory | behind the members | names, sizes, methods, where the members are |
//! | end records | at the end | where the central directory is |
//!
//! An archive that can be read anywhere, a [`Window`], is read by its central directory, and what is
//! not wanted is neither read nor inflated. One that only comes as a stream, because it is packed
//! into another and too large to be unpacked first, is read forward, and so is one whose end is
//! missing. The format is PKWARE's APPNOTE.TXT.
//!
//! Sizes in headers are hints: nothing is allocated for them, and data that is longer or shorter
//! is read as it is. Checksums are not compared: the layer's digest was. What a file may cost in
//! all, with everything that is packed into it, is in [`Bounds`].

mod bounds;
mod directory;
mod forward;
mod member;
mod window;

use std::io::{self, BufRead, BufReader};

pub(super) use bounds::Bounds;
pub(super) use window::Window;

use directory::Directory;
use member::{Member, Method, inflated};

/// An archive, or what is in a member of one.
pub(super) enum Content<'a> {
    /// It can be read anywhere.
    Window(Window<'a>),
    /// It can be read once, from its start.
    Stream(&'a mut dyn BufRead),
}

impl Content<'_> {
    /// Reads it from its start, once.
    pub(super) fn with_reader<T>(self, read: impl FnOnce(&mut dyn BufRead) -> T) -> T {
        match self {
            Self::Window(window) => read(&mut BufReader::new(window.reader())),
            Self::Stream(stream) => read(stream),
        }
    }
}

/// Looks at the members of an archive.
pub(super) trait Members {
    /// Decides from its name whether the content of a member is wanted.
    fn wants(&mut self, name: &[u8]) -> bool;

    /// Takes the content of a member that was wanted. An error is about this member only.
    fn take(&mut self, name: &[u8], content: Content<'_>) -> io::Result<()>;

    /// Learns that a member that was wanted cannot be read, or, without a name, the rest of the
    /// archive.
    fn lose(&mut self, name: &[u8], error: io::Error);
}

/// Goes through the members of an archive. Returns false when it is none.
pub(super) fn walk(content: Content<'_>, bounds: &Bounds, members: &mut dyn Members) -> bool {
    let walked = match content {
        Content::Stream(stream) => forward::walk(stream, bounds, members),
        Content::Window(window) => match Directory::find(window) {
            Ok(directory) => walk_directory(directory, window, bounds, members).map(|()| true),
            // Cut off, as a download that broke. Its beginning may still tell.
            Err(error) => {
                let mut stream = BufReader::new(window.reader());
                let walked = forward::walk(&mut stream, bounds, members);
                walked.and_then(|is_archive| if is_archive { Err(error) } else { Ok(false) })
            }
        },
    };
    walked.unwrap_or_else(|error| {
        members.lose(b"", error);
        true
    })
}

fn walk_directory(
    mut directory: Directory<'_>,
    window: Window<'_>,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<()> {
    while let Some(member) = directory.advance()? {
        bounds.count_member()?;
        if !members.wants(&member.name) {
            continue;
        }
        if let Err(error) = take(member, window, bounds, members) {
            members.lose(&member.name, error);
        }
    }
    Ok(())
}

fn take(
    member: &Member,
    window: Window<'_>,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<()> {
    let method = member.readable()?;
    let data = member.data(window)?;
    match method {
        Method::Stored if data.len() < member.packed => Err(io::ErrorKind::UnexpectedEof.into()),
        Method::Stored => members.take(&member.name, Content::Window(data)),
        Method::Deflated => {
            let packed = BufReader::with_capacity(PACKED_BYTES, data.reader());
            let mut plain = inflated(packed, bounds);
            members.take(&member.name, Content::Stream(&mut plain))
        }
    }
}

/// How many packed bytes are read at a time.
const PACKED_BYTES: usize = 32 << 10;

fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

#[cfg(test)]
mod tests;
