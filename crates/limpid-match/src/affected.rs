use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ptr;

use jiff::{SignedDuration, Timestamp};
use limpid_types::{
    Advisory, AffectedPackage, Cpe, Details, Ecosystem, Environment, IndexReport, Rating, Status,
    VersionConstraint, Vulnerability,
};

use limpid_version::{Range, RangeEnd};
use percent_encoding::percent_decode_str;

use crate::candidates::{Candidates, Installed};
use crate::distributions::{self, Family, JudgedBy};
use crate::release::{Place, PlaceKey, Release, place_keys};
use crate::statements::{self, Outcome};
use crate::{FeedSnapshot, MemoryData, languages};

/// Returns the ids of those vulnerabilities that affect an image: the most severe first, then by
/// id.
///
/// Each vulnerability is a statement of its own in Clair's shape: a package of a distribution is
/// affected below `fixed_in_version`, or in every version when that is empty. It is judged by the
/// same rules as [`judge`](crate::judge) has. One that names no package, or no distribution that
/// limpid has a feed for and no ecosystem, affects nothing.
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
            if let Some(ecosystem) = languages::of_repository(&vulnerability.repository) {
                let advisory = language_advisory(place, vulnerability, ecosystem);
                feeds.entry(ecosystem.key()).or_default().push(advisory);
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
        let releases = Releases::of(index, self);
        let mut candidates = Candidates::new(self);
        let mut found: BTreeSet<usize> = BTreeSet::new();
        for (id, package) in &index.packages {
            for (environment, release) in releases.environments(index, id) {
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

/// Returns the package names that some vulnerabilities speak of, as packages are kept under them.
pub fn names(vulnerabilities: &[Vulnerability]) -> BTreeSet<String> {
    vulnerabilities
        .iter()
        .filter(|vulnerability| !vulnerability.package.name.is_empty())
        .map(|vulnerability| {
            let name = &vulnerability.package.name;
            languages::of_repository(&vulnerability.repository)
                .map_or_else(|| name.clone(), |it| it.normalize(name).into_owned())
        })
        .collect()
}

/// What the packages of an image are judged as. Gaps are not asked for, so neither the time nor the
/// age of data matters.
struct Releases<'i> {
    places: BTreeMap<PlaceKey<'i>, Release>,
    ecosystems: BTreeMap<Ecosystem, Release>,
}

impl<'i> Releases<'i> {
    fn of(index: &'i IndexReport, data: &MemoryData) -> Self {
        let ecosystems = Ecosystem::all().filter_map(|ecosystem| {
            let (now, max_age) = (Timestamp::UNIX_EPOCH, SignedDuration::MAX);
            let release = Release::of_ecosystem(ecosystem, data, now, max_age);
            Some((ecosystem, release.ok()?))
        });
        Self {
            places: places(index, data),
            ecosystems: ecosystems.collect(),
        }
    }

    /// Returns where a package is, with what it is judged as there.
    fn environments<'r>(
        &'r self,
        index: &'i IndexReport,
        package: &str,
    ) -> Vec<(&'i Environment, &'r Release)> {
        let language = index.limpid.languages.get(package);
        if language.is_some_and(|language| language.owner.is_some()) {
            return Vec::new();
        }
        let mut found: Vec<(&Environment, &Release)> = Vec::new();
        for environment in index.environments.get(package).into_iter().flatten() {
            let release = match languages::ecosystem(index, environment) {
                Some(ecosystem) => self.ecosystems.get(&ecosystem),
                None => place_keys(index, package, environment)
                    .next()
                    .and_then(|key| self.places.get(&key)),
            };
            if let Some(release) = release
                && !found.iter().any(|(_, known)| ptr::eq(*known, release))
            {
                found.push((environment, release));
            }
        }
        found
    }
}

/// Finds the releases of the places in an image.
fn places<'a>(index: &'a IndexReport, data: &MemoryData) -> BTreeMap<PlaceKey<'a>, Release> {
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

/// Reads a vulnerability in a package of a programming language.
///
/// Clair writes the range of most of them into the fixed version, as the query of an address:
/// `fixed=3.3.0&introduced=3.2.0`, also with `lastAffected`.
fn language_advisory(
    place: usize,
    vulnerability: &Vulnerability,
    ecosystem: Ecosystem,
) -> Advisory {
    let scheme = ecosystem.scheme();
    let text = vulnerability.fixed_in_version.as_str();
    let mut range = Range::default();
    if text.contains('=') {
        for pair in text.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            match key {
                "introduced" if value != "0" => range.introduced = Some(value),
                "fixed" => range.end = Some(RangeEnd::Fixed(value)),
                "lastAffected" => range.end = Some(RangeEnd::LastAffected(value)),
                _ => {}
            }
        }
    } else if !text.is_empty() {
        range = Range::below(text);
    }
    Advisory {
        id: place.to_string(),
        namespace: ecosystem.key().to_owned(),
        package: AffectedPackage {
            name: ecosystem
                .normalize(&vulnerability.package.name)
                .into_owned(),
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions: VersionConstraint {
            ranges: vec![range],
            ..VersionConstraint::none(scheme)
        },
        rating: Rating::default(),
        details: Details::default(),
    }
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
