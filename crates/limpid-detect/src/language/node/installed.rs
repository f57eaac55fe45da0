//! `package.json` of installed packages: `name` and `version`. One without them is no package.

use serde::de::MapAccess;

use super::super::json::{self, Reader};
use super::super::{File, Found, Path};
use super::package;

/// Where packages are installed, each in a folder of its name.
const MODULES: &str = "node_modules";

/// Where Debian installs them.
const DEBIAN: [&str; 2] = ["usr/share/nodejs", "usr/lib/nodejs"];

/// Folders of a package with what its tests and its documentation need, which nothing loads.
const NOT_LOADED: [&str; 8] = [
    "__fixtures__",
    "__tests__",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "test",
    "tests",
];

/// Tells whether a file is the `package.json` at the root of an installed package.
pub(super) fn is_package(path: &Path<'_>) -> bool {
    if path.name != "package.json" {
        return false;
    }
    let Some((modules, _)) = package_folder(path.directory) else {
        return false;
    };
    let folder = modules.rsplit('/').next().unwrap_or(modules);
    (folder == MODULES || DEBIAN.contains(&modules)) && !is_not_loaded(modules)
}

/// Splits the folder of a package into that of all packages and its name.
fn package_folder(directory: &str) -> Option<(&str, &str)> {
    let (above, name) = directory.rsplit_once('/')?;
    // Names begin with neither; these are folders of package managers.
    if name.starts_with(['.', '@']) {
        return None;
    }
    match above.rsplit_once('/') {
        Some((modules, scope)) if scope.starts_with('@') => Some((modules, name)),
        _ => Some((above, name)),
    }
}

/// Returns whether a folder of modules is part of the tests or examples of an installed package.
fn is_not_loaded(modules: &str) -> bool {
    let mut folders = modules.split('/');
    let mut is_in_package = false;
    while let Some(folder) = folders.next() {
        if folder == MODULES {
            is_in_package = true;
            // A package may have such a name, and a scope comes before one.
            if folders.next().is_some_and(|name| name.starts_with('@')) {
                folders.next();
            }
        } else if is_in_package && NOT_LOADED.contains(&folder) {
            return true;
        }
    }
    false
}

/// Reads a `package.json`.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    json::read(file, found, |source, found| {
        let mut manifest = Manifest::default();
        source.into(&mut manifest)?;
        found.package(package(manifest.name, manifest.version));
        Ok(())
    });
}

#[derive(Default)]
struct Manifest {
    name: String,
    version: String,
}

impl Reader for Manifest {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "name" => self.name = json::text(values)?,
            "version" => self.version = json::text(values)?,
            _ => json::skip(values)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::read_file;

    #[test]
    fn the_root_of_an_installed_package_is_told_from_what_lies_in_it() {
        for (path, is_root) in [
            ("app/node_modules/a/package.json", true),
            ("node_modules/@a/b/package.json", true),
            ("app/node_modules/a/node_modules/b/package.json", true),
            (
                "app/node_modules/.pnpm/b@1.0.0/node_modules/b/package.json",
                true,
            ),
            (
                "app/node_modules/code/extensions/x/node_modules/b/package.json",
                true,
            ),
            ("app/node_modules/test/node_modules/b/package.json", true),
            ("app/node_modules/@x/test/node_modules/b/package.json", true),
            ("app/test/node_modules/b/package.json", true),
            ("usr/share/nodejs/a/package.json", true),
            ("usr/share/nodejs/@a/b/package.json", true),
            ("usr/share/nodejs/a/node_modules/b/package.json", true),
            ("usr/lib/nodejs/a/package.json", true),
            ("app/package.json", false),
            ("package.json", false),
            ("app/node_modules/package.json", false),
            ("app/node_modules/@a/package.json", false),
            ("app/node_modules/a/dist/package.json", false),
            ("app/node_modules/a/test/node_modules/b/package.json", false),
            (
                "app/node_modules/@a/b/test/x/node_modules/c/package.json",
                false,
            ),
            ("app/node_modules/.cache/package.json", false),
            ("usr/share/nodejs/a/lib/package.json", false),
            ("srv/usr/share/nodejs/a/package.json", false),
        ] {
            assert_eq!(is_package(&Path::new(path, false)), is_root, "{path}");
        }
    }

    #[test]
    fn only_texts_are_name_and_version_and_the_last_of_each_counts() {
        let path = "node_modules/x/package.json";
        for (content, expected) in [
            (
                r#"{"name":"@a/b","version":"1.0.0","files":[{}]}"#,
                Some(("@a/b", "1.0.0")),
            ),
            (
                "\u{feff}{\"version\":\"1\",\"name\":\"a\"}",
                Some(("a", "1")),
            ),
            (
                r#"{"name":"a","version":"1","version":"2"}"#,
                Some(("a", "2")),
            ),
            (r#"{"name":"a"}"#, None),
            (r#"{"name":"a","version":1}"#, None),
            (r#"{"name":["a"],"version":{"b":1}}"#, None),
            ("[]", None),
            ("1", None),
        ] {
            let (packages, problems) = read_file(path, content.as_bytes()).unwrap();
            assert_eq!(problems, []);
            let found = packages.first();
            let found = found.map(|package| (package.name.as_str(), package.version.as_str()));
            assert_eq!(found, expected, "{content}");
        }
    }

    #[test]
    fn what_is_not_json_is_a_problem() {
        let deep = "[".repeat(10_000);
        for content in [
            "",
            "{",
            "{} {}",
            "{\"name\": \"a\", \"version\": \"1\"",
            &deep,
        ] {
            let (packages, problems) =
                read_file("node_modules/a/package.json", content.as_bytes()).unwrap();
            assert!(packages.is_empty());
            assert_eq!(problems.len(), 1, "{content}");
        }
    }
}
