use std::cmp::Ordering;

use super::Evr;
use crate::scheme::read;
use crate::{Scheme, VersionError};

/// Architectures that end a package name; anything else after the last dot is part of the release.
///
/// Sorted, as the search is binary.
const ARCHITECTURES: [&str; 30] = [
    "aarch64",
    "amd64",
    "armv5tel",
    "armv6hl",
    "armv6l",
    "armv7hl",
    "armv7hnl",
    "armv7l",
    "i386",
    "i486",
    "i586",
    "i686",
    "ia64",
    "loongarch64",
    "mips64el",
    "noarch",
    "nosrc",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc64",
    "src",
    "x86_64",
    "x86_64_v2",
    "x86_64_v3",
    "x86_64_v4",
];

/// A package with its name, version and architecture in one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nevra<'a> {
    /// The name of the package.
    pub name: Option<&'a str>,
    /// Its epoch, version and release.
    pub evr: Evr<'a>,
    /// The architecture it was built for; `src` for source packages.
    pub architecture: Option<&'a str>,
}

impl<'a> Nevra<'a> {
    /// Reads `[name-][epoch:]version-release[.architecture][.rpm]`.
    ///
    /// The release has to be there: without it a name could not be told from a version.
    pub fn parse(text: &'a str) -> Result<Self, VersionError> {
        read(Scheme::Rpm, text, |text| {
            Self::split(text).ok_or("no release")
        })
    }

    /// Orders by name, version and architecture; absent ones come first.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.name
            .cmp(&other.name)
            .then_with(|| self.evr.compare(&other.evr))
            .then_with(|| self.architecture.cmp(&other.architecture))
    }

    fn split(text: &'a str) -> Option<Self> {
        let text = text.strip_suffix(".rpm").unwrap_or(text);
        let (text, architecture) = match text.rsplit_once('.') {
            Some((rest, end)) if ARCHITECTURES.binary_search(&end).is_ok() => (rest, Some(end)),
            _ => (text, None),
        };
        let (front, _release) = text.rsplit_once('-')?;
        let (name, evr) = match front.rsplit_once('-') {
            Some((name, _version)) => (Some(name), text.get(name.len() + 1..)?),
            None => (None, text),
        };
        Some(Self {
            name,
            evr: Evr::split(evr),
            architecture,
        })
    }
}
