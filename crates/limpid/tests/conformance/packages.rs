//! The package list of every recorded image equals the recorded one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::limpid::{data, index, json, packages, text};

fn recorded(file: &str, line: impl Fn(&Value) -> String) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in json(file)["packages"].as_array().unwrap() {
        // rpm keeps public keys as if they were packages; nothing is installed by them.
        if text(package, "name") == "gpg-pubkey" {
            continue;
        }
        found
            .entry(text(package, "name").to_owned())
            .or_default()
            .push(line(package));
    }
    for lines in found.values_mut() {
        lines.sort();
    }
    assert!(!found.is_empty(), "{file} records no packages");
    found
}

fn alpine(image: &str, file: &str) {
    let report = index(data(&format!("images/{image}")).to_str().unwrap());
    let expected = recorded(&format!("images/expected/{file}.json"), |package| {
        let version = text(package, "version");
        [
            version,
            text(package, "arch"),
            text(package, "origin"),
            version,
        ]
        .join("|")
    });
    assert_eq!(packages(&report), expected, "{image}");
}

#[test]
fn alpine_docker_archives_have_the_recorded_packages() {
    for version in ["3.9.4", "3.10.2", "3.15.0"] {
        alpine(
            &format!("docker-archive/alpine-{version}.docker.tar.gz"),
            &format!("alpine-{version}"),
        );
    }
}

#[test]
fn alpine_root_file_systems_have_the_recorded_packages() {
    for version in [
        "3.6.5",
        "3.12.12",
        "3.16.9",
        "3.18.9",
        "3.20.3",
        "edge-20240923",
    ] {
        alpine(
            &format!("layers/alpine-{version}-x86_64.layer.tar.gz"),
            &format!("alpine-{version}"),
        );
    }
}

#[test]
fn debian_databases_have_the_recorded_packages() {
    for suite in ["bookworm", "bullseye", "trixie", "sid"] {
        let layer = data(&format!(
            "images/layers/debian-{suite}-minbase-amd64.pkgdb.layer.tar.gz"
        ));
        let report = index(&format!("layer:{}", layer.display()));
        let expected = recorded(
            &format!("images/expected/debian-{suite}-minbase.json"),
            |package| {
                ["version", "arch", "source", "source_version"]
                    .map(|member| text(package, member))
                    .join("|")
            },
        );
        assert_eq!(packages(&report), expected, "{suite}");
    }
}

/// `name-version-release.src.rpm` gives the source; it has no epoch, so the package's own counts.
fn rpm_line(package: &Value) -> String {
    let epoch = match &package["epoch"] {
        Value::Null => String::new(),
        Value::Number(number) if number.as_u64() == Some(0) => String::new(),
        number => format!("{number}:"),
    };
    let source = text(package, "source_rpm").trim_end_matches(".src.rpm");
    let (rest, source_release) = source.rsplit_once('-').unwrap();
    let (source_name, source_version) = rest.rsplit_once('-').unwrap();
    let (version, release) = (text(package, "version"), text(package, "release"));
    let arch = text(package, "arch");
    format!(
        "{epoch}{version}-{release}|{arch}|{source_name}|{epoch}{source_version}-{source_release}"
    )
}

#[test]
fn almalinux_images_have_the_recorded_packages_whatever_the_database_format() {
    let cases = [
        (
            "almalinux-8-micro-s390x-bdb-bigendian.layer.tar.zst",
            "almalinux-8-micro-s390x-bdb-bigendian",
        ),
        (
            "almalinux-9-micro-aarch64-sqlite.layer.tar.gz",
            "almalinux-9-micro-aarch64-sqlite",
        ),
    ];
    for (layer, name) in cases {
        let layer = data(&format!("images/layers/{layer}"));
        let report = index(&format!("layer:{}", layer.display()));
        let expected = recorded(&format!("images/expected/{name}.packages.json"), rpm_line);
        assert_eq!(packages(&report), expected, "{name}");
    }
}

#[test]
fn busybox_layouts_have_no_packages_also_when_every_blob_is_a_link() {
    for layout in ["busybox-glibc-amd64", "busybox-musl-amd64-symlinked"] {
        let report = index(&format!(
            "oci:{}",
            data(&format!("images/oci/{layout}")).display()
        ));
        assert!(packages(&report).is_empty(), "{layout}");
        let names: Vec<_> = report["distributions"]
            .as_object()
            .unwrap()
            .values()
            .map(|distribution| text(distribution, "did"))
            .collect();
        assert_eq!(names, ["busybox"], "{layout}");
    }
}

#[test]
fn a_plain_archive_whose_name_says_otherwise_is_read_by_its_content() {
    let report = index(
        data("images/docker-archive/busybox-with-lockfile.docker.tar")
            .to_str()
            .unwrap(),
    );
    assert_eq!(report["success"], true);
}
