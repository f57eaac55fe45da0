use limpid_types::Details;

use crate::Error;
use crate::codec::{Cursor, put_bytes, put_varint};

/// The most bytes that the texts of one advisory may have; longer ones are cut on building.
///
/// Dates are kept up to 64 bytes each, then aliases up to an eighth and references up to a half
/// of the limit as long as whole ones fit, and the description gets the rest.
pub const MAX_DETAILS_BYTES: usize = 256 * 1024;
/// What ends a description that was cut.
pub const TRUNCATION_MARK: &str = " […]";

/// Room for what stands between the texts: lengths and counts.
const OVERHEAD_BYTES: usize = 64;
/// Bytes of a date that are kept when something has to be cut.
const MAX_DATE_BYTES: usize = 64;

/// Appends the encoded texts, cut to the limit.
pub(crate) fn encode(out: &mut Vec<u8>, details: &Details) {
    let start = out.len();
    encode_whole(out, details);
    if out.len() - start > MAX_DETAILS_BYTES {
        out.truncate(start);
        encode_whole(out, &cut(details));
    }
}

fn encode_whole(out: &mut Vec<u8>, details: &Details) {
    put_bytes(out, details.description.as_bytes());
    for list in [&details.aliases, &details.references] {
        put_varint(out, list.len() as u64);
        for text in list {
            put_bytes(out, text.as_bytes());
        }
    }
    for date in [&details.published, &details.modified, &details.withdrawn] {
        put_bytes(out, date.as_bytes());
    }
}

/// Decodes texts; bytes that follow are a newer version's and are skipped.
pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Details, Error> {
    let description = cursor.text()?.to_owned();
    let aliases = decode_list(cursor)?;
    let references = decode_list(cursor)?;
    let mut date = || cursor.text().map(str::to_owned);
    Ok(Details {
        description,
        aliases,
        references,
        published: date()?,
        modified: date()?,
        withdrawn: date()?,
    })
}

fn decode_list(cursor: &mut Cursor<'_>) -> Result<Vec<String>, Error> {
    let count = cursor.varint()?;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(cursor.text()?.to_owned());
    }
    Ok(list)
}

fn cut(details: &Details) -> Details {
    let date = |text: &String| text[..text.floor_char_boundary(MAX_DATE_BYTES)].to_owned();
    let mut cut = Details {
        aliases: cut_list(&details.aliases, MAX_DETAILS_BYTES / 8),
        references: cut_list(&details.references, MAX_DETAILS_BYTES / 2),
        description: String::new(),
        published: date(&details.published),
        modified: date(&details.modified),
        withdrawn: date(&details.withdrawn),
    };
    let mut used = Vec::new();
    encode_whole(&mut used, &cut);
    let room = MAX_DETAILS_BYTES - OVERHEAD_BYTES - used.len();
    cut.description.clone_from(&details.description);
    if cut.description.len() > room {
        let end = cut
            .description
            .floor_char_boundary(room - TRUNCATION_MARK.len());
        cut.description.truncate(end);
        cut.description.push_str(TRUNCATION_MARK);
    }
    cut
}

fn cut_list(list: &[String], room: usize) -> Vec<String> {
    let mut used = 0;
    list.iter()
        .take_while(|text| {
            used += text.len() + 3;
            used <= room
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Section;

    fn round_trip(details: &Details) -> Details {
        let mut out = Vec::new();
        encode(&mut out, details);
        assert!(out.len() <= MAX_DETAILS_BYTES, "{} bytes", out.len());
        out.push(0xff);
        decode(&mut Cursor::new(&out, Section::Texts, 0)).unwrap()
    }

    #[test]
    fn a_description_over_the_limit_is_cut_and_marked() {
        let details = Details {
            description: "ä".repeat(MAX_DETAILS_BYTES),
            published: "2024-01-01T00:00:00Z".into(),
            ..Details::default()
        };
        let read = round_trip(&details);
        let text = read.description.strip_suffix(TRUNCATION_MARK).unwrap();
        assert!(details.description.starts_with(text));
        assert!(text.len() > MAX_DETAILS_BYTES - 200);
        assert_eq!(read.published, details.published);
    }

    #[test]
    fn no_field_can_take_the_room_of_all() {
        let long = "x".repeat(MAX_DETAILS_BYTES * 2);
        let many: Vec<_> = (0..100_000)
            .map(|n| format!("https://example.org/{n}"))
            .collect();
        let details = Details {
            aliases: many.clone(),
            description: "short".into(),
            references: many.clone(),
            published: long.clone(),
            modified: long.clone(),
            withdrawn: long,
        };
        let read = round_trip(&details);
        assert_eq!(read.description, "short");
        assert!(many.starts_with(&read.references));
        assert!(read.references.len() > 1000 && read.aliases.len() > 1000);
    }

    #[test]
    fn texts_at_the_limit_are_not_cut() {
        let mut details = Details::default();
        let mut empty = Vec::new();
        encode(&mut empty, &details);
        // The length of the description itself takes three bytes instead of one.
        details.description = "x".repeat(MAX_DETAILS_BYTES - empty.len() - 2);
        assert_eq!(round_trip(&details), details);
    }
}
