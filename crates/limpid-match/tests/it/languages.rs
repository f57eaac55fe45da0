use limpid_match::{MemoryData, Options, affected, names};
use limpid_types::{
    Advisory, Confidence, Ecosystem, Environment, IndexReport, LanguagePackage, Package,
    PackageKind, PackageOwner, Repository, Severity, Verdict, VersionConstraint, Vulnerability,
};
use limpid_version::{Range, RangeEnd, Scheme};

use crate::fixture::{
    NOW, advisory, data, debian, dpkg, feed, found, image, rated, report, report_with, with_package,
};

/// Adds a package of an ecosystem as an index report has it.
fn with_language(
    mut image: IndexReport,
    ecosystem: Ecosystem,
    (name, version): (&str, &str),
    owner: Option<&str>,
) -> IndexReport {
    let id = format!("{}", 100 + image.packages.len());
    let repository = Repository {
        id: ecosystem.key().into(),
        name: ecosystem.key().into(),
        ..Repository::default()
    };
    let environment = Environment {
        package_db: "python:app".into(),
        introduced_in: "sha256:11".into(),
        distribution_id: String::new(),
        repository_ids: Some(vec![repository.id.clone()]),
    };
    let package = Package {
        id: id.clone(),
        name: name.into(),
        version: version.into(),
        kind: Some(PackageKind::Binary),
        source: Some(Box::default()),
        ..Package::default()
    };
    let language = LanguagePackage {
        ecosystem,
        paths: vec!["app/file".into()],
        owner: owner.map(|package| PackageOwner {
            package: package.into(),
            database: "var/lib/dpkg/status".into(),
        }),
        confidence: Confidence::Certain,
        digests: Vec::new(),
    };
    image.repository.insert(repository.id.clone(), repository);
    image.packages.insert(id.clone(), package);
    image.environments.insert(id.clone(), vec![environment]);
    image.limpid.languages.insert(id, language);
    image
}

fn pypi(name: &str, id: &str, fixed: &str, aliases: &[&str]) -> Advisory {
    let versions = VersionConstraint::below(Scheme::Pep440, fixed);
    let mut advisory = advisory("pypi", name, id, versions);
    advisory.package.kind = PackageKind::Binary;
    advisory.details.aliases = aliases.iter().map(|&alias| alias.into()).collect();
    advisory
}

fn flask() -> IndexReport {
    with_language(image(), Ecosystem::Pypi, ("flask", "1.0rc1"), None)
}

#[test]
fn a_package_is_judged_by_the_advisories_of_its_ecosystem() {
    let data = data(
        "osv/pypi",
        [
            pypi("flask", "PYSEC-1", "1.0", &[]),
            pypi("flask", "PYSEC-2", "1.0rc1", &[]),
            pypi("click", "PYSEC-3", "9", &[]),
        ],
    );
    let judged = report(&flask(), &data);
    assert_eq!(found(&judged), [("flask", "PYSEC-1", "1.0")]);
    assert_eq!(judged.coverage.verdict, Verdict::Complete);
    let package = &judged.findings[0].package;
    assert_eq!(package.purl, "pkg:pypi/flask@1.0rc1");
    assert_eq!(package.paths, ["app/file"]);
}

#[test]
fn packages_of_one_name_are_told_apart_by_ecosystem() {
    let image = with_language(flask(), Ecosystem::Npm, ("flask", "0.1.0"), None);
    let data = data("osv/pypi", [pypi("flask", "PYSEC-1", "1.0", &[])]);
    let judged = report(&image, &data);
    assert_eq!(found(&judged), [("flask", "PYSEC-1", "1.0")]);
    // Nobody has data about the other one.
    assert_eq!(judged.coverage.verdict, Verdict::Partial);
    assert_eq!(judged.coverage.gaps[0].subject, "osv/npm");
}

#[test]
fn advisories_from_another_feed_than_the_ecosystems_own_count_as_well() {
    let judged = report(
        &flask(),
        &data("private", [pypi("flask", "ACME-1", "2", &[])]),
    );
    assert_eq!(found(&judged), [("flask", "ACME-1", "2")]);
}

