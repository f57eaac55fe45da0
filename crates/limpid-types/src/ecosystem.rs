use std::borrow::Cow;
use std::fmt;

use limpid_version::Scheme;
use serde::{Deserialize, Serialize};

/// Where packages of a programming language come from, as OSV names it.
///
/// Packages are distinct by ecosystem: `requests` of `PyPI` is another package than that of npm.
/// The names are those of the table of ecosystems in the OSV schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ecosystem {
    /// R's Bioconductor.
    Bioconductor,
    /// C and C++: Conan.
    Conan,
    /// R.
    Cran,
    /// Rust.
    Crates,
    /// Go modules; the standard library is the module `stdlib`, the tools are `toolchain`.
    Go,
    /// Haskell.
    Hackage,
    /// Erlang and Elixir.
    Hex,
    /// Julia.
    Julia,
    /// Java and its relatives; packages are called `group:artifact`.
    Maven,
    /// Node.
    Npm,
    /// .NET.
    Nuget,
    /// PHP's Composer; packages are called `vendor/name`.
    Packagist,
    /// Programs that are known by what their binaries say, with no package manager behind them.
    /// Bitnami's database speaks of programs as such.
    Program,
    /// Dart.
    Pub,
    /// Python.
    Pypi,
    /// Ruby.
    Rubygems,
    /// Swift; packages are called by their address without scheme.
    Swift,
}

/// What the parts of limpid call an ecosystem.
struct Names {
    ecosystem: Ecosystem,
    /// In OSV entries.
    osv: &'static str,
    /// In namespaces of advisories, and as a repository in index reports, where Clair's are kept.
    key: &'static str,
    /// As the type of a package URL.
    purl: &'static str,
}

const NAMES: [Names; 17] = [
    names(
        Ecosystem::Bioconductor,
        "Bioconductor",
        "bioconductor",
        "bioconductor",
    ),
    names(Ecosystem::Conan, "ConanCenter", "conan", "conan"),
    names(Ecosystem::Cran, "CRAN", "cran", "cran"),
    names(Ecosystem::Crates, "crates.io", "crates.io", "cargo"),
    names(Ecosystem::Go, "Go", "go", "golang"),
    names(Ecosystem::Hackage, "Hackage", "hackage", "hackage"),
    names(Ecosystem::Hex, "Hex", "hex", "hex"),
    names(Ecosystem::Julia, "Julia", "julia", "julia"),
    names(Ecosystem::Maven, "Maven", "maven", "maven"),
    names(Ecosystem::Npm, "npm", "npm", "npm"),
    names(Ecosystem::Nuget, "NuGet", "nuget", "nuget"),
    names(Ecosystem::Packagist, "Packagist", "packagist", "composer"),
    names(Ecosystem::Program, "Bitnami", "program", "generic"),
    names(Ecosystem::Pub, "Pub", "pub", "pub"),
    names(Ecosystem::Pypi, "PyPI", "pypi", "pypi"),
    names(Ecosystem::Rubygems, "RubyGems", "rubygems", "gem"),
    names(Ecosystem::Swift, "SwiftURL", "swift", "swift"),
];

const fn names(
    ecosystem: Ecosystem,
    osv: &'static str,
    key: &'static str,
    purl: &'static str,
) -> Names {
    Names {
        ecosystem,
        osv,
        key,
        purl,
    }
}

