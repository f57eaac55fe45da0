//! `Pipfile.lock`, of pipenv: `default` maps names to `{"version": "==1.0"}`.
//!
//! `develop` and other categories are not for running the application and are left out. Entries
//! from a repository or a folder have no version, or say that they do, and are passed over.

use serde::de::MapAccess;

use super::super::json::{self, Only, Reader};
use super::super::{File, Found};
use super::package;

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        source.into(&mut Only("default", Packages(found)))
    });
}

struct Packages<'a, 'f>(&'a mut Found<'f>);

impl Reader for Packages<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        let mut entry = Entry::default();
        json::value(values, &mut entry)?;
        if let Some(version) = entry.version.strip_prefix("==")
            && !entry.is_elsewhere
        {
            self.0.package(package(key, version.trim().to_owned()));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Entry {
    version: String,
    /// It does not come from an index.
    is_elsewhere: bool,
}

impl Reader for Entry {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "version" => self.version = json::text(values)?,
            "git" | "hg" | "svn" | "bzr" | "path" | "file" => {
                self.is_elsewhere = true;
                json::skip(values)?;
            }
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    #[test]
    fn default_packages_of_the_index_are_listed() {
        let content = r#"{
            "_meta": {"sources": [{"name": "pypi"}]},
            "default": {
                "Django": {"hashes": ["sha256:00"], "index": "pypi", "version": "==4.2.1"},
                "mine": {"editable": true, "path": "."},
                "theirs": {"git": "https://example.com/theirs", "ref": "0", "version": "==1"},
                "any": {"version": "*"}
            },
            "develop": {"pytest": {"version": "==7.0"}}
        }"#;
        let (packages, problems) = read_file("app/Pipfile.lock", content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].name, "django");
        assert_eq!(packages[0].version, "4.2.1");
    }
}
