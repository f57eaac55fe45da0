//! Databases that rpm itself has written, of packages that rpm itself has built.
//!
//! Debian's rpm writes sqlite alone: it is built without ndb, and knows Berkeley DB for reading only.
//! For these two, the headers are taken out of the database that it wrote.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use limpid_testkit::rpmdb::{ByteOrder, write_bdb_headers, write_ndb_headers};
use limpid_testkit::system::{rpm_package, system};
use serde_json::Value;
use tempfile::TempDir;

use crate::judged::Judged;
use crate::limpid::{index, text};

const ORACLE_9: &[&str] = &[
    "bash 5.1.8-9.el9 x86_64",
    "bind-libs 32:9.16.23-18.el9_4.6 x86_64 source=bind-9.16.23-18.el9_4.6",
    "glibc 2.34-100.0.1.el9_4.3 x86_64",
    "kernel-uek-core 5.15.0-209.161.7.2.el9uek x86_64 source=kernel-uek-5.15.0-209.161.7.2.el9uek",
    "nodejs 1:18.20.4-1.module+el9.4.0+90394+5c1b1f1a x86_64 module=nodejs:18:9040020240808113020:rhel9",
    "openssl-libs 1:3.0.7-27.0.3.el9 x86_64 source=openssl-3.0.7-27.0.3.el9",
    "perl-libs 4:5.32.1-481.el9 x86_64 source=perl-5.32.1-481.el9",
    "python3-pip-wheel 21.3.1-1.el9 noarch source=python-pip-21.3.1-1.el9",
    "tzdata 2024a-1.el9 noarch",
];

const AMAZON_2023: &[&str] = &[
    "openssl-libs 1:3.0.8-1.amzn2023.0.14 x86_64 source=openssl-3.0.8-1.amzn2023.0.14",
    // ALAS2023-2023-001: before 8.2204.0-3.amzn2023.0.2, important, two CVEs.
    "rsyslog 8.2204.0-3.amzn2023.0.1 x86_64",
    "rsyslog-logrotate 8.2204.0-3.amzn2023.0.2 x86_64 source=rsyslog-8.2204.0-3.amzn2023.0.2",
    "system-release 2023.6.20241010-0.amzn2023 noarch",
];

const SLES_15_5: &[&str] = &[
    "aaa_base 84.87+git20180409.04c9dae-150300.10.20.1 x86_64",
    "libopenssl1_1 1.1.1l-150500.17.34.1 x86_64 source=openssl-1_1-1.1.1l-150500.17.34.1",
    "libstdc++6 13.3.0+git8781-150000.1.12.1 x86_64 source=gcc13-13.3.0+git8781-150000.1.12.1",
    "libz1 1.2.13-150500.4.3.1 x86_64 source=zlib-1.2.13-150500.4.3.1",
];

const LEAP_15_3: &[&str] = &[
    // CVE-2022-43995: before 1.9.5p2-150300.3.13.1; all others before 1.9.5p2-1.5.
    "sudo 1.9.5p2-1.5 x86_64",
    // CVE-2022-2097, the last of its bulletins, in 150200.11.51.1.
    "openssl-1_1 1.1.1d-150200.11.51.1 x86_64",
];

const PHOTON_5: &[&str] = &[
    // PHSA-2026:00001: libcap and libcap-libs before 0:2.66-2.ph5, important, two CVEs.
    "libcap 2.66-2.ph5 x86_64",
    "libcap-libs 2.66-1.ph5 x86_64 source=libcap-2.66-1.ph5",
    "photon-release 5.0-3.ph5 noarch",
];

const AZURE_3: &[&str] = &[
    "azurelinux-release 3.0-21.azl3 noarch",
    "ca-certificates-base 1:3.0.0-8.azl3 noarch source=ca-certificates-3.0.0-8.azl3",
    "openssl-libs 3.3.2-1.azl3 aarch64 source=openssl-3.3.2-1.azl3",
    "rust 1.90.0~rc1-1.azl3 x86_64",
];

/// A database of packages in a folder of its own.
struct Database {
    directory: TempDir,
}

