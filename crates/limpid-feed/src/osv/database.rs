use limpid_types::Ecosystem;
use limpid_types::PackageKind::{self, Binary, Source};
use limpid_version::Scheme;

use super::releases;

/// One of OSV's databases, and what has to be known of it before its entries mean anything.
#[derive(Debug)]
pub(crate) struct Database {
    /// The ecosystem as OSV spells it, without a release.
    pub(crate) name: &'static str,
    /// How its versions are compared.
    pub(crate) scheme: Scheme,
    /// Whether its package names are those of source or of binary packages.
    pub(crate) kind: PackageKind,
    /// Whose packages it is about.
    pub(crate) subject: Subject,
}

/// Whose packages a database is about.
#[derive(Debug)]
pub(crate) enum Subject {
    /// Those of a programming language.
    Language(Ecosystem),
    /// Those of a distribution that publishes its bulletins as entries and in no better form.
    Distribution(Distribution),
    /// Those of a distribution that publishes its bulletins in another form, with what its
    /// releases are called in namespaces. Only advisories of one's own are read of it.
    Release(fn(&str) -> Option<String>),
}

/// What is particular about the bulletins of a distribution.
#[derive(Debug)]
pub(crate) struct Distribution {
    /// The `ID` of its os-release in lower case, which begins its namespaces.
    pub(crate) id: &'static str,
    /// How the ids of bulletins begin that are not about security. There are some in the database.
    pub(crate) without_security: &'static [&'static str],
}

/// The databases that something in an image is judged by. What the names stand for is in the table
/// of ecosystems in the OSV schema and in the entries themselves.
///
/// The databases of the other distributions repeat what these publish in forms that say more, and
/// nothing is judged by them.
const DATABASES: [Database; 21] = [
    distribution("AlmaLinux", Binary, "almalinux", &["ALBA-", "ALEA-"]),
    language("Bioconductor", Ecosystem::Bioconductor, Scheme::Cran),
    language("Bitnami", Ecosystem::Program, Scheme::Semver),
    language("CRAN", Ecosystem::Cran, Scheme::Cran),
    language("ConanCenter", Ecosystem::Conan, Scheme::Semver),
    language("Go", Ecosystem::Go, Scheme::Go),
    language("Hackage", Ecosystem::Hackage, Scheme::Hackage),
    language("Hex", Ecosystem::Hex, Scheme::Semver),
    language("Julia", Ecosystem::Julia, Scheme::Semver),
    distribution("Mageia", Source, "mageia", &["MGAA-"]),
    language("Maven", Ecosystem::Maven, Scheme::Maven),
    language("NuGet", Ecosystem::Nuget, Scheme::Nuget),
    language("Packagist", Ecosystem::Packagist, Scheme::Composer),
    language("Pub", Ecosystem::Pub, Scheme::Pub),
    language("PyPI", Ecosystem::Pypi, Scheme::Pep440),
    distribution("Rocky Linux", Source, "rocky", &["RLBA-", "RLEA-"]),
    language("RubyGems", Ecosystem::Rubygems, Scheme::Gem),
    language("SwiftURL", Ecosystem::Swift, Scheme::Semver),
    language("crates.io", Ecosystem::Crates, Scheme::Semver),
    language("npm", Ecosystem::Npm, Scheme::Npm),
    distribution("openEuler", Source, "openeuler", &[]),
];

/// The other distributions that advisories of one's own can be about.
const OTHERS: [Database; 6] = [
    other("Alpine", Scheme::Apk, releases::alpine),
    other("Chainguard", Scheme::Apk, releases::chainguard),
    other("Debian", Scheme::Dpkg, releases::debian),
    other("MinimOS", Scheme::Apk, releases::minimos),
    other("Ubuntu", Scheme::Dpkg, releases::ubuntu),
    other("Wolfi", Scheme::Apk, releases::wolfi),
];

const fn language(name: &'static str, ecosystem: Ecosystem, scheme: Scheme) -> Database {
    Database {
        name,
        scheme,
        kind: Binary,
        subject: Subject::Language(ecosystem),
    }
}

const fn distribution(
    name: &'static str,
    kind: PackageKind,
    id: &'static str,
    without_security: &'static [&'static str],
) -> Database {
    Database {
        name,
        scheme: Scheme::Rpm,
        kind,
        subject: Subject::Distribution(Distribution {
            id,
            without_security,
        }),
    }
}

const fn other(
    name: &'static str,
    scheme: Scheme,
    namespace: fn(&str) -> Option<String>,
) -> Database {
    Database {
        name,
        scheme,
        kind: Source,
        subject: Subject::Release(namespace),
    }
}

impl Database {
    /// Returns all that have a feed.
    pub(crate) fn all() -> &'static [Self] {
        &DATABASES
    }

    /// Finds the database of an ecosystem string, be it one without a feed.
    pub(crate) fn of(ecosystem: &str) -> Option<&'static Self> {
        let mut all = DATABASES.iter().chain(&OTHERS);
        all.find(|database| database.has(ecosystem))
    }

    /// Finds a database with a feed by the name of its ecosystem in any case.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        DATABASES
            .iter()
            .find(|database| database.name.eq_ignore_ascii_case(name))
    }

    /// Returns the name in the form that names of feeds have, which is Clair's: lower case.
    pub(crate) fn feed_name(&self) -> String {
        format!("osv/{}", self.name.to_lowercase().replace(' ', "-"))
    }

    /// Tells whether an ecosystem string is about this database. It may go on behind a colon:
    /// `AlmaLinux:9`, `Maven:https://maven.google.com`.
    pub(crate) fn has(&self, ecosystem: &str) -> bool {
        ecosystem.split(':').next() == Some(self.name)
    }

    /// Returns the namespace of an ecosystem string of this database.
    ///
    /// The release of a distribution keeps its case; without one nothing is said about any image.
    /// Names of packages mean the same in all registries of a language, so that nothing behind the
    /// colon counts.
    pub(crate) fn namespace(&self, ecosystem: &str) -> Result<String, &'static str> {
        let (_, release) = ecosystem.split_once(':').unwrap_or_default();
        match &self.subject {
            Subject::Language(language) => Ok(language.key().to_owned()),
            Subject::Distribution(_) if release.is_empty() => Err("no release in the ecosystem"),
            Subject::Distribution(distribution) => Ok(format!("{}:{release}", distribution.id)),
            Subject::Release(namespace) => namespace(release).ok_or("unknown release"),
        }
    }

    /// Returns a package name in the form in which names are compared. Some names have blanks
    /// around them.
    pub(crate) fn package(&self, name: &str) -> String {
        let name = name.trim();
        match &self.subject {
            Subject::Language(language) => language.normalize(name).into_owned(),
            Subject::Distribution(_) | Subject::Release(_) => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_database_of_its_name() {
        for language in Ecosystem::all() {
            let database = Database::find(language.osv()).unwrap();
            assert_eq!(database.name, language.osv());
            assert!(matches!(database.subject, Subject::Language(found) if found == language));
            assert_eq!(database.namespace(language.osv()).unwrap(), language.key());
        }
    }

    #[test]
    fn a_registry_of_its_own_is_no_ecosystem_of_its_own() {
        let maven = Database::find("maven").unwrap();
        assert!(maven.has("Maven:https://maven.google.com"));
        assert!(!maven.has("Mavenish"));
        assert_eq!(
            maven.namespace("Maven:https://maven.google.com").unwrap(),
            "maven"
        );
    }
}
