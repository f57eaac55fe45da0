//! `package-lock.json` and `npm-shrinkwrap.json`. See "package-lock.json" of npm's documentation.
//!
//! | version | member | of it |
//! |---|---|---|
//! | 2, 3 | `packages` | keys are places, `…/node_modules/NAME`; others are members of a workspace |
//! | 1 | `dependencies` | keys are names; with `dependencies` of their own |
//!
//! A lock of version 2 has both, which say the same. Left out are packages for development (`dev`),
//! links, and those that come from a repository or a folder.

use serde::de::MapAccess;

use super::super::json::{self, Reader};
use super::super::{File, Found};
use super::{is_version, name_and_rest, package};

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        source.into(&mut Lock {
            found,
            has_packages: false,
        })
    });
}

struct Lock<'a, 'f> {
    found: &'a mut Found<'f>,
    has_packages: bool,
}

impl Reader for Lock<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "packages" => {
                self.has_packages = true;
                json::value(values, &mut Packages(self.found))
            }
            "dependencies" if !self.has_packages => {
                json::value(values, &mut Dependencies(self.found))
            }
            _ => json::skip(values),
        }
    }
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
        if let Some((_, folder)) = key.rsplit_once("node_modules/")
            && !entry.is_development
            && !entry.is_link
            && is_from_registry(&entry.resolved)
        {
            // An alias has a folder of another name.
            let name = if entry.name.is_empty() {
                folder
            } else {
                &entry.name
            };
            self.0.package(package(name, entry.version));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Package {
    name: String,
    version: String,
    resolved: String,
    is_development: bool,
    is_link: bool,
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
            "resolved" => self.resolved = json::text(values)?,
            "dev" => self.is_development = json::flag(values)?,
            "link" => self.is_link = json::flag(values)?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

/// Tells archives, which registries have, from repositories and folders. A package that is bundled
/// with another, or a lock that does not name registries, says nothing.
fn is_from_registry(resolved: &str) -> bool {
    resolved.is_empty() || resolved.starts_with("https://") || resolved.starts_with("http://")
}

struct Dependencies<'a, 'f>(&'a mut Found<'f>);

impl Reader for Dependencies<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        let mut entry = Dependency {
            version: String::new(),
            is_development: false,
            found: self.0,
        };
        json::value(values, &mut entry)?;
        if entry.is_development {
            return Ok(());
        }
        let version = entry.version;
        // An alias says what it stands for.
        let alias = version.strip_prefix("npm:").and_then(name_and_rest);
        let (name, version) = alias.unwrap_or((key, &version));
        if is_version(version) {
            self.0.package(package(name, version));
        }
        Ok(())
    }
}

struct Dependency<'a, 'f> {
    version: String,
    is_development: bool,
    found: &'a mut Found<'f>,
}

impl Reader for Dependency<'_, '_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "version" => self.version = json::text(values)?,
            "dev" => self.is_development = json::flag(values)?,
            "dependencies" => json::value(values, &mut Dependencies(self.found))?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    fn found(content: &str) -> Vec<String> {
        let (packages, problems) = read_file("app/package-lock.json", content.as_bytes()).unwrap();
        assert_eq!(problems, []);
        let packages = packages.into_iter();
        packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    #[test]
    fn places_are_read_and_what_is_not_of_the_registry_is_left_out() {
        let content = r#"{
            "name": "app", "lockfileVersion": 2, "requires": true,
            "packages": {
                "": {"name": "app", "version": "1.0.0", "dependencies": {"a": "^1"}},
                "node_modules/a": {"version": "1.0.0", "resolved": "https://example.com/a.tgz"},
                "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "inBundle": true},
                "node_modules/alias": {"name": "c", "version": "3.0.0"},
                "node_modules/d": {"version": "1.0.0", "dev": true},
                "node_modules/e": {"resolved": "packages/e", "link": true},
                "node_modules/f": {"version": "1.0.0", "resolved": "git+ssh://git@example.com/f.git#0"},
                "node_modules/g": {"version": "1.0.0", "resolved": "file:g.tgz"},
                "packages/e": {"version": "1.0.0"}
            },
            "dependencies": {"not-read": {"version": "1.0.0"}}
        }"#;
        assert_eq!(found(content), ["@s/b 2.0.0", "a 1.0.0", "c 3.0.0"]);
    }

    #[test]
    fn the_tree_of_the_first_version_is_read() {
        let content = r#"{
            "name": "app", "version": "1.0.0", "lockfileVersion": 1,
            "dependencies": {
                "a": {"version": "1.0.0", "requires": {"b": "^2"}, "dependencies": {
                    "@s/b": {"version": "2.0.0", "bundled": true},
                    "e": {"version": "1.0.0", "dev": true}
                }},
                "alias": {"version": "npm:@s/c@3.0.0"},
                "f": {"version": "git+https://example.com/f.git#0"},
                "g": {"version": "file:g"}
            }
        }"#;
        assert_eq!(found(content), ["@s/b 2.0.0", "@s/c 3.0.0", "a 1.0.0"]);
    }

    #[test]
    fn a_tree_without_end_is_a_problem_and_what_came_before_counts() {
        let depth = r#"{"dependencies":{"a":"#.repeat(10_000);
        let content = format!(r#"{{"packages":{{"node_modules/a":{{"version":"1"}}}},"x":{depth}"#);
        let (packages, problems) = read_file("package-lock.json", content.as_bytes()).unwrap();
        assert_eq!(packages.len(), 1);
        assert_eq!(problems.len(), 1);
        let (packages, problems) = read_file("package-lock.json", depth.as_bytes()).unwrap();
        assert!(packages.is_empty());
        assert_eq!(problems.len(), 1);
    }
}
