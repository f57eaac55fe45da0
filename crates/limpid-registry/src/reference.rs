use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use crate::SourceError;

/// Where an image is, as a person writes it: `SCHEME:PATH`, or a bare path.
///
/// | Form | Meaning |
/// |---|---|
/// | `docker-archive:FILE[:TAG]` | what `docker save` writes, compressed or not |
/// | `oci:DIR[:TAG\|@DIGEST]` | an OCI image layout |
/// | `oci-archive:FILE[:TAG\|@DIGEST]` | an OCI image layout in a tar archive |
/// | `dir:PATH` | a root file system |
/// | `layer:FILE` | one layer; several of them, base first, form one image |
/// | `PATH` | any of these, recognised by content |
///
/// Parsing looks at the text alone. Whether `a:b` is a path or a path and a tag is decided when the
/// image is opened: the longest prefix that exists is the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    scheme: Option<Scheme>,
    target: String,
}

/// The kind of image source that an [`ImageReference`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `docker-archive:`
    DockerArchive,
    /// `oci:`
    Oci,
    /// `oci-archive:`
    OciArchive,
    /// `dir:`
    Directory,
    /// `layer:`
    Layer,
}

/// Why a text does not refer to an image.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// There is nothing after the scheme, or nothing at all.
    #[error("image reference names no path: {0:?}")]
    Empty(String),
    /// It names an image in a registry or a container engine.
    #[error("images in remote registries and container engines are not supported yet: {0}")]
    Remote(String),
    /// It is not the name of a file, but it may be the name of an image in a registry.
    #[error("no such file, and remote registries are not supported yet: {0}")]
    NoFile(String),
    /// It begins with a scheme that does not exist.
    #[error("unknown image scheme (known are docker-archive, oci, oci-archive, dir, layer): {0}")]
    UnknownScheme(String),
}

/// Schemes of other tools that name an image which is not a local file.
const REMOTE_SCHEMES: [&str; 10] = [
    "http",
    "https",
    "docker",
    "docker-daemon",
    "registry",
    "podman",
    "containerd",
    "containers-storage",
    "ostree",
    "atomic",
];

impl Scheme {
    /// All schemes, in the order in which help texts list them.
    pub const ALL: [Self; 5] = [
        Self::DockerArchive,
        Self::Oci,
        Self::OciArchive,
        Self::Directory,
        Self::Layer,
    ];

    /// Returns the name that stands before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::DockerArchive => "docker-archive",
            Self::Oci => "oci",
            Self::OciArchive => "oci-archive",
            Self::Directory => "dir",
            Self::Layer => "layer",
        }
    }

    /// Tells whether a tag or a digest may follow the path.
    fn takes_selector(self) -> bool {
        matches!(self, Self::DockerArchive | Self::Oci | Self::OciArchive)
    }
}

impl ImageReference {
    /// Makes a reference from a scheme and what follows it.
    pub fn new(scheme: Option<Scheme>, target: impl Into<String>) -> Self {
        Self {
            scheme,
            target: target.into(),
        }
    }

    /// Returns the scheme; `None` for a bare path.
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// Returns everything after the scheme: a path, possibly with a tag or a digest.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Splits the target into a path that exists and a selector (`TAG` or `@DIGEST`).
    pub(crate) fn locate(&self) -> Result<(PathBuf, Option<&str>), SourceError> {
        let whole = Path::new(&self.target);
        if is_there(whole)? {
            return Ok((whole.to_owned(), None));
        }
        // A selector follows a bare path just as well, once its content told what it is.
        if self.scheme.is_none_or(Scheme::takes_selector) {
            for (at, separator) in self.target.rmatch_indices([':', '@']) {
                let path = Path::new(&self.target[..at]);
                if at > 0 && is_there(path)? {
                    let from = if separator == "@" { at } else { at + 1 };
                    return Ok((path.to_owned(), Some(&self.target[from..])));
                }
            }
        }
        Err(self.explain_missing())
    }

    /// A bare name that is no file may be a misspelt scheme or an image in a registry.
    fn explain_missing(&self) -> SourceError {
        let missing = || SourceError::NoSuchFile {
            path: self.target.clone().into(),
        };
        if self.scheme.is_some() || self.target.starts_with(['/', '.', '~']) {
            return missing();
        }
        if looks_like_registry_name(&self.target) {
            return ReferenceError::NoFile(self.target.clone()).into();
        }
        match self.target.split_once(':') {
            Some((scheme, _)) if is_scheme_like(scheme) => {
                ReferenceError::UnknownScheme(self.target.clone()).into()
            }
            _ => missing(),
        }
    }
}

/// Tells whether a path names something; a dangling symbolic link counts as nothing.
fn is_there(path: &Path) -> Result<bool, SourceError> {
    match fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            // A selector may be longer than a file name, and its parent may be a file.
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput => Ok(false),
            _ => Err(SourceError::open(path, error)),
        },
    }
}

fn is_scheme_like(text: &str) -> bool {
    text.len() > 1
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// Tells whether a name has the shape of an image in a registry: a tag or a digest at its end, or
/// a host in front. What ends like an archive's file name does not count.
fn looks_like_registry_name(name: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte);
    let archive = [".tar", ".tgz", ".gz", ".zst", ".xz", ".bz2", ".oci"];
    if !name.bytes().all(is_name) || archive.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    if name.contains("@sha256:") || name.contains("@sha512:") {
        return true;
    }
    let (first, rest) = name.split_once('/').unwrap_or(("", name));
    let has_host = first == "localhost" || first.contains(['.', ':']);
    let has_tag = rest.split_once(':').is_some_and(|(repository, tag)| {
        !repository.is_empty() && !tag.is_empty() && !tag.contains([':', '/'])
    });
    has_host || has_tag
}

impl FromStr for ImageReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let Some((before, after)) = text.split_once(':') else {
            return match text {
                "" => Err(ReferenceError::Empty(text.to_owned())),
                path => Ok(Self::new(None, path)),
            };
        };
        if let Some(scheme) = Scheme::ALL.into_iter().find(|it| it.name() == before) {
            return match after {
                "" => Err(ReferenceError::Empty(text.to_owned())),
                target => Ok(Self::new(Some(scheme), target)),
            };
        }
        if after.starts_with("//") {
            return Err(if REMOTE_SCHEMES.contains(&before) {
                ReferenceError::Remote(text.to_owned())
            } else {
                ReferenceError::UnknownScheme(text.to_owned())
            });
        }
        Ok(Self::new(None, text))
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Some(scheme) => write!(f, "{}:{}", scheme.name(), self.target),
            None => f.write_str(&self.target),
        }
    }
}
