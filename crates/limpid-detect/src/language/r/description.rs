//! `DESCRIPTION`: fields as in Debian's control files, one record. See "The DESCRIPTION file" of
//! "Writing R Extensions".

use std::io::BufRead;

use limpid_types::Ecosystem;

use super::super::{File, Found};
use super::{MIRRORS, package};
use crate::detector::reader;
use crate::lines::{Lines, text};

/// Reads a description.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    match fields(reader(&file.content)) {
        Ok(fields) => {
            if let Some(ecosystem) = fields.ecosystem() {
                found.package(package(ecosystem, fields.name, fields.version));
            }
        }
        Err(error) => found.unreadable(error.to_string()),
    }
}

#[derive(Default)]
struct Fields {
    name: String,
    version: String,
    priority: String,
    repository: String,
    is_built: bool,
    is_of_bioconductor: bool,
}

impl Fields {
    /// Returns where the package comes from; none if that is nowhere, or it is not installed.
    fn ecosystem(&self) -> Option<Ecosystem> {
        if !self.is_built || self.priority == "base" {
            None
        } else if self.is_of_bioconductor {
            Some(Ecosystem::Bioconductor)
        } else if MIRRORS.contains(&self.repository.as_str()) {
            Some(Ecosystem::Cran)
        } else {
            None
        }
    }
}

fn fields(content: impl BufRead) -> std::io::Result<Fields> {
    let mut fields = Fields::default();
    let mut lines = Lines::new(content);
    while lines.advance()? {
        let line = lines.line();
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let (key, value) = line.split_at(colon);
        let value = || text(value.get(1..).unwrap_or_default());
        match key {
            b"Package" => fields.name = value(),
            b"Version" => fields.version = value(),
            b"Priority" => fields.priority = value(),
            b"Repository" => fields.repository = value(),
            b"Built" => fields.is_built = true,
            b"biocViews" => fields.is_of_bioconductor = true,
            _ => {}
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use limpid_types::Ecosystem;

    use crate::language::read_file;

    #[test]
    fn installed_packages_of_a_repository_are_listed() {
        for (fields, expected) in [
            ("Repository: CRAN\nBuilt: R 4.2.0", Some(Ecosystem::Cran)),
            ("Repository: RSPM\r\nBuilt: R 4.2.0", Some(Ecosystem::Cran)),
            (
                "biocViews: Software\nBuilt: R 4.2.0",
                Some(Ecosystem::Bioconductor),
            ),
            ("Priority: base\nBuilt: R 4.2.0", None),
            ("Repository: https://example.com\nBuilt: R 4.2.0", None),
            ("RemoteType: github\nBuilt: R 4.2.0", None),
            ("Repository: CRAN", None),
        ] {
            let content = format!("Package: a\nVersion: 1.2-3\nTitle: A\n  Version: 9\n{fields}\n");
            let path = "usr/lib/R/site-library/a/DESCRIPTION";
            let (packages, problems) = read_file(path, content.as_bytes()).unwrap();
            assert_eq!(problems, []);
            let found = packages.first().map(|package| {
                assert_eq!(package.name, "a");
                assert_eq!(package.version, "1.2-3");
                package.ecosystem.unwrap()
            });
            assert_eq!(found, expected, "{fields}");
        }
    }
}
