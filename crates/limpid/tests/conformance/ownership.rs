//! Packages of programming languages that Debian packages brought are Debian's: listed, owned, and
//! judged by nobody else.
//!
//! The root file system is what `dpkg` leaves of a few packages from Debian's archive, made without
//! running their scripts and without being root.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::limpid::{index, scan, text};

/// Debian packages, each with what it brings: ecosystem and name.
const PACKAGES: [(&str, &str, &str); 8] = [
    ("python3-requests", "pypi", "requests"),
    ("python3-yaml", "pypi", "pyyaml"),
    ("libcommons-io-java", "maven", "commons-io:commons-io"),
    (
        "liblog4j2-java",
        "maven",
        "org.apache.logging.log4j:log4j-core",
    ),
    ("node-semver", "npm", "semver"),
    ("node-lodash", "npm", "lodash"),
    ("ruby-rack", "rubygems", "rack"),
    ("ruby-nokogiri", "rubygems", "nokogiri"),
];

fn run(program: &str, directory: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .current_dir(directory)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {program}: {error}"))
}

fn succeed(program: &str, directory: &Path, arguments: &[&str]) -> String {
    let output = run(program, directory, arguments);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Downloads the packages into a folder. Lists of the archive that the machine lacks, or has of
/// another day, are fetched into a folder of their own, which needs no rights.
fn download(directory: &Path) {
    let names = PACKAGES.map(|(package, ..)| package);
    let download = [&["-q", "download"], names.as_slice()].concat();
    if run("apt-get", directory, &download).status.success() {
        return;
    }
    let own = directory.join("apt");
    for folder in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(own.join(folder)).unwrap();
    }
    let lists = format!("Dir::State::lists={}", own.join("lists").display());
    let cache = format!("Dir::Cache={}", own.join("cache").display());
    let options = [
        "-q",
        "-o",
        &lists,
        "-o",
        &cache,
        "-o",
        "Acquire::Languages=none",
        "-o",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    ];
    succeed("apt-get", directory, &[&options[..], &["update"]].concat());
    let download = [&options[..], &["download"], names.as_slice()].concat();
    succeed("apt-get", directory, &download);
}

/// Unpacks the packages into a root file system, with the database that dpkg would have written.
fn install(packages: &Path, root: &Path) {
    let admin = root.join("var/lib/dpkg");
    fs::create_dir_all(admin.join("info")).unwrap();
    let mut status = String::new();
    for file in fs::read_dir(packages).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "deb") {
            continue;
        }
        let file = file.to_str().unwrap();
        let unpacked = succeed(
            "dpkg-deb",
            root,
            &["--vextract", file, root.to_str().unwrap()],
        );
        let paths = unpacked
            .lines()
            .map(|path| path.trim_start_matches('.').trim_end_matches('/'));
        let mut list = String::new();
        for path in paths {
            writeln!(list, "{}", if path.is_empty() { "/." } else { path }).unwrap();
        }
        let control = succeed("dpkg-deb", root, &["--field", file]);
        let name = succeed("dpkg-deb", root, &["--field", file, "Package"]);
        fs::write(admin.join(format!("info/{}.list", name.trim())), list).unwrap();
        writeln!(status, "Status: install ok installed\n{control}").unwrap();
    }
    fs::write(admin.join("status"), status).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(
        root.join("etc/os-release"),
        "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
    )
    .unwrap();
}

/// Puts `requests` where no package has it, in a version with a recorded vulnerability.
fn install_unowned(root: &Path) {
    let own = root.join("opt/app/requests-2.28.1.dist-info");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("METADATA"), "Name: requests\nVersion: 2.28.1\n").unwrap();
}

/// A package of a language, as the report has it.
#[derive(Debug)]
struct Found {
    owner: String,
    vulnerabilities: usize,
}

/// The packages of languages of a report, by ecosystem and name.
fn languages(index: &Value, report: &Value) -> BTreeMap<(String, String), Vec<Found>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let findings = report["findings"].as_array().unwrap();
    for (id, language) in index["limpid"]["languages"].as_object().unwrap() {
        let key = (
            text(language, "ecosystem").to_owned(),
            text(&index["packages"][id], "name").to_owned(),
        );
        let is_of_package = |finding: &&Value| text(&finding["package"], "id") == id;
        found.entry(key).or_default().push(Found {
            owner: text(&language["owner"], "package").to_owned(),
            vulnerabilities: findings.iter().filter(is_of_package).count(),
        });
    }
    found
}

#[test]
fn what_a_debian_package_brought_is_owned_and_has_no_finding_of_its_language() {
    let (packages, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    download(packages.path());
    install(packages.path(), root.path());
    install_unowned(root.path());
    let image = format!("dir:{}", root.path().display());
    let (report, _) = scan(&image);
    let found = languages(&index(&image), &report);
    for (package, ecosystem, name) in PACKAGES {
        let key = (ecosystem.to_owned(), name.to_owned());
        let of_package = found.get(&key).into_iter().flatten();
        let mut owners = of_package.map(|found| found.owner.as_str());
        assert!(
            owners.any(|owner| owner == package),
            "{package}: {key:?} in {found:#?}"
        );
    }
    for (key, packages) in &found {
        for package in packages {
            let is_unowned = key.1 == "requests" && package.owner.is_empty();
            assert_eq!(package.owner.is_empty(), is_unowned, "{key:?}: {package:?}");
            let is_judged = package.vulnerabilities > 0;
            assert_eq!(is_judged, is_unowned, "{key:?}: {package:?}");
        }
    }
}
