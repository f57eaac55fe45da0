//! Metadata of installed packages: header blocks as in e-mail, of which `Name` and `Version` count.
//! See "Core metadata specifications" of the Python Packaging User Guide.
//!
//! The headers are to be UTF-8; bytes that are not are replaced. Some tools have written UTF-16
//! with a byte order mark, which is read too.

use std::io::{BufRead, Read};

use limpid_types::PackageRecord;

use super::super::{File, Found, Path};
use super::package;
use crate::detector::reader;
use crate::lines::{LONGEST_LINE, Lines, text};

/// Tells metadata of packages by its path.
pub(in crate::language) fn is_metadata(path: &Path<'_>) -> bool {
    let parent = path.parent();
    match path.name {
        "METADATA" => parent.ends_with(".dist-info"),
        "PKG-INFO" => parent.ends_with(".egg-info") || is_in_egg(path),
        name => name.ends_with(".egg-info"),
    }
}

fn is_in_egg(path: &Path<'_>) -> bool {
    path.directory
        .strip_suffix("/EGG-INFO")
        .is_some_and(|egg| egg.strip_suffix(".egg").is_some())
}

/// Reads the headers of a metadata file.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    match read_package(reader(&file.content)) {
        Ok(Some(package)) => {
            found.package(package);
        }
        Ok(None) => found.unreadable("has no name or no version"),
        Err(error) => found.unreadable(error.to_string()),
    }
}

/// Reads the package that headers describe; none without a name and a version.
pub(in crate::language) fn read_package(
    content: impl BufRead,
) -> std::io::Result<Option<PackageRecord>> {
    let (name, version) = decoded_headers(content)?;
    let is_whole = !name.is_empty() && !version.is_empty();
    Ok(is_whole.then(|| package(&name, version)))
}

fn decoded_headers(mut content: impl BufRead) -> std::io::Result<(String, String)> {
    let start = content.fill_buf()?;
    let unit: fn([u8; 2]) -> u16 = match start {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        [0xEF, 0xBB, 0xBF, ..] => {
            content.consume(3);
            return headers(content);
        }
        _ => return headers(content),
    };
    // The headers stand first, and are never longer.
    let mut start = Vec::new();
    content.take(LONGEST_LINE as u64).read_to_end(&mut start)?;
    let units = start.as_chunks().0.iter().copied().map(unit);
    let text: String = char::decode_utf16(units)
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .skip(1)
        .collect();
    headers(text.as_bytes())
}

/// Returns name and version, empty where they are not said. The first of several counts.
fn headers(content: impl BufRead) -> std::io::Result<(String, String)> {
    let (mut name, mut version) = (String::new(), String::new());
    let mut lines = Lines::new(content);
    while lines.advance()? {
        let line = lines.line();
        // An empty line ends the headers, and the description follows.
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let (key, value) = line.split_at(colon);
        let field = match key.to_ascii_lowercase().as_slice() {
            b"name" => &mut name,
            b"version" => &mut version,
            _ => continue,
        };
        if field.is_empty() {
            *field = text(value.get(1..).unwrap_or_default());
        }
    }
    Ok((name, version))
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    fn packages(path: &str, content: &str) -> Vec<(String, String)> {
        let (packages, _) = read_file(path, content.as_bytes()).unwrap();
        let packages = packages.into_iter();
        packages.map(|found| (found.name, found.version)).collect()
    }

    #[test]
    fn metadata_is_read_wherever_installers_leave_it() {
        let content = "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.2\n\nName: other\n";
        for path in [
            "usr/lib/python3/dist-packages/foo_bar-1.2.dist-info/METADATA",
            "app/foo.egg-info/PKG-INFO",
            "app/foo.egg-info",
            "app/foo-1.2-py3.egg/EGG-INFO/PKG-INFO",
        ] {
            let expected = [("foo-bar".to_owned(), "1.2".to_owned())];
            assert_eq!(packages(path, content), expected, "{path}");
        }
        for path in [
            "METADATA",
            "a/PKG-INFO",
            "a/EGG-INFO/PKG-INFO",
            "a/x.dist-info/RECORD",
        ] {
            assert_eq!(read_file(path, content.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn metadata_without_a_version_is_a_package_that_is_not_known() {
        let (packages, problems) = read_file("a.dist-info/METADATA", b"Name: a\n").unwrap();
        assert!(packages.is_empty());
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn metadata_is_read_in_whatever_encoding_it_is() {
        let content = "Name: a\r\nVersion: 1\r\nAuthor: \u{fc}\r\n";
        let utf_16 = |bytes: fn(u16) -> [u8; 2]| {
            let units = "\u{feff}".encode_utf16().chain(content.encode_utf16());
            units.flat_map(bytes).collect::<Vec<u8>>()
        };
        for content in [
            content.as_bytes().to_vec(),
            b"Author: \xfc\nName: a\nVersion: 1\n".to_vec(),
            [b"\xEF\xBB\xBF", content.as_bytes()].concat(),
            utf_16(u16::to_le_bytes),
            utf_16(u16::to_be_bytes),
        ] {
            let (packages, problems) = read_file("a.dist-info/METADATA", &content).unwrap();
            assert_eq!(problems, []);
            assert_eq!(packages.len(), 1);
            assert_eq!(packages[0].name, "a");
            assert_eq!(packages[0].version, "1");
        }
    }
}
