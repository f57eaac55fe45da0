//! What `native-image` of Oracle's Graal puts into a program: the Maven artifacts that it was built
//! from.
//!
//! The symbol `sbom` is the address of a document compressed with gzip, `sbom_length` the address
//! of its length, a number of 8 bytes; Mach-O has a `_` before the names. The document is a
//! `CycloneDX` bill of materials in JSON, of which `components[].purl` is read. See "Software Bill
//! of Materials (SBOM) in Native Image" in its documentation. Programs for Windows, which export
//! the symbols another way, are not read.

use std::io::{BufReader, Read as _};

use flate2::read::GzDecoder;
use limpid_types::{Ecosystem, PackageRecord};
use memchr::memmem;
use object::Endianness;
use serde::de::{MapAccess, SeqAccess};

use super::super::Found;
use super::super::json::{self, Only, Reader};
use super::bytes::MOST_AT_ONCE;
use super::image::{Image, Kind, SymbolTable, word};

/// The most that the document may have, in bytes. A hundred artifacts need 100 KiB.
const MOST_JSON: u64 = 8 << 20;

/// How many pieces of [`MOST_AT_ONCE`] bytes of a symbol table are looked through.
const MOST_PIECES: u64 = 16;

/// Reads the list of artifacts, if there is one.
pub(super) fn read(image: &Image<'_>, found: &mut Found<'_>) {
    let Some((document, length)) = image.symbols.iter().find_map(|table| symbols(image, table))
    else {
        return;
    };
    let compressed = image.at_address(length, 8).and_then(|length| {
        let length = word(&length, 8, Endianness::Little)?;
        image.at_address(document, usize::try_from(length).ok()?)
    });
    let Some(compressed) = compressed else {
        return found.unreadable("has a list of artifacts that is not in the file");
    };
    let Some(_lease) = found.lease(MOST_JSON) else {
        return found.unreadable("the memory budget has no room for its list of artifacts");
    };
    if let Err(why) = read_document(&compressed, found) {
        found.unreadable(format!(
            "has a list of artifacts that cannot be read: {why}"
        ));
    }
}

/// Returns the addresses of the document and of its length.
fn symbols(image: &Image<'_>, table: &SymbolTable) -> Option<(u64, u64)> {
    let names = image.bytes.read_up_to(table.names_offset, table.names_size);
    // Few files have this name, and what follows takes time.
    memmem::find(&names, b"sbom_length\0")?;
    // All forms of a row begin with where the name is.
    let (row_bytes, value) = match (image.kind, image.address_bytes) {
        (Kind::MachO, 8) => (16, 8),
        (Kind::MachO, _) => (12, 8),
        (_, 8) => (24, 8),
        (_, _) => (16, 4),
    };
    let (mut document, mut length) = (None, None);
    let piece = (MOST_AT_ONCE / row_bytes * row_bytes) as u64;
    for number in 0..table.size.div_ceil(piece).min(MOST_PIECES) {
        let done = number * piece;
        let offset = table.offset.checked_add(done)?;
        let rows = image.bytes.read_up_to(offset, piece.min(table.size - done));
        for row in rows.chunks_exact(row_bytes) {
            let start = usize::try_from(word(row, 4, image.endian)?).ok()?;
            let name = names.get(start..).unwrap_or_default();
            let name = name.strip_prefix(b"_").unwrap_or(name);
            let address = image.word(row.get(value..)?);
            if name.starts_with(b"sbom\0") {
                document = address;
            } else if name.starts_with(b"sbom_length\0") {
                length = address;
            }
        }
        if let (Some(document), Some(length)) = (document, length) {
            return Some((document, length));
        }
    }
    None
}

fn read_document(compressed: &[u8], found: &mut Found<'_>) -> serde_json::Result<()> {
    let json = GzDecoder::new(compressed).take(MOST_JSON);
    json::read_stream(
        BufReader::new(json),
        &mut Only("components", Components(found)),
    )
}

struct Components<'a, 'b>(&'a mut Found<'b>);

impl Reader for Components<'_, '_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, elements: &mut A) -> Result<bool, A::Error> {
        let mut component = Component::default();
        let is_one = json::next(elements, &mut component)?;
        if let Some((name, version)) = artifact(&component.purl) {
            self.0.package(PackageRecord {
                name: Ecosystem::Maven.normalize(&name).into_owned(),
                version,
                ecosystem: Some(Ecosystem::Maven),
                ..PackageRecord::default()
            });
        }
        Ok(is_one)
    }
}

#[derive(Default)]
struct Component {
    purl: String,
}

impl Reader for Component {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "purl" => self.purl = json::text(values)?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

/// Returns name and version from `pkg:maven/GROUP/ARTIFACT@VERSION`.
fn artifact(purl: &str) -> Option<(String, String)> {
    let rest = purl.strip_prefix("pkg:maven/")?;
    let rest = rest.split(['?', '#']).next()?;
    let (name, version) = rest.rsplit_once('@')?;
    let (group, artifact) = name.split_once('/')?;
    let name = format!("{}:{}", decoded(group), decoded(artifact));
    Some((name, decoded(version)))
}

/// Resolves `%XX`; anything else stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = match code {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::artifact;

    #[test]
    fn a_purl_of_maven_is_a_group_and_an_artifact() {
        let expected = Some(("io.netty:netty-common".to_owned(), "4.1.9+x".to_owned()));
        let purl = "pkg:maven/io.netty/netty-common@4.1.9%2Bx?type=jar";
        assert_eq!(artifact(purl), expected);
        for purl in [
            "",
            "pkg:npm/a@1",
            "pkg:maven/a",
            "pkg:maven/a@1",
            "pkg:maven/a/b",
        ] {
            assert_eq!(artifact(purl), None, "{purl}");
        }
    }
}
