//! How packages of Red Hat's products are judged.

use limpid_match::{MemoryData, clair_index};
use limpid_types::{
    Advisory, Distribution, Environment, FixState, GapReason, IndexReport, Package, PackageKind,
    Report, Repository, Status, Verdict, VersionConstraint,
};
use limpid_version::Scheme;

use crate::fixture::{NOW, advisory, feed, found, image, report, with_distribution, with_package};

const BASEOS: &str = "cpe:/o:redhat:enterprise_linux:9::baseos";
const APPSTREAM: &str = "cpe:/a:redhat:enterprise_linux:9::appstream";
const WHOLE: &str = "cpe:/o:redhat:enterprise_linux:9";
const EUS: &str = "cpe:/o:redhat:rhel_eus:9.2::baseos";

/// An image of the ninth release with one package.
fn rhel(package: (&str, &str)) -> IndexReport {
    let distribution = Distribution {
        did: "rhel".into(),
        name: "Red Hat Enterprise Linux Server".into(),
        version: "9".into(),
        version_id: "9".into(),
        cpe: WHOLE.into(),
        pretty_name: "Red Hat Enterprise Linux Server 9".into(),
        ..Distribution::default()
    };
    with_package(with_distribution(image(), distribution), package, package)
}

/// Says that all packages are from some repositories, by their ids.
fn from(mut image: IndexReport, repositories: &[&str]) -> IndexReport {
    for name in repositories {
        let repository = Repository {
            id: format!("r-{name}"),
            name: (*name).into(),
            key: "rhel-cpe-repository".into(),
            uri: format!("repoid={name}"),
            cpe: String::new(),
        };
        image.repository.insert(repository.id.clone(), repository);
    }
    let ids: Vec<String> = repositories
        .iter()
        .map(|name| format!("r-{name}"))
        .collect();
    for environment in image.environments.values_mut().flatten() {
        environment.repository_ids = Some(ids.clone());
    }
    image
}

/// Data of Red Hat's, with a table of repositories.
fn data(advisories: impl IntoIterator<Item = Advisory>) -> MemoryData {
    MemoryData::new(7)
        .with_feed(feed("rhel-vex", NOW), advisories)
        .with_feed(feed("rhel-repository-mapping", NOW), [])
        .with_note("repository-to-cpe", "baseos", BASEOS)
        .with_note("repository-to-cpe", "appstream", APPSTREAM)
        .with_note("repository-to-cpe", "eus", EUS)
        .with_note(
            "repository-to-cpe",
            "openshift",
            "cpe:/a:redhat:openshift:4.10::el9",
        )
}

fn statement(namespace: &str, cpe: &str, id: &str, versions: VersionConstraint) -> Advisory {
    let mut advisory = advisory(namespace, "openssl", id, versions);
    advisory.package.kind = PackageKind::Binary;
    advisory.package.cpes = vec![cpe.into()];
    advisory
}

fn fixed(cpe: &str, id: &str, version: &str) -> Advisory {
    let versions = VersionConstraint::below(Scheme::Rpm, version);
    statement(namespace(cpe), cpe, id, versions)
}

fn open(cpe: &str, id: &str) -> Advisory {
    statement(namespace(cpe), cpe, id, VersionConstraint::any(Scheme::Rpm))
}

fn not_affected(cpe: &str, id: &str) -> Advisory {
    let mut advisory = open(cpe, id);
    advisory.status = Status::NotAffected;
    advisory
}

fn namespace(cpe: &str) -> &'static str {
    match cpe {
        _ if cpe.contains("rhel_eus") => "redhat:rhel_eus:9",
        _ if cpe.contains("openshift") => "redhat:openshift:4",
        _ => "redhat:enterprise_linux:9",
    }
}

fn ids(report: &Report) -> Vec<&str> {
    found(report).iter().map(|(_, id, _)| *id).collect()
}

fn gaps(report: &Report) -> Vec<GapReason> {
    report.coverage.gaps.iter().map(|gap| gap.reason).collect()
}

