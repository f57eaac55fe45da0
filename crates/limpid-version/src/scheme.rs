use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::SortKey;

/// One version of a scheme: a view of its text, nothing copied.
pub(crate) trait Version<'a>: Sized {
    /// Reads a version; the error says what is wrong with the text.
    ///
    /// The text is not empty and holds neither blanks nor control characters.
    fn read(text: &'a str) -> Result<Self, &'static str>;

    /// Orders two versions totally.
    fn compare(&self, other: &Self) -> Ordering;

    /// Makes the key whose byte order is that of `compare`.
    fn sort_key(&self) -> Option<SortKey>;

    /// Orders this version against the end of a range.
    fn compare_bound(&self, bound: &Self) -> Ordering {
        self.compare(bound)
    }
}

/// Reads the text of a version with a reader of its scheme, ignoring blanks around it.
pub(crate) fn read<'a, T>(
    scheme: Scheme,
    text: &'a str,
    reader: impl FnOnce(&'a str) -> Result<T, &'static str>,
) -> Result<T, VersionError> {
    let trimmed = text.trim_ascii();
    let version = if trimmed.is_empty() {
        Err("empty")
    } else if trimmed.bytes().any(|b| b == b' ' || b.is_ascii_control()) {
        Err("blank or control character inside")
    } else {
        reader(trimmed)
    };
    version.map_err(|cause| VersionError {
        scheme,
        version: text.to_owned(),
        cause,
    })
}

/// Declares the schemes from lines of variant, name and type of a version.
macro_rules! schemes {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $version:ty;)*) => {
        /// How an ecosystem writes and orders versions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Scheme {
            $($(#[$doc])* $variant,)*
        }

        impl Scheme {
            /// Every scheme.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name used in configuration, files and messages.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Compares two versions; the order is total, but see [`Scheme::is_transitive`].
            pub fn compare(self, left: &str, right: &str) -> Result<Ordering, VersionError> {
                Ok(match self {
                    $(Self::$variant => {
                        let left = read(self, left, <$version>::read)?;
                        left.compare(&read(self, right, <$version>::read)?)
                    })*
                })
            }

            /// Compares a version with the end of a range.
            ///
            /// This differs from [`Scheme::compare`] where a range may name
            /// less than a whole version: an rpm bound without a release
            /// stands for every release of its version.
            pub fn compare_bound(self, version: &str, bound: &str) -> Result<Ordering, VersionError> {
                Ok(match self {
                    $(Self::$variant => {
                        let version = read(self, version, <$version>::read)?;
                        version.compare_bound(&read(self, bound, <$version>::read)?)
                    })*
                })
            }

            /// Makes the key of a version, or none where its scheme has no key for it.
            pub fn sort_key(self, version: &str) -> Result<Option<SortKey>, VersionError> {
                Ok(match self {
                    $(Self::$variant => {
                        read(self, version, <$version>::read)?.sort_key()
                    })*
                })
            }
        }
    };
}

schemes! {
    /// Debian's `[epoch:]upstream[-revision]`, see deb-version(7).
    Dpkg, "dpkg", crate::dpkg::DpkgVersion<'_>;
    /// rpm's `[epoch:]version[-release]`, see rpm-version(7).
    Rpm, "rpm", crate::Evr<'_>;
    /// apk-tools' `number{.number}{letter}{_suffix{number}}{~hash}{-rN}`, see apk-package(5).
    Apk, "apk", crate::ApkVersion<'_>;
    /// Tags of Red Hat's container images, `[v]version[-release]`.
    Rhctag, "rhctag", crate::RhctagVersion<'_>;
    /// pacman's `[epoch:]pkgver[-pkgrel]`, see vercmp(8).
    Alpm, "alpm", crate::alpm::AlpmVersion<'_>;
    /// Gentoo's `number{.number}{letter}{_suffix{number}}{-rN}`, see the Package Manager
    /// Specification, section 3.
    Gentoo, "gentoo", crate::gentoo::GentooVersion<'_>;
    /// Python's `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`, see PEP 440.
    Pep440, "pep440", crate::pep440::Pep440Version<'_>;
    /// Maven's `ComparableVersion`.
    Maven, "maven", crate::maven::MavenVersion<'_>;
    /// Semantic versions, see <https://semver.org>.
    Semver, "semver", crate::semver::SemverVersion<'_>;
    /// npm's versions: semantic versions, as node-semver reads them.
    Npm, "npm", crate::semver::SemverVersion<'_>;
    /// Versions of Ruby's gems, see `Gem::Version`.
    Gem, "gem", crate::gem::GemVersion<'_>;
    /// Versions of Go's modules and of Go itself, see golang.org/x/mod/semver.
    Go, "go", crate::go::GoVersion<'_>;
    /// `NuGet`'s versions: semantic versions with a fourth number.
    Nuget, "nuget", crate::nuget::NugetVersion<'_>;
    /// Versions of PHP's packages, as Composer reads them.
    Composer, "composer", crate::composer::ComposerVersion<'_>;
    /// Versions of R's packages, see R's `package_version`.
    Cran, "cran", crate::cran::CranVersion<'_>;
    /// Versions of Haskell's packages, see the Haskell Package Versioning Policy.
    Hackage, "hackage", crate::hackage::HackageVersion<'_>;
    /// Versions of Dart's packages: semantic versions whose build metadata counts.
    Pub, "pub", crate::pub_dev::PubVersion<'_>;
}

impl Scheme {
    /// Tells whether the order is transitive.
    ///
    /// It is but for Maven, whose own order is not: `1.sp` is below `1-alpha`, that is below `1`, and
    /// `1` is below `1.sp`. Such versions have no sort keys.
    pub const fn is_transitive(self) -> bool {
        !matches!(self, Self::Maven)
    }

    /// Finds a scheme by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|scheme| scheme.name() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, UnknownScheme> {
        Self::from_name(name).ok_or_else(|| UnknownScheme(name.to_owned()))
    }
}

/// A name that no scheme has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown version scheme: {0:?}")]
pub struct UnknownScheme(pub String);

/// A text that is not a version of its scheme.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid {scheme} version, {cause}: {version:?}")]
pub struct VersionError {
    /// The scheme that was asked.
    pub scheme: Scheme,
    /// The text.
    pub version: String,
    /// What is wrong with it.
    pub cause: &'static str,
}
