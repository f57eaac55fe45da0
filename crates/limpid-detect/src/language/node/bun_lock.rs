//! `bun.lock`, the text that bun writes since 1.2.
//!
//! ```text
//!   "packages": {
//!     "lodash": ["lodash@4.17.21", "", {}, "sha512-…"],
//!   }
//! ```
//!
//! It is JSON with commas before closing brackets, and each package has a line, which without its
//! comma is JSON. The first text is name and version; those with an address, a path or a protocol
//! come from elsewhere and are left out. Nothing says what is for development.

use serde::de::{MapAccess, SeqAccess};

use super::super::json::{self, Reader, Scalar};
use super::super::{File, Found};
use super::{is_version, name_and_rest, package};
use crate::detector::reader;
use crate::lines::Lines;

/// Reads a lock.
pub(super) fn read(file: &File<'_>, found: &mut Found<'_>) {
    let mut lines = Lines::new(reader(&file.content));
    let mut is_in_packages = false;
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return found.unreadable(error.to_string()),
        }
        let line = lines.line();
        if line.starts_with(b"  \"") {
            is_in_packages = line.starts_with(b"  \"packages\"");
        } else if is_in_packages && line.starts_with(b"    \"") {
            match entry(line) {
                Ok(entry) => add(&entry, found),
                Err(error) => found.bad_record(format!("{error}: at byte {}", lines.offset())),
            }
        }
    }
}

fn add(entry: &str, found: &mut Found<'_>) {
    if let Some((name, version)) = name_and_rest(entry)
        && is_version(version)
    {
        found.package(package(name, version));
    }
}

/// Returns the first text of the value of a line `"key": [...],`.
fn entry(line: &[u8]) -> Result<String, serde_json::Error> {
    let line = line.trim_ascii();
    let line = line.strip_suffix(b",").unwrap_or(line);
    let mut entry = Entry(String::new());
    json::read_bytes(&[b"{", line, b"}"].concat(), &mut entry)?;
    Ok(entry.0)
}

struct Entry(String);

impl Reader for Entry {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        _key: &str,
        values: &mut A,
    ) -> Result<(), A::Error> {
        json::value(values, self)
    }

    fn element<'de, A: SeqAccess<'de>>(&mut self, elements: &mut A) -> Result<bool, A::Error> {
        let Some(Scalar { text, .. }) = elements.next_element()? else {
            return Ok(false);
        };
        if self.0.is_empty() {
            self.0 = text.into_owned();
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::language::read_file;

    #[test]
    fn packages_of_the_registry_are_listed() {
        let content = r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
    },
  },
  "packages": {
    "@s/b": ["@s/b@2.0.0", "", { "dependencies": { "a": "^1.0.0" } }, "sha512-00"],

    "a": ["a@1.0.0", "", {}, "sha512-00"],

    "alias": ["real@3.0.0", "", {}, "sha512-00"],

    "app": ["app@workspace:packages/app"],

    "y": ["y@github:x/y#00", {}, "x-y-00"],

    "bad": [,
  },
  "trustedDependencies": [
    "z",
  ],
}
"#;
        let (packages, problems) = read_file("app/bun.lock", content.as_bytes()).unwrap();
        let packages = packages.into_iter();
        let found: Vec<String> = packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        assert_eq!(found, ["@s/b 2.0.0", "a 1.0.0", "real 3.0.0"]);
        assert_eq!(problems.len(), 1);
    }
}
