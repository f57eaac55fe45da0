//! rpm itself as the judge: it reads what the test kit writes, and we read what it writes.

use std::fs;
use std::path::Path;
use std::process::Command;

use limpid_rpmdb::Limits;
use limpid_testkit::rpmdb::{ByteOrder, write_bdb, write_sqlite};

use crate::{Found, read, samples, try_read};

const QUERY: &str = "%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM}\\n";

/// Runs a program of the package `rpm` and returns what it prints.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("this test needs the command {program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Lists a database with rpm, sorted.
fn query(directory: &Path, backend: &str) -> Vec<String> {
    let backend = format!("_db_backend {backend}");
    let directory = directory.to_str().unwrap();
    let arguments = [
        "--define",
        &backend,
        "--dbpath",
        directory,
        "--nosignature",
        "--nodigest",
        "-qa",
        "--qf",
        QUERY,
    ];
    let mut lines: Vec<_> = run("rpm", &arguments).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Lists what was read in the form of [`query`].
fn listed(found: &Found) -> Vec<String> {
    let lines = found.packages.iter().map(|(record, _)| {
        let source_version = record.source_version.split_once(':');
        let source_version = source_version.map_or(&*record.source_version, |(_, rest)| rest);
        let (name, version, arch, source) =
            (&record.name, &record.version, &record.arch, &record.source);
        format!("{name} {version} {arch} {source}-{source_version}.src.rpm")
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

#[test]
fn rpm_reads_the_sqlite_database_of_the_test_kit() {
    let directory = tempfile::tempdir().unwrap();
    let database = write_sqlite(&samples());
    fs::write(directory.path().join("rpmdb.sqlite"), &database).unwrap();
    let lines = query(directory.path(), "sqlite");
    assert_eq!(lines.len(), 3);
    assert_eq!(listed(&read(&database)), lines);
}

#[test]
fn rpm_reads_the_hash_databases_of_the_test_kit() {
    for order in [ByteOrder::Big, ByteOrder::Little] {
        let directory = tempfile::tempdir().unwrap();
        let database = write_bdb(&samples(), order);
        fs::write(directory.path().join("Packages"), &database).unwrap();
        let lines = query(directory.path(), "bdb_ro");
        assert_eq!(lines.len(), 3);
        assert_eq!(listed(&read(&database)), lines);
    }
}

const SPEC: &str = "
Name: limpid-sample
Epoch: 3
Version: 1.2~rc1
Release: 4
Summary: A package for a test
License: Apache-2.0
Vendor: Example Linux
BuildArch: noarch
%description
Installs two files.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc
echo one > %{buildroot}/usr/bin/sample
echo two > %{buildroot}/etc/sample.conf
%files
/usr/bin/sample
/etc/sample.conf
";

#[test]
fn a_package_that_rpm_built_and_installed_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("sample.spec"), SPEC).unwrap();
    let top = format!("_topdir {}", path("build"));
    run(
        "rpmbuild",
        &["--quiet", "-bb", "--define", &top, &path("sample.spec")],
    );
    let package = path("build/RPMS/noarch/limpid-sample-1.2~rc1-4.noarch.rpm");
    let (root, database_path) = (path("root"), path("root/db"));
    fs::create_dir_all(&database_path).unwrap();
    let install = [
        "--root", &root, "--dbpath", "/db", "-i", "--justdb", "--nodeps", &package,
    ];
    run("rpm", &install);

    let database = fs::read(path("root/db/rpmdb.sqlite")).unwrap();
    let log = fs::read(path("root/db/rpmdb.sqlite-wal")).unwrap_or_default();
    let found = try_read(&&database[..], Some(&&log[..]), &Limits::default()).unwrap();
    assert_eq!(found.problems, []);
    let [(record, files)] = &found.packages[..] else {
        panic!("there should be one package: {found:?}");
    };
    assert_eq!(record.name, "limpid-sample");
    assert_eq!(record.version, "3:1.2~rc1-4");
    assert_eq!(record.source_version, "3:1.2~rc1-4");
    assert_eq!(record.vendor, "Example Linux");
    let digest = run("rpm", &["-qp", "--qf", "sha256:%{PAYLOADDIGEST}", &package]);
    assert_eq!(record.build_id, digest);
    assert_eq!(*files, ["etc/sample.conf", "usr/bin/sample"]);
}
