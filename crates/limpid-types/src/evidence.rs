use serde::{Deserialize, Serialize};

use crate::{Ecosystem, Problem};

/// What one pass over one layer saw: facts with paths, in the source's own words.
///
/// Evidence draws no conclusion that needs another layer. Paths have no leading slash and no
/// `.` or `..`. Lists are sorted by path, so the same layer gives the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayerEvidence {
    /// Package databases found in the layer.
    pub databases: Vec<PackageDatabase>,
    /// Files that say which distribution this is.
    pub release_files: Vec<ReleaseFile>,
    /// What the layer takes away from the layers below.
    pub whiteouts: Vec<Whiteout>,
    /// Entries of another kind than is expected at their path: what is no directory above a known
    /// database (say `var/lib/dpkg`), and what is no file where a database or release file would
    /// be (a link `etc/os-release`). They hide that path and what is below it in lower layers.
    pub obstructions: Vec<String>,
    /// What Red Hat's builds say of the repositories that the layer was made from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content_manifests: Vec<ContentManifest>,
    /// Which repository dnf says each package came from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dnf_histories: Vec<DnfHistory>,
    /// Which repository yum's database says each package came from, sorted. The database names no
    /// epochs, so these versions have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub yum_packages: Vec<DnfPackage>,
    /// Which of Red Hat's container images the layer says that it ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub container_identities: Vec<ContainerIdentity>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A content manifest of Red Hat's build systems: the repositories that a layer was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentManifest {
    /// Path of the manifest.
    pub path: String,
    /// Repository ids, in the manifest's order.
    pub content_sets: Vec<String>,
    /// The manifest says that dnf's history knows better.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_dnf_hint: bool,
}

/// dnf's history as it stands in one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DnfHistory {
    /// Path of the database.
    pub path: String,
    /// Packages and the repository that each was last installed from, sorted.
    pub packages: Vec<DnfPackage>,
}

/// A package in dnf's history, or in yum's database.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct DnfPackage {
    /// Name.
    pub name: String,
    /// `[epoch:]version-release`, no epoch when it is 0, as in [`PackageRecord::version`].
    pub version: String,
    /// Architecture.
    pub arch: String,
    /// Id of the repository.
    pub repository: String,
}

/// What a file of Red Hat's build systems says the image is, in the file's own words.
///
/// There are two forms: labels in JSON, which have `created` and mostly `cpe`, and the Dockerfile
/// of older images, which has `component`, and `version` and `release` from its own name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerIdentity {
    /// Path of the file.
    pub path: String,
    /// Label `name`, such as `ubi9/httpd-24`.
    pub name: String,
    /// Label `com.redhat.component`, such as `httpd-24-container`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub component: String,
    /// Version and release as in `9.5-1734525854`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Label `architecture`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// Label `org.opencontainers.image.created`, RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// Label `cpe`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cpe: String,
}

/// One package database as it stands in one layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageDatabase {
    /// Path of the file that holds the package list.
    pub path: String,
    /// The format.
    pub kind: DatabaseKind,
    /// The packages, sorted by name, version and architecture.
    pub packages: Vec<PackageRecord>,
    /// False when the database could not be opened: its packages are unknown, not absent.
    pub readable: bool,
}

/// The format of a package database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseKind {
    /// dpkg's `status` file.
    Dpkg,
    /// One file of a `status.d` directory, as distroless images have it.
    DpkgDistroless,
    /// apk's `installed` file.
    Apk,
    /// rpm's `rpmdb.sqlite`.
    RpmSqlite,
    /// rpm's `Packages`, a Berkeley DB hash.
    RpmBdb,
    /// rpm's `Packages.db`, the ndb format.
    RpmNdb,
    /// One `desc` file of pacman's `local` directory.
    Pacman,
    /// One package's directory below Portage's `var/db/pkg`, named by its file `PF`.
    Portage,
    /// Chisel's `manifest.wall`, which lists parts of Ubuntu's packages.
    Chisel,
    /// Bottlerocket's `application-inventory.json`.
    Bottlerocket,
    /// What an installed package of a programming language has beside or in itself: Python's
    /// `METADATA`, a jar, a `package.json`, a gemspec, …
    LanguagePackage,
    /// A list of packages that an application was resolved to: `package-lock.json`,
    /// `Gemfile.lock`, …
    LockFile,
    /// A program or library of machine code, by what is written in it; with no packages when
    /// nothing is, so that it replaces what a lower layer has at the path.
    Executable,
}

