//! Which distributions there are, and how the advisories of each are found.
//!
//! A new distribution with a feed is one file below this one and one row in [`FAMILIES`].

mod alpine;
mod debian;

use limpid_types::Distribution;
use limpid_version::Scheme;

/// A distribution that limpid has a feed for.
#[derive(Debug)]
pub(crate) struct Family {
    /// The `ID` of its os-release.
    pub(crate) id: &'static str,
    /// Name for people.
    pub(crate) name: &'static str,
    /// The family of feeds that serves it.
    pub(crate) feed: &'static str,
    /// Gives the namespaces that a release may be judged by, the best first. Empty when the
    /// release cannot be told.
    pub(crate) namespaces: fn(&Distribution) -> Vec<String>,
    /// Gives the distribution that a namespace of the feed speaks of, from the part behind the
    /// colon.
    pub(crate) distribution: fn(&str) -> Distribution,
    /// Which version is compared with what an advisory says about a source package.
    pub(crate) source_version: SourceVersion,
    /// How versions are compared.
    pub(crate) scheme: Scheme,
}

/// The version of an installed package that stands for its source package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceVersion {
    /// The package database records a version of the source beside the installed one.
    Recorded,
    /// A source and what is built from it always have the same version.
    Installed,
}

/// Distributions with a feed.
const FAMILIES: &[Family] = &[
    Family {
        id: "alpine",
        name: "Alpine Linux",
        feed: "alpine",
        namespaces: alpine::namespaces,
        distribution: alpine::distribution,
        source_version: SourceVersion::Installed,
        scheme: Scheme::Apk,
    },
    Family {
        id: "debian",
        name: "Debian",
        feed: "debian",
        namespaces: debian::namespaces,
        distribution: debian::distribution,
        source_version: SourceVersion::Recorded,
        scheme: Scheme::Dpkg,
    },
];

/// Distributions without a feed, by the `ID` of os-release. They are listed so that a report can
/// tell "not supported" from "never heard of".
const WITHOUT_FEED: &[(&str, &str)] = &[
    ("almalinux", "AlmaLinux"),
    ("amzn", "Amazon Linux"),
    ("arch", "Arch Linux"),
    ("archarm", "Arch Linux ARM"),
    ("azurelinux", "Azure Linux"),
    ("bottlerocket", "Bottlerocket"),
    ("centos", "CentOS"),
    ("chainguard", "Chainguard OS"),
    ("cleanstart", "CleanStart"),
    ("echo", "Echo"),
    ("fedora", "Fedora"),
    ("gentoo", "Gentoo"),
    ("kali", "Kali Linux"),
    ("linuxmint", "Linux Mint"),
    ("mageia", "Mageia"),
    ("mariner", "CBL-Mariner"),
    ("minimos", "MinimOS"),
    ("nixos", "NixOS"),
    ("ol", "Oracle Linux"),
    ("openeuler", "openEuler"),
    ("openEuler", "openEuler"),
    ("opensuse", "openSUSE"),
    ("opensuse-leap", "openSUSE Leap"),
    ("opensuse-leap-micro", "openSUSE Leap Micro"),
    ("opensuse-microos", "openSUSE MicroOS"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed"),
    ("photon", "Photon OS"),
    ("postmarketos", "postmarketOS"),
    ("raspbian", "Raspberry Pi OS"),
    ("rhcos", "Red Hat Enterprise Linux CoreOS"),
    ("rhel", "Red Hat Enterprise Linux"),
    ("rocky", "Rocky Linux"),
    ("seal", "SealOS"),
    ("sl-micro", "SUSE Linux Micro"),
    ("sle-micro", "SUSE Linux Enterprise Micro"),
    ("sle_hpc", "SUSE Linux Enterprise HPC"),
    ("sled", "SUSE Linux Enterprise Desktop"),
    ("sles", "SUSE Linux Enterprise Server"),
    ("sles_sap", "SUSE Linux Enterprise Server for SAP"),
    (
        "suse-micro-rancher",
        "SUSE Linux Enterprise Micro for Rancher",
    ),
    ("ubuntu", "Ubuntu"),
    ("void", "Void Linux"),
    ("wolfi", "Wolfi"),
];

/// Returns the family of a distribution, if limpid has a feed for it.
pub(crate) fn family(distribution: &Distribution) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.id == distribution.did)
}

/// Returns the distribution that a namespace is about; an empty one when it is about none.
pub(crate) fn of_namespace(namespace: &str) -> Distribution {
    let (id, release) = namespace.split_once(':').unwrap_or_default();
    FAMILIES
        .iter()
        .find(|family| family.id == id)
        .map_or_else(Distribution::default, |family| {
            (family.distribution)(release)
        })
}

/// Returns the name of a distribution that limpid knows but has no feed for.
pub(crate) fn known_without_feed(distribution: &Distribution) -> Option<&'static str> {
    WITHOUT_FEED
        .iter()
        .find(|(id, _)| *id == distribution.did)
        .map(|(_, name)| *name)
}

/// Returns what to call a distribution in a report.
pub(crate) fn display_name(distribution: &Distribution) -> &str {
    [
        distribution.pretty_name.as_str(),
        distribution.name.as_str(),
        distribution.did.as_str(),
    ]
    .into_iter()
    .find(|name| !name.is_empty())
    .unwrap_or("unnamed distribution")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_distribution_has_two_rows() {
        let mut ids: Vec<&str> = FAMILIES
            .iter()
            .map(|family| family.id)
            .chain(WITHOUT_FEED.iter().map(|(id, _)| *id))
            .collect();
        let rows = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rows);
    }

    #[test]
    fn the_distribution_of_a_namespace_gives_the_namespace_again() {
        for namespace in [
            "alpine:3.15",
            "alpine:edge",
            "debian:bookworm",
            "debian:sid",
        ] {
            let distribution = of_namespace(namespace);
            let family = family(&distribution).unwrap();
            assert_eq!((family.namespaces)(&distribution), [namespace]);
        }
        assert_eq!(of_namespace("osv:pypi"), Distribution::default());
    }
}
