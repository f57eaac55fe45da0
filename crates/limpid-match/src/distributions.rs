//! Which distributions there are, and how the advisories of each are found.
//!
//! A new distribution with a feed is one row in [`table`], and one file below this one when its
//! releases are named in a way of their own.

mod alpine;
pub(crate) mod amazon;
mod debian;
mod gentoo;
mod naming;
mod open_euler;
mod oracle;
pub(crate) mod red_hat;
mod table;
mod ubuntu;

use limpid_types::{Distribution, Package};
use limpid_version::Scheme;

use crate::Candidate;
use naming::Naming;
use table::{FAMILIES, WITHOUT_FEED};

/// Distributions that are judged in the same way by the same feeds.
#[derive(Debug)]
pub(crate) struct Family {
    /// The `ID`s of os-release that it is for. The first one begins its namespaces.
    pub(crate) ids: &'static [&'static str],
    /// Name for people.
    pub(crate) name: &'static str,
    /// The family of feeds that serves it.
    pub(crate) feed: &'static str,
    /// How its releases are called in advisories.
    pub(crate) naming: Naming,
    /// Which version is compared with what an advisory says about a source package.
    pub(crate) source_version: SourceVersion,
    /// How versions are compared.
    pub(crate) scheme: Scheme,
    /// Whether the versions in advisories have epochs.
    pub(crate) epochs: Epochs,
    /// What decides which advisories hold for a package.
    pub(crate) judged_by: JudgedBy,
    /// Tells whether an advisory about a package name is about an installed package of that name.
    pub(crate) concerns: Concerns,
    /// Builds that have advisories of their own.
    pub(crate) apart: Option<&'static BuildsApart>,
}

/// Builds of a release under the names of ordinary packages, which are judged by their own
/// advisories alone.
#[derive(Debug)]
pub(crate) struct BuildsApart {
    /// Name for people.
    pub(crate) name: &'static str,
    /// Tells whether a package is such a build.
    pub(crate) has: fn(&Package) -> bool,
    /// What follows the namespace of the release in those of the builds, the best first.
    pub(crate) endings: &'static [&'static str],
}

/// Tells whether an advisory about a package name is about an installed package of that name.
pub(crate) type Concerns = fn(&Package, &Candidate<'_>) -> bool;

/// An advisory is about the packages of its module, or of none.
pub(crate) fn is_of_module(package: &Package, candidate: &Candidate<'_>) -> bool {
    candidate.module == package.module
}

/// The version of an installed package that stands for its source package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceVersion {
    /// The package database records a version of the source beside the installed one.
    Recorded,
    /// A source and what is built from it always have the same version.
    Installed,
}

/// Whether the versions in advisories have the epochs that installed packages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Epochs {
    /// They have.
    Compared,
    /// They have none, as they are taken from names of files; so those of packages do not count.
    Unnamed,
}

/// What decides which advisories hold for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JudgedBy {
    /// The release of the distribution alone.
    Release,
    /// The products that its repositories belong to, as Red Hat has it.
    Products,
    /// The release, and where that is known the repository of it, as Amazon Linux has it.
    Repository,
}

impl Family {
    /// Gives the namespaces that a release may be judged by, the best first. Empty when the
    /// release cannot be told.
    pub(crate) fn namespaces(&self, distribution: &Distribution) -> Vec<String> {
        self.naming.namespaces(self.prefix(), distribution)
    }

    fn prefix(&self) -> &'static str {
        self.ids.first().copied().unwrap_or_default()
    }
}

/// Returns the family of a distribution, if limpid has a feed for it.
pub(crate) fn family(distribution: &Distribution) -> Option<&'static Family> {
    let did = distribution.did.as_str();
    FAMILIES.iter().find(|family| family.ids.contains(&did))
}

/// Returns the distribution that a namespace is about; an empty one when it is about none.
pub(crate) fn of_namespace(namespace: &str) -> Distribution {
    let (id, release) = namespace.split_once(':').unwrap_or_default();
    FAMILIES
        .iter()
        .find(|family| family.prefix() == id)
        .map_or_else(Distribution::default, |family| {
            family.naming.distribution(id, release)
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
            .flat_map(|family| family.ids)
            .copied()
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
            "almalinux:9",
            "amzn:2018.03",
            "amzn:2023",
            "arch:rolling",
            "debian:bookworm",
            "debian:sid",
            "fedora:42",
            "mageia:9",
            "ol:9",
            "openeuler:24.03-LTS-SP1",
            "opensuse-leap:15.6",
            "opensuse-tumbleweed:rolling",
            "photon:5.0",
            "redhat:enterprise_linux:9",
            "sles:15.5",
            "ubuntu:jammy",
            "wolfi:rolling",
        ] {
            let distribution = of_namespace(namespace);
            let family = family(&distribution).unwrap();
            assert_eq!(family.namespaces(&distribution), [namespace]);
        }
        assert_eq!(of_namespace("osv:pypi"), Distribution::default());
    }

    #[test]
    fn the_distribution_of_a_namespace_is_called_as_clair_calls_it() {
        for (namespace, pretty_name) in [
            ("ol:9", "Oracle Linux Server 9"),
            ("amzn:2", "Amazon Linux 2"),
            ("photon:3.0", "VMware Photon OS/Linux"),
            ("ubuntu:jammy", "Ubuntu 22.04"),
            ("opensuse-leap:15.5", "openSUSE Leap 15.5"),
            (
                "redhat:enterprise_linux:9",
                "Red Hat Enterprise Linux Server 9",
            ),
        ] {
            assert_eq!(of_namespace(namespace).pretty_name, pretty_name);
        }
    }
}
