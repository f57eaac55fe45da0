//! Findings in images of Oracle Linux, Amazon Linux and Photon against the recorded feeds, checked
//! by hand. What the feed says is cited beside each package.

use limpid_testkit::system::RpmDatabase::{BerkeleyDb, Sqlite};
use limpid_testkit::system::{RpmDatabase, system, with_rpms};

use crate::judged::Judged;

fn judge(os_release: &str, database: RpmDatabase, packages: &[&str]) -> Judged {
    Judged::of(with_rpms(system(os_release), database, packages))
}

fn oracle(version: &str, packages: &[&str]) -> Judged {
    let os_release = format!(
        "ID=\"ol\"\nNAME=\"Oracle Linux Server\"\nVERSION_ID=\"{version}\"\n\
         PRETTY_NAME=\"Oracle Linux Server {version}\"\n"
    );
    judge(&os_release, BerkeleyDb, packages)
}

#[test]
fn oracle_linux_5() {
    let judged = oracle(
        "5.11",
        &[
            // ELSA-2007-0057: bind-libs before 30:9.3.3-8.el5, moderate, two CVEs.
            "bind-libs 30:9.3.3-7.el5 x86_64 source=bind-9.3.3-7.el5",
            // Without the epoch every version is before 30:….
            "bind-utils 9.9.9-1.el5 x86_64 source=bind-9.9.9-1.el5",
            // ELSA-2008-0110: openldap before 0:2.3.27-8.el5_1.3. No epoch is epoch 0.
            "openldap 2.3.27-8.el5_1.3 x86_64",
            // The same bulletin: compat-openldap before 0:2.3.27_2.2.29-8.el5_1.3.
            "compat-openldap 2.3.27_2.2.29-8.el5 x86_64 source=openldap-2.3.27-8.el5",
            // ELSA-2011-1268 names no CVE and keeps its own id. It fixes el5 in …el5_7.
            "firefox 3.6.18-1.0.1.el5_6 x86_64",
            // ELSA-2010-0809 fixed CVE-2010-3765 in 0:1.9.2.11-4.0.1.el5_5; ELSA-2011-1268 is later.
            "xulrunner 1.9.2.22-1.0.1.el5_7 x86_64",
            // ELSA-2012-1261 is about Oracle Linux 6 only.
            "dbus 1:1.2.24-6.el5 x86_64",
        ],
    );
    let findings = judged.lines();
    // ELSA-2015-1207 fixes 17 CVEs of firefox before 0:38.1.0-1.0.1.el5_11, critical.
    let (of_2015, others): (Vec<_>, Vec<_>) = findings
        .iter()
        .map(String::as_str)
        .partition(|line| line.contains("CVE-2015-"));
    assert_eq!(
        others,
        [
            "bind-libs CVE-2007-0493 medium fixed 30:9.3.3-8.el5",
            "bind-libs CVE-2007-0494 medium fixed 30:9.3.3-8.el5",
            "bind-utils CVE-2007-0493 medium fixed 30:9.3.3-8.el5",
            "bind-utils CVE-2007-0494 medium fixed 30:9.3.3-8.el5",
            "compat-openldap CVE-2007-6698 medium fixed 2.3.27_2.2.29-8.el5_1.3",
            "compat-openldap CVE-2008-0658 medium fixed 2.3.27_2.2.29-8.el5_1.3",
            "firefox ELSA-2011-1268 high fixed 3.6.22-1.0.1.el5_7",
        ]
    );
    assert_eq!(of_2015.len(), 17);
    for line in of_2015 {
        assert!(line.starts_with("firefox "), "{line}");
        assert!(
            line.ends_with(" critical fixed 38.1.0-1.0.1.el5_11"),
            "{line}"
        );
    }
}

