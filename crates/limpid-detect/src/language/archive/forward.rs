//! Archives that come as a stream: one local header after the other, until the central directory.

use std::io::{self, BufRead, Read, Take};

use super::member::{LOCAL, LOCAL_BYTES, Member, Method, inflated, u16_at, u32_at, widen};
use super::{Bounds, Content, Members, damaged};

/// What may come behind the last member: the central directory and the end records.
const BEHIND: [[u8; 4]; 3] = [*b"PK\x01\x02", *b"PK\x05\x06", *b"PK\x06\x06"];

/// What a descriptor may start with.
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Goes through the members. Returns false when it is no archive, and an error when the rest of it
/// cannot be read.
pub(super) fn walk(
    stream: &mut dyn BufRead,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<bool> {
    let mut start = Vec::new();
    Read::take(&mut *stream, LOCAL.len() as u64).read_to_end(&mut start)?;
    let Ok(mut signature) = start.try_into() else {
        return Ok(false);
    };
    if signature != LOCAL {
        return Ok(BEHIND.contains(&signature));
    }
    let mut member = Member::default();
    while signature == LOCAL {
        signature = walk_member(stream, &mut member, bounds, members)?;
    }
    if BEHIND.contains(&signature) {
        return Ok(true);
    }
    Err(damaged("there is no member where one should be"))
}

/// Reads one member, whose signature was read, and returns the signature behind it.
fn walk_member(
    stream: &mut dyn BufRead,
    member: &mut Member,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<[u8; 4]> {
    bounds.count_member()?;
    read_header(stream, member)?;
    let is_wanted = members.wants(&member.name);
    if member.has_descriptor() && member.packed == 0 {
        walk_unmeasured(stream, member, is_wanted, bounds, members)?;
        return behind_descriptor(stream);
    }
    let mut data = Measured(stream.take(member.packed));
    if is_wanted && let Err(error) = take(&mut data, member, bounds, members) {
        members.lose(&member.name, error);
    }
    io::copy(&mut data, &mut io::sink())?;
    if member.has_descriptor() {
        return behind_descriptor(stream);
    }
    read_signature(stream)
}

/// Reads a local header behind its signature.
fn read_header(stream: &mut dyn BufRead, member: &mut Member) -> io::Result<()> {
    let mut fixed = [0; LOCAL_BYTES];
    stream.read_exact(&mut fixed[LOCAL.len()..])?;
    member.name.resize(usize::from(u16_at(&fixed, 26)), 0);
    stream.read_exact(&mut member.name)?;
    let mut extra = vec![0; usize::from(u16_at(&fixed, 28))];
    stream.read_exact(&mut extra)?;
    member.flags = u16_at(&fixed, 6);
    member.method = u16_at(&fixed, 8);
    member.packed = u32_at(&fixed, 18);
    widen(&extra, &mut [&mut u32_at(&fixed, 22), &mut member.packed]);
    Ok(())
}

/// Reads a member whose size follows it. Only deflated data says itself where it ends.
fn walk_unmeasured(
    stream: &mut dyn BufRead,
    member: &Member,
    is_wanted: bool,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<()> {
    let Method::Deflated = member.readable()? else {
        return Err(damaged("the size of a stored member is not known"));
    };
    let mut plain = inflated(stream, bounds);
    if is_wanted && let Err(error) = members.take(&member.name, Content::Stream(&mut plain)) {
        members.lose(&member.name, error);
    }
    io::copy(&mut plain, &mut io::sink()).map(drop)
}

fn take(
    data: &mut dyn BufRead,
    member: &Member,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<()> {
    match member.readable()? {
        Method::Stored => members.take(&member.name, Content::Stream(data)),
        Method::Deflated => {
            let mut plain = inflated(data, bounds);
            members.take(&member.name, Content::Stream(&mut plain))
        }
    }
}

/// Passes over checksum and sizes, before which there may be a signature, and returns the
/// signature behind them. Sizes have 32 bits or 64, which only that signature tells.
fn behind_descriptor(stream: &mut dyn BufRead) -> io::Result<[u8; 4]> {
    if read_signature(stream)? == DESCRIPTOR {
        read_signature(stream)?;
    }
    stream.read_exact(&mut [0; 8])?;
    let signature = read_signature(stream)?;
    if signature == LOCAL || BEHIND.contains(&signature) {
        return Ok(signature);
    }
    stream.read_exact(&mut [0; 4])?;
    read_signature(stream)
}

fn read_signature(stream: &mut dyn BufRead) -> io::Result<[u8; 4]> {
    let mut signature = [0; 4];
    stream.read_exact(&mut signature)?;
    Ok(signature)
}

/// Data of a known size, which it is an error not to have.
struct Measured<R>(Take<R>);

impl<R: BufRead> BufRead for Measured<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.0.limit();
        let data = self.0.fill_buf()?;
        if data.is_empty() && left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(data)
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<R: BufRead> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