#[test]
fn an_advisory_holds_for_packages_from_the_repositories_of_its_product() {
    let image = from(rhel(("openssl", "1:3.0.1-1.el9")), &["baseos"]);
    let data = data([
        fixed(BASEOS, "CVE-2000-0001", "1:3.0.1-2.el9"),
        fixed(BASEOS, "CVE-2000-0002", "1:3.0.1-1.el9"),
        fixed(APPSTREAM, "CVE-2000-0003", "1:3.0.1-2.el9"),
        fixed(
            "cpe:/a:redhat:openshift:4.10::el9",
            "CVE-2000-0004",
            "1:9-1",
        ),
    ]);
    let report = report(&image, &data);
    assert_eq!(
        found(&report),
        [("openssl", "CVE-2000-0001", "1:3.0.1-2.el9")]
    );
    assert_eq!(report.findings[0].product, BASEOS);
    assert_eq!(
        report.findings[0].reason,
        format!(
            "package openssl 1:3.0.1-1.el9 is below 1:3.0.1-2.el9, which has the fix in {BASEOS}"
        )
    );
    assert_eq!(report.coverage.verdict, Verdict::Complete);
}

#[test]
fn what_holds_for_the_whole_release_holds_for_each_of_its_repositories() {
    for repository in ["baseos", "appstream"] {
        let image = from(rhel(("openssl", "1:3.0.1-1.el9")), &[repository]);
        let report = report(&image, &data([open(WHOLE, "CVE-2000-0001")]));
        assert_eq!(ids(&report), ["CVE-2000-0001"], "{repository}");
        assert_eq!(report.findings[0].fix, FixState::NotFixed);
    }
}

#[test]
fn version_4_1_of_a_product_is_no_prefix_of_4_10() {
    let image = from(rhel(("openssl", "1:3.0.1-1.el9")), &["openshift"]);
    let data = data([
        open("cpe:/a:redhat:openshift:4.1", "CVE-2000-0001"),
        open("cpe:/a:redhat:openshift:4", "CVE-2000-0002"),
        open("cpe:/a:redhat:openshift:4.10", "CVE-2000-0003"),
    ]);
    assert_eq!(
        ids(&report(&image, &data)),
        ["CVE-2000-0002", "CVE-2000-0003"]
    );
}

#[test]
fn known_not_affected_cancels_affected_of_the_same_product_and_is_listed() {
    let image = from(rhel(("openssl", "1:3.0.1-1.el9")), &["baseos", "openshift"]);
    let openshift = "cpe:/a:redhat:openshift:4";
    let data = data([
        open(WHOLE, "CVE-2000-0001"),
        not_affected(BASEOS, "CVE-2000-0001"),
        open(openshift, "CVE-2000-0002"),
        not_affected(WHOLE, "CVE-2000-0002"),
        not_affected(WHOLE, "CVE-2000-0003"),
    ]);
    let report = report(&image, &data);
    assert_eq!(ids(&report), ["CVE-2000-0002"]);
    let listed = &report.not_affected[0];
    assert_eq!(listed.name, "openssl");
    assert_eq!(listed.ids, ["CVE-2000-0001", "CVE-2000-0003"]);
}

#[test]
fn an_image_of_a_stream_with_its_own_fixes_is_judged_by_that_stream() {
    let image = from(rhel(("openssl", "1:3.0.1-1.el9_2.5")), &["eus"]);
    let data = data([
        // Fixed in the main stream in a version that the older stream never gets.
        fixed(BASEOS, "CVE-2000-0001", "1:3.0.7-1.el9"),
        fixed(EUS, "CVE-2000-0001", "1:3.0.1-1.el9_2.5"),
        fixed(BASEOS, "CVE-2000-0002", "1:3.0.7-1.el9"),
        fixed(EUS, "CVE-2000-0002", "1:3.0.1-1.el9_2.6"),
        fixed(BASEOS, "CVE-2000-0003", "1:3.0.7-1.el9"),
        // What is not fixed anywhere is not fixed in the stream.
        open(WHOLE, "CVE-2000-0004"),
    ]);
    let report = report(&image, &data);
    assert_eq!(
        found(&report),
        [
            ("openssl", "CVE-2000-0002", "1:3.0.1-1.el9_2.6"),
            ("openssl", "CVE-2000-0004", "")
        ]
    );
}

#[test]
fn modules_are_told_apart_by_name_and_stream() {
    let module = |mut advisory: Advisory, module: &str| {
        advisory.package.module = module.into();
        advisory
    };
    let advisories = || {
        let of = |id| fixed(APPSTREAM, id, "2:1-1");
        [
            module(of("CVE-2000-0001"), "nodejs:18"),
            module(of("CVE-2000-0002"), "nodejs:20"),
            of("CVE-2000-0003"),
        ]
    };
    let mut image = from(rhel(("openssl", "1:1-1")), &["appstream"]);
    assert_eq!(ids(&report(&image, &data(advisories()))), ["CVE-2000-0003"]);
    for package in image.packages.values_mut() {
        package.module = "nodejs:18".into();
    }
    assert_eq!(ids(&report(&image, &data(advisories()))), ["CVE-2000-0001"]);
}

