use limpid_types::{Rating, VersionConstraint};
use limpid_version::{Range, Scheme};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::entry::{DatabaseSpecific, Precedence, rating};
use super::ranges::{RangeRecord, ranges};
use crate::FeedError;
use crate::json::Elements;
use crate::run::Run;
use crate::text::name_fault;

/// How many pairs of a listed version and a range are compared.
const MAX_COMPARISONS: usize = 100_000;

/// An element of `affected`.
#[derive(Deserialize)]
pub(crate) struct Affected<'a> {
    /// The package; without one only commits are named.
    pub(crate) package: Option<Package>,
    #[serde(borrow, default)]
    ranges: Elements<&'a RawValue>,
    #[serde(default)]
    versions: Elements<String>,
    #[serde(borrow, default)]
    severity: Elements<&'a RawValue>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
    #[serde(borrow)]
    ecosystem_specific: Option<&'a RawValue>,
}

/// The package that an element of `affected` is about.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// The ecosystem, with a release: `AlmaLinux:9`.
    pub(crate) ecosystem: String,
    /// The name.
    pub(crate) name: String,
    /// The same as an address, which may say more about the release.
    pub(crate) purl: Option<String>,
}

/// The part of `ecosystem_specific` that tells where a package is.
#[derive(Deserialize)]
struct Section {
    section: String,
}

impl Affected<'_> {
    /// Returns the part of the distribution that has the package: `core`, `tainted`, `nonfree` of
    /// Mageia; empty where the entry does not say.
    pub(crate) fn section(&self) -> String {
        self.ecosystem_specific
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .map(|specific: Section| specific.section)
            .filter(|section| name_fault(section).is_none())
            .unwrap_or_default()
    }

    /// Puts the versions together; none when there are none that mean anything here.
    ///
    /// A range that cannot be read is quarantined by itself: the other ranges and the list hold.
    pub(crate) fn versions(
        &self,
        scheme: Scheme,
        id: &str,
        run: &mut Run<'_>,
    ) -> Result<Option<VersionConstraint>, FeedError> {
        let mut versions = VersionConstraint::none(scheme);
        let mut is_explained = false;
        for raw in &self.ranges.0 {
            let found = serde_json::from_str::<RangeRecord>(raw.get())
                .map_err(|error| error.to_string())
                .and_then(|record| ranges(record, scheme).map_err(|error| error.to_string()));
            match found {
                Ok(Some(found)) => versions.ranges.extend(found),
                Ok(None) => is_explained = true,
                Err(reason) => {
                    is_explained = true;
                    run.quarantine(id, None, reason)?;
                }
            }
        }
        versions.enumerated = self.listed(&versions);
        if !versions.ranges.is_empty() || !versions.enumerated.is_empty() {
            return Ok(Some(versions));
        }
        if !is_explained {
            run.quarantine(id, None, "neither ranges nor versions")?;
        }
        Ok(None)
    }

    /// Returns the listed versions that are in no range. Most databases list what they have
    /// computed from the ranges, for those who cannot compare versions.
    fn listed(&self, versions: &VersionConstraint) -> Vec<String> {
        let (listed, ranges) = (&self.versions.0, &versions.ranges);
        if listed.len().saturating_mul(ranges.len()) > MAX_COMPARISONS {
            return listed.clone();
        }
        let is_in = |version: &str, range: &Range| {
            matches!(range.contains(versions.scheme, version), Ok(true))
        };
        listed
            .iter()
            .filter(|version| !ranges.iter().any(|range| is_in(version, range)))
            .cloned()
            .collect()
    }

    /// Returns the rating of this package, where it has one of its own.
    pub(crate) fn rating(&self, precedence: Precedence) -> Option<Rating> {
        let specific = [self.ecosystem_specific, self.database_specific];
        let word = specific
            .into_iter()
            .flatten()
            .find_map(DatabaseSpecific::word);
        let rating = rating(&self.severity, &word.unwrap_or_default(), precedence);
        (rating != Rating::default()).then_some(rating)
    }
}
