use limpid_vulndb::{Error, Snapshot};
use xxhash_rust::xxh3::xxh3_64;

use crate::frame::{ENTRY_BYTES, TRAILER_BYTES, frame_checksum, sections, table, u32_at};
use crate::sample::{advisories, bytes, look_up};

/// Kind of the meta section.
const META: usize = 6;
/// Kinds of the sections that minor version 1 added.
const NOTES: usize = 10;
const NOTE_DIRECTORY: usize = 11;

/// Writes a snapshot as a later minor version might: with a section of an unknown kind, longer
/// entries in the section table, and further members in the meta section.
fn newer(whole: &[u8]) -> Vec<u8> {
    let trailer = &whole[whole.len() - TRAILER_BYTES..];
    let mut out = whole[..table(whole).start].to_vec();
    out[10..12].copy_from_slice(&9_u16.to_le_bytes());

    let extra = b"a section that nobody knows yet";
    let mut entries: Vec<_> = whole[table(whole)]
        .chunks(ENTRY_BYTES)
        .map(<[u8]>::to_vec)
        .collect();
    let sections = sections(whole);
    let meta = sections.iter().position(|(kind, _)| *kind == META).unwrap();
    let json = std::str::from_utf8(&whole[sections[meta].1.clone()]).unwrap();
    let json = json.replacen('{', r#"{"new":[1],"#, 1);
    entries[meta] = entry(META, out.len(), json.as_bytes());
    out.extend_from_slice(json.as_bytes());
    entries.insert(0, entry(1000, out.len(), extra));
    out.extend_from_slice(extra);

    let table_start = out.len();
    for entry in &entries {
        out.extend_from_slice(entry);
        out.extend_from_slice(b"new data");
    }
    for number in [entries.len(), ENTRY_BYTES + 8] {
        out.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    }
    let sum = frame_checksum(&out, table_start, out.len());
    out.extend_from_slice(&sum.to_le_bytes());
    out.extend_from_slice(&trailer[16..]);
    out
}

fn entry(kind: usize, offset: usize, content: &[u8]) -> Vec<u8> {
    let mut entry = (kind as u64).to_le_bytes().to_vec();
    for number in [offset as u64, content.len() as u64, xxh3_64(content)] {
        entry.extend_from_slice(&number.to_le_bytes());
    }
    entry
}

#[test]
fn what_a_newer_minor_version_adds_is_skipped() {
    let given = advisories();
    let snapshot = Snapshot::from_bytes(newer(&bytes(&given))).unwrap();
    assert_eq!(snapshot.records(), given.len() as u64);
    for advisory in &given {
        let found = look_up(&snapshot, &advisory.namespace, &advisory.package.name).unwrap();
        assert!(found.contains(advisory));
    }
}

#[test]
fn a_file_of_minor_version_0_has_no_notes() {
    let whole = bytes(&advisories());
    let without: Vec<_> = [NOTES, NOTE_DIRECTORY].to_vec();
    let snapshot = Snapshot::from_bytes(without_sections(&whole, &without)).unwrap();
    assert_eq!(snapshot.records(), advisories().len() as u64);
    assert_eq!(snapshot.note("frozen", "debian:buster").unwrap(), None);
    assert_eq!(snapshot.notes("frozen").count(), 0);
}

/// Writes a snapshot without some sections. They leave a gap, which readers do not mind.
fn without_sections(whole: &[u8], kinds: &[usize]) -> Vec<u8> {
    let table_start = table(whole).start;
    let mut out = whole[..table_start].to_vec();
    let entries = whole[table(whole)].chunks(ENTRY_BYTES);
    let kept: Vec<_> = entries
        .filter(|entry| !kinds.contains(&u32_at(entry, 0)))
        .collect();
    out.extend_from_slice(&kept.concat());
    for number in [kept.len(), ENTRY_BYTES] {
        out.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    }
    let sum = frame_checksum(&out, table_start, out.len());
    out.extend_from_slice(&sum.to_le_bytes());
    out.extend_from_slice(&whole[whole.len() - 8..]);
    out
}

#[test]
fn an_unknown_major_version_is_refused_with_both_versions() {
    let mut whole = bytes(&advisories());
    whole[8] = 9;
    let error = Snapshot::from_bytes(whole).unwrap_err();
    assert!(matches!(
        error,
        Error::UnsupportedFormat {
            found: 9,
            supported: 2
        }
    ));
    assert_eq!(
        error.to_string(),
        "unsupported snapshot format, this program reads 2, the file has: 9"
    );
}

#[test]
fn a_file_begins_and_ends_as_the_format_says() {
    let whole = bytes(&advisories());
    assert_eq!(whole[..12], *b"LIMPIDDB\x02\x00\x01\x00");
    assert_eq!(whole[whole.len() - 8..], *b"LIMPIDDB");
}