impl Ecosystem {
    /// Iterates over all of them.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|names| names.ecosystem)
    }

    /// Finds an ecosystem by its name in OSV, in any case.
    pub fn from_osv(name: &str) -> Option<Self> {
        let mut all = NAMES.iter();
        all.find(|names| names.osv.eq_ignore_ascii_case(name))
            .map(|names| names.ecosystem)
    }

    /// Finds an ecosystem by its [`Ecosystem::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        let mut all = NAMES.iter();
        all.find(|names| names.key == key)
            .map(|names| names.ecosystem)
    }

    /// Returns the name that OSV gives it.
    pub fn osv(self) -> &'static str {
        self.names().osv
    }

    /// Returns the name of its repository in index reports (Clair's, where Clair has one) and of
    /// the namespace of its advisories.
    pub fn key(self) -> &'static str {
        self.names().key
    }

    /// Returns the type that package URLs of its packages have.
    pub fn purl_type(self) -> &'static str {
        self.names().purl
    }

    /// Returns how its versions are compared.
    pub fn scheme(self) -> Scheme {
        match self {
            Self::Bioconductor | Self::Cran => Scheme::Cran,
            Self::Go => Scheme::Go,
            Self::Hackage => Scheme::Hackage,
            Self::Maven => Scheme::Maven,
            Self::Npm => Scheme::Npm,
            Self::Nuget => Scheme::Nuget,
            Self::Packagist => Scheme::Composer,
            Self::Pub => Scheme::Pub,
            Self::Pypi => Scheme::Pep440,
            Self::Rubygems => Scheme::Gem,
            Self::Conan | Self::Crates | Self::Hex | Self::Julia | Self::Program | Self::Swift => {
                Scheme::Semver
            }
        }
    }

    /// Returns a package name in the form in which names are compared.
    ///
    /// | ecosystem | form | source |
    /// |---|---|---|
    /// | `PyPI` | lower case, runs of `-`, `_` and `.` as one `-` | PEP 503 |
    /// | `NuGet`, Packagist, Hex, Swift | lower case | the registries ignore case |
    /// | `crates.io` | `_` as `-` | the registry takes both for one name |
    /// | the others | as it is | |
    pub fn normalize(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Pypi => pep503(name),
            Self::Nuget | Self::Packagist | Self::Hex | Self::Swift => lower_case(name),
            Self::Crates if name.contains('_') => Cow::Owned(name.replace('_', "-")),
            _ => Cow::Borrowed(name),
        }
    }

    fn names(self) -> &'static Names {
        // Every ecosystem has its row, see the test.
        NAMES
            .iter()
            .find(|names| names.ecosystem == self)
            .unwrap_or(&NAMES[0])
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.osv())
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_uppercase) {
        Cow::Owned(name.to_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn pep503(name: &str) -> Cow<'_, str> {
    let is_separator = |c: char| matches!(c, '-' | '_' | '.');
    let is_plain = !name.contains(['_', '.']) && !name.contains("--");
    if is_plain {
        return lower_case(name);
    }
    let mut folded = String::with_capacity(name.len());
    for c in name.chars() {
        if !is_separator(c) {
            folded.extend(c.to_lowercase());
        } else if !folded.ends_with('-') {
            folded.push('-');
        }
    }
    Cow::Owned(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ecosystem_is_found_by_each_of_its_names() {
        for ecosystem in Ecosystem::all() {
            assert_eq!(Ecosystem::from_osv(ecosystem.osv()), Some(ecosystem));
            assert_eq!(Ecosystem::from_key(ecosystem.key()), Some(ecosystem));
        }
        assert_eq!(Ecosystem::Swift.osv(), "SwiftURL");
        assert_eq!(Ecosystem::from_osv("Debian"), None);
    }

    #[test]
    fn names_of_python_packages_are_folded_as_pep_503_says() {
        for (name, folded) in [
            ("requests", "requests"),
            ("Flask", "flask"),
            ("zope.interface", "zope-interface"),
            ("ruamel_yaml--clib", "ruamel-yaml-clib"),
            ("A-._B", "a-b"),
        ] {
            assert_eq!(Ecosystem::Pypi.normalize(name), folded);
        }
    }

    #[test]
    fn case_counts_where_the_registry_tells_it_apart() {
        assert_eq!(Ecosystem::Npm.normalize("JSONStream"), "JSONStream");
        assert_eq!(Ecosystem::Maven.normalize("a:B"), "a:B");
        assert_eq!(
            Ecosystem::Nuget.normalize("Newtonsoft.Json"),
            "newtonsoft.json"
        );
        assert_eq!(Ecosystem::Crates.normalize("serde_json"), "serde-json");
    }
}