#[test]
fn an_advisory_for_some_architectures_says_nothing_about_others() {
    let mut advisory = fixed(BASEOS, "CVE-2000-0001", "2:1-1");
    advisory.package.architectures = vec!["aarch64".into(), "x86_64".into()];
    for (arch, expected) in [("x86_64", 1), ("amd64", 1), ("s390x", 0), ("", 1)] {
        let mut image = from(rhel(("openssl", "1:1-1")), &["baseos"]);
        for package in image.packages.values_mut() {
            package.arch = arch.into();
        }
        let report = report(&image, &data([advisory.clone()]));
        assert_eq!(report.findings.len(), expected, "{arch}");
    }
}

#[test]
fn a_repository_that_is_not_in_the_table_leaves_its_packages_unjudged_with_the_reason() {
    let image = from(rhel(("openssl", "1:1-1")), &["a-private-repository"]);
    let report = report(&image, &data([open(WHOLE, "CVE-2000-0001")]));
    assert_eq!(report.coverage.verdict, Verdict::Unknown);
    assert_eq!(report.coverage.unjudged, 1);
    let gap = &report.coverage.gaps[0];
    assert_eq!(gap.reason, GapReason::RepositoryUnknown);
    assert_eq!(gap.subject, "a-private-repository");
    assert_eq!(gap.packages, 1);
}

#[test]
fn without_the_table_of_repositories_packages_are_unjudged_with_the_reason() {
    let image = from(rhel(("openssl", "1:1-1")), &["baseos"]);
    let data = MemoryData::new(7).with_feed(feed("rhel-vex", NOW), [open(WHOLE, "CVE-2000-0001")]);
    let report = report(&image, &data);
    assert_eq!(report.findings, []);
    assert_eq!(report.coverage.verdict, Verdict::Unknown);
    let gap = &report.coverage.gaps[0];
    assert_eq!(gap.reason, GapReason::FeedMissing);
    assert_eq!(gap.subject, "rhel-repository-mapping");
}

#[test]
fn the_repositories_of_the_layers_stand_in_for_one_that_nobody_knows() {
    let mut image = from(rhel(("openssl", "1:1-1")), &["local", "baseos"]);
    for (id, environments) in &mut image.environments {
        environments[0].repository_ids = Some(vec!["r-local".into()]);
        let instead = vec!["r-baseos".to_owned()];
        image
            .limpid
            .repositories_instead
            .insert(id.clone(), instead);
    }
    let report = report(&image, &data([open(BASEOS, "CVE-2000-0001")]));
    assert_eq!(ids(&report), ["CVE-2000-0001"]);
    assert_eq!(report.coverage.verdict, Verdict::Complete);
}

#[test]
fn repositories_of_the_universal_base_image_are_those_of_the_distribution() {
    for (repository, expected) in [
        ("ubi-9-baseos-rpms", "CVE-2000-0001"),
        ("ubi-9-appstream-rpms", "CVE-2000-0002"),
    ] {
        let image = from(rhel(("openssl", "1:1-1")), &[repository]);
        let data = data([
            open(BASEOS, "CVE-2000-0001"),
            open(APPSTREAM, "CVE-2000-0002"),
        ]);
        assert_eq!(ids(&report(&image, &data)), [expected]);
    }
}

#[test]
fn an_image_that_names_no_repositories_is_judged_as_the_distribution_and_says_so() {
    let image = rhel(("openssl", "1:1-1"));
    let advisories = || {
        [
            open(WHOLE, "CVE-2000-0001"),
            fixed(APPSTREAM, "CVE-2000-0002", "2:1-1"),
            open("cpe:/a:redhat:openshift:4", "CVE-2000-0003"),
        ]
    };
    let report_of_rhel = report(&image, &data(advisories()));
    assert_eq!(ids(&report_of_rhel), ["CVE-2000-0001", "CVE-2000-0002"]);
    assert_eq!(gaps(&report_of_rhel), [GapReason::RepositoriesAssumed]);
    assert_eq!(report_of_rhel.coverage.verdict, Verdict::Partial);

    // CentOS has no repositories of Red Hat's.
    let mut centos = image;
    for distribution in centos.distributions.values_mut() {
        distribution.did = "centos".into();
        distribution.name = "CentOS Stream".into();
        distribution.cpe = "cpe:/o:centos:centos:9".into();
    }
    let report_of_centos = report(&centos, &data(advisories()));
    assert_eq!(ids(&report_of_centos), ["CVE-2000-0001", "CVE-2000-0002"]);
    assert_eq!(gaps(&report_of_centos), []);
}