impl Database {
    /// Builds packages and installs them, all by rpm.
    fn of(lines: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for (number, line) in lines.iter().enumerate() {
            let file = root.join(format!("{number}.spec"));
            fs::write(&file, spec(line)).unwrap();
            let arch = line.split(' ').nth(2).unwrap();
            rpmbuild(root, &file, arch);
        }
        let packages = files_below(&root.join("top/RPMS"), "rpm");
        assert_eq!(packages.len(), lines.len(), "{packages:?}");
        let mut install = rpm(root);
        install.args(["-i", "--justdb", "--nodeps", "--noscripts", "--nosignature"]);
        // Debian's rpm warns of itself unless it is told not to.
        install.args(["--ignorearch", "--ignoreos", "--force-debian"]);
        run(install.args(packages));
        Self { directory }
    }

    fn content(&self) -> Vec<u8> {
        let log = self.directory.path().join("db/rpmdb.sqlite-wal");
        let logged = fs::metadata(log).map_or(0, |log| log.len());
        assert_eq!(logged, 0, "rpm has written everything into the database");
        fs::read(self.directory.path().join("db/rpmdb.sqlite")).unwrap()
    }

    /// The headers as rpm wrote them.
    fn headers(&self) -> Vec<Vec<u8>> {
        let mut query = Command::new("sqlite3");
        query.arg(self.directory.path().join("db/rpmdb.sqlite"));
        let listed = run(query.arg("select hex(blob) from Packages order by hnum"));
        listed.lines().map(unhex).collect()
    }

    /// What rpm lists: name, version, architecture, file of the source and module.
    fn listed(&self) -> BTreeSet<String> {
        let format = "%{NAME}|%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}|%{ARCH}|%{SOURCERPM}|\
                      %|MODULARITYLABEL?{%{MODULARITYLABEL}}:{}|\\n";
        // Conditions of the format end in a bar, too, which is none of its text.
        let listed = run(rpm(self.directory.path()).args(["-qa", "--qf", format]));
        listed.lines().map(str::to_owned).collect()
    }
}

/// Returns a spec file that makes one package, of a source package of another name if need be.
fn spec(line: &str) -> String {
    let package = rpm_package(line);
    let source = package.source_rpm.trim_end_matches(".src.rpm");
    let source = source.rsplitn(3, '-').last().unwrap();
    let mut spec = format!(
        "Name: {source}\nVersion: {}\nRelease: {}\nSummary: A package\nLicense: MIT\n",
        package.version, package.release
    );
    if let Some(epoch) = package.epoch {
        writeln!(spec, "Epoch: {epoch}").unwrap();
    }
    if !package.module.is_empty() {
        writeln!(spec, "ModularityLabel: {}", package.module).unwrap();
    }
    if package.arch == "noarch" {
        spec += "BuildArch: noarch\n";
    }
    spec += "%description\nA package.\n";
    if source == package.name {
        return spec + "%files\n";
    }
    let name = &package.name;
    write!(
        spec,
        "%package -n {name}\nSummary: A part\n%description -n {name}\nA part.\n%files -n {name}\n"
    )
    .unwrap();
    spec
}

fn rpmbuild(root: &Path, spec: &Path, arch: &str) {
    let mut build = Command::new("rpmbuild");
    build.args(["-bb", "--quiet", "--target", arch]);
    build.arg("--define");
    build.arg(format!("_topdir {}", root.join("top").display()));
    run(build.args(["--define", "debug_package %{nil}"]).arg(spec));
}

