use limpid_version::Scheme;

use super::naming::Naming::{self, Major, Own, Rolling, Version};
use super::{
    Epochs, Family, JudgedBy, SourceVersion, alpine, amazon, debian, gentoo, is_of_module,
    open_euler, oracle, red_hat, ubuntu,
};

/// Distributions with a feed.
///
/// A derivative stands with its parent only where it installs the parent's own packages, so that
/// the parent's advisories hold for it: postmarketOS with Alpine, `CentOS` with Red Hat Enterprise
/// Linux, SLES for SAP with SLES. `ID_LIKE` of os-release says less than that, and is not asked.
pub(super) const FAMILIES: &[Family] = &[
    apk(
        &["alpine", "postmarketos"],
        "Alpine Linux",
        "alpine",
        Own {
            namespaces: alpine::namespaces,
            distribution: alpine::distribution,
        },
    ),
    apk(&["chainguard"], "Chainguard OS", "chainguard", Rolling),
    apk(&["minimos"], "MinimOS", "minimos", Rolling),
    apk(&["wolfi"], "Wolfi", "wolfi", Rolling),
    family(
        &["arch"],
        "Arch Linux",
        "arch",
        Rolling,
        SourceVersion::Recorded,
        Scheme::Alpm,
    ),
    Family {
        concerns: gentoo::concerns,
        ..family(
            &["gentoo"],
            "Gentoo",
            "gentoo",
            Rolling,
            SourceVersion::Installed,
            Scheme::Gentoo,
        )
    },
    dpkg(
        &["debian"],
        "Debian",
        "debian",
        Own {
            namespaces: debian::namespaces,
            distribution: debian::distribution,
        },
    ),
    dpkg(&["echo"], "Echo", "echo", Rolling),
    Family {
        apart: Some(&ubuntu::FIPS),
        ..dpkg(
            &["ubuntu"],
            "Ubuntu",
            "ubuntu",
            Own {
                namespaces: ubuntu::namespaces,
                distribution: ubuntu::distribution,
            },
        )
    },
    rpm(&["almalinux"], "AlmaLinux", "osv/almalinux", Major),
    Family {
        concerns: amazon::concerns,
        judged_by: JudgedBy::Repository,
        ..rpm(&["amzn"], "Amazon Linux", "aws", Version)
    },
    rpm(&["azurelinux"], "Azure Linux", "azure", Version),
    rpm(&["bottlerocket"], "Bottlerocket", "bottlerocket", Rolling),
    rpm(&["fedora"], "Fedora", "fedora", Version),
    rpm(&["mageia"], "Mageia", "osv/mageia", Version),
    rpm(&["mariner"], "CBL-Mariner", "azure", Version),
    Family {
        concerns: oracle::concerns,
        ..rpm(&["ol"], "Oracle Linux", "oracle", Major)
    },
    Family {
        epochs: Epochs::Unnamed,
        ..rpm(
            &["openeuler", "openEuler"],
            "openEuler",
            "osv/openeuler",
            Own {
                namespaces: open_euler::namespaces,
                distribution: open_euler::distribution,
            },
        )
    },
    rpm(&["opensuse-leap"], "openSUSE Leap", "suse", Version),
    rpm(
        &["opensuse-leap-micro"],
        "openSUSE Leap Micro",
        "suse",
        Version,
    ),
    rpm(
        &["opensuse-tumbleweed", "opensuse-microos"],
        "openSUSE Tumbleweed",
        "suse",
        Rolling,
    ),
    rpm(&["photon"], "Photon OS", "photon", Version),
    rpm(&["rocky"], "Rocky Linux", "osv/rocky-linux", Major),
    rpm(&["sl-micro"], "SUSE Linux Micro", "suse", Version),
    rpm(
        &["sle-micro", "suse-micro-rancher"],
        "SUSE Linux Enterprise Micro",
        "suse",
        Version,
    ),
    rpm(&["sled"], "SUSE Linux Enterprise Desktop", "suse", Version),
    rpm(
        &["sles", "sles_sap", "sle_hpc"],
        "SUSE Linux Enterprise Server",
        "suse",
        Version,
    ),
    Family {
        ids: &["redhat", "rhel", "centos", "hummingbird"],
        name: "Red Hat Enterprise Linux",
        feed: "rhel-vex",
        naming: Own {
            namespaces: red_hat::namespaces,
            distribution: red_hat::distribution,
        },
        source_version: SourceVersion::Recorded,
        scheme: Scheme::Rpm,
        epochs: Epochs::Compared,
        judged_by: JudgedBy::Products,
        concerns: is_of_module,
        apart: None,
    },
];

const fn apk(
    ids: &'static [&'static str],
    name: &'static str,
    feed: &'static str,
    naming: Naming,
) -> Family {
    let scheme = Scheme::Apk;
    family(ids, name, feed, naming, SourceVersion::Installed, scheme)
}

const fn dpkg(
    ids: &'static [&'static str],
    name: &'static str,
    feed: &'static str,
    naming: Naming,
) -> Family {
    let scheme = Scheme::Dpkg;
    family(ids, name, feed, naming, SourceVersion::Recorded, scheme)
}

const fn rpm(
    ids: &'static [&'static str],
    name: &'static str,
    feed: &'static str,
    naming: Naming,
) -> Family {
    let scheme = Scheme::Rpm;
    family(ids, name, feed, naming, SourceVersion::Recorded, scheme)
}

const fn family(
    ids: &'static [&'static str],
    name: &'static str,
    feed: &'static str,
    naming: Naming,
    source_version: SourceVersion,
    scheme: Scheme,
) -> Family {
    Family {
        ids,
        name,
        feed,
        naming,
        source_version,
        scheme,
        epochs: Epochs::Compared,
        judged_by: JudgedBy::Release,
        concerns: is_of_module,
        apart: None,
    }
}

/// Distributions without a feed, by the `ID` of os-release. They are listed so that a report can
/// tell "not supported" from "never heard of".
pub(super) const WITHOUT_FEED: &[(&str, &str)] = &[
    ("archarm", "Arch Linux ARM"),
    ("cleanstart", "CleanStart"),
    ("kali", "Kali Linux"),
    ("linuxmint", "Linux Mint"),
    ("nixos", "NixOS"),
    ("opensuse", "openSUSE"),
    ("raspbian", "Raspberry Pi OS"),
    ("rhcos", "Red Hat Enterprise Linux CoreOS"),
    ("seal", "SealOS"),
    ("void", "Void Linux"),
];