#[test]
fn cpe_names_in_reports_of_other_indexers_need_no_table() {
    let mut image = from(rhel(("openssl", "1:1-1")), &["x"]);
    for repository in image.repository.values_mut() {
        repository.name = "cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*".into();
        repository.cpe.clone_from(&repository.name);
    }
    let data = MemoryData::new(7).with_feed(feed("rhel-vex", NOW), [open(BASEOS, "CVE-2000-0001")]);
    assert_eq!(ids(&report(&image, &data)), ["CVE-2000-0001"]);
}

#[test]
fn packages_of_third_parties_are_not_judged_and_the_report_says_whose_they_are() {
    let mut image = from(rhel(("openssl", "1:1-1")), &["baseos"]);
    let id = image.packages.keys().next().unwrap().clone();
    let owner = r#"vendor "Fedora Project" (EPEL)"#;
    image.limpid.third_party.insert(id, owner.into());
    let report = report(&image, &data([open(WHOLE, "CVE-2000-0001")]));
    assert_eq!(report.findings, []);
    let gap = &report.coverage.gaps[0];
    assert_eq!(
        (gap.reason, gap.subject.as_str()),
        (GapReason::ThirdParty, owner)
    );
    assert_eq!(report.coverage.unjudged, 1);
}

#[test]
fn red_hats_statements_about_a_release_end_with_its_support() {
    let mut image = from(rhel(("openssl", "1:1-1")), &["server"]);
    for distribution in image.distributions.values_mut() {
        distribution.version_id = "7".into();
        distribution.cpe = "cpe:/o:redhat:enterprise_linux:7".into();
    }
    let cpe = "cpe:/o:redhat:enterprise_linux:7";
    let advisory = statement(
        "redhat:enterprise_linux:7",
        cpe,
        "CVE-2000-0001",
        VersionConstraint::any(Scheme::Rpm),
    );
    let data = data([advisory]).with_note(
        "repository-to-cpe",
        "server",
        "cpe:/o:redhat:enterprise_linux:7::server",
    );
    let report = report(&image, &data);
    assert_eq!(ids(&report), ["CVE-2000-0001"]);
    assert_eq!(gaps(&report), [GapReason::EndOfLife]);
}

/// An image that says of itself that it is one of the catalogue's, with one repository.
fn container(repository: Repository, name: &str, version: &str, kind: PackageKind) -> IndexReport {
    let mut image = image();
    let package = Package {
        id: "1".into(),
        name: name.into(),
        version: version.into(),
        kind: Some(kind),
        arch: "x86_64".into(),
        ..Package::default()
    };
    let environment = Environment {
        package_db: "root/buildinfo/labels.json".into(),
        introduced_in: "sha256:11".into(),
        distribution_id: String::new(),
        repository_ids: Some(vec!["9".into()]),
    };
    let repository = Repository {
        id: "9".into(),
        key: "rhcc-container-repository".into(),
        ..repository
    };
    image.repository.insert("9".into(), repository);
    image.packages.insert("1".into(), package);
    image.environments.insert("1".into(), vec![environment]);
    image
}

fn about_image(id: &str, cpe: &str, kind: PackageKind, versions: VersionConstraint) -> Advisory {
    let mut advisory = advisory("redhat:container-images", "quay/quay-rhel8", id, versions);
    advisory.package.kind = kind;
    advisory.package.cpes = vec![cpe.into()];
    advisory
}

