//! Checks a version scheme against tables of known orderings.
//!
//! | form | used by | line |
//! |---|---|---|
//! | ordering | all schemes | `A op B`; op is `<`, `=`, `==` or `>` |
//! | matching | apk | `A op B`; op is `~`, `!~`, `<~` or `>~` |
//! | validity | apk | `A` or `!A` |
//! | packages | rpm, in files named `*rpmver-compare.list` | `A op B` with names and architectures |
//! | parsing | rpm, in files named `*-parse.list` | text, name, epoch, version, release, architecture; `''` where absent |
//!
//! Blank lines and lines that start with `#` or `//` are skipped, and a `#`
//! after a blank starts a remark. Any other line counts as a failure.

use std::cmp::Ordering;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use limpid_version::{ApkVersion, Nevra, Scheme};

/// Checks every file and reports to standard output; tells whether all lines passed.
pub(crate) fn run(scheme: &str, files: &[PathBuf]) -> anyhow::Result<bool> {
    let scheme: Scheme = scheme.parse()?;
    let mut out = io::stdout().lock();
    let mut all_passed = true;
    for file in files {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let form = Form::of(scheme, file);
        let (mut passed, mut failed) = (0_u32, 0_u32);
        for (index, line) in text.lines().enumerate() {
            let statement = without_remark(line);
            if statement.is_empty() {
                continue;
            }
            match form.check(statement) {
                Ok(()) => passed += 1,
                Err(error) => {
                    failed += 1;
                    writeln!(
                        out,
                        "{}:{}: {statement}: {error:#}",
                        file.display(),
                        index + 1
                    )?;
                }
            }
        }
        writeln!(out, "{}: {passed} passed, {failed} failed", file.display())?;
        all_passed &= failed == 0;
    }
    Ok(all_passed)
}

fn without_remark(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with("//") || line.starts_with('#') {
        return "";
    }
    let remark = line.find(" #").or_else(|| line.find("\t#"));
    line.get(..remark.unwrap_or(line.len()))
        .unwrap_or(line)
        .trim_end()
}

/// How the lines of a table read.
#[derive(Clone, Copy)]
enum Form {
    Versions(Scheme),
    Packages,
    Parsing,
}

impl Form {
    fn of(scheme: Scheme, file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if scheme != Scheme::Rpm {
            Self::Versions(scheme)
        } else if name.ends_with("rpmver-compare.list") {
            Self::Packages
        } else if name.ends_with("-parse.list") {
            Self::Parsing
        } else {
            Self::Versions(scheme)
        }
    }

    fn check(self, statement: &str) -> anyhow::Result<()> {
        let words: Vec<&str> = statement.split_whitespace().collect();
        match (self, words.as_slice()) {
            (Self::Versions(scheme), [left, operator, right]) => {
                check_versions(scheme, left, operator, right)
            }
            (Self::Versions(Scheme::Apk), [version]) => check_validity(version),
            (Self::Packages, [left, operator, right]) => check_packages(left, operator, right),
            (Self::Parsing, [text, fields @ ..]) if fields.len() == 5 => {
                check_parsing(text, fields)
            }
            _ => anyhow::bail!("unknown form of line"),
        }
    }
}

fn check_versions(scheme: Scheme, left: &str, operator: &str, right: &str) -> anyhow::Result<()> {
    let Some(expected) = ordering(operator) else {
        anyhow::ensure!(scheme == Scheme::Apk, "unknown operator {operator}");
        return check_matching(left, operator, right);
    };
    expect(expected, scheme.compare(left, right)?)?;
    expect(expected.reverse(), scheme.compare(right, left)?).context("the other way round")?;
    if let (Some(left), Some(right)) = (scheme.sort_key(left)?, scheme.sort_key(right)?) {
        expect(expected, left.as_bytes().cmp(right.as_bytes())).context("sort keys")?;
    }
    Ok(())
}

fn check_matching(left: &str, operator: &str, right: &str) -> anyhow::Result<()> {
    let computed = ApkVersion::parse(left)?.compare_prefix(&ApkVersion::parse(right)?);
    let passed = match operator {
        "~" => computed.is_eq(),
        "!~" => computed.is_ne(),
        "<~" => computed.is_le(),
        ">~" => computed.is_ge(),
        _ => anyhow::bail!("unknown operator {operator}"),
    };
    anyhow::ensure!(passed, "computed {computed:?}");
    Ok(())
}

fn check_validity(version: &str) -> anyhow::Result<()> {
    let (version, expected) = match version.strip_prefix('!') {
        Some(version) => (version, false),
        None => (version, true),
    };
    let computed = ApkVersion::parse(version).is_ok_and(|version| version.is_well_formed());
    anyhow::ensure!(computed == expected, "computed valid: {computed}");
    Ok(())
}

fn check_packages(left: &str, operator: &str, right: &str) -> anyhow::Result<()> {
    let expected = ordering(operator).with_context(|| format!("unknown operator {operator}"))?;
    let (left, right) = (Nevra::parse(left)?, Nevra::parse(right)?);
    expect(expected, left.compare(&right))?;
    expect(expected.reverse(), right.compare(&left)).context("the other way round")
}

fn check_parsing(text: &str, fields: &[&str]) -> anyhow::Result<()> {
    let nevra = Nevra::parse(text)?;
    let computed = [
        nevra.name,
        nevra.evr.epoch,
        Some(nevra.evr.version),
        nevra.evr.release,
        nevra.architecture,
    ];
    let expected = fields.iter().map(|&field| match field {
        "''" | "\"\"" => None,
        field => Some(field),
    });
    anyhow::ensure!(expected.eq(computed), "computed {computed:?}");
    Ok(())
}

fn ordering(operator: &str) -> Option<Ordering> {
    match operator {
        "<" => Some(Ordering::Less),
        "=" | "==" => Some(Ordering::Equal),
        ">" => Some(Ordering::Greater),
        _ => None,
    }
}

fn expect(expected: Ordering, computed: Ordering) -> anyhow::Result<()> {
    anyhow::ensure!(computed == expected, "computed {computed:?}");
    Ok(())
}
