//! Package databases as such: compared with the native tools, and with recorded facts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use limpid_testkit::rpmdb::write_sqlite_headers;
use serde_json::Value;

use crate::limpid::{data, index, json, packages, text};

/// Indexes a root file system that holds one file.
fn index_file(place: &str, content: &[u8]) -> Value {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(place);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    index(&format!("dir:{}", root.path().display()))
}

fn command(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {program}, a Debian package has it: {error}"));
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What `dpkg-query` lists of a status file: name, version, architecture, source, source version.
fn dpkg_query(status: &Path) -> BTreeSet<String> {
    let admin = tempfile::tempdir().unwrap();
    fs::copy(status, admin.path().join("status")).unwrap();
    let format = "${db:Status-Status}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\n";
    command(
        "dpkg-query",
        &[
            "--admindir",
            admin.path().to_str().unwrap(),
            "-W",
            "-f",
            format,
        ],
    )
    .lines()
    .filter_map(|line| {
        let (state, package) = line.split_once('|')?;
        ON_DISK.contains(&state).then(|| package.to_owned())
    })
    .collect()
}

/// The states of dpkg(1) in which a package's files are on disk.
const ON_DISK: [&str; 5] = [
    "installed",
    "unpacked",
    "half-configured",
    "triggers-awaited",
    "triggers-pending",
];

fn ours(report: &Value) -> BTreeSet<String> {
    packages(report)
        .into_iter()
        .flat_map(|(name, lines)| lines.into_iter().map(move |line| format!("{name}|{line}")))
        .collect()
}

#[test]
fn dpkg_status_files_equal_what_dpkg_query_lists() {
    let files = [
        "fixtures/dpkg/texlive.status",
        "fixtures/dpkg/postgresql.status",
        "fixtures/dpkg/debian-only.status",
        "fixtures/dpkg/scalibr/dpkg/valid",
        "fixtures/dpkg/scalibr/dpkg/single",
        "fixtures/dpkg/scalibr/dpkg/trailingnewlines",
        "fixtures/dpkg/scalibr/dpkg/statusfield",
        "fixtures/dpkg/scalibr/dpkg/transitional",
        "fixtures/dpkg/scalibr/dpkg/transitional_dummy",
        "fixtures/dpkg/scalibr/dpkg/transitional_empty",
        "fixtures/dpkg/scalibr/dpkg/empty",
    ];
    for file in files {
        let report = index_file("var/lib/dpkg/status", &fs::read(data(file)).unwrap());
        assert_eq!(ours(&report), dpkg_query(&data(file)), "{file}");
    }
}

#[test]
fn recorded_facts_of_dpkg_status_files_hold() {
    let status = |file: &str| index_file("var/lib/dpkg/status", &fs::read(data(file)).unwrap());
    let texlive = status("fixtures/dpkg/texlive.status");
    assert_eq!(texlive["packages"].as_object().unwrap().len(), 357);
    let postgresql = packages(&status("fixtures/dpkg/postgresql.status"));
    assert!(
        postgresql["postgresql-client"]
            .iter()
            .any(|line| line.starts_with("11+200+deb10u5|")
                && line.ends_with("|postgresql-common|200+deb10u5")),
        "{postgresql:?}"
    );
    let vcpkg = status("fixtures/dpkg/vcpkg.status");
    assert!(packages(&vcpkg).is_empty());
    assert!(
        vcpkg.get("limpid").is_none(),
        "no problem is reported: {vcpkg}"
    );
}

#[test]
fn broken_stanzas_are_problems_and_the_others_are_packages() {
    for (file, field) in [("nopackage", "Package"), ("noversion", "Version")] {
        let content = fs::read(data(&format!("fixtures/dpkg/scalibr/dpkg/{file}"))).unwrap();
        let report = index_file("var/lib/dpkg/status", &content);
        let problems = report["limpid"]["problems"].to_string();
        assert!(
            problems.contains(&format!("without a {field} field")),
            "{file}: {problems}"
        );
        assert!(!packages(&report).is_empty(), "{file}");
    }
}

#[test]
fn opkg_status_files_are_read_beside_their_info_folder() {
    let content = fs::read(data("fixtures/dpkg/scalibr/opkg/valid")).unwrap();
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("usr/lib/opkg");
    fs::create_dir_all(directory.join("info")).unwrap();
    fs::write(directory.join("status"), &content).unwrap();
    let found = packages(&index(&format!("dir:{}", root.path().display())));
    let expected: BTreeSet<_> = String::from_utf8(content)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("Package: ").map(str::to_owned))
        .collect();
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn distroless_status_files_are_databases_of_their_own() {
    let content = fs::read(data("fixtures/dpkg/scalibr/dpkg/status.d/foo")).unwrap();
    let report = index_file("var/lib/dpkg/status.d/foo", &content);
    assert_eq!(packages(&report).len(), 1);
    let environments = report["environments"].as_object().unwrap();
    let environment = &environments.values().next().unwrap()[0];
    assert_eq!(environment["package_db"], "var/lib/dpkg/status.d/foo");
}

/// apk-tools is not in Debian, so the answer is taken from the file by the three letters that
/// matter, without any of limpid's code.
fn apk_lines(content: &str) -> BTreeSet<String> {
    let field = |record: &str, key: &str| {
        let line = record.lines().find(|line| line.starts_with(key));
        line.map_or(String::new(), |line| line[key.len()..].trim().to_owned())
    };
    content
        .split("\n\n")
        .filter(|record| !field(record, "P:").is_empty() && !field(record, "V:").is_empty())
        .map(|record| {
            let (name, version) = (field(record, "P:"), field(record, "V:"));
            let mut origin = field(record, "o:");
            if origin.is_empty() {
                origin.clone_from(&name);
            }
            format!(
                "{name}|{version}|{}|{origin}|{version}",
                field(record, "A:")
            )
        })
        .collect()
}

#[test]
fn apk_databases_have_the_packages_that_the_file_lists_at_either_place() {
    for file in [
        "installed",
        "single",
        "no-origin",
        "different-arch",
        "empty",
        "invalid",
    ] {
        let content = fs::read(data(&format!("fixtures/apk/scalibr/{file}"))).unwrap();
        let expected = apk_lines(&String::from_utf8_lossy(&content));
        for place in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            assert_eq!(
                ours(&index_file(place, &content)),
                expected,
                "{file} at {place}"
            );
        }
    }
}

