//! `.registry/NAME.reg`: what PEAR has installed, as PHP serialises it.
//!
//! `name`, `channel` and `version` are used; the last is a text in old records, and an array with
//! `release` in others. Packages of PEAR's own channel are on Packagist as `pear/NAME`, which is
//! how advisories call them. Other channels, which have folders `.registry/.channel.NAME`, and the
//! extensions of PECL are not on Packagist and are not listed.

use limpid_layer::Content;

use super::super::{File, Found, Path};
use super::package;
use super::serialized::{Broken, Event, Events};

/// PEAR's own channel, which old records do not name.
const CHANNEL: &str = "pear.php.net";

/// Tells PEAR's records by their path.
pub(super) fn is_record(path: &Path<'_>) -> bool {
    path.parent() == ".registry" && path.name.strip_suffix(".reg").is_some()
}

/// Reads a record.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let Content::Memory(content) = file.content else {
        return found.unreadable("the memory budget has no room for it");
    };
    let Ok(record) = record(content) else {
        return found.unreadable("is not what PHP serialises");
    };
    if record.name.is_empty() || record.version.is_empty() {
        return found.unreadable("has no name or no version");
    }
    if record.channel.is_empty() || record.channel == CHANNEL {
        found.package(package(&format!("pear/{}", record.name), record.version));
    }
}

#[derive(Default)]
struct Record {
    name: String,
    channel: String,
    version: String,
}

/// Reads the array that a record is.
fn record(content: &[u8]) -> Result<Record, Broken> {
    let mut record = Record::default();
    let mut events = Events::new(content);
    // The keys that lead to the present value, at depths 1 and 2.
    let mut keys: [&[u8]; 2] = [b"", b""];
    while let Some(event) = events.next()? {
        let Event { depth, key, text } = event;
        match (depth, key) {
            (1, true) => keys = [text, b""],
            (2, true) => keys[1] = text,
            (1 | 2, false) => {
                let field = match (depth, keys) {
                    (1, [b"name" | b"package", _]) => &mut record.name,
                    (1, [b"channel", _]) => &mut record.channel,
                    (1, [b"version", _]) | (2, [b"version", b"release"]) => &mut record.version,
                    _ => continue,
                };
                if field.is_empty() {
                    *field = crate::lines::text(text);
                }
            }
            _ => {}
        }
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    /// Serialises texts as PHP does.
    fn array(members: &[(&str, String)]) -> String {
        let members = members.iter();
        let members: Vec<String> = members
            .map(|(key, value)| format!("{}{value}", text(key)))
            .collect();
        format!("a:2:{{{}}}", members.concat())
    }

    fn text(text: &str) -> String {
        format!("s:{}:\"{text}\";", text.len())
    }

    fn found(content: &str) -> Vec<String> {
        let path = "usr/local/lib/php/.registry/archive_tar.reg";
        let (packages, _) = read_file(path, content.as_bytes()).unwrap();
        let packages = packages.into_iter();
        packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    #[test]
    fn packages_of_pears_own_channel_are_listed_as_on_packagist() {
        let release = array(&[("api", text("1.4.0")), ("release", text("1.4.14"))]);
        let lead = array(&[("name", text("Somebody")), ("version", text("0"))]);
        for (channel, expected) in [
            ("pear.php.net", vec!["pear/archive_tar 1.4.14"]),
            ("pecl.php.net", vec![]),
        ] {
            let content = array(&[
                ("attribs", array(&[("version", text("2.0"))])),
                ("name", text("Archive_Tar")),
                ("channel", text(channel)),
                ("lead", lead.clone()),
                ("version", release.clone()),
                ("x", "b:1;i:2;N;d:0.5;".to_owned()),
            ]);
            assert_eq!(found(&content), expected);
        }
    }

    #[test]
    fn old_records_have_their_version_as_a_text() {
        let content = array(&[("package", text("PEAR")), ("version", text("1.9.4"))]);
        assert_eq!(found(&content), ["pear/pear 1.9.4"]);
    }

    #[test]
    fn what_is_broken_is_a_problem() {
        for content in [
            "",
            "a:1:{",
            "a:1:{s:99999999999:\"a\";}",
            "s:4:\"name\";",
            "a:0:{}",
        ] {
            let (packages, problems) = read_file(".registry/a.reg", content.as_bytes())
                .or_else(|| read_file("x/.registry/a.reg", content.as_bytes()))
                .unwrap();
            assert!(packages.is_empty(), "{content}");
            assert_eq!(problems.len(), 1, "{content}");
        }
    }
}
