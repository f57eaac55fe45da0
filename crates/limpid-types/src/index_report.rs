use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Confidence, Ecosystem, PackageKind, Problem};

/// What an image contains, in Clair v4's wire shape.
///
/// Every map is present and never null. The one field that Clair does not know, `limpid`, is
/// written only when there is something to say that Clair's shape cannot hold; readers of Clair's
/// JSON ignore it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IndexReport {
    /// Digest that identifies the manifest.
    pub manifest_hash: String,
    /// One of [`index_state`].
    #[serde(default)]
    pub state: String,
    /// Packages by id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub packages: BTreeMap<String, Package>,
    /// Distributions by id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub distributions: BTreeMap<String, Distribution>,
    /// Repositories by id. The wire name is singular.
    #[serde(default, deserialize_with = "null_as_default")]
    pub repository: BTreeMap<String, Repository>,
    /// Environments by package id.
    #[serde(default, deserialize_with = "null_lists_as_empty")]
    pub environments: BTreeMap<String, Vec<Environment>>,
    /// False when indexing ended with an error.
    #[serde(default)]
    pub success: bool,
    /// The error, or empty.
    #[serde(default)]
    pub err: String,
    /// What Clair's shape cannot hold.
    #[serde(default, skip_serializing_if = "Extension::is_empty")]
    pub limpid: Extension,
}

/// limpid's addition to an [`IndexReport`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extension {
    /// What could not be read, with the digest of the layer, base first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<LayerProblem>,
    /// Packages that are not the distribution's own, by id, with whose they are in words, such as
    /// `vendor "Docker"`: the distribution's advisories say nothing about them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub third_party: BTreeMap<String, String>,
    /// Ids of container packages that are not the image itself, but images that it was built on.
    /// They must match nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub earlier_containers: BTreeSet<String>,
    /// Packages whose environment names the repository that dnf says they came from, by id, with
    /// the ids of the repositories that the image's own layers were made from. These stand in
    /// where the named repository is known to nobody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub repositories_instead: BTreeMap<String, Vec<String>>,
    /// Packages of programming languages, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, LanguagePackage>,
}

/// What is known of a package of a programming language beside name and version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LanguagePackage {
    /// The ecosystem, by which the package is told from others of its name.
    pub ecosystem: Ecosystem,
    /// The files that it was found in, sorted; the archives inside a file follow behind `!/`.
    pub paths: Vec<String>,
    /// The package of the distribution that owns the files. What is owned is judged by the
    /// distribution's advisories about the owner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PackageOwner>,
    /// How surely it is this package.
    #[serde(default, skip_serializing_if = "Confidence::is_certain")]
    pub confidence: Confidence,
    /// Digests of the files as `algorithm:hex`, and sums of Go modules as `go.sum` has them
    /// (`h1:base64`), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
}

/// A package of a distribution that owns files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageOwner {
    /// Its name.
    pub package: String,
    /// Path of the database that lists it.
    pub database: String,
}

/// A [`Problem`] and the layer that it is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LayerProblem {
    /// Digest of the layer.
    pub layer: String,
    /// The problem.
    #[serde(flatten)]
    pub problem: Problem,
}

impl Extension {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The values of [`IndexReport::state`] that clients see.
pub mod index_state {
    /// The index is complete.
    pub const FINISHED: &str = "IndexFinished";
    /// Indexing failed.
    pub const ERROR: &str = "IndexError";
}

/// A package in a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// Identifier within the report; empty inside a vulnerability.
    #[serde(default)]
    pub id: String,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Version as the package manager prints it.
    #[serde(default)]
    pub version: String,
    /// `binary`, `source` or `ancestry` (a container image as a package); none on the empty source of a package that has none.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "kind_or_none"
    )]
    pub kind: Option<PackageKind>,
    /// The package that this one was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Box<Self>>,
    /// Clair's fixed-width version form, or empty.
    #[serde(default)]
    pub normalized_version: String,
    /// rpm module as `name:stream`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// Architecture.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// CPE 2.3 formatted string, or empty.
    #[serde(default)]
    pub cpe: String,
    /// Which detector found it: `urn:claircore:detector:NAME:VERSION:KIND`, or null.
    #[serde(default)]
    pub detector: Option<String>,
}

/// A distribution in a report. All nine fields are always written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Identifier within the report; empty inside a vulnerability.
    pub id: String,
    /// The `ID` of os-release.
    pub did: String,
    /// Name.
    pub name: String,
    /// Version as the distribution presents it, `12 (bookworm)`.
    pub version: String,
    /// Code name.
    pub version_code_name: String,
    /// The `VERSION_ID` of os-release.
    pub version_id: String,
    /// Architecture, mostly empty.
    pub arch: String,
    /// CPE, mostly empty.
    pub cpe: String,
    /// Name and version for people.
    pub pretty_name: String,
}

/// A package repository in a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Identifier within the report.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What kind of repository this is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// CPE, always written.
    pub cpe: String,
}

/// Where a package was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// The database that lists the package: a path, or `sqlite:DIR`, `bdb:DIR`, `ndb:DIR` for rpm.
    pub package_db: String,
    /// Digest of the layer that brought the package in.
    pub introduced_in: String,
    /// Key into [`IndexReport::distributions`], or empty.
    pub distribution_id: String,
    /// Keys into [`IndexReport::repository`]; null when there are none.
    pub repository_ids: Option<Vec<String>>,
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a map of lists, in which other writers have null for an empty list as well.
pub(crate) fn null_lists_as_empty<'de, D, T>(
    deserializer: D,
) -> Result<BTreeMap<String, Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let lists: BTreeMap<String, Option<Vec<T>>> = null_as_default(deserializer)?;
    Ok(lists
        .into_iter()
        .map(|(id, list)| (id, list.unwrap_or_default()))
        .collect())
}

/// Reads a package kind; a kind that limpid does not use (`unknown`, `layer`, empty) is none.
fn kind_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PackageKind>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(match text.as_deref() {
        Some("source") => Some(PackageKind::Source),
        Some("binary") => Some(PackageKind::Binary),
        Some("ancestry") => Some(PackageKind::Ancestry),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_report_has_every_field_and_no_null_map() {
        let report = IndexReport {
            manifest_hash: "sha256:00".into(),
            state: index_state::FINISHED.into(),
            packages: BTreeMap::new(),
            distributions: BTreeMap::new(),
            repository: BTreeMap::new(),
            environments: BTreeMap::new(),
            success: true,
            err: String::new(),
            limpid: Extension::default(),
        };
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"manifest_hash":"sha256:00","state":"IndexFinished","packages":{},"distributions":{},"repository":{},"environments":{},"success":true,"err":""}"#
        );
    }

    #[test]
    fn null_maps_of_other_writers_are_read_as_empty() {
        let report: IndexReport =
            serde_json::from_str(r#"{"manifest_hash":"sha256:00","packages":null}"#).unwrap();
        assert!(report.packages.is_empty());
    }

    #[test]
    fn a_package_whose_environments_are_null_has_none() {
        let report: IndexReport =
            serde_json::from_str(r#"{"manifest_hash":"sha256:00","environments":{"1":null}}"#)
                .unwrap();
        assert!(report.environments["1"].is_empty());
    }

    #[test]
    fn a_source_object_without_a_kind_omits_it() {
        let package = Package::default();
        assert_eq!(
            serde_json::to_string(&package).unwrap(),
            r#"{"id":"","name":"","version":"","normalized_version":"","cpe":"","detector":null}"#
        );
    }
}