#[test]
fn a_container_image_is_judged_as_a_package_of_its_product() {
    let labels = Repository {
        name: "cpe:/a:redhat:quay:3.5::el8".into(),
        ..Repository::default()
    };
    let below = || VersionConstraint::below(Scheme::Rhctag, "v3.5.7-8");
    let binary = PackageKind::Binary;
    let data = data([
        about_image(
            "CVE-2000-0001",
            "cpe:/a:redhat:quay:3::el8",
            binary,
            below(),
        ),
        about_image(
            "CVE-2000-0002",
            "cpe:/a:redhat:quay:2::el8",
            binary,
            below(),
        ),
    ]);
    let image = container(labels, "quay/quay-rhel8", "v3.5.6-4", binary);
    let report_of_labels = report(&image, &data);
    assert_eq!(
        found(&report_of_labels),
        [("quay/quay-rhel8", "CVE-2000-0001", "v3.5.7-8")]
    );

    // An image from before the labels names no product, so that those of all hold.
    let legacy = Repository {
        name: "Red Hat Container Catalog".into(),
        ..Repository::default()
    };
    let image = container(legacy, "quay/quay-rhel8", "v3.5.6-4", binary);
    assert_eq!(
        ids(&report(&image, &data)),
        ["CVE-2000-0001", "CVE-2000-0002"]
    );
}

#[test]
fn an_image_of_the_build_system_is_found_by_its_names_in_the_catalogue() {
    let legacy = Repository {
        name: "Red Hat Container Catalog".into(),
        ..Repository::default()
    };
    let versions = VersionConstraint::below(Scheme::Rhctag, "v3.5.7-8");
    let cpe = "cpe:/a:redhat:quay:3::el8";
    let advisory = about_image("CVE-2000-0001", cpe, PackageKind::Binary, versions);
    let data = data([advisory])
        .with_feed(feed("rhel-container-names", NOW), [])
        .with_note(
            "container-name-to-repositories",
            "quay-rhel8",
            "quay/quay-rhel8\nquay/quay",
        );
    let image = container(legacy, "quay-rhel8", "v3.5.6-4", PackageKind::Binary);
    assert_eq!(ids(&report(&image, &data)), ["CVE-2000-0001"]);
}

#[test]
fn an_image_that_is_not_affected_as_a_whole_is_listed_so() {
    let labels = Repository {
        name: "cpe:/a:redhat:quay:3.5::el8".into(),
        ..Repository::default()
    };
    let any = || VersionConstraint::any(Scheme::Rhctag);
    let cpe = "cpe:/a:redhat:quay:3::el8";
    let mut not_affected = about_image("CVE-2000-0001", cpe, PackageKind::Ancestry, any());
    not_affected.status = Status::NotAffected;
    let affected = about_image("CVE-2000-0001", cpe, PackageKind::Binary, any());
    let data = data([not_affected, affected]);
    for kind in [PackageKind::Ancestry, PackageKind::Binary] {
        let image = container(labels.clone(), "quay/quay-rhel8", "v3.5.6-4", kind);
        let report = report(&image, &data);
        assert_eq!(report.findings, [], "{kind:?}");
        assert_eq!(report.not_affected[0].ids, ["CVE-2000-0001"]);
    }
}

#[test]
fn an_image_that_is_several_packages_of_one_name_is_one_finding() {
    let labels = Repository {
        name: "cpe:/a:redhat:quay:3.5::el8".into(),
        ..Repository::default()
    };
    let (source, binary) = (PackageKind::Source, PackageKind::Binary);
    let mut image = container(labels, "quay/quay-rhel8", "1731550466", binary);
    let mut other = image.packages["1"].clone();
    other.id = "2".into();
    other.kind = Some(source);
    image.packages.insert("2".into(), other);
    let environments = image.environments["1"].clone();
    image.environments.insert("2".into(), environments);
    let about = |id: &str, kind, status| {
        let any = VersionConstraint::any(Scheme::Rhctag);
        let mut advisory = about_image(id, "cpe:/a:redhat:quay:3::el8", kind, any);
        advisory.status = status;
        advisory
    };
    let data = data([
        about("CVE-2000-0001", binary, Status::Affected),
        about("CVE-2000-0001", source, Status::Affected),
        about("CVE-2000-0002", binary, Status::NotAffected),
        about("CVE-2000-0002", source, Status::NotAffected),
        about("CVE-2000-0003", source, Status::Affected),
    ]);
    let mut report = report(&image, &data);
    assert_eq!(report.findings.len(), 3);
    let clair = serde_json::to_value(limpid_match::clair_report(&image, &report)).unwrap();
    let of_clair = clair["package_vulnerabilities"].as_object().unwrap();
    assert_eq!(of_clair["1"].as_array().unwrap().len(), 1);
    assert_eq!(of_clair["2"].as_array().unwrap().len(), 2);

    limpid_match::once_per_image(&mut report, &image);
    assert_eq!(ids(&report), ["CVE-2000-0001", "CVE-2000-0003"]);
    assert_eq!(report.counts.unknown, 2);
    assert_eq!(report.not_affected.len(), 1);
    assert_eq!(report.not_affected[0].ids, ["CVE-2000-0002"]);
}

