//! .NET: what a program was built from, and the shared frameworks that run it.
//!
//! | file | read by | entries |
//! |---|---|---|
//! | `NAME.deps.json` | the host, beside each program and framework | [`deps`] |
//! | `packages.lock.json` | `NuGet`, beside a project | `{"dependencies": {FRAMEWORK: {NAME: {"type": "Direct", "resolved": VERSION}}}}` |
//! | `packages.config` | `NuGet`, beside a project of the older kind | `<package id="NAME" version="VERSION" developmentDependency="true"/>` |
//!
//! In a lock, entries of the type `Project` are other projects, and passed over. It does not tell
//! development dependencies from others; `packages.config` does, and those are left out.
//! `project.assets.json` is a by-product of a build and is not read. See "Package references in
//! project files" and "packages.config" in the documentation of `NuGet`.

mod deps;

use std::collections::BTreeMap;

use limpid_types::{DatabaseKind, Ecosystem};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde::Deserialize;

use super::document::{Document, Form, MOST_BYTES, Members};
use super::{File, Format, Found};

/// What is read of .NET.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: |path| path.name.ends_with(".deps.json"),
        starts: None,
        most_bytes: MOST_BYTES,
        read: deps::read,
    },
    Format {
        kind: DatabaseKind::LockFile,
        matches: |path| path.name == "packages.lock.json",
        starts: None,
        most_bytes: MOST_BYTES,
        read: read_lock,
    },
    Format {
        kind: DatabaseKind::LockFile,
        matches: |path| path.name == "packages.config",
        starts: None,
        most_bytes: MOST_BYTES,
        read: read_config,
    },
];

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow, default)]
    dependencies: BTreeMap<String, Members<'a>>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(rename = "type")]
    kind: Option<String>,
    resolved: Option<String>,
}

fn read_lock(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Json, found) else {
        return;
    };
    let Some(lock) = document.json::<Lock<'_>>(found) else {
        return;
    };
    for (name, dependency) in lock.dependencies.values().flatten() {
        let Some(dependency) = found.member::<Dependency>(name, dependency) else {
            continue;
        };
        let is_project = dependency.kind.as_deref() == Some("Project");
        let version = dependency.resolved.unwrap_or_default();
        if !is_project && !found.listed(Ecosystem::Nuget, name, &version) {
            return;
        }
    }
}

fn read_config(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Text, found) else {
        return;
    };
    let mut reader = Reader::from_str(document.text());
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return,
            Ok(Event::Start(element) | Event::Empty(element)) => {
                if element.name().as_ref() == "package" && !add_element(&element, found) {
                    return;
                }
            }
            Ok(_) => {}
            Err(error) => return found.unreadable(format!("is not the XML it should be: {error}")),
        }
    }
}

/// Adds the package of an element; returns whether there was room for it.
fn add_element(element: &BytesStart<'_>, found: &mut Found<'_>) -> bool {
    let (mut name, mut version, mut is_for_development) = (String::new(), String::new(), false);
    // Checking for repeated names takes time by their square.
    for attribute in element.attributes().with_checks(false).flatten() {
        let Ok(value) = quick_xml::escape::unescape(&attribute.value) else {
            continue;
        };
        match attribute.key.as_ref() {
            "id" => name = value.into_owned(),
            "version" => version = value.into_owned(),
            "developmentDependency" => is_for_development = value.eq_ignore_ascii_case("true"),
            _ => {}
        }
    }
    is_for_development || found.listed(Ecosystem::Nuget, &name, &version)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};

    #[test]
    fn a_lock_lists_the_packages_of_all_frameworks_once() {
        let lock = r#"{"version": 1, "dependencies": {
            ".NETCoreApp,Version=v3.1": {
                "Newtonsoft.Json": {"type": "Direct", "requested": "[12.0.1, )", "resolved": "12.0.3", "contentHash": "00"},
                "app.core": {"type": "Project", "dependencies": {"Newtonsoft.Json": "12.0.1"}}},
            "net8.0": {
                "Newtonsoft.Json": {"type": "Transitive", "resolved": "12.0.3"},
                "Serilog": {"type": "CentralTransitive", "resolved": "3.1.1"},
                "Bad": {"type": "Direct"},
                "Worse": 3}}}"#;
        assert_eq!(
            packages("app/packages.lock.json", lock),
            ["newtonsoft.json 12.0.3", "serilog 3.1.1"]
        );
        assert_eq!(problems("app/packages.lock.json", lock), 2);
    }

    #[test]
    fn packages_for_development_of_an_older_project_are_left_out() {
        let config = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<packages>\n\
            <package id=\"jQuery\" version=\"1.10.2\" targetFramework=\"net45\" />\n\
            <package id=\"StyleCop\" version=\"1.1.118\" developmentDependency=\"true\" />\n\
            <package version=\"1\"></package>\n\
            <package id=\"A&amp;B\" version='2.0' />\n</packages>";
        assert_eq!(
            packages("app/packages.config", config),
            ["a&b 2.0", "jquery 1.10.2"]
        );
        assert_eq!(problems("app/packages.config", config), 1);
    }

    #[test]
    fn broken_documents_are_unreadable() {
        for (path, content) in [
            ("packages.lock.json", "{\"dependencies\": []}"),
            ("packages.lock.json", ""),
            ("packages.config", "<packages><package id=\"a"),
            ("packages.config", "<packages></package>"),
        ] {
            assert!(packages(path, content).is_empty());
            assert_eq!(problems(path, content), 1, "{path}: {content}");
        }
    }
}
