//! Whose a package is that is not the distribution's own.
//!
//! A package that is wrongly taken for somebody else's is not judged, so the table is careful: only
//! what a distribution's own packages never have makes a package somebody else's, and a database in
//! which nothing at all looks like the distribution's own is left alone, because then it is the
//! table that is wrong.

use limpid_types::{DatabaseKind, PackageDatabase, PackageRecord};

/// What the rpm packages of a distribution have.
struct RpmOwner {
    /// Ids of os-release.
    ids: &'static [&'static str],
    /// How the vendor of its own packages begins, in lower case.
    vendors: &'static [&'static str],
    /// Ids of the keys that sign its own packages, where their vendor may be missing.
    keys: &'static [&'static str],
    /// Its packages always have a vendor, so that one without was built by somebody else.
    always_has_vendor: bool,
}

/// Red Hat's keys: <https://access.redhat.com/security/team/key>.
const RED_HAT_KEYS: &[&str] = &[
    "199e2f91fd431d51",
    "219180cddb42a60e",
    "45689c882fa658e0",
    "5054e4a45a6340b3",
    "5326810137017186",
    "938a80caf21541eb",
    "f76f66c3d4082792",
];

const RPM_OWNERS: &[RpmOwner] = &[
    rpm(&["rhel", "hummingbird"], &["red hat"], RED_HAT_KEYS),
    // Judged by Red Hat's data, whose packages it rebuilds.
    rpm(
        &["centos"],
        &["centos", "red hat"],
        &["05b555b38483c65d", "24c6a8a7f4a80eb5"],
    ),
    // The company behind AlmaLinux built the first packages of its release 8.
    rpm(&["almalinux"], &["almalinux", "cloudlinux"], &[]),
    rpm(&["rocky"], &["rocky"], &[]),
    rpm(&["ol"], &["oracle"], &[]),
    rpm(&["amzn"], &["amazon"], &[]),
    rpm(&["fedora"], &["fedora"], &[]),
    rpm(
        &[
            "sles",
            "sled",
            "sle-micro",
            "sle-micro-rancher",
            "suse-micro-rancher",
            "sl-micro",
            "opensuse-leap",
            "opensuse-leap-micro",
            "opensuse-microos",
            "opensuse-tumbleweed",
        ],
        // Projects of the build service have "obs://build.opensuse.org/…".
        &["suse", "opensuse"],
        &[],
    ),
    RpmOwner {
        always_has_vendor: false,
        ..rpm(&["photon"], &["vmware", "broadcom"], &[])
    },
    RpmOwner {
        always_has_vendor: false,
        ..rpm(&["mariner", "azurelinux"], &["microsoft"], &[])
    },
    RpmOwner {
        always_has_vendor: false,
        ..rpm(
            &["openeuler"],
            &["openeuler", "http://openeuler", "https://openeuler"],
            &[],
        )
    },
    RpmOwner {
        always_has_vendor: false,
        ..rpm(&["mageia"], &["mageia"], &[])
    },
];

const fn rpm(
    ids: &'static [&'static str],
    vendors: &'static [&'static str],
    keys: &'static [&'static str],
) -> RpmOwner {
    RpmOwner {
        ids,
        vendors,
        keys,
        always_has_vendor: true,
    }
}

/// Where a package of dpkg or apk has the mark of somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Maintainer,
    Version,
}

