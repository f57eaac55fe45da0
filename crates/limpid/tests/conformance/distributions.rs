//! Release files of real distributions give the recorded distribution.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::limpid::{data, index, json, text};

/// Indexes a folder as a root file system; returns its only distribution, or null.
fn distribution(root: &Path) -> Value {
    let report = index(&format!("dir:{}", root.display()));
    let all = report["distributions"].as_object().unwrap();
    assert!(all.len() <= 1, "{}: {all:?}", root.display());
    all.values().next().cloned().unwrap_or(Value::Null)
}

/// Checks every member of an answer that is not its own file name.
fn check(answer: &Value, root: &Path) {
    let found = distribution(root);
    for member in [
        "did",
        "name",
        "version",
        "version_id",
        "pretty_name",
        "version_code_name",
    ] {
        if let Some(expected) = answer.get(member) {
            assert_eq!(
                &found[member],
                expected,
                "{member} of {}: {found}",
                root.display()
            );
        }
    }
}

#[test]
fn alpine_releases_are_recognised_as_recorded() {
    let mut checked = 0;
    for entry in fs::read_dir(data("fixtures/alpine")).unwrap() {
        let root = entry.unwrap().path();
        let want = root.join("want");
        if want.is_file() {
            let answers: Value = serde_json::from_slice(&fs::read(want).unwrap()).unwrap();
            check(&answers[0], &root);
            checked += 1;
        }
    }
    assert!(checked >= 16, "only {checked} releases");
}

#[test]
fn suse_amazon_oracle_and_photon_releases_are_recognised_as_recorded() {
    let expected = json("fixtures/expected.json");
    for family in ["suse", "aws", "oracle", "photon"] {
        for answer in expected[family].as_array().unwrap() {
            let root = data(&format!("fixtures/{}", text(answer, "file")));
            let mut answer = answer.clone();
            // Advisories are chosen by the service pack, which Clair drops.
            let service_packs = [("Server15", "15.1"), ("Server12", "12.5")];
            for (folder, version) in service_packs {
                if text(&answer, "file").contains(folder) {
                    answer["version_id"] = version.into();
                }
            }
            check(&answer, &root);
            if let Some(release) = answer.get("release") {
                assert_eq!(
                    &distribution(&root)["version_id"],
                    release,
                    "{}",
                    root.display()
                );
            }
        }
    }
}

#[test]
fn red_hat_and_what_looks_like_it_are_told_apart() {
    for answer in json("fixtures/expected.json")["releasefiles"]
        .as_array()
        .unwrap()
    {
        let root = data(&format!("fixtures/{}", text(answer, "dir")));
        match text(answer, "expect") {
            "" => check(answer, &root),
            "not RHEL" => assert_ne!(distribution(&root)["did"], "rhel", "{}", root.display()),
            expected => {
                let found = distribution(&root);
                let name = format!("RHEL {}", text(&found, "version_id"));
                assert_eq!(name, expected, "{}", root.display());
                assert_eq!(found["did"], "rhel");
            }
        }
    }
}

#[test]
fn debian_releases_have_their_number_and_code_name() {
    let code_names = [
        ("7", "wheezy"),
        ("8", "jessie"),
        ("9", "stretch"),
        ("10", "buster"),
        ("11", "bullseye"),
        ("12", "bookworm"),
    ];
    for (number, code_name) in code_names {
        for folder in ["dist", "distroless_dist"] {
            let root = Path::new("fixtures/debian").join(folder).join(number);
            // Distroless has only 9, 10 and 11.
            if folder == "distroless_dist" && !["9", "10", "11"].contains(&number) {
                continue;
            }
            let found = distribution(&data(root.to_str().unwrap()));
            assert_eq!(found["did"], "debian");
            assert_eq!(found["version_id"], number);
            assert_eq!(found["version_code_name"], code_name);
            assert_eq!(found["version"], format!("{number} ({code_name})"));
        }
    }
}

#[test]
fn every_ubuntu_release_has_its_number_and_a_code_name() {
    let mut checked = 0;
    for entry in fs::read_dir(data("fixtures/ubuntu/dist")).unwrap() {
        let root = entry.unwrap().path();
        let folder = root.file_name().unwrap().to_str().unwrap().to_owned();
        let found = distribution(&root);
        if folder == "11" {
            // Debian 11 among the releases of Ubuntu, to be told apart.
            assert_eq!(found["did"], "debian");
            continue;
        }
        assert_eq!(found["did"], "ubuntu", "{folder}");
        let number = text(&found, "version_id");
        assert!(number.starts_with(&folder), "{folder}: {found}");
        assert!(
            !text(&found, "version_code_name").is_empty(),
            "{folder}: {found}"
        );
        assert_eq!(found["pretty_name"], format!("Ubuntu {number}"));
        checked += 1;
    }
    assert!(checked >= 15, "only {checked} releases");
}

/// A txtar file: parts that begin with `-- NAME --`.
fn part<'a>(archive: &'a str, name: &str) -> &'a str {
    let (_, rest) = archive.split_once(&format!("-- {name} --\n")).unwrap();
    rest.split("\n-- ").next().unwrap()
}

#[test]
fn os_release_files_give_the_recorded_identity() {
    let mut checked = 0;
    for entry in fs::read_dir(data("fixtures/osrelease")).unwrap() {
        let path = entry.unwrap().path();
        let archive = fs::read_to_string(&path).unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        fs::write(
            root.path().join("etc/os-release"),
            part(&archive, "os-release"),
        )
        .unwrap();
        let parsed: Value = serde_json::from_str(part(&archive, "Parsed")).unwrap();
        let found = distribution(root.path());
        let id = text(&parsed, "ID");
        assert!(
            text(&found, "did") == id || (id == "sles_sap" && text(&found, "did") == "sles"),
            "{}: {found}",
            path.display()
        );
        let version = text(&parsed, "VERSION_ID");
        assert!(
            version.starts_with(text(&found, "version_id")),
            "{}: {found}",
            path.display()
        );
        checked += 1;
    }
    assert!(checked >= 10, "only {checked} files");
}
