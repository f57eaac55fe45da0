use limpid_match::{MemoryData, Options};
use limpid_types::{
    Distribution, GapReason, IndexReport, LayerProblem, Problem, ProblemKind, Report, Repository,
    Verdict,
};

use crate::fixture::{
    NOW, alpine, apk, data, debian, dpkg, feed, found, image, report, report_with,
    with_distribution, with_package,
};

/// A supported image with one package.
fn bookworm() -> IndexReport {
    with_package(debian("12", "bookworm"), ("zlib1g", "1"), ("zlib", "1"))
}

/// Data that says nothing against any package of the tests.
fn harmless() -> MemoryData {
    data(
        "debian",
        [dpkg("debian:bookworm", "other", "CVE-2000-0001", "1")],
    )
}

#[track_caller]
fn check(report: &Report, verdict: Verdict, reason: GapReason, packages: usize) {
    let gaps: Vec<_> = report
        .coverage
        .gaps
        .iter()
        .map(|gap| (gap.reason, gap.packages))
        .collect();
    assert_eq!(gaps, [(reason, packages)]);
    assert_eq!(report.coverage.verdict, verdict);
    assert_eq!(
        report.coverage.judged + report.coverage.unjudged,
        report.packages
    );
}

#[test]
fn a_clean_image_that_was_judged_by_current_data_is_complete() {
    let report = report(&bookworm(), &harmless());
    assert_eq!(report.coverage.verdict, Verdict::Complete);
    assert_eq!(report.coverage.gaps, []);
    assert_eq!((report.coverage.judged, report.coverage.unjudged), (1, 0));
    assert_eq!(report.generation, Some(7));
    assert_eq!(report.feeds[0].checked, NOW);
}

#[test]
fn without_a_generation_nothing_is_known() {
    let report = report(&bookworm(), &MemoryData::default());
    check(&report, Verdict::Unknown, GapReason::NoData, 1);
    assert_eq!(report.generation, None);
}

#[test]
fn an_image_without_packages_is_not_clean() {
    let report = report(&debian("12", "bookworm"), &harmless());
    check(&report, Verdict::Unknown, GapReason::NoPackages, 0);
}

#[test]
fn an_empty_generation_misses_the_feed() {
    let report = report(&bookworm(), &MemoryData::new(1));
    check(&report, Verdict::Unknown, GapReason::FeedMissing, 1);
}

#[test]
fn a_feed_of_another_family_does_not_serve() {
    let alpine = data("alpine/v3.22", [apk("alpine:3.22", "zlib", "X", "9")]);
    let report = report(&bookworm(), &alpine);
    check(&report, Verdict::Unknown, GapReason::FeedMissing, 1);
}

#[test]
fn a_feed_without_records_for_the_release_says_nothing_about_it() {
    let image = with_package(alpine("3.22.0"), ("zlib", "1"), ("zlib", "1"));
    let data = data("alpine/v3.21", [apk("alpine:3.21", "zlib", "X", "9")]);
    let report = report(&image, &data);
    check(&report, Verdict::Unknown, GapReason::FeedEmpty, 1);
    assert_eq!(report.coverage.gaps[0].subject, "alpine:3.22");
}

#[test]
fn a_release_that_the_feed_has_dropped_is_named_with_its_end() {
    let image = with_package(alpine("3.9.4"), ("zlib", "1"), ("zlib", "1"));
    let data = data("alpine/v3.21", [apk("alpine:3.21", "zlib", "X", "9")]);
    let report = report(&image, &data);
    check(&report, Verdict::Unknown, GapReason::FeedEmpty, 1);
    assert_eq!(
        report.coverage.gaps[0].detail,
        "the alpine feed holds no record for this release, whose support ended on 2020-11-01"
    );
}

#[test]
fn distributions_without_a_feed_are_named() {
    for (did, detail) in [
        ("void", "limpid has no feed for Void Linux"),
        ("haiku", "limpid does not know the distribution \"haiku\""),
    ] {
        let distribution = Distribution {
            did: did.into(),
            ..Distribution::default()
        };
        let image = with_package(
            with_distribution(image(), distribution),
            ("bash", "5"),
            ("", ""),
        );
        let report = report(&image, &harmless());
        check(&report, Verdict::Unknown, GapReason::NoFeed, 1);
        assert_eq!(report.coverage.gaps[0].detail, detail);
    }
}

#[test]
fn a_release_that_cannot_be_told_is_not_guessed() {
    let image = with_package(alpine("x"), ("zlib", "1"), ("zlib", "1"));
    let data = data("alpine/v3.21", [apk("alpine:3.21", "zlib", "X", "9")]);
    let report = report(&image, &data);
    check(&report, Verdict::Unknown, GapReason::NoDistribution, 1);
}

#[test]
fn packages_of_no_distribution_are_not_judged() {
    let mut image = with_package(bookworm(), ("lonely", "1"), ("", ""));
    for environment in image.environments.get_mut("101").unwrap() {
        environment.distribution_id.clear();
    }
    check(
        &report(&image, &harmless()),
        Verdict::Partial,
        GapReason::NoDistribution,
        1,
    );
    image.environments.remove("101");
    check(
        &report(&image, &harmless()),
        Verdict::Partial,
        GapReason::NoDistribution,
        1,
    );
}

