//! Findings in images of Red Hat's against the recorded CSAF documents and mappings, checked by
//! hand. What the documents say is cited beside each package.

use limpid_testkit::dnf::{DnfStep, write_dnf4_history};
use limpid_testkit::layer::LayerBuilder;
use limpid_testkit::rpmdb::{ByteOrder, RpmPackage, write_bdb, write_sqlite};
use limpid_testkit::system::RpmDatabase::{BerkeleyDb, Sqlite};
use limpid_testkit::system::{RpmDatabase, system, with_rpms};
use serde_json::{Value, json as value};

use crate::judged::Judged;
use crate::limpid::{json, text};

const BASEOS_9: &str = "rhel-9-for-x86_64-baseos-rpms";
const APPSTREAM_9: &str = "rhel-9-for-x86_64-appstream-rpms";
const BASEOS_8: &str = "rhel-8-for-x86_64-baseos-rpms";
const APPSTREAM_8: &str = "rhel-8-for-x86_64-appstream-rpms";

fn rhel(version: &str) -> LayerBuilder {
    system(&format!(
        "NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nVERSION_ID=\"{version}\"\n\
         PRETTY_NAME=\"Red Hat Enterprise Linux {version}\"\n"
    ))
}

/// Says from which repositories the packages of a layer are.
fn with_content_sets(layer: LayerBuilder, sets: &[&str]) -> LayerBuilder {
    let manifest = value!({
        "metadata": { "icm_version": 1, "image_layer_index": 0 },
        "content_sets": sets,
        "image_contents": [],
    });
    layer.file(
        "root/buildinfo/content_manifests/image-1-1.json",
        manifest.to_string(),
    )
}

fn judge(version: &str, database: RpmDatabase, sets: &[&str], packages: &[&str]) -> Judged {
    let layer = with_rpms(rhel(version), database, packages);
    Judged::of(with_content_sets(layer, sets))
}

#[test]
fn rhel_9() {
    let judged = judge(
        "9.4",
        Sqlite,
        &[BASEOS_9, APPSTREAM_9],
        &[
            // CVE-2024-50602, moderate: expat before 2.5.0-3.el9_5.1 in enterprise_linux:9::baseos.
            "expat 2.5.0-2.el9_4.2 x86_64",
            // The same: 8.10 has its own fix, which says nothing of 9.
            "expat-devel 2.5.0-3.el9_5.1 x86_64 source=expat-2.5.0-3.el9_5.1",
            // CVE-2024-28834, moderate: gnutls before 3.7.6-23.el9_3.4 (9.3) and 3.8.3-4.el9_4 (9.4).
            "gnutls 3.8.3-4.el9_4 x86_64",
            // CVE-2024-0208: wireshark of Red Hat Enterprise Linux 9 is not affected.
            "wireshark 1:3.4.10-6.el9 x86_64",
            // CVE-2023-2454, of moderate impact in these products: postgresql before 13.11-1.el9_2 in 9::appstream; the stream
            // postgresql:15 before 15.3-1.module+el9.2.0.z+19113.
            "postgresql-server 13.10-1.el9_1 x86_64 source=postgresql-13.10-1.el9_1",
        ],
    );
    judged.check(
        "redhat:enterprise_linux:9",
        &[
            "expat CVE-2024-50602 medium fixed 2.5.0-3.el9_5.1",
            "postgresql-server CVE-2023-2454 medium fixed 13.11-1.el9_2",
            "postgresql-server CVE-2023-2455 medium fixed 13.11-1.el9_2",
        ],
        &[],
    );
    assert_eq!(judged.not_affected(), ["wireshark CVE-2024-0208"]);
}

#[test]
fn an_older_minor_release_has_its_own_fixes_in_the_same_product() {
    // CVE-2024-2961 and CVE-2024-28834 name one product for several minor releases:
    // enterprise_linux:8::baseos has glibc 2.28-236.el8_9.13 and 2.28-251.el8_10.1.
    let judged = |version| {
        let glibc = format!("glibc {version} x86_64");
        judge("8.9", Sqlite, &[BASEOS_8], &[&glibc]).lines()
    };
    assert_eq!(judged("2.28-236.el8_9.13"), [] as [&str; 0]);
    assert_eq!(judged("2.28-251.el8_10.1"), [] as [&str; 0]);
    let found = judged("2.28-236.el8_9.12");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("glibc CVE-2024-2961 high fixed 2.28-2"),
        "{found:?}"
    );
}

