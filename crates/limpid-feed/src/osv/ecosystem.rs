use limpid_types::PackageKind::{self, Binary, Source};
use limpid_version::Scheme::{self, Apk, Dpkg, Rpm};

/// What has to be known of an ecosystem before its advisories mean anything.
#[derive(Debug)]
pub(super) struct Ecosystem {
    /// The name as OSV spells it, without a release.
    pub(super) name: &'static str,
    /// How its versions are compared.
    pub(super) scheme: Scheme,
    /// Whether its package names are those of source or of binary packages.
    pub(super) kind: PackageKind,
    /// The distribution whose own database this is, if it is one.
    pub(super) distribution: Option<Distribution>,
}

/// A distribution that publishes its bulletins as OSV entries and in no better form.
#[derive(Debug)]
pub(super) struct Distribution {
    /// The `ID` of its os-release in lower case, which begins its namespaces.
    pub(super) id: &'static str,
    /// How the ids of bulletins begin that are not about security. There are some in the database.
    pub(super) without_security: &'static [&'static str],
}

/// The ecosystems whose versions can be compared. What the names stand for is in the table of
/// ecosystems in the OSV schema and in the entries themselves.
const ECOSYSTEMS: [Ecosystem; 12] = [
    distribution("AlmaLinux", Rpm, Binary, "almalinux", &["ALBA-", "ALEA-"]),
    ecosystem("Alpine", Apk, Source),
    ecosystem("Chainguard", Apk, Source),
    ecosystem("Debian", Dpkg, Source),
    distribution("Mageia", Rpm, Source, "mageia", &["MGAA-"]),
    ecosystem("Red Hat", Rpm, Binary),
    distribution("Rocky Linux", Rpm, Source, "rocky", &["RLBA-", "RLEA-"]),
    ecosystem("SUSE", Rpm, Source),
    ecosystem("Ubuntu", Dpkg, Source),
    ecosystem("Wolfi", Apk, Source),
    distribution("openEuler", Rpm, Source, "openeuler", &[]),
    ecosystem("openSUSE", Rpm, Source),
];

const fn ecosystem(name: &'static str, scheme: Scheme, kind: PackageKind) -> Ecosystem {
    Ecosystem {
        name,
        scheme,
        kind,
        distribution: None,
    }
}

const fn distribution(
    name: &'static str,
    scheme: Scheme,
    kind: PackageKind,
    id: &'static str,
    without_security: &'static [&'static str],
) -> Ecosystem {
    Ecosystem {
        name,
        scheme,
        kind,
        distribution: Some(Distribution {
            id,
            without_security,
        }),
    }
}

impl Ecosystem {
    /// Finds an ecosystem by its name in any case.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ECOSYSTEMS
            .iter()
            .find(|ecosystem| ecosystem.name.eq_ignore_ascii_case(name))
    }

    /// Returns the ecosystems that are the databases of distributions.
    pub(super) fn of_distributions() -> impl Iterator<Item = &'static Self> {
        ECOSYSTEMS
            .iter()
            .filter(|ecosystem| ecosystem.distribution.is_some())
    }

    /// Returns the name in the form that names of feeds have.
    pub(super) fn feed_name(&self) -> String {
        format!("osv/{}", self.name.to_lowercase().replace(' ', "-"))
    }

    /// Returns the namespace of an ecosystem string, which may carry a release (`Debian:12`); none
    /// when it is another ecosystem's. The release of a distribution keeps its case; without one
    /// nothing is said about any image.
    pub(super) fn namespace(&self, text: &str) -> Option<Result<String, &'static str>> {
        let (name, release) = text.split_once(':').unwrap_or((text, ""));
        if name != self.name {
            return None;
        }
        Some(match &self.distribution {
            None => Ok(format!("osv:{}", text.to_lowercase())),
            Some(_) if release.is_empty() => Err("no release in the ecosystem"),
            Some(distribution) => Ok(format!("{}:{release}", distribution.id)),
        })
    }
}
