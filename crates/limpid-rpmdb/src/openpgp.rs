//! Finds out which key made an `OpenPGP` signature, without verifying anything.
//!
//! | Part of the packet | Content |
//! |---|---|
//! | tag byte | bit 7 set; bit 6 set: new form, tag in bits 0-5; else old form, tag in bits 2-5 |
//! | length | 1, 2 or 4 bytes; new form also 5 |
//! | version 3 body | 3, 5, type, time (4), key id (8), … |
//! | version 4 body | 4, type, key algorithm, hash, size (2), hashed subpackets, size (2), others |
//! | version 6 body | as 4, but sizes have 4 bytes |
//! | subpacket | length (1, 2 or 5 bytes), type, content |
//!
//! See RFC 9580, sections 4.2 and 5.2.

use std::fmt;

use crate::byte_order::ByteOrder::Big;

const SIGNATURE_PACKET: u8 = 2;
const ISSUER_KEY_ID: u8 = 16;
const ISSUER_FINGERPRINT: u8 = 33;

/// The short name of a key; shown as 16 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// Returns the key that made the signature in the first packet, if that is a signature.
pub(crate) fn issuer(packet: &[u8]) -> Option<KeyId> {
    let body = signature_body(packet)?;
    let (areas, size_bytes) = match *body.first()? {
        2 | 3 => return Some(KeyId(*body.get(7..)?.first_chunk()?)),
        4 | 5 => (body.get(4..)?, 2),
        6 => (body.get(4..)?, 4),
        _ => return None,
    };
    let (hashed, rest) = subpacket_area(areas, size_bytes)?;
    // A broken second area must not hide what the first one says.
    let unhashed = subpacket_area(rest, size_bytes).map_or(&[][..], |(area, _)| area);
    Subpackets(hashed)
        .chain(Subpackets(unhashed))
        .find_map(key_id)
}

/// Returns the content of a signature packet, cut at its end where that is known.
fn signature_body(packet: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = packet.split_first()?;
    if first & 0x80 == 0 {
        return None;
    }
    let (tag, length, body) = if first & 0x40 != 0 {
        let (length, body) = length(rest)?;
        (first & 0x3f, length, body)
    } else {
        let (length, size_bytes) = match first & 3 {
            0 => (usize::from(*rest.first()?), 1),
            1 => (usize::from(Big.u16(rest, 0)?), 2),
            2 => (Big.u32(rest, 0)? as usize, 4),
            _ => (rest.len(), 0),
        };
        (first >> 2 & 0xf, length, rest.get(size_bytes..)?)
    };
    let body = body.get(..length).unwrap_or(body);
    (tag == SIGNATURE_PACKET).then_some(body)
}

/// Takes a length in the form that new packets and subpackets share.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..192 => Some((first.into(), rest)),
        192..255 => {
            let (&second, rest) = rest.split_first()?;
            Some((
                ((usize::from(first) - 192) << 8) + usize::from(second) + 192,
                rest,
            ))
        }
        255 => Some((Big.u32(rest, 0)? as usize, rest.get(4..)?)),
    }
}

fn subpacket_area(bytes: &[u8], size_bytes: usize) -> Option<(&[u8], &[u8])> {
    let size = match size_bytes {
        2 => Big.u16(bytes, 0)?.into(),
        _ => Big.u32(bytes, 0)? as usize,
    };
    bytes.get(size_bytes..)?.split_at_checked(size)
}

/// The subpackets of an area; ends early where the area is broken.
struct Subpackets<'a>(&'a [u8]);

impl<'a> Iterator for Subpackets<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = length(self.0)?;
        let (subpacket, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(subpacket)
    }
}

fn key_id(subpacket: &[u8]) -> Option<KeyId> {
    let (&kind, content) = subpacket.split_first()?;
    // The highest bit only says that whoever does not know the type must give up.
    match (kind & 0x7f, content) {
        (ISSUER_KEY_ID, content) => content.first_chunk().copied().map(KeyId),
        (ISSUER_FINGERPRINT, [4, fingerprint @ ..]) => fingerprint.last_chunk().copied().map(KeyId),
        (ISSUER_FINGERPRINT, [5 | 6, fingerprint @ ..]) => {
            fingerprint.first_chunk().copied().map(KeyId)
        }
        _ => None,
    }
}

/// Decodes base64 with the usual alphabet, ignoring white space and padding.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut bits = 0_u32;
    let mut bit_count = 0;
    for &letter in text {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ if letter.is_ascii_whitespace() => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            let [.., byte] = (bits >> bit_count).to_be_bytes();
            bytes.push(byte);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 8] = [0x19, 0x9e, 0x2f, 0x91, 0xfd, 0x43, 0x1d, 0x51];

    fn check(packet: &[u8], expected: Option<&str>) {
        assert_eq!(
            issuer(packet).map(|key| key.to_string()).as_deref(),
            expected
        );
    }

    fn version_4(hashed: &[u8], unhashed: &[u8]) -> Vec<u8> {
        let size = |area: &[u8]| u16::try_from(area.len()).unwrap().to_be_bytes();
        let body = [
            &[4, 0, 1, 8][..],
            &size(hashed),
            hashed,
            &size(unhashed),
            unhashed,
            &[0, 0],
        ]
        .concat();
        [&[0xc2, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    }

    #[test]
    fn a_version_3_signature_names_its_key_at_a_fixed_place() {
        let body = [&[3, 5, 0, 1, 2, 3, 4][..], &KEY, &[1, 8, 0, 0]].concat();
        let length = u8::try_from(body.len()).unwrap();
        check(
            &[&[0x88, length], &body[..]].concat(),
            Some("199e2f91fd431d51"),
        );
        check(
            &[&[0x89, 0, length], &body[..]].concat(),
            Some("199e2f91fd431d51"),
        );
        check(
            &[&[0x8a, 0, 0, 0, length], &body[..]].concat(),
            Some("199e2f91fd431d51"),
        );
    }

    #[test]
    fn a_version_4_signature_names_its_key_in_a_subpacket_of_either_area() {
        let created = [5, 2, 0, 0, 0, 0];
        let issuer = [&[9, 16][..], &KEY].concat();
        check(&version_4(&created, &issuer), Some("199e2f91fd431d51"));
        check(
            &version_4(&[&created[..], &issuer].concat(), &[]),
            Some("199e2f91fd431d51"),
        );
        check(&version_4(&created, &[]), None);
    }

    #[test]
    fn a_fingerprint_ends_in_the_key_id_or_begins_with_it_by_version() {
        let old = [&[22, 33, 4][..], &[0xaa; 12], &KEY].concat();
        check(&version_4(&old, &[]), Some("199e2f91fd431d51"));
        let new = [&[34, 33, 6][..], &KEY, &[0xaa; 24]].concat();
        check(&version_4(&new, &[]), Some("199e2f91fd431d51"));
    }

    #[test]
    fn what_is_no_signature_has_no_key() {
        check(&[], None);
        check(&[0x88], None);
        check(&[0x02, 3, 0, 0], None);
        check(&[0x99, 0, 0], None);
        check(&[0xc2, 255, 255, 255, 255, 255, 4], None);
    }

    #[test]
    fn base64_ends_at_the_padding_and_refuses_other_letters() {
        assert_eq!(decode_base64(b"aGVs\nbG8=").unwrap(), b"hello");
        assert_eq!(decode_base64(b"+/+/").unwrap(), [0xfb, 0xff, 0xbf]);
        assert_eq!(decode_base64(b"a-b"), None);
    }
}
