//! Java's archives, made of the recorded manifests and properties.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use limpid_detect::language::read_file;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::limpid::{data, json, text};

const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// Makes an archive of one member and returns name and version of what is found in it.
fn read(name: &str, member: &str, content: &[u8]) -> Vec<(String, String)> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file(member, SimpleFileOptions::default())
        .unwrap();
    writer.write_all(content).unwrap();
    found(name, &writer.finish().unwrap().into_inner())
}

fn found(name: &str, archive: &[u8]) -> Vec<(String, String)> {
    let (packages, problems) = read_file(name, archive).unwrap();
    assert_eq!(problems, [], "{name}");
    let packages = packages.into_iter();
    packages
        .map(|package| (package.name, package.version))
        .collect()
}

/// Returns the jars of a folder of fixtures, as name and path.
fn jars(folder: &str) -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(data(folder)).unwrap();
    let files = files.map(|file| file.unwrap());
    let named = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
    named
        .filter(|(name, _)| Path::new(name).extension().is_some_and(|it| it == "jar"))
        .collect()
}

/// Returns what a `pom.properties` says, as name and version.
fn properties(content: &str) -> (String, String) {
    let value = |key: &str| {
        let mut lines = content.lines();
        let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.unwrap().trim()
    };
    let name = format!("{}:{}", value("groupId"), value("artifactId"));
    (name, value("version").to_owned())
}

fn artifact(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, artifact)| artifact)
}

#[test]
fn a_manifest_counts_as_far_as_its_main_section_goes() {
    let manifests = jars("fixtures/java/jar/manifest");
    assert_eq!(manifests.len(), 64);
    let sections = data("fixtures/java/jar/manifestSection/individual");
    for (name, path) in [manifests, vec![("individual.jar".to_owned(), sections)]].concat() {
        let whole = read(&name, MANIFEST, &fs::read(&path).unwrap());
        let main = format!("{}.want", path.display());
        assert_eq!(
            whole,
            read(&name, MANIFEST, &fs::read(main).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn properties_name_their_package() {
    let files = jars("fixtures/java/jar/properties");
    assert_eq!(files.len(), 49);
    for (name, path) in files {
        let content = fs::read_to_string(path).unwrap();
        let member = "META-INF/maven/group/artifact/pom.properties";
        let found = read(&name, member, content.as_bytes());
        assert!(found.contains(&properties(&content)), "{name}: {found:?}");
    }
}

#[test]
fn a_manifest_leads_to_the_package_that_the_properties_name() {
    let mut compared = 0;
    for (name, path) in jars("fixtures/java/jar/manifest") {
        let beside = data("fixtures/java/jar/properties").join(&name);
        let Ok(content) = fs::read_to_string(beside) else {
            continue;
        };
        let (expected, version) = properties(&content);
        // What is recorded for this one is a part that is shaded into it.
        if name == "cassandra-driver-core-3.11.0-shaded.jar" {
            continue;
        }
        let found = read(&name, MANIFEST, &fs::read(path).unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|(name, version)| (artifact(name), version))
            .collect();
        assert_eq!(found, [(artifact(&expected), &version)], "{name}");
        compared += 1;
    }
    assert_eq!(compared, 48);
}

#[test]
fn odd_manifests_say_nothing_and_are_no_error() {
    for file in [
        "malformed_zip.MF",
        "malformed-manifests/bad-header",
        "malformed-manifests/empty",
        "malformed-manifests/no-version",
    ] {
        let content = fs::read(data(&format!("fixtures/java/jar/{file}"))).unwrap();
        assert_eq!(read("tool.jar", MANIFEST, &content), [], "{file}");
    }
}

#[test]
fn archives_in_archives_are_found_by_their_names() {
    let recorded = json("fixtures/expected.json");
    let recorded = &recorded["java"][0];
    let archive = fs::read(data(&format!("fixtures/{}", text(recorded, "file")))).unwrap();
    let mut found = found("inner.jar", &archive);
    for (name, _) in &mut found {
        // The group is known beyond what is recorded.
        *name = artifact(name).to_owned();
    }
    found.sort();
    let mut expected: Vec<(String, String)> =
        serde_json::from_value(recorded["expect"].clone()).unwrap();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn manifests_and_names_complete_each_other() {
    for (folder, jar, package, version) in [
        ("axis", "axis-1.4.jar", "org.apache.axis:axis", "1.4"),
        (
            "combine-manifest-filename",
            "ivy-2.4.0.jar",
            "org.apache.ivy:ivy",
            "2.4.0",
        ),
        (
            "invalid-ids",
            "correct.name-1.2.3.jar",
            "test.group:correct.name",
            "1.2.3",
        ),
        (
            "known-group-id",
            "spring-web-5.3.26.jar",
            "org.springframework:spring-web",
            "5.3.26",
        ),
        (
            "known-group-id",
            "any.jar",
            "org.springframework:spring-web",
            "5.3.26",
        ),
        (
            "manifest-implementation-title",
            "elasticsearch-8.14.3.jar",
            "org.elasticsearch:elasticsearch",
            "8.14.3",
        ),
        (
            "manifest-no-group-id",
            "some-package-1.2.3.jar",
            "some-package",
            "1.2.3",
        ),
        (
            "manifest-symbolicname",
            "failureaccess-1.0.1.jar",
            "com.google.guava:failureaccess",
            "1.0.1",
        ),
    ] {
        let path = data(&format!(
            "fixtures/java/scalibr-manifest/{folder}/MANIFEST.MF"
        ));
        let found = read(jar, MANIFEST, &fs::read(path).unwrap());
        assert_eq!(
            found,
            [(package.to_owned(), version.to_owned())],
            "{folder}"
        );
    }
}
