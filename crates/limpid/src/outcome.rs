//! What the exit code says.

use std::process::ExitCode;

use limpid_types::{Finding, IndexReport, Report, Severity, Verdict};

use crate::cli;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what it was asked, and nothing else is to be said.
    Good,
    /// A finding reached `--fail-on`; the code is 1 or that of `--exit-code`.
    Found(u8),
    /// Something could not be checked.
    Unchecked,
    /// Part of what was asked failed, and was said; the rest was done.
    Incomplete,
}

impl Outcome {
    /// Judges a report: a finding that counts goes before what was not checked, since it needs no
    /// further checking to be true.
    pub(crate) fn of_report(report: &Report, options: &cli::Report) -> Self {
        let threshold = match (options.fail_on, options.exit_code) {
            (Some(severity), _) => Some(severity),
            (None, Some(_)) => Some(Severity::Unknown),
            (None, None) => None,
        };
        let reached = threshold.is_some_and(|least| {
            report
                .findings
                .iter()
                .any(|finding| finding.severity >= least)
        });
        // A finding that its source does not rate may be as bad as the threshold, or not.
        let is_unrated = |finding: &Finding| finding.severity == Severity::Unknown;
        let has_unrated = report.hidden.unknown > 0 || report.findings.iter().any(is_unrated);
        let is_open = options.fail_on.is_some() && has_unrated;
        if reached {
            Self::Found(options.exit_code.unwrap_or(1))
        } else if report.coverage.verdict == Verdict::Complete && !is_open {
            Self::Good
        } else {
            Self::Unchecked
        }
    }

    /// Judges an index report: packages that may be missing are not to be overlooked.
    pub(crate) fn of_index(report: &IndexReport) -> Self {
        let loses = report
            .limpid
            .problems
            .iter()
            .any(|problem| problem.problem.loses_packages());
        if loses { Self::Unchecked } else { Self::Good }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Found(code) => Self::from(code),
            Outcome::Incomplete => Self::from(2),
            Outcome::Unchecked => Self::from(3),
        }
    }
}