/// Marks that packages of others have, in lower case, and never those of Debian, Ubuntu or Alpine.
const OTHERS: &[(Mark, &str, &str)] = &[
    (Mark::Maintainer, "@adoptium.net", "Adoptium"),
    (Mark::Maintainer, "@azul.com", "Azul"),
    (Mark::Maintainer, "@datadoghq.com", "Datadog"),
    (Mark::Maintainer, "@docker.com", "Docker"),
    (Mark::Maintainer, "@elastic.co", "Elastic"),
    (Mark::Maintainer, "@f5.com", "nginx"),
    (Mark::Maintainer, "@gitlab.com", "GitLab"),
    (Mark::Maintainer, "@grafana.com", "Grafana"),
    (Mark::Maintainer, "@hashicorp.com", "HashiCorp"),
    (Mark::Maintainer, "@microsoft.com", "Microsoft"),
    (Mark::Maintainer, "@nginx.com", "nginx"),
    (Mark::Maintainer, "@nodesource.com", "NodeSource"),
    (Mark::Maintainer, "cudatools@nvidia.com", "NVIDIA"),
    (Mark::Maintainer, "@percona.com", "Percona"),
    (Mark::Maintainer, "chrome linux team", "Google"),
    (Mark::Maintainer, "mongodb packaging", "MongoDB"),
    (Mark::Maintainer, "mysql-build@oss.oracle.com", "MySQL"),
    (Mark::Maintainer, "yarn developers", "Yarn"),
    (Mark::Version, "+deb.sury.org", "sury.org"),
    (Mark::Version, "+maria~", "MariaDB"),
    (Mark::Version, "-1nodesource", "NodeSource"),
    (Mark::Version, ".pgdg", "PostgreSQL"),
];

/// Tells of each package of a database whose it is, when it is not the distribution's own.
pub(super) struct ThirdParty<'a> {
    did: &'a str,
    rpm: Option<&'static RpmOwner>,
}

impl<'a> ThirdParty<'a> {
    /// Prepares for a database of a distribution, by the id of os-release.
    pub(super) fn of(database: &PackageDatabase, did: &'a str) -> Self {
        let rpm = RPM_OWNERS
            .iter()
            .find(|owner| database.kind.is_rpm() && owner.ids.contains(&did))
            .filter(|owner| database.packages.iter().any(|record| owner.owns(record)));
        Self { did, rpm }
    }

    /// Returns whose a package is; none for the distribution's own, and where it cannot be told.
    pub(super) fn owner(&self, record: &PackageRecord, kind: DatabaseKind) -> Option<String> {
        match kind {
            DatabaseKind::RpmSqlite | DatabaseKind::RpmBdb | DatabaseKind::RpmNdb => {
                self.rpm.and_then(|owner| owner.stranger(record))
            }
            DatabaseKind::Dpkg | DatabaseKind::DpkgDistroless => match self.did {
                "debian" => by_origin(record, &["debian"]).or_else(|| by_mark(record)),
                "ubuntu" => by_origin(record, &["ubuntu", "debian"])
                    .or_else(|| by_mark(record))
                    .or_else(|| by_archive(record)),
                _ => None,
            },
            DatabaseKind::Apk if self.did == "alpine" => by_mark(record),
            DatabaseKind::Pacman if self.did == "arch" => {
                // What makepkg writes unless it is told who builds.
                (record.maintainer == "Unknown Packager").then(|| "built locally".to_owned())
            }
            DatabaseKind::Portage if self.did == "gentoo" => {
                let overlay = Some(&record.vendor).filter(|name| !name.is_empty());
                overlay
                    .filter(|name| *name != "gentoo")
                    .map(|name| format!("overlay {name:?}"))
            }
            DatabaseKind::Apk
            | DatabaseKind::Pacman
            | DatabaseKind::Portage
            | DatabaseKind::Chisel
            | DatabaseKind::LanguagePackage
            | DatabaseKind::LockFile
            | DatabaseKind::Executable
            | DatabaseKind::Bottlerocket => None,
        }
    }
}

impl RpmOwner {
    fn owns(&self, record: &PackageRecord) -> bool {
        let vendor = record.vendor.to_ascii_lowercase();
        self.vendors.iter().any(|own| vendor.starts_with(own))
            || (vendor.is_empty() && self.keys.contains(&record.signature_key.as_str()))
    }

    fn stranger(&self, record: &PackageRecord) -> Option<String> {
        if self.owns(record) {
            return None;
        }
        if !record.vendor.is_empty() {
            let is_epel = record.vendor == "Fedora Project" && has_release_of(record, ".el");
            let note = if is_epel { " (EPEL)" } else { "" };
            return Some(format!("vendor {:?}{note}", record.vendor));
        }
        if !self.always_has_vendor {
            return None;
        }
        Some(match record.signature_key.as_str() {
            "" => "neither vendor nor signature".to_owned(),
            key => format!("signed by key {key}"),
        })
    }
}

