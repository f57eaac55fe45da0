//! Behaviour of the reader on databases that the test kit writes.
#![expect(
    clippy::unwrap_used,
    reason = "the lint spares tests, but not the functions that tests share"
)]

mod bdb;
mod dnf_history;
mod header;
mod limits;
mod native;
mod ndb;
mod sqlite;

use limpid_rpmdb::{Error, Limits, ReadAt, read_packages};
use limpid_testkit::rpmdb::RpmPackage;
use limpid_types::{PackageRecord, Problem};

/// Everything that a database gave.
#[derive(Debug, Default)]
struct Found {
    packages: Vec<(PackageRecord, Vec<String>)>,
    problems: Vec<Problem>,
}

impl Found {
    fn names(&self) -> Vec<&str> {
        self.packages
            .iter()
            .map(|(record, _)| record.name.as_str())
            .collect()
    }
}

fn read(database: &[u8]) -> Found {
    try_read(&database, None, &Limits::default()).unwrap()
}

fn try_read(
    database: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    limits: &Limits,
) -> Result<Found, Error> {
    let mut packages = Vec::new();
    let problems = read_packages(database, wal, limits, &mut |record, files| {
        packages.push((record, files.collect()));
    })?;
    Ok(Found { packages, problems })
}

/// Three packages: one with everything, one plain, one whose header fills many small pages.
fn samples() -> Vec<RpmPackage> {
    vec![
        RpmPackage {
            epoch: Some(1),
            source_rpm: "openssl-3.0.7-24.el9.src.rpm".to_owned(),
            vendor: "Example Linux".to_owned(),
            packager: "Example Linux Packagers <packagers@example.org>".to_owned(),
            module: "crypto:el9:20240101:1a2b3c".to_owned(),
            payload_sha256: "0f".repeat(32),
            signature_key: Some([0x19, 0x9e, 0x2f, 0x91, 0xfd, 0x43, 0x1d, 0x51]),
            files: vec![
                "/usr/lib64/libssl.so.3".to_owned(),
                "/usr/lib64/libcrypto.so.3".to_owned(),
                "/etc/pki/tls/openssl.cnf".to_owned(),
            ],
            ..RpmPackage::new("openssl-libs", "3.0.7", "24.el9", "x86_64")
        },
        RpmPackage::new("bash", "5.1.8", "6.el9", "x86_64"),
        RpmPackage {
            files: (0..2000)
                .map(|n| format!("/usr/share/zoneinfo/zone{n}"))
                .collect(),
            ..RpmPackage::new("tzdata", "2024a", "1.el9", "noarch")
        },
    ]
}

/// Checks that a database written from [`samples`] gives them back, in any order.
fn check_samples(found: &Found) {
    assert_eq!(found.problems, []);
    let mut packages: Vec<_> = found.packages.iter().collect();
    packages.sort();
    let [(bash, no_files), (openssl, openssl_files), (tzdata, zones)] = packages[..] else {
        panic!("there should be three packages: {packages:?}");
    };
    assert_eq!(
        *bash,
        PackageRecord {
            name: "bash".into(),
            version: "5.1.8-6.el9".into(),
            arch: "x86_64".into(),
            source: "bash".into(),
            source_version: "5.1.8-6.el9".into(),
            ..PackageRecord::default()
        }
    );
    assert_eq!(*no_files, Vec::<String>::new());
    assert_eq!(
        *openssl,
        PackageRecord {
            name: "openssl-libs".into(),
            version: "1:3.0.7-24.el9".into(),
            arch: "x86_64".into(),
            source: "openssl".into(),
            source_version: "1:3.0.7-24.el9".into(),
            module: "crypto:el9:20240101:1a2b3c".into(),
            vendor: "Example Linux".into(),
            maintainer: "Example Linux Packagers <packagers@example.org>".into(),
            signature_key: "199e2f91fd431d51".into(),
            build_id: format!("sha256:{}", "0f".repeat(32)),
            ..PackageRecord::default()
        }
    );
    let expected = [
        "usr/lib64/libssl.so.3",
        "usr/lib64/libcrypto.so.3",
        "etc/pki/tls/openssl.cnf",
    ];
    assert_eq!(*openssl_files, expected);
    assert_eq!(tzdata.version, "2024a-1.el9");
    assert_eq!(zones.len(), 2000);
    assert_eq!(zones[1999], "usr/share/zoneinfo/zone1999");
}

/// Returns where some bytes first are.
fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
        .unwrap()
}
