use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use limpid_types::{
    Advisory, AffectedPackage, Cpe, Details, Environment, IndexReport, Rating, Status,
    VersionConstraint, Vulnerability,
};

use crate::candidates::{Candidates, Installed};
use crate::distributions::{self, Family, JudgedBy};
use crate::release::{Place, PlaceKey, Release, place_keys};
use crate::statements::{self, Outcome};
use crate::{FeedSnapshot, MemoryData};

/// Returns the ids of those vulnerabilities that affect an image: the most severe first, then by
/// id.
///
/// Each vulnerability is a statement of its own in Clair's shape: a package of a distribution is
/// affected below `fixed_in_version`, or in every version when that is empty. It is judged by the
/// same rules as [`judge`](crate::judge) has. One that names no package, or no distribution that
/// limpid has a feed for, affects nothing.
///
/// Who has many images to ask about makes [`MemoryData::of_vulnerabilities`] once.
pub fn affected(index: &IndexReport, vulnerabilities: &[Vulnerability]) -> Vec<String> {
    MemoryData::of_vulnerabilities(vulnerabilities).affected(index, vulnerabilities)
}

impl MemoryData {
    /// Makes data of vulnerabilities, to find those that affect an image.
    ///
    /// Each is one advisory, whose id is its place: statements with the same id are judged
    /// together, and each of these is to be judged by itself.
    pub fn of_vulnerabilities(vulnerabilities: &[Vulnerability]) -> Self {
        let mut feeds: BTreeMap<&str, Vec<Advisory>> = BTreeMap::new();
        for (place, vulnerability) in vulnerabilities.iter().enumerate() {
            if vulnerability.package.name.is_empty() {
                continue;
            }
            let Some(family) = distributions::family(&vulnerability.distribution) else {
                continue;
            };
            if let Some(advisory) = advisory(place, vulnerability, family) {
                feeds.entry(family.feed).or_default().push(advisory);
            }
        }
        feeds
            .into_iter()
            .fold(Self::new(0), |data, (name, advisories)| {
                let feed = FeedSnapshot {
                    name: name.into(),
                    snapshot: String::new(),
                    checked: None,
                };
                data.with_feed(feed, advisories)
            })
    }

    /// Returns what [`affected`] does, for the vulnerabilities that these data were made of.
    pub fn affected(&self, index: &IndexReport, vulnerabilities: &[Vulnerability]) -> Vec<String> {
        let mut affected: Vec<&Vulnerability> = self
            .affecting(index)
            .into_iter()
            .filter_map(|place| vulnerabilities.get(place))
            .collect();
        affected.sort_by_key(|vulnerability| {
            (
                Reverse(vulnerability.normalized_severity),
                &vulnerability.id,
            )
        });
        let mut seen = BTreeSet::new();
        affected
            .into_iter()
            .map(|vulnerability| &vulnerability.id)
            .filter(|id| seen.insert(*id))
            .cloned()
            .collect()
    }

    /// Returns the places of the vulnerabilities that affect an image.
    fn affecting(&self, index: &IndexReport) -> BTreeSet<usize> {
        let releases = releases(index, self);
        let mut candidates = Candidates::new(self);
        let mut found: BTreeSet<usize> = BTreeSet::new();
        for (id, package) in &index.packages {
            for (environment, release) in environments(index, id, &releases) {
                let installed = Installed {
                    id,
                    package,
                    environment,
                    release,
                };
                // Only data in files can be unreadable, and this is in memory.
                let statements = candidates.statements(&installed).unwrap_or_default();
                found.extend(statements.into_iter().filter_map(|statement| {
                    let is_affected =
                        matches!(statements::judge(&[statement]), Outcome::Affected(_));
                    statement.id().parse::<usize>().ok().filter(|_| is_affected)
                }));
            }
        }
        found
    }
}

/// Returns the package names that some vulnerabilities speak of.
pub fn names(vulnerabilities: &[Vulnerability]) -> BTreeSet<String> {
    vulnerabilities
        .iter()
        .map(|vulnerability| &vulnerability.package.name)
        .filter(|name| !name.is_empty())
        .cloned()
        .collect()
}

/// Finds the releases of an image. Their gaps are not asked for, so neither the time nor the age
/// matters.
fn releases<'a>(index: &'a IndexReport, data: &MemoryData) -> BTreeMap<PlaceKey<'a>, Release> {
    let mut releases = BTreeMap::new();
    let keys = index
        .environments
        .iter()
        .flat_map(|(package, environments)| {
            environments
                .iter()
                .flat_map(|environment| place_keys(index, package, environment))
        });
    for key in keys {
        if releases.contains_key(&key) {
            continue;
        }
        let release_of = |place: &Place<'_>| {
            Release::of(place, data, Timestamp::UNIX_EPOCH, SignedDuration::MAX).ok()
        };
        let release = Place::of(index, key).and_then(|mut place| {
            release_of(&place).or_else(|| {
                // There may be no table of repositories here. What may affect the image is worth
                // a look, so it counts as the whole distribution.
                place.repositories.clear();
                place.is_apart = false;
                release_of(&place)
            })
        });
        if let Some(release) = release {
            releases.insert(key, release);
        }
    }
    releases
}

/// Returns where a package is, with the release that it is part of there.
fn environments<'r, 'i>(
    index: &'i IndexReport,
    package: &str,
    releases: &'r BTreeMap<PlaceKey<'i>, Release>,
) -> impl Iterator<Item = (&'i Environment, &'r Release)> {
    let mut seen = BTreeSet::new();
    index
        .environments
        .get(package)
        .into_iter()
        .flatten()
        .filter_map(move |environment| {
            let key = place_keys(index, package, environment).next()?;
            let release = releases.get(&key)?;
            seen.insert(key).then_some((environment, release))
        })
}

fn advisory(place: usize, vulnerability: &Vulnerability, family: &Family) -> Option<Advisory> {
    let package = &vulnerability.package;
    let versions = match vulnerability.fixed_in_version.as_str() {
        "" => VersionConstraint::any(family.scheme),
        fixed => VersionConstraint::below(family.scheme, fixed),
    };
    let repository = &vulnerability.repository;
    let product = [&repository.cpe, &repository.name]
        .into_iter()
        .find_map(|name| Some((name, Cpe::parse(name).ok()?)))
        .filter(|_| family.judged_by == JudgedBy::Products);
    let (namespace, cpes) = if let Some((name, cpe)) = product {
        (cpe.redhat_namespace()?, vec![name.clone()])
    } else {
        let namespaces = family.namespaces(&vulnerability.distribution);
        (namespaces.into_iter().next()?, Vec::new())
    };
    Some(Advisory {
        id: place.to_string(),
        namespace,
        package: AffectedPackage {
            name: package.name.clone(),
            kind: package.kind.unwrap_or_default(),
            module: package.module.clone(),
            cpes,
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions,
        rating: Rating::default(),
        details: Details::default(),
    })
}
