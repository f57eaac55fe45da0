//! Which of several builds of one name an advisory is about, distribution by distribution.

use limpid_match::MemoryData;
use limpid_types::{
    Advisory, Distribution, GapReason, IndexReport, PackageKind, Repository, Status,
    VersionConstraint,
};
use limpid_version::Scheme;

use crate::fixture::{
    advisory, data, dpkg, image, report, with_distribution, with_package, with_status,
};

fn of(did: &str, version_id: &str, package: (&str, &str)) -> IndexReport {
    let distribution = Distribution {
        did: did.into(),
        version_id: version_id.into(),
        version: version_id.into(),
        ..Distribution::default()
    };
    with_package(with_distribution(image(), distribution), package, package)
}

fn fix(namespace: &str, name: &str, id: &str, repository: &str, fixed: &str) -> Advisory {
    let versions = VersionConstraint::below(Scheme::Rpm, fixed);
    let mut advisory = advisory(namespace, name, id, versions);
    advisory.package.kind = PackageKind::Binary;
    advisory.package.repository = repository.into();
    advisory
}

#[track_caller]
fn check(image: &IndexReport, data: &MemoryData, expected: &[&str]) {
    let report = report(image, data);
    let ids: Vec<&str> = report.findings.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, expected);
}

#[test]
fn a_topic_of_amazons_extras_says_nothing_about_the_older_line_of_the_core() {
    let of_name = |name: &str| {
        data(
            "aws/AL2",
            [
                fix("amzn:2", name, "CVE-2000-0001", "core", "9.2.24-8.amzn2"),
                fix(
                    "amzn:2",
                    name,
                    "CVE-2000-0002",
                    "extras-postgresql14",
                    "14.3-1.amzn2",
                ),
            ],
        )
    };
    let postgresql = of_name("postgresql");
    let core = of("amzn", "2", ("postgresql", "9.2.24-6.amzn2"));
    check(&core, &postgresql, &["CVE-2000-0001"]);
    let topic = of("amzn", "2", ("postgresql", "14.2-1.amzn2"));
    check(&topic, &postgresql, &["CVE-2000-0002"]);
}

/// Says of all packages of an image that they came from a repository.
fn from(mut image: IndexReport, repository: &str) -> IndexReport {
    for environment in image.environments.values_mut().flatten() {
        environment.repository_ids = Some(vec!["9".into()]);
    }
    let repository = Repository {
        id: "9".into(),
        name: repository.into(),
        key: "yum-repository".into(),
        uri: format!("repoid={repository}"),
        ..Repository::default()
    };
    image.repository.insert("9".into(), repository);
    image
}

#[test]
fn the_repository_that_yum_noted_tells_topics_of_amazons_extras_from_the_core() {
    // The topic and the core have the same first number, so versions alone cannot tell.
    let data = data(
        "aws/AL2/extras-nginx1",
        [
            fix("amzn:2", "nginx", "CVE-2000-0001", "core", "1.20.0-2.amzn2"),
            fix(
                "amzn:2",
                "nginx",
                "CVE-2000-0002",
                "extras-nginx1",
                "1.22.1-2.amzn2",
            ),
        ],
    );
    let image = || of("amzn", "2", ("nginx", "1.18.0-1.amzn2"));
    check(&image(), &data, &["CVE-2000-0001", "CVE-2000-0002"]);
    check(&from(image(), "amzn2-core"), &data, &["CVE-2000-0001"]);
    check(
        &from(image(), "amzn2extra-nginx1"),
        &data,
        &["CVE-2000-0002"],
    );
    // An id that says nothing is as good as none.
    check(
        &from(image(), "mirror"),
        &data,
        &["CVE-2000-0001", "CVE-2000-0002"],
    );
}