impl DatabaseKind {
    /// Tells whether this is one of rpm's three formats.
    pub fn is_rpm(self) -> bool {
        matches!(self, Self::RpmSqlite | Self::RpmBdb | Self::RpmNdb)
    }

    /// Tells whether this lists packages of programming languages, not those of a distribution.
    pub fn is_language(self) -> bool {
        matches!(
            self,
            Self::LanguagePackage | Self::LockFile | Self::Executable
        )
    }
}

/// One installed package as its database records it.
///
/// Fields hold the database's own text; empty means that the database does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct PackageRecord {
    /// Name of the binary package; Portage's as `category/name`. The name of a package of a
    /// programming language is in the form of [`Ecosystem::normalize`].
    pub name: String,
    /// Full version as the package manager prints it: `[epoch:]upstream[-revision]` for dpkg,
    /// `[epoch:]version-release` for rpm and Bottlerocket (no epoch when it is absent or 0),
    /// `[epoch:]pkgver-pkgrel` for pacman, `version[-rN]` for Portage.
    pub version: String,
    /// Architecture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// The package that this one was built from: dpkg's `Source` name, apk's origin, the name in
    /// rpm's `SOURCERPM`, pacman's `BASE`; Chisel and Bottlerocket do not say. Equal to `name` when the database leaves it out and the format says so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Version of the source package, in the same form as `version`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_version: String,
    /// rpm's modularity label, `name:stream:version:context[:arch]`; Portage's slot as `slot:SLOT`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// rpm's vendor, dpkg's `Origin`, the repository in Portage, Bottlerocket's publisher.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// dpkg's and apk's maintainer, rpm's and pacman's packager.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub maintainer: String,
    /// Key id of the rpm signature, 16 lower-case hex digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signature_key: String,
    /// Digest of rpm's payload as `algorithm:hex`; apk's aports commit; the digest of a jar.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub build_id: String,
    /// Which programming language's package this is; none for those of distributions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<Ecosystem>,
    /// Where in its file the package is, if the file is an archive: the paths of the archives in
    /// it, outermost first, joined by `!/`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// How surely it is what the record says.
    #[serde(skip_serializing_if = "Confidence::is_certain")]
    pub confidence: Confidence,
}

/// How surely a package is what its record says.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The packager says so.
    #[default]
    Certain,
    /// It follows from what the file says for other purposes: a jar's manifest, texts in a
    /// program.
    Derived,
    /// Only the file's name says so.
    FileName,
}

impl Confidence {
    /// Tells whether there is no doubt.
    pub fn is_certain(&self) -> bool {
        *self == Self::Certain
    }
}

/// A small text file that says which distribution a file system holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReleaseFile {
    /// Path in the layer, for example `etc/os-release`.
    pub path: String,
    /// Content, at most 64 KiB, invalid UTF-8 replaced.
    pub text: String,
}

/// What a layer removes from the layers below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whiteout {
    /// This path and everything below it (`.wh.NAME`).
    Path(String),
    /// Everything below this directory, not the directory itself (`.wh..wh..opq`). Empty is the
    /// root.
    Opaque(String),
}

impl Whiteout {
    /// Tells whether a path of a lower layer is hidden.
    pub fn hides(&self, path: &str) -> bool {
        match self {
            Self::Path(removed) => path == removed || is_below(path, removed),
            Self::Opaque(directory) => directory.is_empty() || is_below(path, directory),
        }
    }
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whiteout_hides_its_path_and_what_is_below() {
        let whiteout = Whiteout::Path("var/lib".into());
        assert!(whiteout.hides("var/lib"));
        assert!(whiteout.hides("var/lib/dpkg/status"));
        assert!(!whiteout.hides("var/libexec"));
        assert!(!whiteout.hides("var"));
    }

    #[test]
    fn an_opaque_directory_hides_its_content_but_not_itself() {
        let opaque = Whiteout::Opaque("var/lib".into());
        assert!(!opaque.hides("var/lib"));
        assert!(opaque.hides("var/lib/dpkg/status"));
    }

    #[test]
    fn an_opaque_root_hides_everything() {
        assert!(Whiteout::Opaque(String::new()).hides("etc/os-release"));
    }
}