#[test]
fn an_image_that_another_was_built_on_has_no_findings() {
    let labels = Repository {
        name: "cpe:/a:redhat:quay:3.5::el8".into(),
        ..Repository::default()
    };
    let kind = PackageKind::Binary;
    let any = VersionConstraint::any(Scheme::Rhctag);
    let advisory = about_image("CVE-2000-0001", "cpe:/a:redhat:quay:3::el8", kind, any);
    let mut image = container(labels, "quay/quay-rhel8", "v3.5.6-4", kind);
    let data = data([advisory]);
    assert_eq!(report(&image, &data).findings.len(), 1);
    image.limpid.earlier_containers.insert("1".into());
    assert_eq!(report(&image, &data).findings.len(), 0);
}

#[test]
fn clairs_index_report_names_a_repository_by_its_products() {
    let image = from(rhel(("openssl", "1:1-1")), &["many", "unknown"]);
    let data = data([]).with_note(
        "repository-to-cpe",
        "many",
        "cpe:/o:redhat:rhel_eus:9.0::baseos\ncpe:/o:redhat:rhel_eus:9.2::baseos",
    );
    let shown = clair_index(&image, &data).unwrap();
    let repositories: Vec<_> = shown
        .repository
        .values()
        .map(|repository| (repository.name.as_str(), repository.uri.as_str()))
        .collect();
    let eus = |minor: &str| format!("cpe:2.3:o:redhat:rhel_eus:9.{minor}:*:baseos:*:*:*:*:*");
    let mut expected = vec![
        (eus("0"), "repoid=many"),
        (eus("2"), "repoid=many"),
        ("unknown".into(), "repoid=unknown"),
    ];
    let mut repositories: Vec<_> = repositories
        .into_iter()
        .map(|(name, uri)| (name.to_owned(), uri))
        .collect();
    repositories.sort();
    expected.sort();
    assert_eq!(repositories, expected);
    let environment = &shown.environments.values().next().unwrap()[0];
    let ids = environment.repository_ids.as_ref().unwrap();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| shown.repository.contains_key(id)));
    // What is shown is judged as what it was made of.
    let open = [open(EUS, "CVE-2000-0001")];
    let of_shown = MemoryData::new(7).with_feed(feed("rhel-vex", NOW), open);
    assert_eq!(report(&shown, &of_shown).findings.len(), 1);
}

#[test]
fn the_time_of_an_images_making_is_not_compared_with_a_version() {
    let labels = Repository {
        name: "cpe:/a:redhat:quay:3.5::el8".into(),
        ..Repository::default()
    };
    let kind = PackageKind::Binary;
    let cpe = "cpe:/a:redhat:quay:3::el8";
    let below = |fixed: &str| VersionConstraint::below(Scheme::Rhctag, fixed);
    let image = container(labels, "quay/quay-rhel8", "1731550466", kind);

    let of_version = about_image("CVE-2000-0001", cpe, kind, below("v1.14.4-1"));
    let report_of_version = report(&image, &data([of_version]));
    assert_eq!(report_of_version.findings, []);
    assert_eq!(gaps(&report_of_version), [GapReason::UnknownVersion]);

    let of_time = |fixed: &str| {
        let data = data([about_image("CVE-2000-0001", cpe, kind, below(fixed))]);
        report(&image, &data)
    };
    assert_eq!(ids(&of_time("1731550467")), ["CVE-2000-0001"]);
    assert_eq!(of_time("1731550466").coverage.verdict, Verdict::Complete);
}

#[test]
fn a_build_for_one_minor_release_is_judged_by_the_fix_for_it() {
    let data = data([
        fixed(BASEOS, "CVE-2000-0001", "1:3.0.1-47.el9_1"),
        fixed(BASEOS, "CVE-2000-0001", "1:3.0.7-16.el9_2"),
    ]);
    for (version, expected) in [
        ("1:3.0.1-46.el9_1", 1),
        ("1:3.0.1-47.el9_1", 0),
        ("1:3.0.7-15.el9_2", 1),
        ("1:3.0.1-47.el9", 1),
        ("1:3.0.7-16.el9_2", 0),
    ] {
        let image = from(rhel(("openssl", version)), &["baseos"]);
        assert_eq!(report(&image, &data).findings.len(), expected, "{version}");
    }
}
