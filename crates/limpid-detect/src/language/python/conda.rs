//! `conda-meta/*.json`: what conda has installed.
//!
//! A package of conda is one of Python if it says so (`noarch: python`) or puts files into
//! `site-packages`. Most of these bring metadata of their own, by the name that the index knows
//! them by, and which goes when pip replaces the package while conda's record stays: those are not
//! listed from here. Packages that are not Python's are none of the index; no advisories speak of
//! them by conda's names.

use serde::de::{MapAccess, SeqAccess};

use super::super::json::{self, Reader, Scalar};
use super::super::{File, Found, Path};
use super::package;

/// Tells conda's records by their path.
pub(super) fn is_record(path: &Path<'_>) -> bool {
    path.parent() == "conda-meta" && path.name.strip_suffix(".json").is_some()
}

/// Reads a record.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        let mut record = Record::default();
        source.into(&mut record)?;
        let is_python = record.is_python || record.files.has_modules;
        if is_python && !record.files.has_metadata {
            found.package(package(&record.name, record.version));
        }
        Ok(())
    });
}

#[derive(Default)]
struct Record {
    name: String,
    version: String,
    is_python: bool,
    files: Files,
}

impl Reader for Record {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "name" => self.name = json::text(values)?,
            "version" => self.version = json::text(values)?,
            "noarch" => self.is_python = json::text(values)? == "python",
            "files" => json::value(values, &mut self.files)?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

/// What the files of a package tell.
#[derive(Default)]
struct Files {
    has_modules: bool,
    has_metadata: bool,
}

impl Reader for Files {
    fn element<'de, A: SeqAccess<'de>>(&mut self, elements: &mut A) -> Result<bool, A::Error> {
        let Some(Scalar { text: path, .. }) = elements.next_element()? else {
            return Ok(false);
        };
        let path = Path::new(&path, false);
        self.has_modules |= path
            .directory
            .split('/')
            .any(|name| name == "site-packages");
        self.has_metadata |= super::metadata::is_metadata(&path);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    fn found(content: &str) -> Vec<String> {
        let path = "opt/conda/conda-meta/a-1.0-py311_0.json";
        let (packages, problems) = read_file(path, content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        let packages = packages.into_iter();
        packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    #[test]
    fn a_package_of_python_is_listed_unless_it_has_metadata_of_its_own() {
        for (rest, expected) in [
            (r#""noarch": "python", "files": []"#, vec!["a-b 1.0"]),
            (
                r#""files": ["lib/python3.11/site-packages/a.py"]"#,
                vec!["a-b 1.0"],
            ),
            (
                r#""noarch": "python", "files": ["site-packages/a-1.0.dist-info/METADATA"]"#,
                vec![],
            ),
            (r#""noarch": "generic", "files": ["bin/a"]"#, vec![]),
            (r#""noarch": null, "files": null"#, vec![]),
        ] {
            let content = format!(r#"{{"name": "A_b", "version": "1.0", {rest}}}"#);
            assert_eq!(found(&content), expected, "{rest}");
        }
    }
}