#[test]
fn packages_of_a_topic_without_advisories_are_not_judged_by_others() {
    let data = data(
        "aws/AL2/core",
        [fix("amzn:2", "tomcat", "CVE-2000-0001", "core", "7.0.76-8")],
    );
    let image = from(
        of("amzn", "2", ("tomcat", "7.0.70-1")),
        "amzn2extra-tomcat8.5",
    );
    let report = report(&image, &data);
    assert_eq!(report.findings, []);
    let gap = &report.coverage.gaps[0];
    assert_eq!(gap.reason, GapReason::FeedEmpty);
    assert_eq!(gap.subject, "amzn:2 extras-tomcat8.5");
}

fn ubuntu(version: &str) -> IndexReport {
    let distribution = Distribution {
        did: "ubuntu".into(),
        version_id: "20.04".into(),
        ..Distribution::default()
    };
    let image = with_distribution(image(), distribution);
    with_package(image, ("libssl1.1", version), ("openssl", version))
}

#[test]
fn fips_builds_of_ubuntu_are_judged_by_their_own_advisories_and_others_by_none_of_them() {
    let fips = "ubuntu:focal/fips";
    let updates = "ubuntu:focal/fips-updates";
    let fixed = "1.1.1f-1ubuntu2.fips.22";
    let never = dpkg(fips, "openssl", "CVE-2000-0003", "");
    let data = data(
        "ubuntu",
        [
            dpkg(
                "ubuntu:focal",
                "openssl",
                "CVE-2000-0001",
                "1.1.1f-1ubuntu2.22",
            ),
            dpkg("ubuntu:focal", "openssl", "CVE-2000-0002", "9"),
            dpkg(updates, "openssl", "CVE-2000-0003", fixed),
            // Its archive gets no updates, but later builds of its packages are in the other one.
            with_status(never, Status::Affected),
        ],
    );
    let ordinary = ubuntu("1.1.1f-1ubuntu2.16");
    check(&ordinary, &data, &["CVE-2000-0001", "CVE-2000-0002"]);
    let certified = ubuntu("1.1.1f-1ubuntu2.fips.7.1");
    check(&certified, &data, &["CVE-2000-0003"]);
    check(&ubuntu(fixed), &data, &[]);
}

#[test]
fn fips_builds_of_ubuntu_are_not_judged_where_no_data_speak_of_them() {
    let advisory = dpkg("ubuntu:focal", "openssl", "CVE-2000-0001", "9");
    let report = report(
        &ubuntu("1.1.1f-1ubuntu2.fips.7.1"),
        &data("ubuntu/focal", [advisory]),
    );
    assert_eq!(report.findings, []);
    let gap = &report.coverage.gaps[0];
    assert_eq!(gap.reason, GapReason::FeedEmpty);
    assert_eq!(gap.subject, "ubuntu:focal");
    assert_eq!(
        gap.detail,
        "the ubuntu feed holds no record for FIPS builds of this release, and the advisories about \
         its ordinary packages say nothing about them"
    );
}

#[test]
fn kernels_of_amazons_extras_are_told_apart_by_two_numbers() {
    let kernel = |topic: &str, id: &str, fixed: &str| {
        fix(
            "amzn:2",
            "kernel",
            id,
            &format!("extras-kernel-{topic}"),
            fixed,
        )
    };
    let data = data(
        "aws/AL2",
        [
            kernel("5.4", "CVE-2000-0001", "5.4.190-107.amzn2"),
            kernel("5.10", "CVE-2000-0002", "5.10.112-108.amzn2"),
        ],
    );
    let image = of("amzn", "2", ("kernel", "5.4.100-1.amzn2"));
    check(&image, &data, &["CVE-2000-0001"]);
}

