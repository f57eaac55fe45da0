//! Haskell: what a project was resolved to.
//!
//! | file | lines |
//! |---|---|
//! | `cabal.project.freeze` | `any.NAME ==VERSION,` among flags and settings |
//! | `stack.yaml.lock` | `packages: [{completed: {hackage: "NAME-VERSION@sha256:…"}}]` |
//!
//! The freeze file also names the packages that come with the compiler, which are Hackage's too.
//! Stack's file names only what is not in its snapshot, and the snapshot's packages are not in the
//! image. Packages of git repositories and archives are passed over. Neither file tells
//! development dependencies from others. See "cabal freeze" in the guide of Cabal and "Lock files"
//! in the documentation of Stack.

use std::io::BufRead;

use limpid_types::{DatabaseKind, Ecosystem};
use serde_json::Value;

use super::document::{Document, Form, MOST_BYTES, MOST_YAML_BYTES};
use super::{File, Format, Found};
use crate::detector::reader;
use crate::lines::Lines;

/// What is read of Haskell.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LockFile,
        matches: |path| path.name == "cabal.project.freeze",
        starts: None,
        most_bytes: MOST_BYTES,
        read: read_freeze,
    },
    Format {
        kind: DatabaseKind::LockFile,
        matches: |path| path.name == "stack.yaml.lock",
        starts: None,
        most_bytes: MOST_YAML_BYTES,
        read: read_stack,
    },
];

fn read_freeze(file: &File<'_>, found: &mut Found<'_>) {
    if let Err(error) = read_constraints(reader(&file.content), found) {
        found.unreadable(format!("cannot be read to its end: {error}"));
    }
}

fn read_constraints(content: impl BufRead, found: &mut Found<'_>) -> std::io::Result<()> {
    let mut lines = Lines::new(content);
    while lines.advance()? {
        let Ok(line) = std::str::from_utf8(lines.line()) else {
            found.bad_record(format!("line is not UTF-8 at byte {}", lines.offset()));
            continue;
        };
        for constraint in line.split(',') {
            let Some((name, version)) = constraint.split_once("==") else {
                continue;
            };
            // `constraints:` stands before the first one.
            let name = name.rsplit([' ', '\t', ':']).find(|word| !word.is_empty());
            let name = name.and_then(|name| name.strip_prefix("any."));
            let has_room =
                name.is_none_or(|name| found.listed(Ecosystem::Hackage, name, version.trim()));
            if !has_room {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn read_stack(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Yaml, found) else {
        return;
    };
    let Some(lock) = document.yaml(found) else {
        return;
    };
    let packages = lock.get("packages").and_then(Value::as_array);
    for package in packages.into_iter().flatten() {
        let identifier = package
            .pointer("/completed/hackage")
            .and_then(Value::as_str);
        let Some(identifier) = identifier else {
            continue;
        };
        let (package, _) = identifier.split_once('@').unwrap_or((identifier, ""));
        let (name, version) = package.rsplit_once('-').unwrap_or((package, ""));
        if !found.listed(Ecosystem::Hackage, name, version) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};

    #[test]
    fn constraints_on_exact_versions_of_a_freeze_file_are_listed() {
        let freeze = "active-repositories: packages.example:merge\n\
            constraints: any.aeson ==2.1.2.1,\n\
            \x20            aeson +ordered-keymap,\n\
            \x20            any.base ==4.17.2.1, any.text-icu ==0.8.0.5\n\
            index-state: packages.example 2023-11-01T00:00:00Z\n";
        assert_eq!(
            packages("app/cabal.project.freeze", freeze),
            ["aeson 2.1.2.1", "base 4.17.2.1", "text-icu 0.8.0.5"]
        );
        assert_eq!(problems("app/cabal.project.freeze", freeze), 0);
    }

    #[test]
    fn packages_that_stack_took_from_hackage_are_listed() {
        let lock = "packages:\n\
            - completed:\n\
            \x20   hackage: acme-missiles-0.3@sha256:2ba6,613\n\
            \x20   pantry-tree:\n\
            \x20     size: 226\n\
            \x20 original:\n\
            \x20   hackage: acme-missiles-0.3\n\
            - completed:\n\
            \x20   git: https://example.com/a.git\n\
            \x20   name: a\n\
            \x20   version: '1'\n\
            - completed:\n\
            \x20   hackage: broken\n\
            snapshots: []\n";
        assert_eq!(packages("app/stack.yaml.lock", lock), ["acme-missiles 0.3"]);
        assert_eq!(problems("app/stack.yaml.lock", lock), 1);
    }
}
