use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Longest file, in lines before its tests. A longer one is more than a person holds in mind.
const LONGEST_FILE: usize = 500;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helpers", "common", "misc", "mod"];

/// Crates of floors 0 and 1: pure functions of their input.
const PURE: [&str; 8] = [
    "limpid-version",
    "limpid-types",
    "limpid-layer",
    "limpid-rpmdb",
    "limpid-detect",
    "limpid-feed",
    "limpid-vulndb",
    "limpid-report",
];

/// Texts that a pure crate must not contain, with the reason.
const IMPURE: [(&str, &str); 5] = [
    ("SystemTime::now", "no clock on floors 0 and 1"),
    ("Instant::now", "no clock on floors 0 and 1"),
    ("Timestamp::now", "no clock on floors 0 and 1"),
    ("std::env::var", "no environment on floors 0 and 1"),
    ("std::net::", "no network on floors 0 and 1"),
];

pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask", "fuzz/fuzz_targets"] {
        let folder = root.join(folder);
        if !folder.is_dir() {
            continue;
        }
        for path in rust_files(&folder)? {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let shown = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            check(&shown, &text, &mut faults);
        }
    }
    Ok(faults)
}

fn check(path: &str, text: &str, faults: &mut Vec<String>) {
    let stem = Path::new(path)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    if EMPTY_NAMES.contains(&stem) {
        faults.push(format!(
            "{path}: a name that says nothing about what is inside"
        ));
    }
    let production: Vec<&str> = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .collect();
    if production.len() > LONGEST_FILE && !path.contains("/tests") {
        let lines = production.len();
        faults.push(format!("{path}: {lines} lines, at most {LONGEST_FILE}"));
    }
    let is_tidy_itself = path.starts_with("xtask/src/tidy");
    let is_pure = PURE
        .iter()
        .any(|name| path.starts_with(&format!("crates/{name}/src/")));
    for (number, line) in (1..).zip(text.lines()) {
        let mut fault = |why: &str| faults.push(format!("{path}:{number}: {why}"));
        if is_tidy_itself || line.trim_start().starts_with("//") {
            continue;
        }
        // What is unfinished is found by clippy. A test that is switched off, with a reason or
        // without, is found here.
        let attribute = line.trim_start().strip_prefix("#[");
        if attribute.is_some_and(|attribute| attribute.starts_with("ignore")) {
            fault("a test that is switched off");
        }
        if is_pure && number <= production.len() {
            for (word, why) in IMPURE {
                if line.contains(word) {
                    fault(why);
                }
            }
        }
    }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(path: &str, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        check(path, text, &mut faults);
        faults
    }

    #[test]
    fn a_clock_on_floor_one_is_a_fault_in_production_code_only() {
        let path = "crates/limpid-layer/src/walk.rs";
        assert_eq!(faults_of(path, "let t = Instant::now();\n").len(), 1);
        assert!(faults_of(path, "#[cfg(test)]\nlet t = Instant::now();\n").is_empty());
        assert!(faults_of("crates/limpid-http/src/get.rs", "Instant::now()\n").is_empty());
    }

    #[test]
    fn a_test_that_is_switched_off_is_a_fault() {
        let path = "crates/x/tests/it/y.rs";
        for reason in ["", " = \"slow\""] {
            let line = format!("    #[{}{reason}]\n", "ignore");
            assert_eq!(faults_of(path, &line).len(), 1);
        }
        assert!(faults_of(path, "    #[test]\n").is_empty());
    }

    #[test]
    fn a_long_file_and_an_empty_name_are_faults() {
        assert_eq!(
            faults_of("crates/x/src/util.rs", &"x\n".repeat(501)).len(),
            2
        );
    }
}
