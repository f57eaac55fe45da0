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
            "sles | 11.4 | 11 |  | SUSE Linux Enterprise Server 11",
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
fn suse_service_packs_share_the_major_version_and_keep_their_own_number() {
    let cases = [
        (
            "ID=\"sles\"\nVERSION_ID=\"15.5\"\nVERSION=\"15-SP5\"\n",
            "sles | 15.5 | 15 |  | SUSE Linux Enterprise Server 15",
        ),
        (
            "ID=\"sles_sap\"\nVERSION_ID=\"12.4\"\nVERSION=\"12-SP4\"\n",
            "sles | 12.4 | 12 |  | SUSE Linux Enterprise Server 12",
        ),
        (
            "ID=\"sled\"\nVERSION_ID=\"15.3\"\n",
            "sled | 15.3 | 15 |  | SUSE Linux Enterprise Desktop 15",
        ),
        (
            "ID=\"suse-microos\"\nVERSION_ID=\"5.2\"\nPRETTY_NAME=\"SUSE Linux Enterprise Micro 5.2\"\n",
            "sle-micro | 5.2 | 5.2 |  | SUSE Linux Enterprise Micro 5.2",
        ),
        (
            "ID=\"sl-micro\"\nVERSION_ID=\"6.0\"\nPRETTY_NAME=\"SUSE Linux Micro 6.0\"\n",
            "sl-micro | 6.0 | 6.0 |  | SUSE Linux Micro 6.0",
        ),
        (
            "ID=\"opensuse-leap-micro\"\nVERSION_ID=\"5.5\"\nPRETTY_NAME=\"openSUSE Leap Micro 5.5\"\n",
            "opensuse-leap-micro | 5.5 | 5.5 |  | openSUSE Leap Micro 5.5",
        ),
        (
            "ID=\"opensuse-tumbleweed\"\nVERSION_ID=\"20251101\"\nPRETTY_NAME=\"openSUSE Tumbleweed\"\n",
            "opensuse-tumbleweed | 20251101 | 20251101 |  | openSUSE Tumbleweed",
        ),
        (
            "NAME=\"openSUSE Leap\"\nID=opensuse\nVERSION_ID=\"42.3\"\n",
            "opensuse-leap | 42.3 | 42.3 |  | openSUSE Leap 42.3",
        ),
        (
            "NAME=openSUSE\nID=opensuse\nVERSION_ID=\"13.2\"\nPRETTY_NAME=\"openSUSE 13.2\"\n",
            "opensuse | 13.2 | 13.2 |  | openSUSE 13.2",
        ),
    ];
    for (text, expected) in cases {
        check(&[(OS, text)], expected);
    }
}

#[test]
fn systems_for_nodes_are_the_distribution_whose_packages_they_have() {
    let rhcos = "NAME=\"Red Hat Enterprise Linux CoreOS\"\nID=\"rhcos\"\nVERSION_ID=\"4.16\"\nRHEL_VERSION=9.4\n";
    let expected = "rhel | 9 | 9 |  | Red Hat Enterprise Linux Server 9";
    check(&[(OS, rhcos)], expected);
    let rhcos = "ID=\"rhcos\"\nVERSION_ID=\"4.16\"\nCPE_NAME=\"cpe:/o:redhat:enterprise_linux:9::coreos\"\n";
    check(&[(OS, rhcos)], expected);
    let scos = "ID=\"scos\"\nVERSION_ID=\"4.17\"\nPLATFORM_ID=\"platform:el9\"\nPRETTY_NAME=\"CentOS Stream CoreOS\"\n";
    check(&[(OS, scos)], "centos | 9 | 9 |  | CentOS Stream CoreOS");
}

#[test]
fn derivatives_with_packages_of_their_own_are_not_their_parents() {
    let cases = [
        ("raspbian", "debian"),
        ("kali", "debian"),
        ("linuxmint", "ubuntu debian"),
        ("pop", "ubuntu debian"),
        ("manjaro", "arch"),
        ("virtuozzo", "rhel fedora"),
    ];
    for (id, like) in cases {
        let text = format!("ID={id}\nID_LIKE=\"{like}\"\nVERSION_ID=1\n");
        check(&[(OS, &text)], &format!("{id} | 1 | 1 |  | "));
    }
    let files = [("etc/debian_version", "kali-rolling\n")];
    check(&files, "kali |  |  |  | Kali Linux");
}