#[test]
fn what_the_distribution_owns_is_judged_by_the_distribution_alone() {
    let image = with_language(
        debian("12", "bookworm"),
        Ecosystem::Pypi,
        ("flask", "1.0"),
        Some("python3-flask"),
    );
    let image = with_package(image, ("python3-flask", "1.0-1"), ("flask", "1.0-1"));
    let data = MemoryData::new(7)
        .with_feed(feed("osv/pypi", NOW), [pypi("flask", "PYSEC-1", "2", &[])])
        .with_feed(
            feed("debian", NOW),
            [dpkg("debian:bookworm", "flask", "CVE-2000-0001", "1.0-2")],
        );
    let judged = report(&image, &data);
    assert_eq!(
        found(&judged),
        [("python3-flask", "CVE-2000-0001", "1.0-2")]
    );
    let owned: Vec<_> = judged
        .owned
        .iter()
        .map(|it| (&*it.name, &*it.version, &*it.owner.package))
        .collect();
    assert_eq!(owned, [("flask", "1.0", "python3-flask")]);
    assert_eq!(judged.coverage.verdict, Verdict::Complete);
}

#[test]
fn one_vulnerability_under_several_names_is_one_finding_with_all_of_them() {
    let advisories = || {
        [
            rated(
                pypi("flask", "GHSA-a", "1.1", &["CVE-2000-0001"]),
                Severity::High,
            ),
            pypi("flask", "PYSEC-1", "1.0.1", &["CVE-2000-0001", "GHSA-a"]),
            pypi("flask", "PYSEC-2", "1.2", &["SNYK-1"]),
        ]
    };
    let data = data("osv/pypi", advisories());
    let judged = report(&flask(), &data);
    assert_eq!(
        found(&judged),
        [
            ("flask", "CVE-2000-0001", "1.1"),
            ("flask", "PYSEC-2", "1.2"),
        ]
    );
    let finding = &judged.findings[0];
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.details.aliases, ["GHSA-a", "PYSEC-1"]);
    let statements: Vec<_> = finding
        .statements
        .iter()
        .map(|it| (&*it.id, &*it.fixed_version))
        .collect();
    assert_eq!(statements, [("GHSA-a", "1.1"), ("PYSEC-1", "1.0.1")]);
    assert!(judged.findings[1].statements.is_empty());
}

#[test]
fn names_stay_apart_where_they_are_not_to_be_merged() {
    let data = data(
        "osv/pypi",
        [
            pypi("flask", "GHSA-a", "1.1", &["CVE-2000-0001"]),
            pypi("flask", "PYSEC-1", "1.1", &["CVE-2000-0001"]),
        ],
    );
    let options = Options {
        merge_aliases: false,
        ..Options::default()
    };
    let judged = report_with(&flask(), &data, &options);
    let expected = [("flask", "GHSA-a", "1.1"), ("flask", "PYSEC-1", "1.1")];
    assert_eq!(found(&judged), expected);
}

/// Row 16 of the known defects of Clair: versions that are listed one by one were ignored.
#[test]
fn versions_that_are_listed_one_by_one_count() {
    let mut listed = pypi("flask", "PYSEC-1", "0", &[]);
    listed.versions = VersionConstraint {
        enumerated: vec!["0.9".into(), "1.0.RC1".into()],
        ..VersionConstraint::none(Scheme::Pep440)
    };
    let judged = report(&flask(), &data("osv/pypi", [listed]));
    assert_eq!(found(&judged), [("flask", "PYSEC-1", "")]);
}

