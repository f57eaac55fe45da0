//! What Red Hat's images say of themselves, and what their packages are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use limpid_detect::build_info::dockerfile;
use limpid_testkit::rpmdb::{RpmPackage, write_sqlite};
use serde_json::Value;

use crate::limpid::{data, index, json, text};

const REPOSITORY: &str = "rhel-cpe-repository";
const CONTAINER: &str = "rhcc-container-repository";

/// Indexes a root file system that holds one file.
fn index_file(place: &str, content: &[u8]) -> Value {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(place);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    index(&format!("dir:{}", root.path().display()))
}

fn repositories<'r>(report: &'r Value, key: &str) -> Vec<&'r Value> {
    let all = report["repository"].as_object().unwrap().values();
    all.filter(|repository| text(repository, "key") == key)
        .collect()
}

#[test]
fn content_manifests_name_the_recorded_repositories() {
    let recorded = &json("fixtures/expected.json")["rhel_repository_scanner"];
    let mapping = json(&format!("fixtures/{}", text(recorded, "mapping")));
    for case in recorded["cases"].as_array().unwrap() {
        let layer = data(&format!("fixtures/{}", text(case, "layer")));
        let report = index(&format!("layer:{}", layer.display()));
        let mut found = BTreeSet::new();
        for repository in repositories(&report, REPOSITORY) {
            let products = &mapping["data"][text(repository, "name")]["cpes"];
            for cpe in products.as_array().into_iter().flatten() {
                found.insert((cpe.as_str().unwrap(), text(repository, "uri")));
            }
        }
        let expected: BTreeSet<_> = case["repositories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|repository| (text(repository, "cpe"), text(repository, "uri")))
            .collect();
        assert_eq!(found, expected, "{}", layer.display());
    }
}

#[test]
fn a_content_manifest_that_is_none_is_a_problem_and_no_error() {
    let layer = data("fixtures/rhel/layer-with-invalid-content-manifests-json.tar");
    let report = index(&format!("layer:{}", layer.display()));
    assert_eq!(report["success"], true);
    let problem = &report["limpid"]["problems"][0];
    assert_eq!(text(problem, "kind"), "unreadable-file", "{report}");
}

#[test]
fn the_histories_of_both_dnf_name_their_repositories() {
    let recorded = &json("fixtures/expected.json")["dnf"][0]["repository_ids"];
    let recorded: Vec<_> = recorded.as_array().unwrap().iter().collect();
    let cases = [
        (
            "dnf/dnf4",
            recorded.iter().map(|id| id.as_str().unwrap()).collect(),
        ),
        ("dnf/dnf5", vec!["aea2214b263845539cc9b774ac8dd4c7"]),
    ];
    for (folder, expected) in cases {
        let root = data(&format!("fixtures/rhel/{folder}"));
        let report = index(&format!("dir:{}", root.display()));
        let mut names: Vec<_> = repositories(&report, REPOSITORY)
            .into_iter()
            .map(|repository| text(repository, "name"))
            .collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{folder}");
    }
    for (file, expected) in [
        (
            "custom-dnf-history.sqlite",
            ["test-repo-appstream", "test-repo-baseos"],
        ),
        (
            "matching-dnf-history.sqlite",
            ["fedora-appstream-35", "fedora-baseos-35"],
        ),
    ] {
        let content = fs::read(data(&format!("fixtures/rhel/{file}"))).unwrap();
        let report = index_file("var/lib/dnf/history.sqlite", &content);
        let names: BTreeSet<_> = repositories(&report, REPOSITORY)
            .into_iter()
            .map(|repository| text(repository, "name"))
            .collect();
        assert_eq!(names, BTreeSet::from(expected), "{file}");
    }
}

#[test]
fn the_labels_of_dockerfiles_are_the_recorded_ones() {
    let mut checked = 0;
    for entry in fs::read_dir(data("fixtures/rhel/dockerfile")).unwrap() {
        let path = entry.unwrap().path();
        let want = Path::new(&format!("{}.want", path.display())).to_owned();
        if !want.is_file() {
            continue;
        }
        let want: BTreeMap<String, String> =
            serde_json::from_slice(&fs::read(want).unwrap()).unwrap();
        let labels = dockerfile::parse(&fs::read(&path).unwrap());
        let found: BTreeMap<_, _> = labels
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(found, want, "{}", path.display());
        let is_bad = Path::new(&format!("{}.want.err", path.display())).is_file();
        assert_eq!(!labels.problems().is_empty(), is_bad, "{}", path.display());
        checked += 1;
    }
    assert!(checked >= 11, "only {checked} files");
}

/// Returns `name version kind` of the packages in a repository of containers.
fn containers(report: &Value) -> Vec<String> {
    let ids: BTreeSet<_> = repositories(report, CONTAINER)
        .into_iter()
        .map(|repository| text(repository, "id"))
        .collect();
    assert_eq!(ids.len(), 1, "{report}");
    let mut lines: Vec<_> = report["packages"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, package)| {
            let named = &report["environments"][id][0]["repository_ids"][0];
            assert!(ids.contains(named.as_str().unwrap()), "{package}");
            ["name", "version", "kind"]
                .map(|member| text(package, member))
                .join(" ")
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn old_images_are_containers_by_their_dockerfile() {
    let cases = [
        (
            "openshift-ose-logging-elasticsearch6-v4.6.0-202112132021.p0.g2a13a81.assembly.stream",
            "logging-elasticsearch6-container",
            "openshift/ose-logging-elasticsearch6",
            "v4.6.0-202112132021.p0.g2a13a81.assembly.stream",
        ),
        (
            "quay-clair-rhel8-v3.5.5-4",
            "quay-clair-container",
            "quay/clair-rhel8",
            "v3.5.5-4",
        ),
        (
            "quay-quay-rhel8-v3.5.6-4",
            "quay-registry-container",
            "quay/quay-rhel8",
            "v3.5.6-4",
        ),
        (
            "rhdh-rhdh-hub-rhel9-1.3-100",
            "rhdh-hub-container",
            "rhdh/rhdh-hub-rhel9",
            "1.3-100",
        ),
    ];
    for (file, component, name, version) in cases {
        let content = fs::read(data(&format!("fixtures/rhel/rhcc/Dockerfile-{file}"))).unwrap();
        let report = index_file(&format!("root/buildinfo/Dockerfile-{file}"), &content);
        let mut expected = [
            format!("{component} {version} source"),
            format!("{name} {version} ancestry"),
            format!("{name} {version} binary"),
        ];
        expected.sort();
        assert_eq!(containers(&report), expected, "{file}");
    }
}

#[test]
fn new_images_are_containers_by_their_labels() {
    for file in ["simple_labels.json", "quoted_labels.json"] {
        let content = fs::read(data(&format!("fixtures/rhel/rhcc/{file}"))).unwrap();
        for place in ["root/buildinfo", "usr/share/buildinfo"] {
            let report = index_file(&format!("{place}/labels.json"), &content);
            let name = "openshift-gitops-1/gitops-rhel8-operator";
            let expected =
                ["ancestry", "binary", "source"].map(|kind| format!("{name} 1744596866 {kind}"));
            assert_eq!(containers(&report), expected, "{file}");
            assert_eq!(
                text(repositories(&report, CONTAINER)[0], "cpe"),
                "cpe:2.3:a:redhat:openshift_gitops:1.16:*:el8:*:*:*:*:*"
            );
        }
    }
}

/// `name-[epoch:]version-release.src` as name, epoch with its colon, and version-release.
fn source(nevra: &str) -> (String, String, String) {
    let nevra = nevra.trim_end_matches(".src");
    let (rest, release) = nevra.rsplit_once('-').unwrap();
    let (name, version) = rest.rsplit_once('-').unwrap();
    let (epoch, version) = version.split_once(':').unwrap_or(("0", version));
    let epoch = match epoch {
        "0" => String::new(),
        epoch => format!("{epoch}:"),
    };
    (name.to_owned(), epoch, format!("{version}-{release}"))
}

/// Rebuilds the databases of real images from their package lists. The lists have no epochs of
/// packages, so those of a source's version get the epoch of the source, and the others none: these
/// must get the source's epoch from the former.
#[test]
fn the_epoch_of_a_source_is_that_of_its_packages_in_real_images() {
    for file in ["nodejs", "httpd-24_9.5-1734525854"] {
        let list = json(&format!("fixtures/rhel/{file}.rpm-manifest.json"));
        let rpms = list["rpms"].as_array().unwrap();
        let mut packages = Vec::new();
        let mut expected = BTreeSet::new();
        let with_own_version: BTreeSet<_> = rpms
            .iter()
            .filter(|rpm| {
                let own = format!("{}-{}", text(rpm, "version"), text(rpm, "release"));
                source(text(rpm, "srpm_nevra")).2 == own
            })
            .map(|rpm| text(rpm, "srpm_nevra"))
            .collect();
        for rpm in rpms {
            let nevra = text(rpm, "srpm_nevra");
            let (name, epoch, version) = source(nevra);
            let own = text(rpm, "version");
            let (own_epoch, own_version) = own.split_once(':').unwrap_or(("0", own));
            let mut package = RpmPackage::new(
                text(rpm, "name"),
                own_version,
                text(rpm, "release"),
                text(rpm, "architecture"),
            );
            package.source_rpm = format!("{name}-{version}.src.rpm");
            let is_of_source = version == format!("{own_version}-{}", package.release);
            let number = if is_of_source {
                epoch.trim_end_matches(':')
            } else {
                own_epoch
            };
            package.epoch = number.parse().ok();
            if with_own_version.contains(nevra) {
                expected.insert((package.name.clone(), format!("{epoch}{version}")));
            }
            packages.push(package);
        }
        assert!(expected.len() * 10 > packages.len() * 9, "{file}");
        let report = index_file("var/lib/rpm/rpmdb.sqlite", &write_sqlite(&packages));
        let found: BTreeSet<_> = report["packages"]
            .as_object()
            .unwrap()
            .values()
            .map(|package| {
                let source = text(&package["source"], "version");
                (text(package, "name").to_owned(), source.to_owned())
            })
            .collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
}
