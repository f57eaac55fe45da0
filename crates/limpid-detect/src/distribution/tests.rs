use super::*;

fn recognised(files: &[(&str, &str)]) -> Option<Distribution> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| ReleaseFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    recognise(&files)
}

/// Checks `did | version_id | version | code name | pretty name`.
fn check(files: &[(&str, &str)], expected: &str) {
    let found = recognised(files).map_or_else(String::new, |d| {
        [
            d.did,
            d.version_id,
            d.version,
            d.version_code_name,
            d.pretty_name,
        ]
        .join(" | ")
    });
    assert_eq!(found, expected);
}

const OS: &str = "etc/os-release";

#[test]
fn alpine_is_its_release_without_the_point() {
    check(
        &[(
            OS,
            "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n",
        )],
        "alpine | 3.18 | 3.18 |  | Alpine Linux v3.18",
    );
}

#[test]
fn alpine_edge_is_edge_whatever_number_it_has() {
    check(
        &[(
            OS,
            "ID=alpine\nVERSION_ID=3.19_alpha20230901\nPRETTY_NAME=\"Alpine Linux edge\"\n",
        )],
        "alpine | edge | edge |  | Alpine Linux edge",
    );
}

#[test]
fn alpine_without_os_release_is_recognised_by_its_greeting() {
    check(
        &[(
            "etc/issue",
            "Welcome to Alpine Linux 3.3\nKernel \\r on an \\m\n",
        )],
        "alpine | 3.3 | 3.3 |  | Alpine Linux v3.3",
    );
}

#[test]
fn debian_has_its_code_name_in_the_version() {
    let text =
        "ID=debian\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nPRETTY_NAME=\"Distroless\"\n";
    check(
        &[(OS, text)],
        "debian | 12 | 12 (bookworm) | bookworm | Debian GNU/Linux 12 (bookworm)",
    );
}

#[test]
fn a_distroless_version_with_the_name_in_it_gives_the_same() {
    let text = "ID=\"debian\"\nVERSION_ID=\"12\"\nVERSION=\"Debian GNU/Linux 12 (bookworm)\"\n";
    check(
        &[(OS, text)],
        "debian | 12 | 12 (bookworm) | bookworm | Debian GNU/Linux 12 (bookworm)",
    );
}

#[test]
fn debian_testing_and_sid_have_a_code_name_and_no_number() {
    check(
        &[(
            OS,
            "ID=debian\nVERSION_CODENAME=forky\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n",
        )],
        "debian |  | forky | forky | Debian GNU/Linux forky/sid",
    );
    check(
        &[
            (
                OS,
                "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\n",
            ),
            ("etc/debian_version", "trixie/sid\n"),
        ],
        "debian |  | trixie | trixie | Debian GNU/Linux trixie/sid",
    );
}

#[test]
fn ubuntu_drops_point_release_and_lts() {
    let text = "ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION=\"22.04.3 LTS (Jammy Jellyfish)\"\nVERSION_CODENAME=jammy\n";
    check(
        &[(OS, text)],
        "ubuntu | 22.04 | 22.04 (Jammy) | jammy | Ubuntu 22.04",
    );
}

#[test]
fn old_ubuntu_has_its_code_name_in_words() {
    let text = "ID=ubuntu\nVERSION_ID=\"14.04\"\nVERSION=\"14.04.6 LTS, Trusty Tahr\"\n";
    check(
        &[(OS, text)],
        "ubuntu | 14.04 | 14.04 (Trusty) | trusty | Ubuntu 14.04",
    );
}

#[test]
fn rhel_is_its_major_version() {
    let text = "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nVERSION=\"9.4 (Plow)\"\n";
    check(
        &[(OS, text)],
        "rhel | 9 | 9 |  | Red Hat Enterprise Linux Server 9",
    );
}

#[test]
fn oracle_is_not_taken_for_what_its_redhat_release_says() {
    let files = [
        ("etc/oracle-release", "Oracle Linux Server release 6.10\n"),
        (
            "etc/redhat-release",
            "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
        ),
    ];
    check(&files, "ol | 6 | 6 |  | Oracle Linux Server 6");
}

