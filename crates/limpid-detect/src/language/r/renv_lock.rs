//! `renv.lock`: `Packages` maps names to `{"Package", "Version", "Source", "Repository"}`.
//!
//! `Source` is `Repository` for packages of CRAN and `Bioconductor` for those of Bioconductor.
//! Locks of old renv name no repository, or one by its address; packages of CRAN are those whose
//! repository is none, CRAN, or a mirror of it.

use limpid_types::Ecosystem;
use serde::de::MapAccess;

use super::super::json::{self, Only, Reader};
use super::super::{File, Found};
use super::{MIRRORS, package};

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        source.into(&mut Only("Packages", Packages(found)))
    });
}

struct Packages<'a, 'f>(&'a mut Found<'f>);

impl Reader for Packages<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        let mut entry = Package::default();
        json::value(values, &mut entry)?;
        if let Some(ecosystem) = entry.ecosystem() {
            self.0
                .package(package(ecosystem, key.to_owned(), entry.version));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Package {
    version: String,
    source: String,
    repository: String,
}

impl Package {
    fn ecosystem(&self) -> Option<Ecosystem> {
        let repository = self.repository.as_str();
        match self.source.as_str() {
            "Bioconductor" => Some(Ecosystem::Bioconductor),
            "CRAN" => Some(Ecosystem::Cran),
            "Repository" if repository.is_empty() || MIRRORS.contains(&repository) => {
                Some(Ecosystem::Cran)
            }
            _ => None,
        }
    }
}

impl Reader for Package {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "Version" => self.version = json::text(values)?,
            "Source" => self.source = json::text(values)?,
            "Repository" => self.repository = json::text(values)?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    #[test]
    fn packages_of_repositories_are_listed() {
        let content = r#"{
            "R": {"Version": "4.2.2", "Repositories": [{"Name": "CRAN", "URL": "https://example.com"}]},
            "Bioconductor": {"Version": "3.16"},
            "Packages": {
                "a": {"Package": "a", "Version": "1.0-1", "Source": "Repository", "Repository": "CRAN"},
                "b": {"Package": "b", "Version": "2.0", "Source": "Bioconductor", "git_url": ""},
                "c": {"Package": "c", "Version": "3.0", "Source": "GitHub"},
                "d": {"Package": "d", "Version": "4.0", "Source": "Repository", "Repository": "ours"}
            }
        }"#;
        let (packages, problems) = read_file("app/renv.lock", content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        let packages = packages.into_iter();
        let found: Vec<String> = packages
            .map(|package| {
                let ecosystem = package.ecosystem.unwrap();
                format!("{ecosystem} {} {}", package.name, package.version)
            })
            .collect();
        assert_eq!(found, ["CRAN a 1.0-1", "Bioconductor b 2.0"]);
    }
}