#[test]
fn an_image_with_extended_support_is_judged_by_its_own_stream() {
    let judged = judge(
        "9.2",
        Sqlite,
        &["rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2"],
        &[
            // CVE-2024-50602 in rhel_eus:9.2::baseos: before 2.5.0-1.el9_2.2. In the main stream
            // before 2.5.0-3.el9_5.1, which this stream never gets.
            "expat 2.5.0-1.el9_2.2 x86_64",
            // CVE-2024-28834 in rhel_eus:9.2::baseos: before 3.7.6-21.el9_2.3.
            "gnutls 3.7.6-21.el9_2.2 x86_64",
        ],
    );
    judged.check(
        "redhat:rhel_eus:9",
        &["gnutls CVE-2024-28834 medium fixed 3.7.6-21.el9_2.3"],
        &[],
    );
}

#[test]
fn rhel_6_and_7_get_some_fixes_no_more() {
    // CVE-2019-18276 bash: no fix planned, in 7 "Will not fix", in 6 "Out of support scope". CVE-2024-28834
    // gnutls and, in 7, CVE-2024-50602 expat: no fix planned: "Out of support scope". CVE-2024-2961, important: glibc before
    // 2.17-326.el7_9.3 in 7::server.
    let judged = judge(
        "7.9",
        BerkeleyDb,
        &["rhel-7-server-rpms"],
        &[
            "bash 4.2.46-35.el7_9 x86_64",
            "expat 2.1.0-15.el7_9 x86_64",
            "glibc 2.17-326.el7_9 x86_64",
            "glibc-common 2.17-326.el7_9.3 x86_64 source=glibc-2.17-326.el7_9.3",
            "gnutls-utils 3.3.29-9.el7_6 x86_64 source=gnutls-3.3.29-9.el7_6",
        ],
    );
    assert_eq!(
        judged.lines(),
        [
            "bash CVE-2019-18276 low will-not-fix",
            "expat CVE-2024-50602 medium end-of-life",
            "glibc CVE-2024-2961 high fixed 2.17-326.el7_9.3",
            "gnutls-utils CVE-2024-28834 medium end-of-life",
        ]
    );
    let six = judge(
        "6.10",
        BerkeleyDb,
        &["rhel-6-server-rpms"],
        &["bash 4.1.2-48.el6 x86_64", "expat 2.0.1-13.el6_8 x86_64"],
    );
    assert_eq!(six.lines(), ["bash CVE-2019-18276 low end-of-life"]);
}

#[test]
fn modules_of_rhel_8_are_told_apart_by_stream() {
    let postgresql = |version: &str, module: &str| {
        let line = format!(
            "postgresql-server {version} x86_64 source=postgresql-{version} module={module}"
        );
        let sets = [BASEOS_8, APPSTREAM_8];
        judge("8.8", Sqlite, &sets, &[&line]).lines()
    };
    // CVE-2023-2454 in enterprise_linux:8::appstream: postgresql:12 before
    // 12.15-1.module+el8.8.0+19427+d1071523, postgresql:13 before 13.11-1.module+el8.8.0+19081.
    assert_eq!(
        postgresql(
            "12.14-1.module+el8.7.0+18318+abcdef12",
            "postgresql:12:8070020230213142306:bd1311ed"
        ),
        [
            "postgresql-server CVE-2023-2454 medium fixed 12.15-1.module+el8.8.0+19427+d1071523",
            "postgresql-server CVE-2023-2455 medium fixed 12.15-1.module+el8.8.0+19427+d1071523",
        ]
    );
    assert_eq!(
        postgresql(
            "12.15-1.module+el8.8.0+19427+d1071523",
            "postgresql:12:8080020230717103820:63b34585"
        ),
        [] as [&str; 0]
    );
    // A stream that the documents do not name.
    assert_eq!(
        postgresql(
            "9.6.22-1.module+el8.4.0+11244+beebe8f3",
            "postgresql:9.6:8040020210602150116:522a0ee4"
        ),
        [] as [&str; 0]
    );
    // CVE-2019-16161: ruby:2.5 and ruby:2.6 are affected and will not be fixed.
    let ruby = |module: &str| {
        let line = format!("ruby 2.5.9-111.module+el8 x86_64 module={module}");
        judge("8.8", Sqlite, &[APPSTREAM_8], &[&line]).lines()
    };
    assert_eq!(
        ruby("ruby:2.5:8080020230627084142:63b34585"),
        ["ruby CVE-2019-16161 low will-not-fix"]
    );
    assert_eq!(
        ruby("ruby:2.7:8080020230427102918:63b34585"),
        [] as [&str; 0]
    );
}

