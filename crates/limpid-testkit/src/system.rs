//! Builds what the layer of a distribution holds: os-release and a package database.
//!
//! A package is one line: `NAME VERSION ARCH`, and then words `KEY=VALUE` where they matter:
//!
//! | key | meaning |
//! |---|---|
//! | `source` | rpm: name of the source package's file, without `.src.rpm`; apk: the origin |
//! | `source` | dpkg: the source package, `NAME` or `NAME/VERSION` |
//! | `module` | rpm: the modularity label |
//! | `vendor` | rpm: the vendor |
//! | `key` | rpm: id of the key that signed it, in hex |
//!
//! The version is `[EPOCH:]VERSION-RELEASE` for rpm, and otherwise what the format has.

use std::fmt::Write as _;

use crate::layer::LayerBuilder;
use crate::rpmdb::{ByteOrder, RpmPackage, write_bdb, write_ndb, write_sqlite};

/// The formats of rpm's database, each at the place where the distributions that use it have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpmDatabase {
    /// `var/lib/rpm/rpmdb.sqlite`
    Sqlite,
    /// `var/lib/rpm/Packages`
    BerkeleyDb,
    /// `usr/lib/sysimage/rpm/Packages.db`
    Ndb,
}

/// Starts a layer with an os-release, given as its lines.
pub fn system(os_release: &str) -> LayerBuilder {
    LayerBuilder::new().file("etc/os-release", os_release)
}

/// Makes an rpm package of a line.
///
/// # Panics
///
/// When the line is not of the form above.
pub fn rpm_package(line: &str) -> RpmPackage {
    let line = Line::of(line);
    let (epoch, version) = match line.version.split_once(':') {
        Some((epoch, version)) => (Some(epoch.parse().expect("an epoch")), version),
        None => (None, line.version),
    };
    let (version, release) = version.rsplit_once('-').expect("a version and a release");
    let mut package = RpmPackage::new(line.name, version, release, line.arch);
    package.epoch = epoch;
    line.word("module")
        .unwrap_or_default()
        .clone_into(&mut package.module);
    line.word("vendor")
        .unwrap_or_default()
        .clone_into(&mut package.vendor);
    if let Some(source) = line.word("source") {
        package.source_rpm = format!("{source}.src.rpm");
    }
    if let Some(key) = line.word("key") {
        let key = u64::from_str_radix(key, 16).expect("the id of a key");
        package.signature_key = Some(key.to_be_bytes());
    }
    package
}

/// Adds an rpm database.
///
/// # Panics
///
/// When a line is not of the form above.
#[must_use]
pub fn with_rpms(layer: LayerBuilder, database: RpmDatabase, lines: &[&str]) -> LayerBuilder {
    let packages: Vec<RpmPackage> = lines.iter().map(|line| rpm_package(line)).collect();
    match database {
        RpmDatabase::Sqlite => layer.file("var/lib/rpm/rpmdb.sqlite", write_sqlite(&packages)),
        RpmDatabase::BerkeleyDb => layer.file(
            "var/lib/rpm/Packages",
            write_bdb(&packages, ByteOrder::Little),
        ),
        RpmDatabase::Ndb => layer.file("usr/lib/sysimage/rpm/Packages.db", write_ndb(&packages)),
    }
}

/// Adds a dpkg database.
///
/// # Panics
///
/// When a line is not of the form above.
#[must_use]
pub fn with_debs(layer: LayerBuilder, lines: &[&str]) -> LayerBuilder {
    let mut status = String::new();
    for line in lines {
        let line = Line::of(line);
        let _ = writeln!(
            status,
            "Package: {}\nStatus: install ok installed\nArchitecture: {}\nVersion: {}",
            line.name, line.arch, line.version
        );
        match line
            .word("source")
            .map(|source| source.split_once('/').unwrap_or((source, "")))
        {
            None => {}
            Some((source, "")) => {
                let _ = writeln!(status, "Source: {source}");
            }
            Some((source, version)) => {
                let _ = writeln!(status, "Source: {source} ({version})");
            }
        }
        status.push('\n');
    }
    layer.file("var/lib/dpkg/status", status)
}

/// Adds a database of apk.
///
/// # Panics
///
/// When a line is not of the form above.
#[must_use]
pub fn with_apks(layer: LayerBuilder, lines: &[&str]) -> LayerBuilder {
    let mut installed = String::new();
    for line in lines {
        let line = Line::of(line);
        let origin = line.word("source").unwrap_or(line.name);
        let _ = writeln!(
            installed,
            "P:{}\nV:{}\nA:{}\no:{origin}\n",
            line.name, line.version, line.arch
        );
    }
    layer.file("lib/apk/db/installed", installed)
}

struct Line<'a> {
    name: &'a str,
    version: &'a str,
    arch: &'a str,
    words: Vec<(&'a str, &'a str)>,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let mut words = line.split_ascii_whitespace();
        let mut word = || {
            words
                .next()
                .unwrap_or_else(|| panic!("three words: {line}"))
        };
        let (name, version, arch) = (word(), word(), word());
        Self {
            name,
            version,
            arch,
            words: words.filter_map(|word| word.split_once('=')).collect(),
        }
    }

    fn word(&self, key: &str) -> Option<&'a str> {
        self.words
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| *value)
    }
}
