//! Metadata of Python's and Node's packages gives the recorded packages, wherever it stands.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::limpid::{data, index, json, text};

/// Puts a recorded file to where an image would have it.
fn put(root: &Path, fixture: &str, path: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(data(&format!("fixtures/{fixture}")), path).unwrap();
}

/// The packages of languages in a report, as `PATH: ECOSYSTEM NAME VERSION`.
fn found(report: &Value) -> Vec<String> {
    let languages = report["limpid"]["languages"].as_object();
    let mut found: Vec<String> = languages
        .into_iter()
        .flatten()
        .flat_map(|(id, language)| {
            let package = &report["packages"][id];
            let line = [
                text(language, "ecosystem"),
                text(package, "name"),
                text(package, "version"),
            ]
            .join(" ");
            let paths = language["paths"].as_array().unwrap();
            let paths = paths.iter().map(|path| path.as_str().unwrap());
            paths
                .map(|path| format!("{path}: {line}"))
                .collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found
}

/// Checks that files give what is recorded; an empty answer is no package.
fn check(fixtures: &str, files: &[(&str, &str, &str)]) -> Value {
    let root = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for (fixture, path, package) in files {
        put(root.path(), &format!("{fixtures}/{fixture}"), path);
        if !package.is_empty() {
            expected.push(format!("{path}: {package}"));
        }
    }
    expected.sort();
    let report = index(&format!("dir:{}", root.path().display()));
    assert_eq!(found(&report), expected);
    report
}

/// The paths of what could not be read.
fn problems(report: &Value) -> String {
    report["limpid"]["problems"].to_string()
}

#[test]
fn metadata_of_python_gives_the_recorded_packages() {
    let report = check(
        "python/scalibr",
        &[
            (
                "distinfo_meta",
                "a/pip-22.2.2.dist-info/METADATA",
                "pypi pip 22.2.2",
            ),
            ("egginfo", "a/pycups-2.0.1.egg-info", "pypi pycups 2.0.1"),
            (
                "egginfo_pkginfo",
                "a/setuptools.egg-info/PKG-INFO",
                "pypi setuptools 57.4.0",
            ),
            ("empty", "a/empty.egg-info/PKG-INFO", ""),
            (
                "malformed_pkginfo",
                "a/passlib.egg-info/PKG-INFO",
                "pypi passlib 1.7.4",
            ),
            (
                "mixed_case",
                "b/httplib2.egg-info/PKG-INFO",
                "pypi httplib2 1.0",
            ),
            (
                "pkginfo",
                "a/httplib2-0.20.4.egg/EGG-INFO/PKG-INFO",
                "pypi httplib2 0.20.4",
            ),
            ("repeated_pkginfo", "a/root.egg-info", "pypi root 1.0.0"),
            (
                "special_chars",
                "a/backports.dist-info/METADATA",
                "pypi backports-ssl-match-hostname 3.5.0.1",
            ),
        ],
    );
    assert!(problems(&report).contains("empty.egg-info"), "{report}");
}

#[test]
fn a_package_with_a_bad_version_is_listed_beside_the_others() {
    // Clair leaves the package out; a version that cannot be compared must not look unaffected.
    let answers = json("fixtures/expected.json");
    let file = text(&answers["python"][0], "file");
    let report = index(&format!(
        "layer:{}",
        data(&format!("fixtures/{file}")).display()
    ));
    let found = found(&report);
    assert!(!found.is_empty(), "{report}");
    assert!(
        found.iter().all(|line| line.contains("pypi mypackage ")),
        "{found:?}"
    );
}

#[test]
fn manifests_of_node_give_the_recorded_packages() {
    let report = check(
        "nodejs/scalibr",
        &[
            (
                "package.json",
                "node_modules/a/package.json",
                "npm testdata 10.46.8",
            ),
            (
                "package-with-deps.json",
                "node_modules/b/package.json",
                "npm package-with-deps 1.2.3",
            ),
            (
                "duplicate-keys.json",
                "node_modules/c/package.json",
                "npm duplicate-keys 1.0.0",
            ),
            (
                "not-vscode.json",
                "node_modules/d/package.json",
                "npm jsonparse 1.3.1",
            ),
            (
                "undici-package.json",
                "node_modules/e/package.json",
                "npm undici 5.28.3",
            ),
            (
                "deps/accepts/package.json",
                "node_modules/accepts/package.json",
                "npm accepts 1.3.8",
            ),
            (
                "deps/no-person-name/package.json",
                "node_modules/f/package.json",
                "npm accepts 1.3.8",
            ),
            (
                "deps/with/deps/acorn/package.json",
                "node_modules/with/node_modules/acorn/package.json",
                "npm acorn 1.2.2",
            ),
            // Without a name or a version, or not JSON.
            (
                "deps/acorn/package.json",
                "node_modules/acorn/package.json",
                "",
            ),
            (
                "deps/acorn-globals/package.json",
                "node_modules/acorn-globals/package.json",
                "",
            ),
            (
                "deps/window-size/package.json",
                "node_modules/window-size/package.json",
                "",
            ),
            ("invalid", "node_modules/invalid/package.json", ""),
            // What editors and engines install is none of npm's.
            ("vscode-extension.json", "extensions/pug/package.json", ""),
            (
                "vscode-extension-only-required.json",
                "extensions/grunt/package.json",
                "",
            ),
            ("unity-package.json", "Packages/gltf/package.json", ""),
        ],
    );
    let problems = problems(&report);
    assert!(problems.contains("node_modules/invalid"), "{problems}");
    assert!(!problems.contains("node_modules/acorn"), "{problems}");
}
