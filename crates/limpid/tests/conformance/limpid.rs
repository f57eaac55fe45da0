//! Runs the program as a user would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

use crate::mirror;

/// Returns a path in the data folder, which must be there.
pub(crate) fn data(path: &str) -> PathBuf {
    let root = std::env::var_os("LIMPID_CONFORMANCE_DATA")
        .expect("LIMPID_CONFORMANCE_DATA must name the folder of the conformance data");
    let path = Path::new(&root).join(path);
    assert!(
        path.try_exists().unwrap(),
        "conformance data is missing: {}",
        path.display()
    );
    path
}

/// Reads a JSON file of the data folder.
pub(crate) fn json(path: &str) -> Value {
    let text = std::fs::read(data(path)).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs limpid with a data folder.
pub(crate) fn limpid(data_directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_limpid"))
        .arg("--data-dir")
        .arg(data_directory)
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs `limpid index` with an empty data folder and returns the index report.
pub(crate) fn index(image: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let output = limpid(directory.path(), &["index", image]);
    // 3 says that something could not be read, which the report then holds.
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "limpid index {image}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The feeds of which there are no records.
const NOT_RECORDED: [&str; 13] = [
    " arch:",
    " azure:",
    " bottlerocket:",
    " chainguard:",
    " echo:",
    " fedora:",
    " gentoo:",
    " minimos:",
    " osv/almalinux:",
    " osv/mageia:",
    " osv/openeuler:",
    " osv/rocky-linux:",
    " wolfi:",
];

/// A data folder that `limpid update --mirror` has filled from the recorded feeds, once for all
/// tests of this run.
pub(crate) fn updated() -> &'static Path {
    static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let mirror = mirror::make(&data("feeds"), directory.path());
        let output = limpid(
            directory.path(),
            &["update", "--quiet", "--mirror", mirror.to_str().unwrap()],
        );
        let said = String::from_utf8_lossy(&output.stdout);
        // Feeds that were not recorded fail, and 2 says so; those that were recorded must not.
        let bad: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("failed ") || line.starts_with("held back "))
            .filter(|line| !NOT_RECORDED.iter().any(|feed| line.contains(feed)))
            .collect();
        assert!(
            matches!(output.status.code(), Some(0 | 2)) && bad.is_empty(),
            "limpid update: {bad:#?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        directory
    });
    directory.path()
}

/// Runs `limpid scan --format json` against the recorded feeds; returns the report and exit code.
pub(crate) fn scan(image: &str) -> (Value, i32) {
    scan_by(updated(), image)
}

/// Runs `limpid scan --format json` with a data folder; returns the report and exit code.
pub(crate) fn scan_by(data_directory: &Path, image: &str) -> (Value, i32) {
    let output = limpid(data_directory, &["scan", "--format", "json", image]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "limpid scan {image}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (report, output.status.code().unwrap())
}

/// Returns a member as text, empty when it is absent or null.
pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// The packages of an index report as `name` → sorted list of `version|arch|source|source version`.
pub(crate) fn packages(report: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in report["packages"].as_object().unwrap().values() {
        let line = [
            text(package, "version"),
            text(package, "arch"),
            text(&package["source"], "name"),
            text(&package["source"], "version"),
        ]
        .join("|");
        found
            .entry(text(package, "name").to_owned())
            .or_default()
            .push(line);
    }
    for lines in found.values_mut() {
        lines.sort();
    }
    found
}