fn rpm(root: &Path) -> Command {
    let mut command = Command::new("rpm");
    command.args(["--define", "_db_backend sqlite", "--dbpath"]);
    command.arg(root.join("db"));
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot run {command:?}, Debian's packages rpm and sqlite3 have them: {error}")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn files_below(directory: &Path, extension: &str) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn unhex(line: &str) -> Vec<u8> {
    let digits = line.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// What limpid lists of a database at a place, in the form of [`Database::listed`].
fn indexed(place: &str, content: &[u8]) -> BTreeSet<String> {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(place);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    let report = index(&format!("dir:{}", root.path().display()));
    assert!(report.get("limpid").is_none(), "no problem: {report}");
    let packages = report["packages"].as_object().unwrap();
    packages.values().map(line).collect()
}

fn line(package: &Value) -> String {
    let source = &package["source"];
    // rpm's own field is the name of a file, which has no epoch.
    let version = text(source, "version");
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let source = format!("{}-{version}.src.rpm", text(source, "name"));
    let fields = ["name", "version", "arch"].map(|field| text(package, field));
    format!("{}|{source}|{}", fields.join("|"), text(package, "module"))
}

/// The modularity label of a line of rpm's, as far as reports have it.
fn by_stream(line: &str) -> String {
    let (rest, label) = line.rsplit_once('|').unwrap();
    let stream: Vec<&str> = label.split(':').take(2).collect();
    format!("{rest}|{}", stream.join(":"))
}

#[test]
fn databases_that_rpm_wrote_list_what_rpm_lists() {
    for lines in [
        ORACLE_9,
        AMAZON_2023,
        SLES_15_5,
        LEAP_15_3,
        PHOTON_5,
        AZURE_3,
    ] {
        let database = Database::of(lines);
        let expected: BTreeSet<String> = database
            .listed()
            .iter()
            .map(|line| by_stream(line))
            .collect();
        assert_eq!(expected.len(), lines.len());
        let found = indexed("var/lib/rpm/rpmdb.sqlite", &database.content());
        assert_eq!(found, expected, "sqlite");
        let headers = database.headers();
        let ndb = write_ndb_headers(&headers);
        let found = indexed("usr/lib/sysimage/rpm/Packages.db", &ndb);
        assert_eq!(found, expected, "ndb");
        let bdb = write_bdb_headers(&headers, ByteOrder::Little, 4096);
        assert_eq!(indexed("var/lib/rpm/Packages", &bdb), expected, "bdb");
    }
}

#[test]
fn epochs_modules_and_sources_are_those_of_rpm() {
    let database = Database::of(ORACLE_9);
    let found = indexed("var/lib/rpm/rpmdb.sqlite", &database.content());
    for line in [
        "bind-libs|32:9.16.23-18.el9_4.6|x86_64|bind-9.16.23-18.el9_4.6.src.rpm|",
        "nodejs|1:18.20.4-1.module+el9.4.0+90394+5c1b1f1a|x86_64|\
         nodejs-18.20.4-1.module+el9.4.0+90394+5c1b1f1a.src.rpm|nodejs:18",
        "tzdata|2024a-1.el9|noarch|tzdata-2024a-1.el9.src.rpm|",
    ] {
        assert!(found.contains(line), "{line} of {found:?}");
    }
}

fn judged(id: &str, version: &str, lines: &[&str]) -> Vec<String> {
    let os_release = format!("ID={id}\nVERSION_ID={version}\n");
    let content = Database::of(lines).content();
    Judged::of(system(&os_release).file("var/lib/rpm/rpmdb.sqlite", content)).lines()
}

#[test]
fn databases_that_rpm_wrote_are_judged_by_the_recorded_feeds() {
    assert_eq!(
        judged("photon", "5.0", PHOTON_5),
        [
            "libcap-libs CVE-2023-2602 high fixed 2.66-2.ph5",
            "libcap-libs CVE-2023-2603 high fixed 2.66-2.ph5",
        ]
    );
    assert_eq!(
        judged("opensuse-leap", "15.3", LEAP_15_3),
        ["sudo CVE-2022-43995 high fixed 1.9.5p2-150300.3.13.1"]
    );
}

#[test]
fn packages_that_name_no_vendor_are_judged_where_none_does() {
    // Amazon's own packages always name it; a database in which none does is left alone.
    assert_eq!(
        judged("amzn", "2023", AMAZON_2023),
        [
            "rsyslog CVE-2014-3634 high fixed 8.2204.0-3.amzn2023.0.2",
            "rsyslog CVE-2022-24903 high fixed 8.2204.0-3.amzn2023.0.2",
        ]
    );
}
