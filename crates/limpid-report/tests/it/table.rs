#![expect(clippy::unwrap_used, reason = "writing to memory does not fail")]

use std::sync::Arc;

use limpid_report::{Style, write_report};
use limpid_types::{
    Confidence, Coverage, Distribution, Finding, FixState, Gap, GapReason, PackageKind, PackageRef,
    Report, Severity, SeverityCounts, Verdict,
};

fn render(report: &Report, style: Style) -> String {
    let mut out = Vec::new();
    write_report(&mut out, report, style).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(report: &Report) -> String {
    render(report, Style::default())
}

fn report(verdict: Verdict, gaps: Vec<Gap>, findings: Vec<Finding>) -> Report {
    let (judged, unjudged) = match verdict {
        Verdict::Unknown => (0, 14),
        Verdict::Complete | Verdict::Partial => (14, 0),
    };
    Report {
        manifest: "sha256:00".into(),
        distributions: vec![Distribution {
            pretty_name: "Alpine Linux v3.15".into(),
            ..Distribution::default()
        }],
        packages: 14,
        generation: Some(7),
        feeds: Vec::new(),
        coverage: Coverage {
            verdict,
            judged,
            unjudged,
            gaps,
            problems: Vec::new(),
        },
        counts: SeverityCounts::of(&findings),
        hidden: SeverityCounts::default(),
        findings,
        not_affected: Vec::new(),
        owned: Vec::new(),
    }
}

fn finding(severity: Severity, package: &str, id: &str, fix: FixState) -> Finding {
    let fixed_version = match fix {
        FixState::Fixed => "1.1.1d-r0",
        _ => "",
    };
    Finding {
        id: id.into(),
        severity,
        severity_text: String::new(),
        fix,
        fixed_version: fixed_version.into(),
        package: Arc::new(PackageRef {
            id: "1".into(),
            name: package.into(),
            version: "1.1.1c-r0".into(),
            arch: String::new(),
            package_db: String::new(),
            layer: "sha256:9d48c3bd43c520dc2784e868a780e976b207cbf493eaff8c6596eb871cbd9609".into(),
            distribution_id: "1".into(),
            purl: String::new(),
            paths: Vec::new(),
            confidence: Confidence::Certain,
        }),
        advisory_package: package.into(),
        advisory_kind: PackageKind::Source,
        compared_version: "1.1.1c-r0".into(),
        feed: "alpine".into(),
        namespace: "alpine:3.15".into(),
        repository: String::new(),
        product: String::new(),
        reason: String::new(),
        statements: Vec::new(),
        details: Arc::default(),
    }
}

fn gap(reason: GapReason, subject: &str, detail: &str, packages: usize) -> Gap {
    Gap {
        reason,
        subject: subject.into(),
        detail: detail.into(),
        packages,
    }
}

#[test]
fn a_complete_report_without_findings_says_that_it_is_clean() {
    let report = report(Verdict::Complete, Vec::new(), Vec::new());
    insta::assert_snapshot!(plain(&report), @r"
    Alpine Linux v3.15

    14 packages, no known vulnerabilities; every package was checked
    ");
}

#[test]
fn a_report_that_could_not_check_anything_never_looks_clean() {
    let gap = gap(
        GapReason::NoFeed,
        "Rocky Linux 9.3",
        "limpid has no feed for Rocky Linux",
        14,
    );
    let report = report(Verdict::Unknown, vec![gap], Vec::new());
    insta::assert_snapshot!(plain(&report), @r"
    Alpine Linux v3.15

    14 packages, nothing was checked: the image may have any vulnerability

    NOT CHECKED  distribution not supported: Rocky Linux 9.3, 14 packages
                 limpid has no feed for Rocky Linux
                 -> check these packages with another tool
    0 of 14 packages were judged
    ");
}

#[test]
fn a_partial_report_without_findings_says_what_it_leaves_open() {
    let gap = gap(
        GapReason::EndOfLife,
        "alpine:3.15",
        "support ended on 2023-11-01 and its advisories are frozen",
        14,
    );
    let report = report(Verdict::Partial, vec![gap], Vec::new());
    insta::assert_snapshot!(plain(&report), @r"
    Alpine Linux v3.15

    14 packages, no vulnerabilities found in what was checked, which is not everything

    NOT CHECKED  end of life: alpine:3.15, 14 packages
                 support ended on 2023-11-01 and its advisories are frozen
                 -> move the image to a supported release
    14 of 14 packages were judged
    ");
}

#[test]
fn findings_are_listed_with_what_to_do_about_them() {
    let findings = vec![
        finding(
            Severity::Critical,
            "libcrypto1.1",
            "CVE-2000-0001",
            FixState::Fixed,
        ),
        finding(Severity::High, "zlib", "CVE-2000-0002", FixState::NotFixed),
        finding(
            Severity::High,
            "zlib",
            "CVE-2000-0003",
            FixState::WillNotFix,
        ),
        finding(Severity::Low, "zlib", "CVE-2000-0004", FixState::EndOfLife),
        finding(
            Severity::Unknown,
            "zlib",
            "CVE-2000-0005",
            FixState::UnderInvestigation,
        ),
    ];
    let report = report(Verdict::Complete, Vec::new(), findings);
    insta::assert_snapshot!(plain(&report), @r"
    Alpine Linux v3.15

    SEVERITY  PACKAGE       INSTALLED  FIXED         ID             LAYER
    Critical  libcrypto1.1  1.1.1c-r0  1.1.1d-r0     CVE-2000-0001  9d48c3bd43c5
    High      zlib          1.1.1c-r0  no fix        CVE-2000-0002  9d48c3bd43c5
    High      zlib          1.1.1c-r0  will not fix  CVE-2000-0003  9d48c3bd43c5
    Low       zlib          1.1.1c-r0  end of life   CVE-2000-0004  9d48c3bd43c5
    Unknown   zlib          1.1.1c-r0  undetermined  CVE-2000-0005  9d48c3bd43c5

    14 packages, 5 vulnerabilities (1 critical, 2 high, 1 low, 1 unknown)
    ");
}

#[test]
fn hidden_findings_are_counted_and_the_result_is_not_called_clean() {
    let mut report = report(Verdict::Complete, Vec::new(), Vec::new());
    report.hidden.low = 2;
    report.hidden.unknown = 1;
    insta::assert_snapshot!(plain(&report), @r"
    Alpine Linux v3.15

    14 packages, no vulnerabilities to show; 3 more hidden by the options (2 low, 1 unknown)
    ");
}

#[test]
fn a_narrow_terminal_wraps_cells_and_keeps_all_of_them() {
    let findings = vec![finding(
        Severity::High,
        "a-package-with-a-long-name",
        "CVE-2000-0002",
        FixState::Fixed,
    )];
    let report = report(Verdict::Complete, Vec::new(), findings);
    let style = Style {
        width: Some(72),
        ..Style::default()
    };
    let text = render(&report, style);
    assert!(text.lines().all(|line| line.len() <= 72), "{text}");
    insta::assert_snapshot!(text, @r"
    Alpine Linux v3.15

    SEVERITY  PACKAGE       INSTALLED  FIXED      ID            LAYER
    High      a-package-wi  1.1.1c-r0  1.1.1d-r0  CVE-2000-000  9d48c3bd43c5
              th-a-long-na                        2
              me

    14 packages, 1 vulnerability (1 high)
    ");
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    let mut hostile = finding(
        Severity::High,
        "zlib\u{1b}[2K\rclean",
        "CVE\u{202e}2000\n0001",
        FixState::Fixed,
    );
    Arc::make_mut(&mut hostile.package).layer = "sha256:\u{9b}31m".into();
    let gap = gap(GapReason::NoFeed, "\u{7}bell", "two\nlines", 1);
    let mut report = report(Verdict::Partial, vec![gap], vec![hostile]);
    report.distributions[0].pretty_name = "Alpine\u{1b}]0;title\u{7}".into();
    let text = plain(&report);
    assert!(
        text.chars()
            .all(|letter| letter == '\n' || matches!(letter, ' '..='~')),
        "{text:?}"
    );
    insta::assert_snapshot!(text, @r"
    Alpine\u{1b}]0;title\u{7}

    SEVERITY  PACKAGE               INSTALLED  FIXED      ID                     LAYER
    High      zlib\u{1b}[2K\rclean  1.1.1c-r0  1.1.1d-r0  CVE\u{202e}2000\n0001  \u{9b}31m

    14 packages, 1 vulnerability (1 high)

    NOT CHECKED  distribution not supported: \u{7}bell, 1 package
                 two\nlines
                 -> check these packages with another tool
    14 of 14 packages were judged
    ");
}

#[test]
fn a_version_without_end_does_not_widen_the_table() {
    let mut long = finding(Severity::High, "zlib", "CVE-2000-0001", FixState::Fixed);
    Arc::make_mut(&mut long.package).version = "1".repeat(100_000);
    let text = plain(&report(Verdict::Complete, Vec::new(), vec![long]));
    assert!(text.len() < 1000, "{}", text.len());
}

#[test]
fn colours_are_written_only_when_asked_for() {
    let findings = vec![finding(
        Severity::Critical,
        "zlib",
        "CVE-2000-0001",
        FixState::Fixed,
    )];
    let report = report(Verdict::Complete, Vec::new(), findings);
    let coloured = render(
        &report,
        Style {
            colour: true,
            width: None,
        },
    );
    assert!(
        coloured.contains("\u{1b}[1m\u{1b}[31mCritical\u{1b}[0m  zlib"),
        "{coloured:?}"
    );
    assert!(!plain(&report).contains('\u{1b}'));
}

#[test]
fn many_gaps_are_cut_with_their_number() {
    let gaps = (0..100)
        .map(|number| {
            gap(
                GapReason::UnknownVersion,
                &format!("package{number}"),
                "invalid version",
                1,
            )
        })
        .collect();
    let text = plain(&report(Verdict::Partial, gaps, Vec::new()));
    assert!(text.contains("60 more, see the JSON report"), "{text}");
}
