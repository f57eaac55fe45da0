//! Checks a version scheme against tables of known orderings.
//!
//! | form | used by | line |
//! |---|---|---|
//! | ordering | all schemes | `A op B`; op is `<`, `=`, `==` or `>` |
//! | matching | apk | `A op B`; op is `~`, `!~`, `<~` or `>~` |
//! | validity | apk | `A` or `!A` |
//! | packages | rpm, in files named `*rpmver-compare.list` | `A op B` with names and architectures |
//! | parsing | rpm, in files named `*-parse.list` | text, name, epoch, version, release, architecture; `''` where absent |
//! | parsing | rhctag, in files named `*-parse.tsv` | text, major, minor |
//! | sorting | all schemes, in files named `*.json` | an array of `{"in": [..], "want": [..]}` |
//!
//! Blank lines and lines that start with `#` or `//` are skipped, and a `#`
//! after a blank starts a remark. Any other line counts as a failure.
//!
//! Tables of CPE names are checked as well; see `cpe`.

mod cpe;

use std::cmp::Ordering;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use limpid_version::{ApkVersion, Nevra, RhctagVersion, Scheme};

/// Checks every file and reports to standard output; tells whether all lines passed.
pub(crate) fn run(scheme: &str, files: &[PathBuf]) -> anyhow::Result<bool> {
    let scheme: Option<Scheme> = match scheme {
        "cpe" => None,
        name => Some(name.parse()?),
    };
    let mut out = io::stdout().lock();
    let mut all_passed = true;
    for file in files {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let is_json = file
            .extension()
            .is_some_and(|extension| extension == "json");
        let (passed, failures) = match scheme {
            None => cpe::check(file, &text)?,
            Some(scheme) if is_json => check_sorting(scheme, &text)?,
            Some(scheme) => check_lines(Form::of(scheme, file), &text),
        };
        for failure in &failures {
            writeln!(out, "{}:{failure}", file.display())?;
        }
        let failed = failures.len();
        writeln!(out, "{}: {passed} passed, {failed} failed", file.display())?;
        all_passed &= failed == 0;
    }
    Ok(all_passed)
}

/// Checks a table of lines; returns how many passed, and what is wrong with the others.
fn check_lines(form: Form, text: &str) -> (usize, Vec<String>) {
    let mut passed = 0;
    let mut failures = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let statement = without_remark(line);
        if statement.is_empty() {
            continue;
        }
        match form.check(statement) {
            Ok(()) => passed += 1,
            Err(error) => failures.push(format!("{}: {statement}: {error:#}", index + 1)),
        }
    }
    (passed, failures)
}

fn check_sorting(scheme: Scheme, text: &str) -> anyhow::Result<(usize, Vec<String>)> {
    let entries: Vec<serde_json::Value> = serde_json::from_str(text)?;
    let texts = |value: &serde_json::Value| -> Option<Vec<String>> {
        let texts = value.as_array()?.iter();
        texts.map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let mut failures = Vec::new();
    for entry in &entries {
        let mut sorted = texts(&entry["in"]).context("no texts to sort")?;
        // A version that cannot be read equals all others, and leaves the order wrong.
        sorted.sort_by(|left, right| scheme.compare(left, right).unwrap_or(Ordering::Equal));
        if Some(&sorted) != texts(&entry["want"]).as_ref() {
            failures.push(format!(" {}: computed {sorted:?}", entry["in"]));
        }
    }
    Ok((entries.len() - failures.len(), failures))
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
    Numbers,
}

impl Form {
    fn of(scheme: Scheme, file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if scheme == Scheme::Rhctag && name.ends_with("-parse.tsv") {
            Self::Numbers
        } else if scheme != Scheme::Rpm {
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
            (Self::Numbers, [tag, major, minor]) => check_numbers(tag, major, minor),
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

fn check_numbers(tag: &str, major: &str, minor: &str) -> anyhow::Result<()> {
    let tag = RhctagVersion::parse(tag)?;
    let computed = (tag.major, tag.minor.unwrap_or("0"));
    anyhow::ensure!(computed == (major, minor), "computed {computed:?}");
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
