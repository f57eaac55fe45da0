use limpid_detect::distribution::recognise;
use limpid_types::{Distribution, ReleaseFile};

/// How the releases of a distribution are called in the namespaces of its advisories.
#[derive(Debug)]
pub(crate) enum Naming {
    /// By the whole version: `fedora:42`, `sles:15.5`.
    Version,
    /// By the first part of the version: `almalinux:9`.
    Major,
    /// There is one release, which always changes: `arch:rolling`.
    Rolling,
    /// In a way of its own.
    Own {
        /// Gives the namespaces that a release may be judged by, the best first.
        namespaces: fn(&Distribution) -> Vec<String>,
        /// Gives the distribution that a namespace speaks of, from the part behind the colon.
        distribution: fn(&str) -> Distribution,
    },
}

const ROLLING: &str = "rolling";

impl Naming {
    /// Gives the namespaces of a release.
    pub(super) fn namespaces(&self, prefix: &str, distribution: &Distribution) -> Vec<String> {
        let version = version(distribution);
        let release = match self {
            Self::Version => version,
            Self::Major => version.split(['.', '-']).next().unwrap_or_default(),
            Self::Rolling => ROLLING,
            Self::Own { namespaces, .. } => return namespaces(distribution),
        };
        if release.is_empty() {
            return Vec::new();
        }
        vec![format!("{prefix}:{release}")]
    }

    /// Gives the distribution of a namespace, with the words that an image of it gets.
    pub(super) fn distribution(&self, id: &str, release: &str) -> Distribution {
        match self {
            Self::Own { distribution, .. } => distribution(release),
            Self::Rolling => of_release(id, ""),
            Self::Version | Self::Major => of_release(id, release),
        }
    }
}

/// Returns the version by which a release is known: `VERSION_ID`, which Clair's reports leave out
/// here and there, or else the version for people.
pub(super) fn version(distribution: &Distribution) -> &str {
    let version = if distribution.version_id.is_empty() {
        &distribution.version
    } else {
        &distribution.version_id
    };
    version.split_ascii_whitespace().next().unwrap_or_default()
}

/// Returns the distribution of an image whose os-release says so much.
pub(super) fn of_release(id: &str, version_id: &str) -> Distribution {
    let os_release = ReleaseFile {
        path: "etc/os-release".into(),
        text: format!("ID={id}\nVERSION_ID={version_id}\n"),
    };
    recognise(&[os_release]).unwrap_or_default()
}
