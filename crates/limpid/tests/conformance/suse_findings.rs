//! Findings in images of SUSE and openSUSE against the recorded OVAL, checked by hand. What it says
//! is cited beside each package.

use limpid_testkit::system::RpmDatabase::{BerkeleyDb, Ndb};
use limpid_testkit::system::{RpmDatabase, system, with_rpms};

use crate::judged::Judged;
use crate::limpid::{data, limpid};
use crate::mirror;

fn os_release(id: &str, name: &str, version: &str) -> String {
    format!(
        "ID=\"{id}\"\nNAME=\"{name}\"\nVERSION_ID=\"{version}\"\nPRETTY_NAME=\"{name} {version}\"\n"
    )
}

fn judge(id: &str, version: &str, database: RpmDatabase, packages: &[&str]) -> Judged {
    let name = match id {
        "sles" => "SLES",
        "opensuse-leap-micro" => "openSUSE Leap Micro",
        _ => "openSUSE Leap",
    };
    Judged::of(with_rpms(
        system(&os_release(id, name, version)),
        database,
        packages,
    ))
}

#[test]
fn leap_15_3() {
    let judged = judge(
        "opensuse-leap",
        "15.3",
        Ndb,
        &[
            // Fixed in 1.1.1d-11.30.1 and before: CVE-2021-3712 and 70 more. Later: CVE-2022-0778
            // in 11.43.1, two in 150200.11.48.1, CVE-2022-2097 in 150200.11.51.1.
            "libopenssl1_1 1.1.1d-11.30.1 x86_64 source=openssl-1_1-1.1.1d-11.30.1",
            // CVE-2022-43995: before 1.9.5p2-150300.3.13.1; all others before 1.9.5p2-1.5.
            "sudo 1.9.5p2-1.5 x86_64",
            // Two of 2021 and one of 2019 before 1.4.4-1.6.1.
            "libzstd1 1.4.4-1.6.1 x86_64 source=zstd-1.4.4-1.6.1",
            // The same bulletins, in the last of their fixes.
            "openssl-1_1 1.1.1d-150200.11.51.1 x86_64",
        ],
    );
    judged.check(
        "opensuse-leap:15.3",
        &[
            "libopenssl1_1 CVE-2022-0778 high fixed 1.1.1d-11.43.1",
            "libopenssl1_1 CVE-2022-1292 medium fixed 1.1.1d-150200.11.48.1",
            "libopenssl1_1 CVE-2022-2068 medium fixed 1.1.1d-150200.11.48.1",
            "libopenssl1_1 CVE-2022-2097 high fixed 1.1.1d-150200.11.51.1",
            "sudo CVE-2022-43995 high fixed 1.9.5p2-150300.3.13.1",
        ],
        &["end-of-life opensuse-leap:15.3 4"],
    );
}

#[test]
fn leap_15_0_and_15_1() {
    // CVE-2019-9937 in Leap 15.0: libsqlite3-0 before 3.28.0-lp150.2.6, low.
    let before = ["libsqlite3-0 3.28.0-lp150.2.5 x86_64 source=sqlite3-3.28.0-lp150.2.5"];
    judge("opensuse-leap", "15.0", Ndb, &before).check(
        "opensuse-leap:15.0",
        &["libsqlite3-0 CVE-2019-9937 low fixed 3.28.0-lp150.2.6"],
        &["end-of-life opensuse-leap:15.0 1"],
    );
    // The OVAL of 15.1 has CVE-2018-0734 alone: virtualbox before 6.0.10-lp151.2.6.
    judge("opensuse-leap", "15.1", Ndb, &before).check(
        "opensuse-leap:15.1",
        &[],
        &["end-of-life opensuse-leap:15.1 1"],
    );
}

#[test]
fn leap_micro_5_3() {
    judge(
        "opensuse-leap-micro",
        "5.3",
        Ndb,
        &[
            // CVE-2021-3623: libtpms0 before 0.8.2-150300.3.6.1, moderate.
            "libtpms0 0.8.2-150300.3.5.1 aarch64 source=libtpms-0.8.2-150300.3.5.1",
            // CVE-2022-1708: conmon before 2.1.5-150400.3.3.1.
            "conmon 2.1.5-150400.3.3.1 x86_64",
        ],
    )
    .check(
        "opensuse-leap-micro:5.3",
        &["libtpms0 CVE-2021-3623 medium fixed 0.8.2-150300.3.6.1"],
        &[],
    );
}

#[test]
fn service_packs_have_their_own_fixes() {
    // CVE-2014-0016, moderate: stunnel before 5.00-1 in SLES 12, 5.00-3 in SP1 to SP3, 5.00-4.3 in
    // SP4.
    let judged = |version| judge("sles", version, BerkeleyDb, &["stunnel 5.00-2 x86_64"]).lines();
    assert!(judged("12").is_empty());
    for version in ["12.1", "12.2", "12.3"] {
        assert_eq!(
            judged(version),
            ["stunnel CVE-2014-0016 medium fixed 5.00-3"],
            "{version}"
        );
    }
    assert_eq!(
        judged("12.4"),
        ["stunnel CVE-2014-0016 medium fixed 5.00-4.3"]
    );
}

