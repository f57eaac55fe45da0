//! Checks a version scheme against tables of known orderings.
//!
//! | form | used by | line |
//! |---|---|---|
//! | ordering | all schemes | `A op B`; op is `<`, `=`, `==` or `>` |
//! | matching | apk | `A op B`; op is `~`, `!~`, `<~` or `>~` |
//! | validity | apk | `A` or `!A` |
//! | comparing | gem, in files named `*-compare.tsv` | `A op B` between tabs; texts may be empty |
//! | validity | gem, in files named `*-valid.tsv` | text, `true` or `false` |
//! | packages | rpm, in files named `*rpmver-compare.list` | `A op B` with names and architectures |
//! | parsing | rpm, in files named `*-parse.list` | text, name, epoch, version, release, architecture; `''` where absent |
//! | parsing | rhctag, in files named `*-parse.tsv` | text, major, minor |
//! | sorting | all schemes, in files named `*.json` | an array of `{"in": [..], "want": [..]}` |
//!
//! Blank lines and lines that start with `#` or `//` are skipped, and a `#`
//! after a blank starts a remark. Any other line counts as a failure.
//!
//! Some rows speak of texts that a scheme refuses on purpose; see [`Row::Refused`]. They are counted
//! apart. Sorted texts are compared by the scheme, since tables write them in their normal form.
//!
//! Tables of CPE names are checked as well; see `cpe`.

mod cpe;
mod differential;

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
        let outcome: Outcome = match scheme {
            None => cpe::check(file, &text)?.into(),
            Some(scheme) if is_json => check_sorting(scheme, &text)?.into(),
            Some(scheme) => check_lines(Form::of(scheme, file), &text),
        };
        for failure in &outcome.failures {
            writeln!(out, "{}:{failure}", file.display())?;
        }
        let (passed, failed) = (outcome.passed, outcome.failures.len());
        write!(out, "{}: {passed} passed, {failed} failed", file.display())?;
        if outcome.refused > 0 {
            write!(out, ", {} refused on purpose", outcome.refused)?;
        }
        writeln!(out)?;
        all_passed &= failed == 0;
    }
    Ok(all_passed)
}

/// Compares generated versions with the tools of their ecosystems; tells whether all agree.
pub(crate) fn run_differential(scheme: Option<&str>, tables: &[PathBuf]) -> anyhow::Result<bool> {
    let mut texts = Vec::new();
    for table in tables {
        let text = fs::read_to_string(table)
            .with_context(|| format!("cannot read {}", table.display()))?;
        for line in text.lines().map(without_remark) {
            if let [left, _, right] = line.split_whitespace().collect::<Vec<_>>()[..] {
                texts.extend([left.to_owned(), right.to_owned()]);
            }
        }
    }
    differential::run(scheme, &texts)
}

/// What became of a table.
#[derive(Default)]
struct Outcome {
    passed: usize,
    refused: usize,
    failures: Vec<String>,
}

impl From<(usize, Vec<String>)> for Outcome {
    fn from((passed, failures): (usize, Vec<String>)) -> Self {
        Self {
            passed,
            refused: 0,
            failures,
        }
    }
}

/// What became of a row that did not fail.
enum Row {
    Passed,
    /// The row speaks of a text that the scheme refuses on purpose: one that is empty, a Python
    /// version that is none by PEP 440 (the tables hold the order of the time before it), or one of
    /// Composer's with a number sign (which in the tables equals numbers that differ).
    Refused,
}

/// Checks a table of lines.
fn check_lines(form: Form, text: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for (index, line) in text.lines().enumerate() {
        let statement = form.statement(line);
        if statement.is_empty() {
            continue;
        }
        match form.check(statement) {
            Ok(Row::Passed) => outcome.passed += 1,
            Ok(Row::Refused) => outcome.refused += 1,
            Err(error) => {
                let failure = format!("{}: {statement}: {error:#}", index + 1);
                outcome.failures.push(failure);
            }
        }
    }
    outcome
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
        let wanted = texts(&entry["want"]).context("no sorted texts")?;
        let is_same = |(left, right): (&String, &String)| {
            left == right || scheme.compare(left, right) == Ok(Ordering::Equal)
        };
        if sorted.len() != wanted.len() || !sorted.iter().zip(&wanted).all(is_same) {
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
    /// Gem versions between tabs.
    Fields,
}

impl Form {
    fn of(scheme: Scheme, file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if scheme == Scheme::Rhctag && name.ends_with("-parse.tsv") {
            Self::Numbers
        } else if scheme == Scheme::Gem && name.ends_with(".tsv") {
            Self::Fields
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

    /// Returns what a line says, or nothing.
    fn statement(self, line: &str) -> &str {
        match self {
            Self::Fields => line,
            _ => without_remark(line),
        }
    }

    fn check(self, statement: &str) -> anyhow::Result<Row> {
        if matches!(self, Self::Fields) {
            return check_fields(statement);
        }
        let words: Vec<&str> = statement.split_whitespace().collect();
        match (self, words.as_slice()) {
            (Self::Versions(scheme), [left, operator, right]) => {
                return check_versions(scheme, left, operator, right);
            }
            (Self::Versions(Scheme::Apk), [version]) => check_validity(version),
            (Self::Packages, [left, operator, right]) => check_packages(left, operator, right),
            (Self::Parsing, [text, fields @ ..]) if fields.len() == 5 => {
                check_parsing(text, fields)
            }
            (Self::Numbers, [tag, major, minor]) => check_numbers(tag, major, minor),
            _ => anyhow::bail!("unknown form of line"),
        }?;
        Ok(Row::Passed)
    }
}

fn check_fields(line: &str) -> anyhow::Result<Row> {
    let line = line.replace("\\t", " ");
    match line.split('\t').collect::<Vec<_>>()[..] {
        [left, operator, right] => check_versions(Scheme::Gem, left, operator, right),
        [version, expected @ ("true" | "false")] => {
            let computed = Scheme::Gem.compare(version, version).is_ok();
            if is_refused_on_purpose(Scheme::Gem, version) {
                anyhow::ensure!(!computed, "not refused");
                return Ok(Row::Refused);
            }
            anyhow::ensure!(
                (expected == "true") == computed,
                "computed valid: {computed}"
            );
            Ok(Row::Passed)
        }
        _ => anyhow::bail!("unknown form of line"),
    }
}

/// Tells whether a text that a scheme refuses may be in a table all the same; see [`Row::Refused`].
fn is_refused_on_purpose(scheme: Scheme, text: &str) -> bool {
    let refused = scheme.compare(text, text).is_err();
    let may_be = match scheme {
        Scheme::Pep440 => true,
        Scheme::Composer => text.contains('#'),
        _ => false,
    };
    refused && (may_be || text.trim().is_empty())
}

fn check_versions(scheme: Scheme, left: &str, operator: &str, right: &str) -> anyhow::Result<Row> {
    let Some(expected) = ordering(operator) else {
        anyhow::ensure!(scheme == Scheme::Apk, "unknown operator {operator}");
        return check_matching(left, operator, right).map(|()| Row::Passed);
    };
    if is_refused_on_purpose(scheme, left) || is_refused_on_purpose(scheme, right) {
        return Ok(Row::Refused);
    }
    expect(expected, scheme.compare(left, right)?)?;
    expect(expected.reverse(), scheme.compare(right, left)?).context("the other way round")?;
    if let (Some(left), Some(right)) = (scheme.sort_key(left)?, scheme.sort_key(right)?) {
        expect(expected, left.as_bytes().cmp(right.as_bytes())).context("sort keys")?;
    }
    Ok(Row::Passed)
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