/// Row 17 of the known defects of Clair: one version that is none failed the whole report.
#[test]
fn a_version_that_is_none_is_a_gap_and_the_rest_is_judged() {
    let image = with_language(flask(), Ecosystem::Pypi, ("click", "not a version"), None);
    let data = data(
        "osv/pypi",
        [
            pypi("flask", "PYSEC-1", "1.0", &[]),
            pypi("flask", "PYSEC-2", "what?", &[]),
            pypi("click", "PYSEC-3", "2", &[]),
        ],
    );
    let judged = report(&image, &data);
    assert_eq!(found(&judged), [("flask", "PYSEC-1", "1.0")]);
    assert_eq!(judged.coverage.verdict, Verdict::Unknown);
    let subjects: Vec<_> = judged
        .coverage
        .gaps
        .iter()
        .map(|gap| &*gap.subject)
        .collect();
    assert_eq!(subjects, ["click", "flask"]);
}

/// Row 11 of the known defects of Clair: pseudo-versions and pre-releases of Go were compared as
/// the release.
#[test]
fn a_pseudo_version_of_go_is_not_the_release() {
    let below = |fixed: &str| VersionConstraint {
        ranges: vec![Range {
            introduced: None,
            end: Some(RangeEnd::Fixed(fixed.into())),
        }],
        ..VersionConstraint::none(Scheme::Go)
    };
    let go = |id: &str, fixed: &str| {
        let mut advisory = advisory("go", "golang.org/x/net", id, below(fixed));
        advisory.package.kind = PackageKind::Binary;
        advisory
    };
    let image = with_language(
        image(),
        Ecosystem::Go,
        ("golang.org/x/net", "v0.0.0-20220101000000-aaaaaaaaaaaa"),
        None,
    );
    let data = data(
        "osv/go",
        [
            go("GO-1", "0.0.0-20230101000000-bbbbbbbbbbbb"),
            go("GO-2", "0.0.0-20210101000000-bbbbbbbbbbbb"),
            go("GO-3", "0.1.0-rc1"),
        ],
    );
    let judged = report(&image, &data);
    let ids: Vec<_> = judged.findings.iter().map(|finding| &*finding.id).collect();
    assert_eq!(ids, ["GO-1", "GO-3"]);
}

/// Row 21 of the known defects of Clair: `rc10` came before `rc2`.
#[test]
fn the_tenth_candidate_of_a_gem_comes_after_the_second() {
    let versions = VersionConstraint::below(Scheme::Gem, "1.0.rc2");
    let mut gem = advisory("rubygems", "rails", "GHSA-a", versions);
    gem.package.kind = PackageKind::Binary;
    let image = |version| with_language(image(), Ecosystem::Rubygems, ("rails", version), None);
    let data = data("osv/rubygems", [gem]);
    assert!(report(&image("1.0.rc10"), &data).findings.is_empty());
    assert_eq!(report(&image("1.0.rc1"), &data).findings.len(), 1);
}

/// Clair's notifier sends what the matcher gave it, where a range is a query.
#[test]
fn images_are_found_by_vulnerabilities_in_packages_of_a_language() {
    let vulnerability = |id: &str, name: &str, repository: &str, fixed: &str| {
        serde_json::from_value::<Vulnerability>(serde_json::json!({
            "id": id, "name": "GHSA-a", "fixed_in_version": fixed,
            "package": {"name": name, "kind": "binary"},
            "repository": {"name": repository},
        }))
        .unwrap()
    };
    let vulnerabilities = [
        vulnerability("1", "Flask", "pypi", "1.0"),
        vulnerability("2", "flask", "pypi", "fixed=1.0&introduced=1.0rc2"),
        vulnerability("3", "flask", "pypi", "introduced=0&lastAffected=1.0rc1"),
        vulnerability("4", "flask", "npm", "1.0"),
        vulnerability("5", "flask", "pypi", ""),
    ];
    assert_eq!(affected(&flask(), &vulnerabilities), ["1", "3", "5"]);
    let owned = with_language(
        image(),
        Ecosystem::Pypi,
        ("flask", "0.9"),
        Some("python3-flask"),
    );
    assert!(affected(&owned, &vulnerabilities).is_empty());
}