#[test]
fn sles_11() {
    judge(
        "sles",
        "11.3",
        BerkeleyDb,
        &[
            // CVE-2013-5889 in SP3: java-1_6_0-ibm-alsa before 1.6.0_sr16.2-0.3, important. In
            // SP1-LTSS and SP2-LTSS, which this is not, before 1.6.0_sr16.0-0.3.
            "java-1_6_0-ibm-alsa 1.6.0_sr16.0-0.3 x86_64 source=java-1_6_0-ibm-1.6.0_sr16.0-0.3",
            // The same: java-1_6_0-ibm before 1.6.0_sr15.1-0.6.
            "java-1_6_0-ibm 1.6.0_sr15.1-0.6 x86_64",
        ],
    )
    .check(
        "sles:11.3",
        &["java-1_6_0-ibm-alsa CVE-2013-5889 high fixed 1.6.0_sr16.2-0.3"],
        &["end-of-life sles:11.3 2"],
    );
}

#[test]
fn packages_of_modules_belong_to_the_service_pack_of_the_module() {
    // CVE-2018-0202, moderate: libclamav7 before 0.100.0-1 in the module Basesystem 15, before
    // 0.100.3-3.9 in that of SP1.
    let judged = |version| {
        let packages = ["libclamav7 0.100.2-3.8 x86_64 source=clamav-0.100.2-3.8"];
        judge("sles", version, Ndb, &packages).lines()
    };
    assert!(judged("15").is_empty());
    assert_eq!(
        judged("15.1"),
        ["libclamav7 CVE-2018-0202 medium fixed 0.100.3-3.9"]
    );
}

#[test]
fn a_real_database_is_read_and_judged_as_its_service_pack() {
    let content = std::fs::read(data("images/rpmdb/sle15-bci/Packages.db")).unwrap();
    let layer =
        system(&os_release("sles", "SLES", "15")).file("usr/lib/sysimage/rpm/Packages.db", content);
    let judged = Judged::of(layer);
    // What the recorded OVAL is about is not installed.
    judged.check("sles:15", &[], &["end-of-life sles:15 35"]);
}

/// A data folder with the four definitions of SLES 15 that are recorded as an excerpt: one of long
/// term support, one of modules, and two about what is not affected.
fn excerpt_of_sles_15() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let recorded = data("feeds/ftp.suse.com/pub/projects/security/oval")
        .join("suse.linux.enterprise.server.15-vunnel-excerpt.xml.gz");
    let name = "suse.linux.enterprise.server.15.xml.gz";
    let mirror = mirror::of_suse(&recorded, name, directory.path());
    let mirror = mirror.to_str().unwrap();
    let feeds = ["update", "--mirror", mirror, "--only", "suse/*"];
    let output = limpid(directory.path(), &feeds);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("suse/suse.linux.enterprise.server.15"),
        "{said}"
    );
    directory
}

#[test]
fn long_term_support_and_what_is_not_affected() {
    let folder = excerpt_of_sles_15();
    let judged = |version: &str, packages: &[&str]| {
        let system = system(&os_release("sles", "SLES", version));
        Judged::by(folder.path(), with_rpms(system, Ndb, packages))
    };
    // CVE-2021-29154: kernel-default before 4.12.14-150.72.1 in 15-LTSS, before 4.12.14-197.89.2 in
    // 15 SP1-LTSS. CVE-2010-1323 is about krb5, but the excerpt has the operation of its state as a
    // number (`6`), which OVAL does not know, so it is quarantined. CVE-1999-0524 and CVE-2026-34073: not
    // affected in 15.
    let packages = [
        "kernel-default 4.12.14-150.69.1 x86_64",
        "kernel-source 4.12.14-150.72.1 noarch",
        "krb5 1.15.2-4.24 x86_64",
        "krb5-client 1.15.2-4.25 x86_64 source=krb5-1.15.2-4.25",
        "python3-cryptography 2.1.4-4.6.1 x86_64 source=python-cryptography-2.1.4-4.6.1",
    ];
    let base = judged("15", &packages);
    assert_eq!(
        base.lines(),
        ["kernel-default CVE-2021-29154 high fixed 4.12.14-150.72.1"]
    );
    assert_eq!(
        base.not_affected(),
        [
            "kernel-default CVE-1999-0524",
            "kernel-source CVE-1999-0524",
            "python3-cryptography CVE-2026-34073",
        ]
    );
    // The fix of the base is no fix in the service pack, and what is not affected in one release is
    // not said of the other.
    let service_pack = judged("15.1", &["kernel-default 4.12.14-150.72.1 x86_64"]);
    assert_eq!(
        service_pack.lines(),
        ["kernel-default CVE-2021-29154 high fixed 4.12.14-197.89.2"]
    );
    assert!(service_pack.not_affected().is_empty());
}