#[test]
fn packages_of_a_repository_that_nobody_knows_have_no_feed() {
    let mut image = bookworm();
    let repository = Repository {
        id: "7".into(),
        name: "cocoapods".into(),
        ..Repository::default()
    };
    image.repository.insert("7".into(), repository);
    for environment in image.environments.get_mut("100").unwrap() {
        environment.distribution_id.clear();
        environment.repository_ids = Some(vec!["7".into()]);
    }
    let report = report(&image, &harmless());
    check(&report, Verdict::Unknown, GapReason::NoFeed, 1);
    assert_eq!(report.coverage.gaps[0].subject, "cocoapods");
}

#[test]
fn old_data_still_gives_findings_but_is_not_complete() {
    let advisory = dpkg("debian:bookworm", "zlib", "CVE-2000-0001", "2");
    let data = MemoryData::new(7).with_feed(feed("debian", "2026-11-01T12:00:00Z"), [advisory]);
    let report = report(&bookworm(), &data);
    check(&report, Verdict::Partial, GapReason::FeedStale, 1);
    assert_eq!(found(&report).len(), 1);
    assert_eq!(
        report.coverage.gaps[0].detail,
        "last known to be current at 2026-11-01T12:00:00Z, 20 days ago; the limit is 7 days"
    );
}

#[test]
fn data_that_nobody_knows_the_age_of_is_old() {
    let mut unknown = feed("debian", NOW);
    unknown.checked = None;
    let advisory = dpkg("debian:bookworm", "other", "CVE-2000-0001", "2");
    let data = MemoryData::new(7).with_feed(unknown, [advisory]);
    check(
        &report(&bookworm(), &data),
        Verdict::Partial,
        GapReason::FeedStale,
        1,
    );
}

#[test]
fn a_release_without_support_is_judged_by_frozen_data() {
    let image = with_package(alpine("3.15.0"), ("busybox", "1.0-r0"), ("busybox", ""));
    let data = data(
        "alpine/v3.15",
        [apk("alpine:3.15", "busybox", "CVE-2000-0001", "1.0-r1")],
    );
    let report = report(&image, &data);
    check(&report, Verdict::Partial, GapReason::EndOfLife, 1);
    assert_eq!(found(&report).len(), 1);
    let detail = &report.coverage.gaps[0].detail;
    assert!(detail.contains("2023-11-01"), "{detail}");
}

#[test]
fn what_the_index_could_not_read_is_a_gap() {
    for (kind, reason) in [
        (
            ProblemKind::UnreadableDatabase,
            GapReason::UnreadableDatabase,
        ),
        (ProblemKind::BadRecord, GapReason::LayerProblem),
        (ProblemKind::UnreadableFile, GapReason::LayerProblem),
        (ProblemKind::DamagedArchive, GapReason::LayerProblem),
    ] {
        let mut image = bookworm();
        image.limpid.problems.push(LayerProblem {
            layer: "sha256:11".into(),
            problem: Problem::new(kind, "var/lib/dpkg/status", "cut off"),
        });
        check(&report(&image, &harmless()), Verdict::Partial, reason, 0);
    }
}

#[test]
fn an_index_that_failed_is_a_gap() {
    let mut image = bookworm();
    image.success = false;
    image.err = "layer not found".into();
    let report = report(&image, &harmless());
    check(&report, Verdict::Partial, GapReason::LayerProblem, 0);
    assert_eq!(
        report.coverage.gaps[0].detail,
        "indexing failed: layer not found"
    );
}

#[test]
fn a_version_that_does_not_parse_is_a_gap_and_costs_nothing_else() {
    let image = with_package(
        bookworm(),
        ("apt", "not a version"),
        ("apt", "not a version"),
    );
    let data = data(
        "debian",
        [
            dpkg("debian:bookworm", "zlib", "CVE-2000-0001", "2"),
            dpkg("debian:bookworm", "apt", "CVE-2000-0002", "2"),
            dpkg("debian:bookworm", "apt", "CVE-2000-0003", "3"),
        ],
    );
    let report = report(&image, &data);
    check(&report, Verdict::Partial, GapReason::UnknownVersion, 1);
    assert_eq!(report.coverage.gaps[0].subject, "apt");
    assert_eq!(found(&report), [("zlib1g", "CVE-2000-0001", "2")]);
}

#[test]
fn a_report_that_is_full_says_so() {
    let mut image = debian("12", "bookworm");
    for _ in 0..5 {
        image = with_package(image, ("zlib1g", "1"), ("zlib", "1"));
    }
    let data = data(
        "debian",
        [dpkg("debian:bookworm", "zlib", "CVE-2000-0001", "2")],
    );
    let options = Options {
        max_findings: 2,
        ..Options::default()
    };
    let report = report_with(&image, &data, &options);
    check(&report, Verdict::Partial, GapReason::TooManyFindings, 3);
    assert_eq!(report.findings.len(), 2);
}