#[test]
fn packages_are_of_the_product_of_their_own_repository() {
    // CVE-2024-34500: mediawiki of openshift:3.11 is out of support scope; nothing is said of
    // openshift:4.10, of which "3.11" and "4.1" are no parts.
    let mediawiki = |set: &str| {
        let lines = ["mediawiki 1.27.7-1.el7 noarch"];
        judge("7.9", BerkeleyDb, &["rhel-7-server-rpms", set], &lines).lines()
    };
    assert!(
        mediawiki("rhel-7-server-ose-3.11-rpms")
            .contains(&"mediawiki CVE-2024-34500 medium end-of-life".to_owned())
    );
    assert_eq!(mediawiki("rhel-7-server-ose-4.1-rpms"), [] as [&str; 0]);
}

#[test]
fn a_container_is_judged_by_what_its_dockerfile_calls_it() {
    let operator = |version: &str, release: &str| {
        let dockerfile = format!(
            "FROM sha256:1\nLABEL \\\n    com.redhat.component=\"gitops-operator-container\" \\\n    \
             name=\"openshift-gitops-1/gitops-rhel8-operator\" \\\n    version=\"{version}\" \\\n    \
             release=\"{release}\" \\\n    architecture=\"x86_64\"\n"
        );
        let layer = with_rpms(rhel("8.10"), Sqlite, &["bash 4.4.19-14.el8 x86_64"]);
        let layer = with_content_sets(layer, &[BASEOS_8]);
        let name = format!("gitops-operator-container-{version}-{release}");
        Judged::of(layer.file(&format!("root/buildinfo/Dockerfile-{name}"), dockerfile))
    };
    let name = "openshift-gitops-1/gitops-rhel8-operator";
    // CVE-2025-7783, moderate: gitops-rhel8-operator of openshift_gitops:1 is affected, without a
    // fix. CVE-2024-57083, important: fixed in v1.14.4-1 of openshift_gitops:1.14::el8 and in
    // v1.15.2-4 of openshift_gitops:1.15::el8.
    let unfixed = format!("{name} CVE-2025-7783 medium not-fixed");
    let fixed = format!("{name} CVE-2024-57083 high fixed v1.14.4-1");
    assert_eq!(operator("v1.14.3", "2").lines(), [fixed, unfixed.clone()]);
    assert_eq!(operator("v1.14.4", "1").lines(), [unfixed]);
}

/// The package list of a real image, as packages of a database.
fn manifest(file: &str) -> (Vec<RpmPackage>, Vec<DnfStep>) {
    let list = json(&format!("fixtures/rhel/{file}.rpm-manifest.json"));
    let mut packages = Vec::new();
    let mut steps = Vec::new();
    for rpm in list["rpms"].as_array().unwrap() {
        let package = package(rpm);
        let hint = text(rpm, "_repositoryhint");
        if let Some(repository) = hint.strip_prefix("repoid=") {
            let version = format!(
                "{}:{}-{}",
                package.epoch.unwrap_or_default(),
                package.version,
                package.release
            );
            steps.push(DnfStep::install(
                &package.name,
                &version,
                &package.arch,
                repository,
            ));
        }
        packages.push(package);
    }
    (packages, steps)
}