/// What rpm itself lists of a database.
fn rpm_query(directory: &Path, backend: &str) -> BTreeSet<String> {
    // rpm opens a database for writing when it may, so it gets a copy.
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let format =
        "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n";
    let listed = command(
        "rpm",
        &[
            "--define",
            &format!("_db_backend {backend}"),
            "--dbpath",
            copy.path().to_str().unwrap(),
            "-qa",
            "--qf",
            format,
        ],
    );
    listed
        .lines()
        .filter(|line| !line.starts_with("gpg-pubkey\t"))
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            let epoch = if fields[1] == "0:" { "" } else { fields[1] };
            let source = fields[4].trim_end_matches(".src.rpm");
            let (rest, release) = source.rsplit_once('-').unwrap_or((source, ""));
            let (name, version) = rest.rsplit_once('-').unwrap_or((rest, ""));
            format!(
                "{}|{epoch}{}|{}|{name}|{epoch}{version}-{release}",
                fields[0], fields[2], fields[3]
            )
        })
        .collect()
}

/// Takes the headers out of an ndb database, which Debian's rpm cannot read, with a reader of its
/// own: slots of 16 bytes from byte 32 on, each pointing at a blob that states its length.
fn ndb_headers(database: &[u8]) -> Vec<Vec<u8>> {
    let number = |at: usize| u32::from_le_bytes(database[at..at + 4].try_into().unwrap()) as usize;
    let slots = number(12) * 4096 / 16;
    (2..slots)
        .map(|slot| slot * 16)
        .filter(|&at| &database[at..at + 4] == b"Slot" && number(at + 4) != 0)
        .map(|at| {
            let blob = number(at + 8) * 16;
            let length = number(blob + 12);
            database[blob + 16..blob + 16 + length].to_vec()
        })
        .collect()
}

#[test]
fn rpm_databases_equal_what_rpm_lists() {
    let cases = [
        ("images/rpmdb/cbl-mariner-2.0", "rpmdb.sqlite", "sqlite"),
        ("images/rpmdb/libuuid", "Packages", "bdb_ro"),
    ];
    for (directory, file, backend) in cases {
        let content = fs::read(data(&format!("{directory}/{file}"))).unwrap();
        let report = index_file(&format!("var/lib/rpm/{file}"), &content);
        let expected = rpm_query(&data(directory), backend);
        assert!(!expected.is_empty(), "{directory}");
        assert_eq!(ours(&report), expected, "{directory}");
    }
}

#[test]
fn an_ndb_database_equals_what_rpm_lists_of_its_headers() {
    let content = fs::read(data("images/rpmdb/sle15-bci/Packages.db")).unwrap();
    let moved = tempfile::tempdir().unwrap();
    let headers = ndb_headers(&content);
    fs::write(
        moved.path().join("rpmdb.sqlite"),
        write_sqlite_headers(&headers),
    )
    .unwrap();
    let expected = rpm_query(moved.path(), "sqlite");
    assert_eq!(expected.len(), 35);
    assert_eq!(
        ours(&index_file("usr/lib/sysimage/rpm/Packages.db", &content)),
        expected
    );
}

#[test]
fn a_recorded_header_reads_as_rpm_reads_it() {
    let header = fs::read(data("fixtures/rpm/internal/rpmdb/package.header")).unwrap();
    let database = write_sqlite_headers(&[header]);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rpmdb.sqlite"), &database).unwrap();
    let expected = rpm_query(directory.path(), "sqlite");
    assert_eq!(expected.len(), 1);
    assert_eq!(
        ours(&index_file("var/lib/rpm/rpmdb.sqlite", &database)),
        expected
    );
}

#[test]
fn a_sqlite_file_without_packages_is_an_unreadable_database_and_no_error() {
    let content = fs::read(data("fixtures/rpm/internal/sqlite/no_packages.sqlite")).unwrap();
    let report = index_file("var/lib/rpm/rpmdb.sqlite", &content);
    let problem = &report["limpid"]["problems"][0];
    assert_eq!(text(problem, "kind"), "unreadable-database", "{report}");
}

#[test]
fn a_database_that_is_a_dangling_link_is_no_error() {
    let link = data("fixtures/rpm/dangling_symlink");
    let report = index(&format!("layer:{}", link.display()));
    assert!(packages(&report).is_empty());
}

#[test]
fn recorded_numbers_are_those_of_the_recorded_files() {
    // Guards against a data folder that lost its answers: the comparison above would be empty.
    let expected = json("fixtures/expected.json");
    assert_eq!(expected["dpkg"][0]["expect"], "357 stanzas parse");
}
