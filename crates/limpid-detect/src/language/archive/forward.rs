//! Archives that come as a stream: one local header after the other, until the central directory.

use std::io::{self, BufRead, Read};

use super::member::{LOCAL, LOCAL_BYTES, Member, Method, inflated, u16_at, u32_at, widen};
use super::{Bounds, Content, Members, damaged};

/// What may come behind the last member: the central directory and the end records, and what
/// Android's signatures put before them.
const BEHIND: [[u8; 4]; 3] = [*b"PK\x01\x02", *b"PK\x05\x06", *b"PK\x06\x06"];

/// What a descriptor may start with.
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Goes through the members. Returns false when it is no archive.
pub(super) fn walk(stream: &mut dyn BufRead, bounds: &Bounds, members: &mut dyn Members) -> bool {
    let mut signature = [0; 4];
    let is_archive = stream.read_exact(&mut signature).is_ok();
    if !is_archive || signature != LOCAL {
        return BEHIND.contains(&signature);
    }
    let mut member = Member::default();
    while signature == LOCAL {
        match walk_member(stream, &mut member, bounds, members) {
            Ok(next) => signature = next,
            Err(error) => {
                members.lose(b"", error);
                return true;
            }
        }
    }
    if !BEHIND.contains(&signature) {
        members.lose(b"", damaged("there is no member where one should be"));
    }
    true
}

/// Reads one member, whose signature was read, and returns the signature behind it.
fn walk_member(
    stream: &mut dyn BufRead,
    member: &mut Member,
    bounds: &Bounds,
    members: &mut dyn Members,
) -> io::Result<[u8; 4]> {
    bounds.count_member()?;
    let is_wide = read_header(stream, member)?;
    let is_wanted = members.wants(&member.name);
    if member.has_descriptor() && member.packed == 0 {
        walk_unmeasured(stream, member, is_wanted, bounds, members)?;
        return behind_descriptor(stream, is_wide);
    }
    let mut data = stream.take(member.packed);
    if is_wanted && let Err(error) = take(&mut data, member, bounds, members) {
        members.lose(&member.name, error);
    }
    io::copy(&mut data, &mut io::sink())?;
    if data.limit() > 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if member.has_descriptor() {
        return behind_descriptor(stream, is_wide);
    }
    read_signature(stream)
}

/// Reads a local header behind its signature. Tells whether its sizes have 64 bits.
fn read_header(stream: &mut dyn BufRead, member: &mut Member) -> io::Result<bool> {
    let mut fixed = [0; LOCAL_BYTES];
    stream.read_exact(&mut fixed[LOCAL.len()..])?;
    member.name.resize(usize::from(u16_at(&fixed, 26)), 0);
    stream.read_exact(&mut member.name)?;
    let mut extra = vec![0; usize::from(u16_at(&fixed, 28))];
    stream.read_exact(&mut extra)?;
    member.flags = u16_at(&fixed, 6);
    member.method = u16_at(&fixed, 8);
    let (narrow, mut size) = (u32_at(&fixed, 18), u32_at(&fixed, 22));
    member.packed = narrow;
    widen(&extra, &mut [&mut size, &mut member.packed]);
    Ok(member.packed != narrow)
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
/// signature behind them.
fn behind_descriptor(stream: &mut dyn BufRead, is_wide: bool) -> io::Result<[u8; 4]> {
    let sizes = if is_wide { 16 } else { 8 };
    let checksum = if read_signature(stream)? == DESCRIPTOR {
        4
    } else {
        0
    };
    let mut rest = [0; 20];
    let rest = rest.get_mut(..sizes + checksum).unwrap_or_default();
    stream.read_exact(rest)?;
    read_signature(stream)
}

fn read_signature(stream: &mut dyn BufRead) -> io::Result<[u8; 4]> {
    let mut signature = [0; 4];
    stream.read_exact(&mut signature)?;
    Ok(signature)
}