#[test]
fn a_jar_that_does_not_say_what_it_is_is_known_by_its_content() {
    let mut image = with_language(image(), Ecosystem::Maven, ("core", "1.2"), None);
    for language in image.limpid.languages.values_mut() {
        language.confidence = Confidence::FileName;
        language.digests = vec!["sha1:00".into()];
    }
    let mut advisory = advisory(
        "maven",
        "org.example:core",
        "GHSA-a",
        VersionConstraint::below(Scheme::Maven, "1.2.4"),
    );
    advisory.package.kind = PackageKind::Binary;
    let data = |coordinates: &str| {
        data("osv/maven", [advisory.clone()])
            .with_feed(feed("jar-index", NOW), [])
            .with_note("jar-index", "00", coordinates)
    };
    let judged = report(&image, &data("org.example:core:1.2.3"));
    assert_eq!(found(&judged), [("org.example:core", "GHSA-a", "1.2.4")]);
    assert_eq!(
        judged.findings[0].package.purl,
        "pkg:maven/org.example/core@1.2.3"
    );
    assert!(
        report(&image, &data("org.example:core:1.2.4"))
            .findings
            .is_empty()
    );
    // What the jar says of itself counts.
    for language in image.limpid.languages.values_mut() {
        language.confidence = Confidence::Certain;
    }
    assert!(
        report(&image, &data("org.example:core:1.2.3"))
            .findings
            .is_empty()
    );
}

#[test]
fn a_listed_version_covers_its_local_builds() {
    let mut listed = pypi("flask", "PYSEC-1", "0", &[]);
    listed.versions = VersionConstraint {
        enumerated: vec!["1.13.1".into()],
        ..VersionConstraint::none(Scheme::Pep440)
    };
    let image = with_language(image(), Ecosystem::Pypi, ("flask", "1.13.1+cu117"), None);
    assert_eq!(
        report(&image, &data("osv/pypi", [listed])).findings.len(),
        1
    );
}

#[test]
fn what_is_part_of_a_package_that_was_not_judged_was_not_judged_either() {
    let image = with_language(
        debian("12", "bookworm"),
        Ecosystem::Pypi,
        ("flask", "1.0"),
        Some("python3-flask"),
    );
    let image = with_package(image, ("python3-flask", "1.0-1"), ("flask", "1.0-1"));
    let judged = report(
        &image,
        &data("osv/pypi", [pypi("flask", "PYSEC-1", "2", &[])]),
    );
    assert_eq!(judged.coverage.verdict, Verdict::Unknown);
    assert_eq!((judged.coverage.judged, judged.coverage.unjudged), (0, 2));
}

#[test]
fn a_package_of_a_language_with_the_name_of_an_owner_is_not_the_owner() {
    let image = with_language(
        debian("12", "bookworm"),
        Ecosystem::Npm,
        ("semver", "1.0.0"),
        Some("flask"),
    );
    // Judged, but by its ecosystem, and it owns nothing.
    let image = with_language(image, Ecosystem::Pypi, ("flask", "1.0"), None);
    let judged = report(
        &image,
        &data("osv/pypi", [pypi("flask", "PYSEC-1", "2", &[])]),
    );
    assert_eq!((judged.coverage.judged, judged.coverage.unjudged), (1, 1));
    assert_eq!(judged.coverage.verdict, Verdict::Partial);
}

#[test]
fn images_are_looked_for_by_the_name_that_packages_are_kept_under() {
    let vulnerability = |name: &str, repository: &str| {
        serde_json::from_value::<Vulnerability>(serde_json::json!({
            "id": "1", "name": "GHSA-a", "package": {"name": name},
            "repository": {"name": repository},
        }))
        .unwrap()
    };
    let vulnerabilities = [
        vulnerability("Zope.Interface", "pypi"),
        vulnerability("JSONStream", "npm"),
        vulnerability("OpenSSL_1", ""),
        vulnerability("", "pypi"),
    ];
    let expected = ["JSONStream", "OpenSSL_1", "zope-interface"];
    assert!(names(&vulnerabilities).iter().eq(expected));
}