/// Tells whether the release of an rpm says for which distribution it was built: `1.el9`.
fn has_release_of(record: &PackageRecord, mark: &str) -> bool {
    let release = record.version.rsplit('-').next().unwrap_or_default();
    release.contains(mark)
}

fn by_origin(record: &PackageRecord, own: &[&str]) -> Option<String> {
    let origin = record.vendor.to_ascii_lowercase();
    let is_own = own.iter().any(|own| origin.starts_with(own));
    (!origin.is_empty() && !is_own).then(|| format!("origin {:?}", record.vendor))
}

fn by_mark(record: &PackageRecord) -> Option<String> {
    let maintainer = record.maintainer.to_ascii_lowercase();
    let version = record.version.to_ascii_lowercase();
    OTHERS
        .iter()
        .find(|(mark, text, _)| match mark {
            Mark::Maintainer => maintainer.contains(text),
            Mark::Version => version.contains(text),
        })
        .map(|(mark, _, whose)| match mark {
            Mark::Maintainer => format!("maintained by {whose}"),
            Mark::Version => format!("built by {whose}"),
        })
}

/// Personal package archives mark their versions: `1.2-0ubuntu1~ppa1`, `1.2+ppa3~jammy`.
fn by_archive(record: &PackageRecord) -> Option<String> {
    let version = record.version.to_ascii_lowercase();
    let is_marked = ["~ppa", "+ppa", "-ppa"]
        .iter()
        .any(|mark| version.contains(mark));
    is_marked.then(|| "built in a personal package archive".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rpm(vendor: &str, version: &str, key: &str) -> PackageRecord {
        PackageRecord {
            name: "a".into(),
            version: version.into(),
            vendor: vendor.into(),
            signature_key: key.into(),
            ..PackageRecord::default()
        }
    }

    fn deb(maintainer: &str, origin: &str, version: &str) -> PackageRecord {
        PackageRecord {
            name: "a".into(),
            version: version.into(),
            vendor: origin.into(),
            maintainer: maintainer.into(),
            ..PackageRecord::default()
        }
    }

    /// Tells whose the last of the packages is.
    #[track_caller]
    fn check(did: &str, kind: DatabaseKind, packages: Vec<PackageRecord>, expected: &str) {
        let database = PackageDatabase {
            path: String::new(),
            kind,
            packages,
            readable: true,
        };
        let third_party = ThirdParty::of(&database, did);
        let last = database.packages.last().unwrap();
        let owner = third_party.owner(last, kind).unwrap_or_default();
        assert_eq!(owner, expected, "{did}: {last:?}");
    }

    const OWN: [(&str, &str); 15] = [
        ("rhel", "Red Hat, Inc."),
        ("centos", "CentOS"),
        ("almalinux", "AlmaLinux"),
        ("almalinux", "CloudLinux"),
        ("rocky", "Rocky Enterprise Software Foundation"),
        ("ol", "Oracle America"),
        ("amzn", "Amazon Linux"),
        ("fedora", "Fedora Project"),
        ("sles", "SUSE LLC <https://www.suse.com/>"),
        ("opensuse-leap", "openSUSE"),
        ("opensuse-tumbleweed", "openSUSE"),
        ("photon", "VMware, Inc."),
        ("azurelinux", "Microsoft Corporation"),
        ("openeuler", "http://openeuler.org"),
        ("mageia", "Mageia.Org"),
    ];

    #[test]
    fn packages_of_the_distribution_itself_are_its_own() {
        for (did, vendor) in OWN {
            check(
                did,
                DatabaseKind::RpmSqlite,
                vec![rpm(vendor, "1-1", "")],
                "",
            );
        }
        check(
            "rhel",
            DatabaseKind::RpmSqlite,
            vec![rpm("", "1-1", "199e2f91fd431d51")],
            "",
        );
    }

    #[test]
    fn epel_and_other_vendors_are_recognised_on_every_distribution() {
        for (did, own) in OWN {
            let own = rpm(own, "1-1.el9", "");
            if did != "fedora" {
                let epel = rpm("Fedora Project", "1-1.el9", "");
                check(
                    did,
                    DatabaseKind::RpmSqlite,
                    vec![own.clone(), epel],
                    "vendor \"Fedora Project\" (EPEL)",
                );
            }
            let docker = rpm("Docker <support@docker.com>", "3:27-1.el9", "");
            check(
                did,
                DatabaseKind::RpmBdb,
                vec![own, docker],
                "vendor \"Docker <support@docker.com>\"",
            );
        }
    }

    #[test]
    fn a_package_without_a_vendor_is_strange_only_where_all_have_one() {
        let own = rpm("Red Hat, Inc.", "1-1.el9", "");
        let signed = rpm("", "1-1", "7fa2af80f576e5c6");
        check(
            "rhel",
            DatabaseKind::RpmNdb,
            vec![own.clone(), signed],
            "signed by key 7fa2af80f576e5c6",
        );
        let local = rpm("", "1-1", "");
        check(
            "rhel",
            DatabaseKind::RpmNdb,
            vec![own, local.clone()],
            "neither vendor nor signature",
        );
        let own = rpm("VMware, Inc.", "1-1.ph5", "");
        check("photon", DatabaseKind::RpmSqlite, vec![own, local], "");
    }

    #[test]
    fn a_database_in_which_nothing_is_the_distributions_own_is_left_alone() {
        let packages = vec![rpm("Renamed Inc.", "1-1", ""), rpm("Other", "1-1", "")];
        check("photon", DatabaseKind::RpmSqlite, packages, "");
        check(
            "virtuozzo",
            DatabaseKind::RpmSqlite,
            vec![rpm("X", "1-1", "")],
            "",
        );
    }

    #[test]
    fn packages_of_other_archives_are_recognised_on_debian_and_ubuntu() {
        let cases = [
            (
                deb("Docker <support@docker.com>", "", "5:27.1-1~debian"),
                "maintained by Docker",
            ),
            (
                deb(
                    "Debian PostgreSQL Maintainers <a@b>",
                    "",
                    "16.4-1.pgdg120+1",
                ),
                "built by PostgreSQL",
            ),
            (
                deb("cudatools <cudatools@nvidia.com>", "", "12.4"),
                "maintained by NVIDIA",
            ),
            (
                deb("Ivan Iguaran <ivan@x>", "", "20.1-1nodesource1"),
                "built by NodeSource",
            ),
            (
                deb("NGINX Packaging <nginx-packaging@f5.com>", "", "1.27.0"),
                "maintained by nginx",
            ),
            (
                deb("A <a@b>", "Google Cloud", "1"),
                "origin \"Google Cloud\"",
            ),
            (
                deb(
                    "Debian GCC Maintainers <debian-gcc@lists.debian.org>",
                    "",
                    "12.2.0-14",
                ),
                "",
            ),
            (
                deb("Debian Nginx Maintainers <pkg-nginx@x>", "debian", "1.22"),
                "",
            ),
        ];
        for (record, expected) in cases {
            for did in ["debian", "ubuntu"] {
                check(did, DatabaseKind::Dpkg, vec![record.clone()], expected);
            }
        }
        let ubuntu = deb("Ubuntu Developers <u@u>", "Ubuntu", "1.2-3ubuntu0.1+esm2");
        check("ubuntu", DatabaseKind::Dpkg, vec![ubuntu], "");
        let ppa = deb("A <a@b>", "", "1.2-3~ppa1");
        check(
            "ubuntu",
            DatabaseKind::Dpkg,
            vec![ppa],
            "built in a personal package archive",
        );
    }

    #[test]
    fn what_was_built_locally_or_in_an_overlay_is_told_on_arch_and_gentoo() {
        let local = deb("Unknown Packager", "", "1-1");
        check("arch", DatabaseKind::Pacman, vec![local], "built locally");
        let packaged = deb("A B <a@archlinux.org>", "", "1-1");
        check("arch", DatabaseKind::Pacman, vec![packaged], "");
        let overlay = deb("", "guru", "1");
        check(
            "gentoo",
            DatabaseKind::Portage,
            vec![overlay],
            "overlay \"guru\"",
        );
        check(
            "gentoo",
            DatabaseKind::Portage,
            vec![deb("", "gentoo", "1")],
            "",
        );
    }
}
