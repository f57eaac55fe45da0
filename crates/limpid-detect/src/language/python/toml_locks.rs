//! Locks in TOML, with one table for each package.
//!
//! | file | table | from the index if | for development only if |
//! |---|---|---|---|
//! | `poetry.lock` | `package` | there is no `source`, or its `type` is `legacy` | `category` is `dev`, or `groups` is without `main` |
//! | `uv.lock` | `package` | `source` has `registry` | (not said of a package) |
//! | `pdm.lock` | `package` | there is no `path`, `url` or `git` | `groups` is without `default` |
//! | `pylock.toml` (PEP 751) | `packages` | there is no `vcs`, `directory` or `archive` | `marker` asks for dependency groups, and for none of `default-groups` |
//!
//! Packages that only extras need are listed. Those of the index have a version.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::application::is_of_application;
use super::super::{File, Found, Path, toml_parts};
use super::package;

/// Reads poetry's lock.
pub(super) fn read_poetry(file: &File<'_>, found: &mut Found<'_>) {
    toml_parts::read(
        file,
        found,
        "package",
        |lock: Lock<PoetryPackage>, found| {
            for entry in lock.package {
                let source = entry.source.unwrap_or_default();
                let is_from_index = source.kind.is_empty() || source.kind == "legacy";
                if is_from_index && entry.category != "dev" && is_in_group(&entry.groups, "main") {
                    found.package(package(&entry.name, entry.version));
                }
            }
        },
    );
}

/// Reads uv's lock.
pub(super) fn read_uv(file: &File<'_>, found: &mut Found<'_>) {
    toml_parts::read(file, found, "package", |lock: Lock<UvPackage>, found| {
        for entry in lock.package {
            if entry.source.registry.is_some() {
                found.package(package(&entry.name, entry.version));
            }
        }
    });
}

/// Reads pdm's lock.
pub(super) fn read_pdm(file: &File<'_>, found: &mut Found<'_>) {
    toml_parts::read(file, found, "package", |lock: Lock<PdmPackage>, found| {
        for entry in lock.package {
            let is_elsewhere = entry.path.is_some() || entry.url.is_some() || entry.git.is_some();
            if !is_elsewhere && is_in_group(&entry.groups, "default") {
                found.package(package(&entry.name, entry.version));
            }
        }
    });
}

/// Tells locks of PEP 751 by their name.
pub(super) fn is_pylock(path: &Path<'_>) -> bool {
    let rest = path.name.strip_prefix("pylock.");
    let rest = rest.and_then(|rest| rest.strip_suffix("toml"));
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) && is_of_application(path)
}

/// Reads a lock of PEP 751.
pub(super) fn read_pylock(file: &File<'_>, found: &mut Found<'_>) {
    let mut default_groups = BTreeSet::new();
    toml_parts::read(file, found, "packages", |part: Pylock, found| {
        default_groups.extend(part.default_groups);
        for entry in part.packages {
            let is_elsewhere =
                entry.vcs.is_some() || entry.directory.is_some() || entry.archive.is_some();
            if !is_elsewhere && is_default(&entry.marker, &default_groups) {
                found.package(package(&entry.name, entry.version));
            }
        }
    });
}

/// Locks that know of no groups have none.
fn is_in_group(groups: &[String], group: &str) -> bool {
    groups.is_empty() || groups.iter().any(|name| name == group)
}

/// Returns whether a package with this marker is installed when nobody asks for groups.
fn is_default(marker: &str, default_groups: &BTreeSet<String>) -> bool {
    let mut quoted = marker.split(['"', '\'']).skip(1).step_by(2);
    !marker.contains("dependency_groups") || quoted.any(|text| default_groups.contains(text))
}

#[derive(Deserialize)]
struct Lock<T> {
    #[serde(default = "Vec::new")]
    package: Vec<T>,
}

#[derive(Deserialize)]
struct PoetryPackage {
    name: String,
    version: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    groups: Vec<String>,
    source: Option<PoetrySource>,
}