#[test]
fn distributions_that_clair_does_not_know_are_recognised_by_their_own_id() {
    let cases = [
        (
            "ID=\"almalinux\"\nVERSION=\"9.5 (Teal Serval)\"\nVERSION_ID=\"9.5\"\n",
            "almalinux | 9.5 | 9.5 (Teal Serval) |  | ",
        ),
        (
            "ID=\"rocky\"\nVERSION=\"8.10 (Green Obsidian)\"\nVERSION_ID=\"8.10\"\n",
            "rocky | 8.10 | 8.10 (Green Obsidian) |  | ",
        ),
        (
            "ID=\"openEuler\"\nVERSION=\"24.03 (LTS-SP1)\"\nVERSION_ID=\"24.03\"\n",
            "openeuler | 24.03 | 24.03 (LTS-SP1) | LTS-SP1 | ",
        ),
        (
            "ID=\"centos\"\nVERSION=\"9\"\nVERSION_ID=\"9\"\nPRETTY_NAME=\"CentOS Stream 9\"\n",
            "centos | 9 | 9 |  | CentOS Stream 9",
        ),
        ("ID=mageia\nVERSION_ID=9\n", "mageia | 9 | 9 |  | "),
        (
            "ID=azurelinux\nVERSION=\"3.0.20240824\"\nVERSION_ID=\"3.0\"\n",
            "azurelinux | 3.0 | 3.0.20240824 |  | ",
        ),
        (
            "ID=mariner\nVERSION=\"2.0.20220226\"\nVERSION_ID=\"2.0\"\n",
            "mariner | 2.0 | 2.0.20220226 |  | ",
        ),
        (
            "ID=chainguard\nVERSION_ID=\"20230214\"\n",
            "chainguard | 20230214 | 20230214 |  | ",
        ),
        (
            "ID=minimos\nVERSION_ID=\"20241031\"\n",
            "minimos | 20241031 | 20241031 |  | ",
        ),
        (
            "ID=\"postmarketos\"\nVERSION_ID=\"v24.06\"\n",
            "postmarketos | v24.06 | v24.06 |  | ",
        ),
        (
            "ID=bottlerocket\nVERSION_ID=1.26.2\n",
            "bottlerocket | 1.26.2 | 1.26.2 |  | ",
        ),
        ("ID=gentoo\nVERSION_ID=2.17\n", "gentoo | 2.17 | 2.17 |  | "),
        ("ID=arch\nBUILD_ID=rolling\n", "arch |  |  |  | "),
        ("ID=echo\nVERSION_ID=1\n", "echo | 1 | 1 |  | "),
        ("ID=fedora\nVERSION_ID=42\n", "fedora | 42 | 42 |  | "),
        (
            "ID=\"hummingbird\"\nVERSION=\"20251124\"\nVERSION_ID=\"20251124\"\n",
            "hummingbird | 20251124 | 20251124 |  | ",
        ),
        (
            "ID=\"amzn\"\nVERSION_ID=\"2022\"\n",
            "amzn | 2022 | 2022 |  | Amazon Linux 2022",
        ),
        (
            "ID=\"ol\"\nVERSION_ID=\"10.0\"\n",
            "ol | 10 | 10 |  | Oracle Linux Server 10",
        ),
        (
            "ID=\"rhel\"\nVERSION_ID=\"10.0\"\n",
            "rhel | 10 | 10 |  | Red Hat Enterprise Linux Server 10",
        ),
        ("ID=\"rhel\"\n", "rhel |  |  |  | "),
        (
            "ID=photon\nVERSION_ID=1.0\n",
            "photon | 1.0 | 1.0 |  | VMware Photon OS/Linux",
        ),
    ];
    for (text, expected) in cases {
        check(&[(OS, text)], expected);
    }
}

#[test]
fn oracle_linux_keeps_its_cpe() {
    let text = "ID=\"ol\"\nVERSION_ID=\"9.2\"\nCPE_NAME=\"cpe:/o:oracle:linux:9:2:server\"\n";
    let files = [ReleaseFile {
        path: OS.to_owned(),
        text: text.to_owned(),
    }];
    assert_eq!(
        recognise(&files).unwrap().cpe,
        "cpe:/o:oracle:linux:9:2:server"
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
