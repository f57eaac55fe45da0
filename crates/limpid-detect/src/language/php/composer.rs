//! Composer: `vendor/composer/installed.json` and `composer.lock`.
//!
//! Both have lists of packages with `name` and `version`: the lock in `packages`, the other too, or
//! as the document itself before Composer 2. `packages-dev` of a lock are for development and left
//! out; of what is installed nothing is. Packages of a folder (`dist` of type `path`) are parts of
//! the application.

use serde::de::{MapAccess, SeqAccess};

use super::super::application::is_of_application;
use super::super::json::{self, Reader};
use super::super::{File, Found, Path};
use super::package;

/// Tells the list of what is installed by its path.
pub(super) fn is_installed(path: &Path<'_>) -> bool {
    path.name == "installed.json" && path.parent() == "composer"
}

/// Tells locks by their path.
pub(super) fn is_lock(path: &Path<'_>) -> bool {
    path.name == "composer.lock" && is_of_application(path)
}

/// Reads the list of what is installed.
pub(super) fn read_installed(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        source.into(&mut Packages(found))
    });
}

/// Reads a lock.
pub(super) fn read_lock(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        source.into(&mut Packages(found))
    });
}

/// A list of packages, or a document that has one.
struct Packages<'a, 'f>(&'a mut Found<'f>);

impl Reader for Packages<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "packages" => json::value(values, self),
            _ => json::skip(values),
        }
    }

    fn element<'de, A: SeqAccess<'de>>(&mut self, elements: &mut A) -> Result<bool, A::Error> {
        let mut entry = Package::default();
        let is_there = json::next(elements, &mut entry)?;
        if !entry.dist.is_path {
            self.0.package(package(&entry.name, entry.version));
        }
        Ok(is_there)
    }
}

#[derive(Default)]
struct Package {
    name: String,
    version: String,
    dist: Dist,
}

impl Reader for Package {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "name" => self.name = json::text(values)?,
            "version" => self.version = json::text(values)?,
            "dist" => json::value(values, &mut self.dist)?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Dist {
    is_path: bool,
}

impl Reader for Dist {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "type" => self.is_path = json::text(values)? == "path",
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    fn found(path: &str, content: &str) -> Vec<String> {
        let (packages, problems) = read_file(path, content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        let packages = packages.into_iter();
        packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    #[test]
    fn what_is_installed_is_listed_in_both_forms() {
        let list = r#"[
            {"name": "Monolog/monolog", "version": "v1.2.3", "type": "library"},
            {"name": "app/part", "version": "dev-main", "dist": {"type": "path", "url": "part"}},
            {"name": "b/c", "version": "2.0.0", "dist": {"type": "zip", "url": "https://example.com"}}
        ]"#;
        let path = "app/vendor/composer/installed.json";
        let expected = ["b/c 2.0.0", "monolog/monolog v1.2.3"];
        assert_eq!(found(path, list), expected);
        let document =
            format!(r#"{{"packages": {list}, "dev": true, "dev-package-names": ["b/c"]}}"#);
        assert_eq!(found(path, &document), expected);
    }

    #[test]
    fn packages_for_development_of_a_lock_are_left_out() {
        let content = r#"{"packages": [{"name": "a/b", "version": "1.0"}],
            "packages-dev": [{"name": "c/d", "version": "1.0"}]}"#;
        assert_eq!(found("app/composer.lock", content), ["a/b 1.0"]);
    }
}