#[test]
fn oracles_builds_for_ksplice_and_fips_are_judged_by_their_own_advisories() {
    let data = data(
        "oracle/2024",
        [
            fix("ol:9", "glibc", "CVE-2000-0001", "", "2.34-60.0.2.el9"),
            fix(
                "ol:9",
                "glibc",
                "CVE-2000-0002",
                "ksplice",
                "2:2.34-60.0.3.ksplice1.el9",
            ),
            fix(
                "ol:9",
                "glibc",
                "CVE-2000-0003",
                "fips",
                "10:2.34-60.0.3.el9_fips",
            ),
        ],
    );
    for (version, expected) in [
        ("2.34-60.0.1.el9", "CVE-2000-0001"),
        ("2:2.34-60.0.1.ksplice1.el9", "CVE-2000-0002"),
        ("10:2.34-60.0.1.el9_fips", "CVE-2000-0003"),
    ] {
        check(&of("ol", "9", ("glibc", version)), &data, &[expected]);
    }
}

#[test]
fn an_advisory_about_a_slot_of_gentoos_is_about_that_slot() {
    let of_slot = |id: &str, slot: &str| {
        let versions = VersionConstraint::below(Scheme::Gentoo, "3.2");
        let mut advisory = advisory("gentoo:rolling", "dev-lang/python", id, versions);
        advisory.package.kind = PackageKind::Binary;
        advisory.package.module = slot.into();
        advisory
    };
    let data = data(
        "gentoo",
        [
            of_slot("CVE-2000-0001", "slot:3.1"),
            of_slot("CVE-2000-0002", "slot:2.7"),
            of_slot("CVE-2000-0003", ""),
        ],
    );
    let mut image = of("gentoo", "", ("dev-lang/python", "3.1"));
    for package in image.packages.values_mut() {
        package.module = "slot:3.1/3.1m".into();
    }
    check(&image, &data, &["CVE-2000-0001", "CVE-2000-0003"]);
}

#[test]
fn openeulers_advisories_name_no_epochs() {
    let source = |fixed: &str| {
        advisory(
            "openeuler:24.03-LTS",
            "openssl",
            "CVE-2000-0001",
            VersionConstraint::below(Scheme::Rpm, fixed),
        )
    };
    let mut image = of("openeuler", "24.03", ("openssl", "1:3.0.12-1.oe2403"));
    for distribution in image.distributions.values_mut() {
        distribution.version = "24.03 (LTS)".into();
    }
    let name = "osv/openeuler";
    check(
        &image,
        &data(name, [source("3.0.12-2.oe2403")]),
        &["CVE-2000-0001"],
    );
    check(&image, &data(name, [source("3.0.12-1.oe2403")]), &[]);
}

#[test]
fn a_package_for_no_architecture_is_part_of_the_build_on_each() {
    let with = |architectures: &[&str]| {
        let mut advisory = fix("fedora:42", "bash-doc", "CVE-2000-0001", "", "9-9");
        advisory.package.architectures = architectures.iter().map(|&it| it.to_owned()).collect();
        data("fedora/42", [advisory])
    };
    let on = |arch: &str| {
        let mut image = of("fedora", "42", ("bash-doc", "5-1"));
        for package in image.packages.values_mut() {
            package.arch = arch.into();
        }
        image
    };
    check(
        &on("noarch"),
        &with(&["aarch64", "x86_64"]),
        &["CVE-2000-0001"],
    );
    check(&on("x86_64"), &with(&["noarch"]), &["CVE-2000-0001"]);
    check(&on("x86_64"), &with(&["aarch64"]), &[]);
}

#[test]
fn a_release_that_its_source_has_dropped_is_judged_by_frozen_data_and_says_since_when() {
    let image = of("fedora", "42", ("bash", "5-1"));
    let advisory = fix("fedora:42", "bash", "CVE-2000-0001", "", "9-9");
    let data =
        data("fedora/42", [advisory]).with_note("frozen", "fedora:42", "2026-06-01T00:00:00Z");
    let report = report(&image, &data);
    assert_eq!(report.findings.len(), 1);
    let gap = &report.coverage.gaps[0];
    assert_eq!(gap.subject, "fedora:42");
    assert_eq!(
        gap.detail,
        "support ended on 2026-05-13 and its advisories are frozen since 2026-06-01T00:00:00Z, \
         when the source had them last: vulnerabilities found since are missing"
    );
}
