//! Findings in images of Ubuntu against the recorded OVAL, checked by hand.
//!
//! The OVAL names binary packages. What it says is cited beside each package.

use limpid_testkit::system::{system, with_debs};

use crate::judged::Judged;

fn judge(number: &str, code_name: &str, packages: &[&str]) -> Judged {
    let os_release = format!(
        "ID=ubuntu\nNAME=\"Ubuntu\"\nVERSION_ID=\"{number}\"\nVERSION_CODENAME={code_name}\n\
         PRETTY_NAME=\"Ubuntu {number} LTS\"\n"
    );
    Judged::of(with_debs(system(&os_release), packages))
}

#[test]
fn jammy() {
    let judged = judge(
        "22.04",
        "jammy",
        &[
            // CVE-2022-1271: xz-utils is fixed in 5.2.5-2ubuntu1; liblzma5 is one of its binaries.
            "liblzma5 5.2.5-2build1 amd64 source=xz-utils",
            // The same in the fix itself.
            "xz-utils 5.2.5-2ubuntu1 amd64",
            // CVE-2018-25032: fixed in 1:1.2.11.dfsg-2ubuntu9. Without its epoch it is later.
            "zlib1g 1:1.2.11.dfsg-2ubuntu8 amd64 source=zlib",
            // CVE-2018-25032: klibc needs fixing.
            "klibc-utils 2.0.10-4 amd64 source=klibc",
            // CVE-2022-0778: fixed in 3.0.2-0ubuntu1, and a tilde comes before everything.
            "libssl3 3.0.2-0ubuntu1~beta1 amd64 source=openssl",
            "openssl 3.0.2-0ubuntu1.18 amd64",
            // CVE-2023-4911: fixed in 2.35-0ubuntu3.4. CVE-2016-20013: needs fixing, negligible.
            "libc6 2.35-0ubuntu3.1 amd64 source=glibc",
            "libc-bin 2.35-0ubuntu3.8 amd64 source=glibc",
            // The OVAL has no binary package of that name, although one of that source.
            "zlib 1.0 amd64",
            // CVE-2022-0778: nodejs is fixed in 12.22.9~dfsg-1ubuntu3.1.
            "nodejs 12.22.9~dfsg-1ubuntu3.6 amd64",
        ],
    );
    judged.check(
        "ubuntu:jammy",
        &[
            "klibc-utils CVE-2018-25032 medium not-fixed",
            "libc-bin CVE-2016-20013 negligible not-fixed",
            "libc6 CVE-2016-20013 negligible not-fixed",
            "libc6 CVE-2023-4911 high fixed 2.35-0ubuntu3.4",
            "liblzma5 CVE-2022-1271 medium fixed 5.2.5-2ubuntu1",
            "libssl3 CVE-2022-0778 high fixed 3.0.2-0ubuntu1",
            "zlib1g CVE-2018-25032 medium fixed 1:1.2.11.dfsg-2ubuntu9",
        ],
        &[],
    );
}

#[test]
fn a_package_of_somebody_else_is_not_judged_by_ubuntus_oval() {
    // CVE-2022-0778: nodejs of jammy is fixed in 12.22.9~dfsg-1ubuntu3.1.
    let judged = judge("22.04", "jammy", &["nodejs 12.22.1-1nodesource1 amd64"]);
    assert_eq!(judged.lines(), [] as [&str; 0]);
    assert_eq!(judged.gaps(), ["third-party built by NodeSource 1"]);
    assert_eq!(judged.report["coverage"]["unjudged"], 1);
}

#[test]
fn every_release_is_judged_by_its_own_oval() {
    // CVE-2022-0778 in libssl1.1: bionic 1.1.1-1ubuntu2.1~18.04.15, focal 1.1.1f-1ubuntu2.12.
    let package = ["libssl1.1 1.1.1-1ubuntu2.1~18.04.15 amd64 source=openssl"];
    judge("18.04", "bionic", &package).check("ubuntu:bionic", &[], BIONIC_ENDED);
    judge("20.04", "focal", &package).check(
        "ubuntu:focal",
        &["libssl1.1 CVE-2022-0778 high fixed 1.1.1f-1ubuntu2.12"],
        FOCAL_ENDED,
    );
}

#[test]
fn bionic_has_two_sources_of_openssl() {
    // CVE-2022-0778: openssl 1.1.1-1ubuntu2.1~18.04.15 with libssl1.1, openssl1.0 1.0.2n-1ubuntu5.8
    // with libssl1.0.0.
    let judged = judge(
        "18.04",
        "bionic",
        &[
            "libssl1.0.0 1.0.2n-1ubuntu5.7 amd64 source=openssl1.0",
            "libssl1.1 1.1.1-1ubuntu2.1~18.04.14 amd64 source=openssl",
        ],
    );
    judged.check(
        "ubuntu:bionic",
        &[
            "libssl1.0.0 CVE-2022-0778 high fixed 1.0.2n-1ubuntu5.8",
            "libssl1.1 CVE-2022-0778 high fixed 1.1.1-1ubuntu2.1~18.04.15",
        ],
        BIONIC_ENDED,
    );
}

#[test]
fn releases_whose_support_is_over_are_judged_by_what_there_is_and_say_so() {
    // CVE-2015-0209: openssl in trusty is fixed in 1.0.1f-1ubuntu2.11.
    // CVE-2015-0261: tcpdump in trusty is fixed in 4.5.1-2ubuntu1.2.
    judge(
        "14.04",
        "trusty",
        &[
            "libssl1.0.0 1.0.1f-1ubuntu2.8 amd64 source=openssl",
            "tcpdump 4.5.1-2ubuntu1.2 amd64",
        ],
    )
    .check(
        "ubuntu:trusty",
        &["libssl1.0.0 CVE-2015-0209 low fixed 1.0.1f-1ubuntu2.11"],
        TRUSTY_ENDED,
    );
    // CVE-2014-9913: unzip in xenial is fixed in 6.0-20ubuntu1.1, negligible.
    judge("16.04", "xenial", &["unzip 6.0-20ubuntu1 amd64"]).check(
        "ubuntu:xenial",
        &["unzip CVE-2014-9913 negligible fixed 6.0-20ubuntu1.1"],
        XENIAL_ENDED,
    );
}

#[test]
fn noble_and_the_interim_release_questing() {
    // CVE-2025-1179: binutils in noble is fixed in 2.42-4ubuntu2.5. libssl3t64 has the fix of
    // CVE-2022-0778 from the beginning.
    judge(
        "24.04",
        "noble",
        &[
            "libbinutils 2.42-4ubuntu2.4 amd64 source=binutils",
            "libssl3t64 3.0.13-0ubuntu3.5 amd64 source=openssl",
        ],
    )
    .check(
        "ubuntu:noble",
        &["libbinutils CVE-2025-1179 medium fixed 2.42-4ubuntu2.5"],
        &[],
    );
    // CVE-2022-24823: netty in questing needs fixing, low.
    judge(
        "25.10",
        "questing",
        &["libnetty-java 1:4.1.48-10 all source=netty"],
    )
    .check(
        "ubuntu:questing",
        &["libnetty-java CVE-2022-24823 low not-fixed"],
        QUESTING_ENDED,
    );
}

const TRUSTY_ENDED: &[&str] = &[];
const XENIAL_ENDED: &[&str] = &[];
const BIONIC_ENDED: &[&str] = &[];
const FOCAL_ENDED: &[&str] = &[];
const QUESTING_ENDED: &[&str] = &["end-of-life ubuntu:questing 1"];
