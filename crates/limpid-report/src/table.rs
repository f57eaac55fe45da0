use std::fmt::Write as _;
use std::io;

use limpid_types::{
    Coverage, Distribution, Finding, FixState, Gap, PackageRef, Report, Severity, SeverityCounts,
    Verdict,
};

use crate::columns::{Cell, Columns, Title};
use crate::feeds::short_digest;
use crate::printable::printable_within;
use crate::{Style, advice, style};

/// How many gaps are written out; the JSON report has them all.
const GAP_LIMIT: usize = 40;

/// Longest text of a line below the table; longer ones are cut.
const LINE_LIMIT: usize = 400;

/// Writes a report for people: findings, one line that sums them up, and what was not checked.
///
/// Only a complete report without findings is called clean. Whatever was not checked follows in
/// lines that start with `NOT CHECKED`, each with the reason and what can be done.
pub fn write_report(out: &mut dyn io::Write, report: &Report, style: Style) -> io::Result<()> {
    let mut text = String::new();
    push_heading(&mut text, &report.distributions, style);
    if !report.findings.is_empty() {
        findings_table(&report.findings).render(&mut text, style);
        text.push('\n');
    }
    push_summary(&mut text, report, style);
    push_owned(&mut text, report);
    push_gaps(&mut text, &report.coverage, style);
    out.write_all(text.as_bytes())
}

fn push_heading(text: &mut String, distributions: &[Distribution], style: Style) {
    let names: Vec<&str> = distributions
        .iter()
        .map(|distribution| {
            let names = [&distribution.pretty_name, &distribution.name];
            let name = names.into_iter().find(|name| !name.is_empty());
            name.unwrap_or(&distribution.did).as_str()
        })
        .collect();
    if !names.is_empty() {
        let names = printable_within(&names.join(", "), LINE_LIMIT);
        style.paint(text, style::title(), &names);
        text.push_str("\n\n");
    }
}

fn findings_table(findings: &[Finding]) -> Columns<6> {
    let mut packages = findings.iter().map(|finding| &finding.package);
    let has_files = packages.any(|package| !package.paths.is_empty());
    let mut columns = Columns::new([
        Title::Text("SEVERITY"),
        Title::Text("PACKAGE"),
        Title::Text("INSTALLED"),
        Title::Text("FIXED"),
        Title::Text("ID"),
        Title::Text(if has_files { "LAYER, FILE" } else { "LAYER" }),
    ]);
    for finding in findings {
        let fixed = match finding.fix {
            FixState::Fixed => &finding.fixed_version,
            FixState::NotFixed => "no fix",
            FixState::WillNotFix => "will not fix",
            FixState::EndOfLife => "end of life",
            FixState::UnderInvestigation => "undetermined",
        };
        columns.push([
            Cell::painted(finding.severity.name(), style::severity(finding.severity)),
            Cell::new(&finding.package.name),
            Cell::new(&finding.package.version),
            Cell::new(fixed),
            Cell::new(&finding.id),
            Cell::new(&place(&finding.package)),
        ]);
    }
    columns
}

/// Says which layer brought a package in, and for one of a programming language the file that it is
/// in.
fn place(package: &PackageRef) -> String {
    let layer = short_digest(&package.layer);
    match package.paths.as_slice() {
        [] => layer.to_owned(),
        [path] => format!("{layer} {path}"),
        [path, more @ ..] => format!("{layer} {path} (+{} more)", more.len()),
    }
}

/// Says how many packages are part of the distribution's own, which is why nothing else speaks of
/// them.
fn push_owned(text: &mut String, report: &Report) {
    let owned = report.owned.len();
    if owned > 0 {
        let packages = counted(owned, "package", "packages");
        let _ = writeln!(
            text,
            "{packages} of programming languages belong to packages of the distribution and were \
             judged with those"
        );
    }
}

fn push_summary(text: &mut String, report: &Report, style: Style) {
    let packages = counted(report.packages, "package", "packages");
    let found = report.findings.len();
    let hidden = report.hidden.total();
    let (result, paint) = match (report.coverage.verdict, found, hidden) {
        (Verdict::Unknown, _, _) => (
            "nothing was checked: the image may have any vulnerability".into(),
            style::warning(),
        ),
        (Verdict::Complete, 0, 0) => (
            "no known vulnerabilities; every package was checked".into(),
            style::good(),
        ),
        (Verdict::Partial, 0, 0) => (
            "no vulnerabilities found in what was checked, which is not everything".into(),
            style::warning(),
        ),
        (_, 0, _) => ("no vulnerabilities to show".into(), style::title()),
        (_, _, _) => (
            format!(
                "{} ({})",
                counted(found, "vulnerability", "vulnerabilities"),
                by_severity(report.counts)
            ),
            style::title(),
        ),
    };
    style.paint(text, paint, &format!("{packages}, {result}"));
    if hidden > 0 {
        let _ = write!(
            text,
            "; {hidden} more hidden by the options ({})",
            by_severity(report.hidden)
        );
    }
    text.push('\n');
}

/// Appends a block for each gap, with the reason and what can be done about it.
fn push_gaps(text: &mut String, coverage: &Coverage, style: Style) {
    if coverage.verdict == Verdict::Complete {
        return;
    }
    text.push('\n');
    for gap in coverage.gaps.iter().take(GAP_LIMIT) {
        push_gap(text, gap, style);
    }
    if let Some(more @ 1..) = coverage.gaps.len().checked_sub(GAP_LIMIT) {
        style.paint(text, style::warning(), "NOT CHECKED");
        let _ = writeln!(text, "  {more} more, see the JSON report");
    }
    let _ = writeln!(
        text,
        "{} of {} packages were judged",
        coverage.judged,
        coverage.judged.saturating_add(coverage.unjudged)
    );
}

fn push_gap(text: &mut String, gap: &Gap, style: Style) {
    style.paint(text, style::warning(), "NOT CHECKED");
    let subject = printable_within(&gap.subject, LINE_LIMIT);
    let _ = write!(text, "  {}: {subject}", advice::title(gap.reason));
    if gap.packages > 0 {
        let _ = write!(text, ", {}", counted(gap.packages, "package", "packages"));
    }
    let detail = printable_within(&gap.detail, LINE_LIMIT);
    let remedy = advice::remedy(gap.reason);
    let _ = writeln!(text, "\n             {detail}\n             -> {remedy}");
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Lists the counts that are not zero, the worst first.
fn by_severity(counts: SeverityCounts) -> String {
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| counts.get(*severity) > 0)
        .map(|severity| {
            format!(
                "{} {}",
                counts.get(severity),
                severity.name().to_lowercase()
            )
        })
        .collect();
    parts.join(", ")
}