#[test]
fn oracle_linux_6_and_7_have_their_own_builds_of_one_bulletin() {
    // ELSA-2013-1732: busybox before 1:1.15.1-20.el6, low.
    oracle("6.10", &["busybox 1:1.15.1-16.el6 x86_64"]).check(
        "ol:6",
        &["busybox CVE-2013-1813 low fixed 1:1.15.1-20.el6"],
        &["end-of-life ol:6 1"],
    );
    // ELSA-2016-3646: kernel-uek of Oracle Linux 6 before 0:2.6.39-400.290.2.el6uek, and
    // ELSA-2017-3516 before 0:2.6.39-400.294.2.el6uek. 293 is between them.
    let kernel = oracle("6.10", &["kernel-uek 2.6.39-400.293.1.el6uek x86_64"]);
    let fixed = "high fixed 2.6.39-400.294.2.el6uek";
    let expected: Vec<String> = [
        "CVE-2013-7446",
        "CVE-2015-1420",
        "CVE-2016-4482",
        "CVE-2016-4485",
        "CVE-2016-8646",
    ]
    .iter()
    .map(|id| format!("kernel-uek {id} {fixed}"))
    .collect();
    assert_eq!(kernel.lines(), expected);
    let seven = oracle(
        "7.9",
        &[
            // ELSA-2019-4821: sudo before 0:1.8.23-4.0.1.el7.
            "sudo 1.8.23-4.el7 x86_64",
            // ELSA-2015-2561: perl-Git before 0:1.8.3.1-6.el7, moderate.
            "perl-Git 1.8.3.1-5.el7 noarch source=git-1.8.3.1-5.el7",
            // The same bulletin has git; 1.8.3.1-6.el7_2 is later than the fix.
            "git 1.8.3.1-6.el7_2.1 x86_64",
            // ELSA-2018-3410 is about binary packages of xorg-x11-server, not about this one.
            "xorg-x11-server-utils 7.7-2.el7 x86_64",
        ],
    );
    seven.check(
        "ol:7",
        &[
            "perl-Git CVE-2015-7545 medium fixed 1.8.3.1-6.el7",
            "sudo CVE-2019-14287 high fixed 1.8.23-4.0.1.el7",
        ],
        &["end-of-life ol:7 4"],
    );
}

fn amazon(version: &str, database: RpmDatabase, packages: &[&str]) -> Judged {
    let os_release = format!(
        "ID=\"amzn\"\nNAME=\"Amazon Linux\"\nVERSION_ID=\"{version}\"\n\
         PRETTY_NAME=\"Amazon Linux {version}\"\n"
    );
    judge(&os_release, database, packages)
}

#[test]
fn amazon_linux_1() {
    amazon(
        "2018.03",
        BerkeleyDb,
        &[
            // ALAS-2011-1: httpd before 2.2.21-1.18.amzn1 on i686 and x86_64, medium.
            "httpd 2.2.19-1.17.amzn1 x86_64",
            // The same bulletin: mod_ssl before 1:2.2.21-1.18.amzn1, with an epoch.
            "mod_ssl 1:2.2.21-1.18.amzn1 x86_64 source=httpd-2.2.21-1.18.amzn1",
            // The same bulletin: httpd-manual is noarch.
            "httpd-manual 2.2.19-1.17.amzn1 noarch source=httpd-2.2.19-1.17.amzn1",
            // ALAS-2011-2: cyrus-imapd before 2.3.16-6.4.amzn1, important.
            "cyrus-imapd 2.3.16-6.3.amzn1 i686",
            "cyrus-imapd-utils 2.3.16-6.4.amzn1 x86_64 source=cyrus-imapd-2.3.16-6.4.amzn1",
        ],
    )
    .check(
        "amzn:2018.03",
        &[
            "cyrus-imapd CVE-2011-3208 high fixed 2.3.16-6.4.amzn1",
            "httpd CVE-2011-3192 medium fixed 2.2.21-1.18.amzn1",
            "httpd-manual CVE-2011-3192 medium fixed 2.2.21-1.18.amzn1",
        ],
        &["end-of-life amzn:2018.03 5"],
    );
}

#[test]
fn amazon_linux_2() {
    amazon(
        "2",
        BerkeleyDb,
        &[
            // ALAS2-2018-939: kernel before 4.9.76-38.79.amzn2 on x86_64, critical, two CVEs.
            "kernel 4.9.76-3.78.amzn2 x86_64",
            // On another architecture nothing is said.
            "perf 4.9.76-3.78.amzn2 aarch64 source=kernel-4.9.76-3.78.amzn2",
            // ALAS2-2018-942: qemu-img before 10:1.5.3-141.amzn2.5.3, important.
            "qemu-img 10:1.5.3-141.amzn2.5.2 x86_64 source=qemu-kvm-1.5.3-141.amzn2.5.2",
            "qemu-kvm 10:1.5.3-141.amzn2.5.3 x86_64",
        ],
    )
    .check(
        "amzn:2",
        &[
            "kernel CVE-2017-5715 critical fixed 4.9.76-38.79.amzn2",
            "kernel CVE-2017-5754 critical fixed 4.9.76-38.79.amzn2",
            "qemu-img CVE-2017-5715 high fixed 10:1.5.3-141.amzn2.5.3",
        ],
        &["end-of-life amzn:2 4"],
    );
}