#[test]
fn releases_before_os_release_are_recognised_by_their_own_files() {
    let cases = [
        (
            "etc/centos-release",
            "CentOS release 6.10 (Final)",
            "centos | 6.10 | 6.10 | Final | CentOS release 6.10 (Final)",
        ),
        (
            "etc/redhat-release",
            "Red Hat Enterprise Linux Server release 5.11 (Tikanga)",
            "rhel | 5 | 5 |  | Red Hat Enterprise Linux Server 5",
        ),
        (
            "etc/debian_version",
            "6.0.10\n",
            "debian | 6 | 6 |  | Debian GNU/Linux 6",
        ),
        (
            "etc/lsb-release",
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\n",
            "ubuntu | 10.04 | 10.04 (Lucid) | lucid | Ubuntu 10.04",
        ),
        (
            "etc/SuSE-release",
            "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
            "sles | 11 | 11 |  | SUSE Linux Enterprise Server 11",
        ),
        (
            "etc/system-release-cpe",
            "cpe:/o:amazon:linux:2017.09:ga\n",
            "amzn | 2018.03 | 2018.03 |  | Amazon Linux AMI 2018.03",
        ),
        (
            "etc/issue",
            "Enterprise Linux Enterprise Linux Server release 5.11 (Carthage)\n",
            "ol | 5 | 5 |  | Oracle Linux Server 5",
        ),
        ("etc/arch-release", "", "arch |  |  |  | Arch Linux"),
        (
            "bin/busybox",
            "BusyBox v1.36.1 (2023-05-18)",
            "busybox | 1.36.1 | 1.36.1 |  | BusyBox v1.36.1",
        ),
    ];
    for (path, text, expected) in cases {
        check(&[(path, text)], expected);
    }
}

#[test]
fn a_distribution_that_clair_does_not_know_keeps_its_own_words() {
    let text = "ID=wolfi\nNAME=\"Wolfi\"\nPRETTY_NAME=\"Wolfi\"\nVERSION_ID=\"20230201\"\n";
    check(&[(OS, text)], "wolfi | 20230201 | 20230201 |  | Wolfi");
}

#[test]
fn suse_service_packs_share_the_major_version() {
    check(
        &[(OS, "ID=\"sles\"\nVERSION_ID=\"15.3\"\nVERSION=\"15-SP3\"\n")],
        "sles | 15 | 15 |  | SUSE Linux Enterprise Server 15",
    );
}

#[test]
fn amazon_linux_one_is_its_last_release() {
    check(
        &[(OS, "ID=\"amzn\"\nVERSION_ID=\"2016.09\"\n")],
        "amzn | 2018.03 | 2018.03 |  | Amazon Linux AMI 2018.03",
    );
    check(
        &[(OS, "ID=\"amzn\"\nVERSION_ID=\"2023\"\n")],
        "amzn | 2023 | 2023 |  | Amazon Linux 2023",
    );
}

#[test]
fn etc_os_release_counts_before_the_one_in_usr_lib() {
    check(
        &[
            ("usr/lib/os-release", "ID=fedora\nVERSION_ID=30\n"),
            (OS, "ID=arch\n"),
        ],
        "arch |  |  |  | ",
    );
}

#[test]
fn an_unusable_os_release_gives_way_to_the_other_files() {
    check(
        &[
            (OS, "\u{0}\u{1}garbage"),
            ("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.9.0\n"),
        ],
        "alpine | 3.9 | 3.9 |  | Alpine Linux v3.9",
    );
    assert_eq!(recognised(&[(OS, "no assignment")]), None);
    assert_eq!(recognised(&[]), None);
}

#[test]
fn quotes_and_backslashes_are_taken_off_as_a_shell_does() {
    let release = OsRelease::parse("A=\"a \\\"b\\\"\"\nB='c \\d'\n  C = d\nD=\"open\n# E=e\nF=\n");
    let values: Vec<_> = release.iter().collect();
    assert_eq!(
        values,
        [
            ("A", "a \"b\""),
            ("B", "c \\d"),
            ("C", "d"),
            ("D", "open"),
            ("F", "")
        ]
    );
}
