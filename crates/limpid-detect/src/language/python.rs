//! Python: what installers leave beside a package.
//!
//! | file | left by |
//! |---|---|
//! | `NAME-VERSION.dist-info/METADATA` | wheels: pip, uv, poetry, … |
//! | `NAME.egg-info/PKG-INFO` | setuptools |
//! | `NAME.egg-info`, a file | distutils |
//! | `NAME.egg/EGG-INFO/PKG-INFO` | eggs |
//!
//! All of them are header blocks as in e-mail, of which `Name` and `Version` are used. See "Core
//! metadata specifications" of the Python Packaging User Guide.

use std::io::BufRead;

use limpid_types::{DatabaseKind, Ecosystem, PackageRecord};

use super::{File, Format, Found, Path};
use crate::detector::reader;
use crate::lines::{Lines, text};

/// What is read of Python.
pub(super) const FORMATS: &[Format] = &[Format {
    kind: DatabaseKind::LanguagePackage,
    matches: is_metadata,
    starts: None,
    most_bytes: 64 << 20,
    read: read_metadata,
}];

fn is_metadata(path: &Path<'_>) -> bool {
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
        .is_some_and(|egg| egg.ends_with(".egg"))
}

/// Reads the headers of a metadata file.
fn read_metadata(file: &File<'_>, found: &mut Found<'_>) {
    match headers(reader(&file.content)) {
        Ok((name, version)) if name.is_empty() || version.is_empty() => {
            found.unreadable("has no name or no version");
        }
        Ok((name, version)) => {
            found.package(PackageRecord {
                name: Ecosystem::Pypi.normalize(&name).into_owned(),
                version,
                ecosystem: Some(Ecosystem::Pypi),
                ..PackageRecord::default()
            });
        }
        Err(error) => found.unreadable(error.to_string()),
    }
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
    use super::super::read_file;

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
}