#[derive(Default, Deserialize)]
struct PoetrySource {
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct UvPackage {
    name: String,
    /// That of a workspace's member may be made by its build.
    #[serde(default)]
    version: String,
    source: UvSource,
}

#[derive(Deserialize)]
struct UvSource {
    registry: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct PdmPackage {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    groups: Vec<String>,
    path: Option<IgnoredAny>,
    url: Option<IgnoredAny>,
    git: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Pylock {
    #[serde(default)]
    default_groups: Vec<String>,
    #[serde(default)]
    packages: Vec<PylockPackage>,
}

#[derive(Deserialize)]
struct PylockPackage {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    marker: String,
    vcs: Option<IgnoredAny>,
    directory: Option<IgnoredAny>,
    archive: Option<IgnoredAny>,
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
    fn poetrys_packages_of_the_index_are_listed() {
        let content = r#"
# This file is automatically @generated.
[[package]]
name = "Django"
version = "4.2"
groups = ["main", "dev"]
files = [
    {file = "a.whl", hash = "sha256:00"},
]

[package.dependencies]
asgiref = ">=3.6"

[[package]]
name = "other-index"
version = "1"

[package.source]
type = "legacy"
url = "https://example.com/simple"

[[package]]
name = "from-git"
version = "1"
[package.source]
type = "git"

[[package]]
name = "old-dev"
version = "1"
category = "dev"

[[package]]
name = "new-dev"
version = "1"
groups = ["dev"]

[metadata]
lock-version = "2.1"
[metadata.files]
x = []
"#;
        assert_eq!(
            found("app/poetry.lock", content),
            ["django 4.2", "other-index 1"]
        );
    }

    #[test]
    fn uvs_packages_of_an_index_are_listed() {
        let content = r#"
version = 1
requires-python = ">=3.12"
[manifest]
members = ["app"]

[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "idna" }]

[package.dev-dependencies]
dev = [{ name = "ruff" }]

[[package]]
name = "idna"
version = "3.7"
source = { registry = "https://example.com/simple" }
sdist = { url = "https://example.com/idna-3.7.tar.gz", hash = "sha256:00", size = 1 }
wheels = [
    { url = "https://example.com/idna-3.7.whl", hash = "sha256:00", size = 1 },
]

[[package]]
name = "theirs"
version = "1"
source = { git = "https://example.com/theirs?rev=0#0" }
"#;
        assert_eq!(found("app/uv.lock", content), ["idna 3.7"]);
    }

    #[test]
    fn pdms_default_packages_are_listed() {
        let content = r#"
[metadata]
groups = ["default", "dev"]

[[package]]
name = "a"
version = "1"
groups = ["default"]

[[package]]
name = "b"
version = "1"
groups = ["dev"]

[[package]]
name = "c"
version = "1"
git = "https://example.com/c"
revision = "0"

[[package]]
name = "d"
version = "1"
"#;
        assert_eq!(found("pdm.lock", content), ["a 1", "d 1"]);
    }

    #[test]
    fn packages_of_a_pylock_are_listed_by_its_markers() {
        let content = r#"
lock-version = "1.0"
dependency-groups = ["dev"]
default-groups = ["default"]

[[packages]]
name = "a"
version = "1"
marker = "'default' in dependency_groups"
index = "https://example.com/simple"

[[packages.wheels]]
name = "a-1-py3-none-any.whl"

[[packages]]
name = "b"
version = "1"
marker = "\"dev\" in dependency_groups"

[[packages]]
name = "c"
version = "1"
marker = "python_version >= '3.8'"

[[packages]]
name = "d"
version = "1"
vcs = { type = "git", commit-id = "0" }

[[packages]]
name = "e"
directory = { path = "." }
"#;
        for path in ["pylock.toml", "app/pylock.prod.toml"] {
            assert_eq!(found(path, content), ["a 1", "c 1"]);
        }
    }

    #[test]
    fn a_part_that_cannot_be_read_costs_one_package() {
        let content = "[[package]]\nname = 1\n[[package]]\nname = \"b\"\nversion = \"1\"\n";
        let (packages, problems) = read_file("poetry.lock", content.as_bytes()).unwrap();
        assert_eq!(packages.len(), 1);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn nesting_without_end_is_an_error() {
        let content = format!("[[package]]\nname = {}\n", "[".repeat(100_000));
        let (packages, problems) = read_file("poetry.lock", content.as_bytes()).unwrap();
        assert!(packages.is_empty());
        assert_eq!(problems.len(), 1);
    }
}