#[test]
fn amazon_linux_2023() {
    amazon(
        "2023",
        Sqlite,
        &[
            // ALAS2023-2023-001: rsyslog before 8.2204.0-3.amzn2023.0.2 on aarch64, i686 and x86_64.
            "rsyslog 8.2204.0-3.amzn2023.0.1 aarch64",
            "rsyslog-crypto 8.2204.0-3.amzn2023.0.1 s390x source=rsyslog-8.2204.0-3.amzn2023.0.1",
            "rsyslog-logrotate 8.2204.0-3.amzn2023.0.2 x86_64 source=rsyslog-8.2204.0-3.amzn2023.0.2",
        ],
    )
    .check(
        "amzn:2023",
        &[
            "rsyslog CVE-2014-3634 high fixed 8.2204.0-3.amzn2023.0.2",
            "rsyslog CVE-2022-24903 high fixed 8.2204.0-3.amzn2023.0.2",
        ],
        &[],
    );
}

fn photon(version: &str, packages: &[&str]) -> Judged {
    let os_release = format!(
        "ID=photon\nNAME=\"VMware Photon OS\"\nVERSION_ID={version}\n\
         PRETTY_NAME=\"VMware Photon OS/Linux\"\n"
    );
    judge(&os_release, Sqlite, packages)
}

#[test]
fn photon_3() {
    photon(
        "3.0",
        &[
            // PHSA-2020:00220: gnutls before 0:3.6.3-3.ph3, important, two CVEs.
            "gnutls 3.6.3-2.ph3 x86_64",
            // sqlite: CVE-2019-8457 before 3.27.2-3.ph3 (critical), CVE-2019-9937 before -2.ph3,
            // CVE-2019-16168 before -5.ph3, four of 2019 before 3.31.1-1.ph3.
            "sqlite-libs 3.27.2-4.ph3 x86_64 source=sqlite-3.27.2-4.ph3",
        ],
    )
    .check(
        "photon:3.0",
        &[
            "gnutls CVE-2019-3829 high fixed 3.6.3-3.ph3",
            "gnutls CVE-2019-3836 high fixed 3.6.3-3.ph3",
            "sqlite-libs CVE-2019-16168 high fixed 3.27.2-5.ph3",
            "sqlite-libs CVE-2019-19244 high fixed 3.31.1-1.ph3",
            "sqlite-libs CVE-2019-19923 high fixed 3.31.1-1.ph3",
            "sqlite-libs CVE-2019-19926 high fixed 3.31.1-1.ph3",
            "sqlite-libs CVE-2019-19959 high fixed 3.31.1-1.ph3",
        ],
        &["end-of-life photon:3.0 2"],
    );
}

#[test]
fn photon_5() {
    photon(
        "5.0",
        &[
            // PHSA-2026:00001: libcap before 0:2.66-2.ph5, important, two CVEs.
            "libcap-libs 2.66-1.ph5 x86_64 source=libcap-2.66-1.ph5",
            "libcap 2.66-2.ph5 x86_64",
            // PHSA-2026:00007: keepalived before 0:2.2.7-3.ph5, critical.
            "keepalived 2.2.7-2.ph5 x86_64",
            // The fix of Photon 3 says nothing here.
            "gnutls 3.6.3-2.ph5 x86_64",
        ],
    )
    .check(
        "photon:5.0",
        &[
            "keepalived CVE-2024-41184 critical fixed 2.2.7-3.ph5",
            "libcap-libs CVE-2023-2602 high fixed 2.66-2.ph5",
            "libcap-libs CVE-2023-2603 high fixed 2.66-2.ph5",
        ],
        &[],
    );
}