fn package(rpm: &Value) -> RpmPackage {
    let name = text(rpm, "name");
    let release = text(rpm, "release");
    let arch = text(rpm, "architecture");
    // The older list has the version only in `nerva`: `name-version-release.arch`.
    let own = match text(rpm, "version") {
        "" => text(rpm, "nerva")
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|rest| rest.strip_suffix(&format!("-{release}.{arch}")))
            .unwrap(),
        version => version,
    };
    let (epoch, version) = match own.split_once(':') {
        Some((epoch, version)) => (epoch.parse().ok(), version),
        None => (None, own),
    };
    let mut package = RpmPackage::new(name, version, release, arch);
    package.epoch = epoch;
    package.source_rpm = format!("{}.rpm", text(rpm, "srpm_nevra"));
    package.vendor = "Red Hat, Inc.".into();
    let key = u64::from_str_radix(text(rpm, "gpg"), 16).unwrap();
    package.signature_key = Some(key.to_be_bytes());
    package
}

#[test]
fn a_real_image_with_hints_of_repositories_is_judged_by_them() {
    let (packages, steps) = manifest("nodejs");
    let layer = rhel("9.2").file("var/lib/rpm/rpmdb.sqlite", write_sqlite(&packages));
    let layer = layer.file("var/lib/dnf/history.sqlite", write_dnf4_history(&steps));
    let judged = Judged::of(with_content_sets(layer, &[BASEOS_9, APPSTREAM_9]));
    let lines = judged.lines();
    // expat 2.5.0-1.el9 is below 2.5.0-3.el9_5.1.
    let expat = "expat CVE-2024-50602 medium fixed 2.5.0-3.el9_5.1".to_owned();
    assert!(lines.contains(&expat), "{lines:#?}");
    // gnutls 3.7.6-20.el9_2 and glibc 2.34-60.el9 have fixes as well.
    for start in [
        "gnutls CVE-2024-28834 medium fixed ",
        "glibc CVE-2024-2961 high fixed ",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(start)),
            "{start}: {lines:#?}"
        );
    }
    // bash 5.1.8 of Red Hat Enterprise Linux 9 is in no statement of CVE-2019-18276.
    assert!(
        !lines.iter().any(|line| line.starts_with("bash ")),
        "{lines:#?}"
    );
    assert_eq!(judged.report["packages"], 301);
}

#[test]
fn a_real_image_with_all_fixes_has_no_findings_of_them() {
    let (packages, _) = manifest("httpd-24_9.5-1734525854");
    let layer = rhel("9.5").file("var/lib/rpm/rpmdb.sqlite", write_sqlite(&packages));
    let judged = Judged::of(with_content_sets(layer, &[BASEOS_9, APPSTREAM_9]));
    // expat 2.5.0-3.el9_5.1 and gnutls 3.8.3-4.el9_4 are the fixes themselves.
    for name in ["expat", "gnutls", "glibc"] {
        let of_name = judged
            .lines()
            .into_iter()
            .find(|line| line.starts_with(&format!("{name} ")));
        assert_eq!(of_name, None);
    }
    assert_eq!(judged.report["coverage"]["unjudged"], 0);
}

#[test]
fn a_real_image_of_centos_is_judged_as_the_distribution_that_it_is_built_from() {
    let (packages, _) = manifest("bdb");
    // Its packages are signed with the key of CentOS.
    let layer = system(
        "NAME=\"CentOS Linux\"\nID=\"centos\"\nVERSION_ID=\"8\"\nPRETTY_NAME=\"CentOS Linux 8\"\n",
    );
    let layer = layer.file(
        "var/lib/rpm/Packages",
        write_bdb(&packages, ByteOrder::Little),
    );
    let judged = Judged::of(layer);
    let lines = judged.lines();
    for line in [
        // bash 4.4.19-7.el8, expat 2.2.5-3.el8.
        "bash CVE-2019-18276 low fixed 4.4.19-14.el8",
        "expat CVE-2024-50602 medium fixed 2.2.5-16.el8_10",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line}: {lines:#?}");
    }
    assert_eq!(judged.report["coverage"]["unjudged"], 0);
}
