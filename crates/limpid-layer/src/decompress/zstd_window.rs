//! How much memory a zstd frame asks for, read from its header before a decoder exists.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic `28 b5 2f fd` |
//! | 1 | descriptor: bits 7–6 size of the content size, bit 5 single segment, bits 1–0 dictionary |
//! | 0 or 1 | window: bits 7–3 exponent above 10, bits 2–0 eighths; absent for a single segment |
//! | 0, 1, 2 or 4 | dictionary |
//! | 0, 1, 2, 4 or 8 | content size, which is the window of a single segment |
//!
//! See RFC 8878, section 3.1.1.1.

/// Returns the window in bytes; 0 for a skippable frame or a header that is cut short, which the
/// decoder will find out for itself.
pub(crate) fn window_bytes(head: &[u8]) -> u64 {
    frame_window(head).unwrap_or(0)
}

fn frame_window(head: &[u8]) -> Option<u64> {
    let rest = head.strip_prefix(&[0x28, 0xb5, 0x2f, 0xfd])?;
    let (&descriptor, rest) = rest.split_first()?;
    let single_segment = descriptor & 0x20 != 0;
    if !single_segment {
        let window = u64::from(*rest.first()?);
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * (window & 7));
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let rest = rest.get(dictionary..)?;
    match descriptor >> 6 {
        0 => rest.first().map(|&size| u64::from(size)),
        1 => rest
            .first_chunk()
            .map(|&size| u64::from(u16::from_le_bytes(size)) + 256),
        2 => rest
            .first_chunk()
            .map(|&size| u64::from(u32::from_le_bytes(size))),
        _ => rest.first_chunk().map(|&size| u64::from_le_bytes(size)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

    #[test]
    fn the_window_is_read_from_every_form_of_header() {
        let cases: [(&[u8], u64); 7] = [
            (&[0x00, 0x58], 2 << 20),
            (&[0x00, 0x59], (2 << 20) + (2 << 20) / 8),
            (&[0x20, 200], 200),
            (&[0x60, 1, 0], 257),
            (&[0xa1, 9, 0, 0, 1, 0], 65_536),
            (&[0xe0, 0, 0, 0, 0, 1, 0, 0, 0], 1 << 32),
            (&[0xe0, 0, 0], 0),
        ];
        for (header, window) in cases {
            let head = [&MAGIC, header].concat();
            assert_eq!(window_bytes(&head), window, "{header:x?}");
        }
    }

    #[test]
    fn a_skippable_frame_needs_no_window() {
        assert_eq!(window_bytes(&[0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff]), 0);
    }
}
