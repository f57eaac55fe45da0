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
}

/// The ecosystems whose versions can be compared. What the names stand for is in the table of
/// ecosystems in the OSV schema and in the entries themselves.
const ECOSYSTEMS: [Ecosystem; 12] = [
    ecosystem("AlmaLinux", Rpm, Binary),
    ecosystem("Alpine", Apk, Source),
    ecosystem("Chainguard", Apk, Source),
    ecosystem("Debian", Dpkg, Source),
    ecosystem("Mageia", Rpm, Source),
    ecosystem("Red Hat", Rpm, Binary),
    ecosystem("Rocky Linux", Rpm, Source),
    ecosystem("SUSE", Rpm, Source),
    ecosystem("Ubuntu", Dpkg, Source),
    ecosystem("Wolfi", Apk, Source),
    ecosystem("openEuler", Rpm, Source),
    ecosystem("openSUSE", Rpm, Source),
];

const fn ecosystem(name: &'static str, scheme: Scheme, kind: PackageKind) -> Ecosystem {
    Ecosystem { name, scheme, kind }
}

impl Ecosystem {
    /// Finds an ecosystem by its name in any case.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ECOSYSTEMS
            .iter()
            .find(|ecosystem| ecosystem.name.eq_ignore_ascii_case(name))
    }

    /// Returns the namespace of an ecosystem string, which may carry a release (`Debian:12`); none
    /// when it is another ecosystem's.
    pub(super) fn namespace(&self, text: &str) -> Option<String> {
        let name = text.split(':').next().unwrap_or_default();
        (name == self.name).then(|| format!("osv:{}", text.to_lowercase()))
    }
}
