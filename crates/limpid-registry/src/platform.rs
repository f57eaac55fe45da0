use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::SourceError;

/// An operating system and a processor, as `os/architecture[/variant]`.
///
/// Spellings are unified when a platform is made: `x86_64` is `amd64`, `aarch64` and `arm64/v8` are
/// `arm64`, `arm` without a variant is `arm/v7`, `amd64/v1` is `amd64`. Two platforms that mean the
/// same therefore compare equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// Which image of an index to take, and how strictly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformChoice {
    /// Nobody asked: prefer this platform, but take the only image there is whatever its platform.
    Default(Platform),
    /// Somebody asked for this platform: nothing else will do.
    Explicit(Platform),
}

/// Why a text is not a platform.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid platform, expected OS/ARCHITECTURE[/VARIANT]: {0:?}")]
pub struct PlatformError(String);

impl Platform {
    /// Makes a platform from its parts, as they stand in an image's documents.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, implied) = match architecture {
            "x86_64" | "x86-64" => ("amd64", None),
            "i386" | "i686" | "x86" => ("386", None),
            "aarch64" => ("arm64", None),
            "armhf" => ("arm", Some("v7")),
            "armel" => ("arm", Some("v6")),
            "powerpc64le" => ("ppc64le", None),
            "loongarch64" => ("loong64", None),
            other => (other, None),
        };
        let variant = variant.filter(|variant| !variant.is_empty()).or(implied);
        let variant = match (architecture, variant) {
            ("arm64", Some("8" | "v8")) | ("amd64", Some("v1")) => None,
            ("arm", None) => Some("v7".to_owned()),
            ("arm", Some(digit @ ("5" | "6" | "7" | "8"))) => Some(format!("v{digit}")),
            (_, variant) => variant.map(str::to_owned),
        };
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant,
        }
    }

    /// Returns the Linux platform of a machine whose architecture Rust names so
    /// (`std::env::consts::ARCH`). That constant hides the byte order of the POWER family, whose
    /// images are little-endian.
    pub fn of_machine(architecture: &str) -> Self {
        let architecture = match architecture {
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self::new("linux", architecture, None)
    }

    /// Returns the operating system.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// Returns the processor architecture, in Go's spelling.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Returns the variant of the architecture, when it is not the usual one.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Returns the platforms whose programs this one runs, best first, beginning with itself.
    ///
    /// The order is the one in which containerd picks: a lower variant of the same architecture
    /// before the 32-bit sibling.
    fn runs(&self) -> Vec<Self> {
        let variant = self.variant.as_deref().unwrap_or_default();
        let (own, sibling): (&[&str], &[(&str, &str)]) = match (self.architecture.as_str(), variant)
        {
            ("amd64", "") => (&[""], &[("386", "")]),
            ("amd64", "v2") => (&["v2", ""], &[("386", "")]),
            ("amd64", "v3") => (&["v3", "v2", ""], &[("386", "")]),
            ("amd64", "v4") => (&["v4", "v3", "v2", ""], &[("386", "")]),
            ("arm", "v8") => (&["v8", "v7", "v6", "v5"], &[]),
            ("arm", "v7") => (&["v7", "v6", "v5"], &[]),
            ("arm", "v6") => (&["v6", "v5"], &[]),
            ("arm64", "") => (
                &[""],
                &[("arm", "v8"), ("arm", "v7"), ("arm", "v6"), ("arm", "v5")],
            ),
            ("arm64", _) => return vec![self.clone(), Self::new(&self.os, "arm64", None)],
            _ => return vec![self.clone()],
        };
        let own = own.iter().map(|&variant| (self.architecture(), variant));
        own.chain(sibling.iter().copied())
            .map(|(architecture, variant)| Self::new(&self.os, architecture, Some(variant)))
            .collect()
    }
}

impl PlatformChoice {
    /// Returns the platform that is asked for or preferred.
    pub fn platform(&self) -> &Platform {
        match self {
            Self::Default(platform) | Self::Explicit(platform) => platform,
        }
    }

    /// Tells whether only this platform will do.
    pub fn is_explicit(&self) -> bool {
        matches!(self, Self::Explicit(_))
    }

    /// Returns how well an offered platform fits, 0 being best; `None` when it does not fit.
    ///
    /// An explicit choice never crosses to another architecture: who asks for `amd64` does not
    /// want the findings of a `386` image.
    pub fn rank(&self, offered: &Platform) -> Option<usize> {
        let wanted = self.platform();
        wanted
            .runs()
            .iter()
            .filter(|able| !self.is_explicit() || able.architecture == wanted.architecture)
            .position(|able| able == offered)
    }

    /// Refuses the platform of the only image there is, if somebody asked for another one.
    pub(crate) fn check(&self, found: Option<&Platform>) -> Result<(), SourceError> {
        match found {
            Some(found) if self.is_explicit() && self.rank(found).is_none() => {
                Err(SourceError::NoPlatform {
                    wanted: self.platform().clone(),
                    available: vec![found.to_string()],
                })
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let sound = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        };
        match parts.as_slice() {
            [os, architecture] if parts.iter().all(sound) => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] if parts.iter().all(sound) => {
                Ok(Self::new(os, architecture, Some(variant)))
            }
            _ => Err(PlatformError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_platform_are_equal() {
        for (text, unified) in [
            ("linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/arm/6", "linux/arm/v6"),
        ] {
            assert_eq!(platform(text).to_string(), unified);
        }
        assert_eq!(
            Platform::of_machine("powerpc64").to_string(),
            "linux/ppc64le"
        );
        assert_eq!(Platform::of_machine("x86_64").to_string(), "linux/amd64");
    }

    #[test]
    fn malformed_platforms_are_refused() {
        for text in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "linux/amd64/v2/x",
            "li nux/a",
        ] {
            assert!(text.parse::<Platform>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_machine_prefers_its_own_variant_then_lower_ones_then_the_sibling() {
        let check = |wanted: &str, best_first: &[&str]| {
            let choice = PlatformChoice::Default(platform(wanted));
            let ranks: Vec<_> = best_first
                .iter()
                .map(|offered| choice.rank(&platform(offered)))
                .collect();
            assert!(ranks.iter().all(Option::is_some), "{wanted}: {ranks:?}");
            assert!(ranks.is_sorted(), "{wanted}: {ranks:?}");
        };
        check(
            "linux/amd64/v3",
            &["linux/amd64/v3", "linux/amd64", "linux/386"],
        );
        check(
            "linux/arm64",
            &["linux/arm64", "linux/arm/v8", "linux/arm/v5"],
        );
        check("linux/arm64/v9", &["linux/arm64/v9", "linux/arm64"]);
        check(
            "linux/arm/v7",
            &["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"],
        );
    }

    #[test]
    fn what_a_machine_cannot_run_does_not_fit() {
        for (wanted, offered) in [
            ("linux/arm/v6", "linux/arm/v7"),
            ("linux/amd64", "linux/amd64/v2"),
            ("linux/amd64", "windows/amd64"),
            ("linux/386", "linux/amd64"),
            ("linux/s390x", "linux/ppc64le"),
        ] {
            let choice = PlatformChoice::Default(platform(wanted));
            assert_eq!(choice.rank(&platform(offered)), None, "{wanted} {offered}");
        }
    }

    #[test]
    fn an_explicit_choice_stays_with_its_architecture() {
        let explicit = PlatformChoice::Explicit(platform("linux/amd64/v2"));
        assert_eq!(explicit.rank(&platform("linux/386")), None);
        assert_eq!(explicit.rank(&platform("linux/amd64")), Some(1));
    }
}
