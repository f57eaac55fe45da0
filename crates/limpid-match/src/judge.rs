use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use limpid_types::{
    Coverage, Ecosystem, Environment, FeedUse, Finding, GapReason, IndexReport, NotAffected,
    PackageOwner, PackageRef, Report, SeverityCounts,
};
use thiserror::Error;

use crate::candidates::Installed;
use crate::containers;
use crate::coverage::Gaps;
use crate::finding;
use crate::package_judge::PackageJudge;
use crate::release::{Place, PlaceKey, Release, Unserved, place_keys};
use crate::{DataError, Options, VulnerabilityData, jars, languages, purl};

/// Why there is no report.
#[derive(Debug, Error)]
pub enum MatchError {
    /// The vulnerability data could not be read.
    #[error("cannot look up package {package:?} in namespace {namespace}")]
    Lookup {
        /// Where it was looked for.
        namespace: String,
        /// The name that was looked for.
        package: String,
        /// What went wrong.
        #[source]
        source: DataError,
    },
    /// The products that repositories belong to could not be looked up.
    #[error("cannot look up the products of repositories")]
    Repositories {
        /// What went wrong.
        #[source]
        source: DataError,
    },
    /// Jars could not be looked up in the index of jars.
    #[error("cannot look up jars in their index")]
    Jars {
        /// What went wrong.
        #[source]
        source: DataError,
    },
    /// A vulnerability cannot be written as JSON.
    #[error("cannot write vulnerability {id}")]
    Writing {
        /// The vulnerability.
        id: String,
        /// What went wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The texts of a vulnerability could not be read.
    #[error("cannot read the texts of vulnerability {id}")]
    Texts {
        /// The vulnerability.
        id: String,
        /// What went wrong.
        #[source]
        source: DataError,
    },
}

/// Judges what an image contains by one generation of vulnerability data.
///
/// The verdict is `Unknown` when no package was judged, `Complete` when every package was judged
/// and there is no gap, and `Partial` otherwise. Every gap counts:
///
/// | gap | when | packages |
/// |---|---|---|
/// | `NoData` | there is no generation | not judged |
/// | `NoDistribution` | a package belongs to no distribution, or its release cannot be told | not judged |
/// | `NoFeed` | limpid has no feed for the distribution or the package repository | not judged |
/// | `FeedMissing` | the generation has no snapshot of the feed | not judged |
/// | `FeedEmpty` | the snapshots hold nothing for the release, or for the builds or the repository of it that the package is of | not judged |
/// | `RepositoryUnknown` | nobody says which products a Red Hat repository belongs to | not judged |
/// | `ThirdParty` | somebody else than the distribution built the package | not judged |
/// | `UnknownVersion` | a version that an advisory has to be compared with does not parse | judged but for that, counted as not judged |
/// | `TooManyFindings` | [`Options::max_findings`] is reached | not judged |
/// | `FeedStale` | the feed was not known to be current within [`Options::max_feed_age`] | judged by old data |
/// | `EndOfLife` | the release gets no advisories any more | judged by frozen data |
/// | `RepositoriesAssumed` | an image of Red Hat names no repositories | judged as packages of the distribution itself |
/// | `UnreadableDatabase`, `LayerProblem` | the index says that packages may be missing | unknown |
/// | `NoPackages` | the index has no package | none to judge |
pub fn judge(
    index: &IndexReport,
    data: &dyn VulnerabilityData,
    now: Timestamp,
    options: &Options,
) -> Result<Report, MatchError> {
    let index = jars::identify(index, data).map_err(|source| MatchError::Jars { source })?;
    let index = index.as_ref();
    let releases = Releases::of(index, data, now, options);
    let case = Case {
        index,
        data,
        options,
        releases: &releases,
    };
    let collected = Findings {
        index,
        merges_aliases: options.merge_aliases,
        judge: PackageJudge::new(data, options),
        hidden: SeverityCounts::default(),
        shown: Vec::new(),
        not_affected: Vec::new(),
    };
    let (summary, collected) = judge_into(case, collected)?;
    let mut findings = collected.shown;
    findings.sort_unstable_by(finding::order);
    // A package that two databases list, or two product lists, is the same package.
    findings.dedup_by(|next, known| finding::order(next, known).is_eq());
    let mut not_affected = collected.not_affected;
    not_affected.sort_unstable();
    not_affected.dedup();
    Ok(Report {
        manifest: index.manifest_hash.clone(),
        distributions: index.distributions.values().cloned().collect(),
        packages: index.packages.len(),
        generation: data.generation(),
        feeds: summary.feeds,
        coverage: summary.coverage,
        counts: SeverityCounts::of(&findings),
        hidden: collected.hidden,
        findings,
        not_affected,
        owned: languages::owned(index),
    })
}

/// The releases of an image.
#[derive(Debug, Default)]
pub(crate) struct Releases<'a> {
    /// By where packages are.
    places: BTreeMap<PlaceKey<'a>, Result<Release, Unserved>>,
    /// By the id of a package that is a container image.
    containers: BTreeMap<&'a str, Result<Release, Unserved>>,
    /// By the ecosystem of a programming language.
    ecosystems: BTreeMap<Ecosystem, Result<Release, Unserved>>,
}

impl<'a> Releases<'a> {
    /// Finds the release of each place in an image that has packages, and of each distribution.
    pub(crate) fn of(
        index: &'a IndexReport,
        data: &dyn VulnerabilityData,
        now: Timestamp,
        options: &Options,
    ) -> Self {
        let mut releases = Self::default();
        let max_age = options.max_feed_age;
        for (id, environments) in &index.environments {
            for environment in environments {
                if let Some(repository) = containers::repository(index, environment)
                    && let Some(package) = index.packages.get(id)
                {
                    let release = Release::of_container(package, repository, data, now, max_age);
                    releases.containers.insert(id, release);
                    continue;
                }
                if let Some(ecosystem) = languages::ecosystem(index, environment) {
                    let releases = releases.ecosystems.entry(ecosystem);
                    releases
                        .or_insert_with(|| Release::of_ecosystem(ecosystem, data, now, max_age));
                    continue;
                }
                for key in place_keys(index, id, environment) {
                    if releases.places.contains_key(&key) {
                        continue;
                    }
                    if let Some(place) = Place::of(index, key) {
                        let release = Release::of(&place, data, now, max_age);
                        releases.places.insert(key, release);
                    }
                }
            }
        }
        releases
    }

    /// Returns the release that a package in an environment is part of; none when its distribution
    /// is not known.
    pub(crate) fn get(
        &self,
        index: &'a IndexReport,
        package: &str,
        environment: &'a Environment,
    ) -> Option<&Result<Release, Unserved>> {
        if let Some(container) = self.containers.get(package) {
            return Some(container);
        }
        if let Some(ecosystem) = languages::ecosystem(index, environment) {
            return self.ecosystems.get(&ecosystem);
        }
        let mut last = None;
        for key in place_keys(index, package, environment) {
            last = self.places.get(&key);
            // Where nobody knows the repository, those of the image's layers stand in for it.
            let is_unknown = |unserved: &Unserved| unserved.reason == GapReason::RepositoryUnknown;
            if !matches!(last, Some(Err(unserved)) if is_unknown(unserved)) {
                return last;
            }
        }
        last
    }

    /// Returns all of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Result<Release, Unserved>> {
        self.places
            .values()
            .chain(self.containers.values())
            .chain(self.ecosystems.values())
    }
}

/// An image that is to be judged, and by what.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) index: &'a IndexReport,
    pub(crate) data: &'a dyn VulnerabilityData,
    pub(crate) options: &'a Options,
    pub(crate) releases: &'a Releases<'a>,
}

/// Takes what is found in the packages that can be judged.
pub(crate) trait Collect<'a> {
    /// Returns how many findings there are so far.
    fn findings(&self) -> usize;

    /// Judges a package as part of one release. Returns what could not be compared, if anything.
    fn judge(&mut self, installed: &Installed<'a, '_>) -> Result<Option<String>, MatchError>;
}

/// What a report says beside its findings.
pub(crate) struct Summary {
    pub(crate) coverage: Coverage,
    pub(crate) feeds: Vec<FeedUse>,
}

/// Judges every package of an image, and says what that does not cover.
pub(crate) fn judge_into<'a, C: Collect<'a>>(
    case: Case<'a>,
    collected: C,
) -> Result<(Summary, C), MatchError> {
    let mut judgement = Judgement {
        case,
        collected,
        gaps: Gaps::default(),
        used: BTreeSet::new(),
        judged: 0,
    };
    judgement.judge_packages()?;
    Ok(judgement.into_summary())
}

/// Findings as limpid's own report has them.
struct Findings<'a> {
    index: &'a IndexReport,
    merges_aliases: bool,
    judge: PackageJudge<'a>,
    hidden: SeverityCounts,
    shown: Vec<Finding>,
    not_affected: Vec<NotAffected>,
}

impl<'a> Collect<'a> for Findings<'a> {
    fn findings(&self) -> usize {
        self.shown.len()
    }

    fn judge(&mut self, installed: &Installed<'a, '_>) -> Result<Option<String>, MatchError> {
        let mut found = Vec::new();
        let judged = self.judge.judge(installed, |finding| found.push(finding))?;
        complete_package(self.index, &mut found);
        if self.merges_aliases && languages::ecosystem(self.index, installed.environment).is_some()
        {
            languages::merge_aliases(&mut found);
        }
        self.shown.append(&mut found);
        self.hidden.add_all(judged.hidden);
        if !judged.not_affected.is_empty() {
            self.not_affected.push(NotAffected {
                package: installed.id.into(),
                name: installed.package.name.clone(),
                version: installed.package.version.clone(),
                ids: judged.not_affected,
            });
        }
        Ok(judged.unknown)
    }
}

/// Adds to the package of some findings what only limpid's own report says of it.
fn complete_package(index: &IndexReport, findings: &mut [Finding]) {
    let Some(first) = findings.first() else {
        return;
    };
    let mut package = PackageRef::clone(&first.package);
    package.purl = purl(index, &package.id).unwrap_or_default();
    if let Some(language) = index.limpid.languages.get(&package.id) {
        package.paths.clone_from(&language.paths);
        package.confidence = language.confidence;
    }
    let package = Arc::new(package);
    for finding in findings {
        finding.package = Arc::clone(&package);
    }
}

struct Judgement<'a, C> {
    case: Case<'a>,
    collected: C,
    gaps: Gaps,
    /// Places of the feeds that judged something.
    used: BTreeSet<usize>,
    judged: usize,
}

impl<'a, C: Collect<'a>> Judgement<'a, C> {
    fn judge_packages(&mut self) -> Result<(), MatchError> {
        self.gaps.add_index(self.case.index);
        if self.case.index.packages.is_empty() {
            let detail = || "no package database was found in the image".into();
            self.gaps.add(GapReason::NoPackages, "image", detail, 0);
        }
        if self.case.data.generation().is_none() {
            let detail = || "there is no vulnerability data yet".into();
            let packages = self.case.index.packages.len();
            self.gaps
                .add(GapReason::NoData, "vulnerability data", detail, packages);
            return Ok(());
        }
        let mut judged = BTreeSet::new();
        for (id, package) in &self.case.index.packages {
            if self.owner(id).is_none() && self.judge_package(id)? {
                self.judged += 1;
                // A package of a language owns nothing, whatever its name.
                if !self.case.index.limpid.languages.contains_key(id) {
                    judged.insert(package.name.as_str());
                }
            }
        }
        // What is a part of a package of the distribution is judged when that is.
        for id in self.case.index.packages.keys() {
            let owner = self.owner(id);
            if owner.is_some_and(|owner| judged.contains(owner.package.as_str())) {
                self.judged += 1;
            }
        }
        Ok(())
    }

    /// Returns the package of the distribution that a package is a part of.
    fn owner(&self, id: &str) -> Option<&'a PackageOwner> {
        self.case.index.limpid.languages.get(id)?.owner.as_ref()
    }

    /// Judges a package in every distribution that it belongs to, and tells whether all of them
    /// could be judged.
    fn judge_package(&mut self, id: &'a str) -> Result<bool, MatchError> {
        if self.collected.findings() >= self.case.options.max_findings {
            let limit = self.case.options.max_findings;
            let detail = || format!("the limit of {limit} findings is reached");
            self.gaps
                .add(GapReason::TooManyFindings, "report", detail, 1);
            return Ok(false);
        }
        let environments = match self.case.index.environments.get(id) {
            Some(environments) if !environments.is_empty() => environments.as_slice(),
            _ => {
                self.add_foreign(&Environment::default());
                return Ok(false);
            }
        };
        if let Some(owner) = self.case.index.limpid.third_party.get(id) {
            let detail = || "the feeds of the distribution do not speak of these packages".into();
            self.gaps.add(GapReason::ThirdParty, owner, detail, 1);
            return Ok(false);
        }
        if self.case.index.limpid.earlier_containers.contains(id) {
            // What the image was built on is no part of what it is.
            return Ok(true);
        }
        let mut is_judged = true;
        let mut seen: Vec<*const Release> = Vec::new();
        for environment in environments {
            match self.case.releases.get(self.case.index, id, environment) {
                Some(Ok(release)) => {
                    let is_new = !seen.iter().any(|known| std::ptr::eq(*known, release));
                    if is_new {
                        seen.push(release);
                        is_judged &= self.judge_installed(id, environment, release)?;
                    }
                }
                Some(Err(unserved)) => {
                    is_judged = false;
                    let detail = || unserved.detail.clone();
                    self.gaps.add(unserved.reason, &unserved.subject, detail, 1);
                }
                None => {
                    is_judged = false;
                    self.add_foreign(environment);
                }
            }
        }
        Ok(is_judged)
    }

    /// Judges a package as part of one release, and tells whether all versions could be compared.
    fn judge_installed(
        &mut self,
        id: &'a str,
        environment: &Environment,
        release: &'a Release,
    ) -> Result<bool, MatchError> {
        let Some(package) = self.case.index.packages.get(id) else {
            return Ok(true);
        };
        release.add_gaps(&mut self.gaps);
        self.used.extend(&release.feeds);
        let installed = Installed {
            id,
            package,
            environment,
            release,
        };
        let Some(unknown) = self.collected.judge(&installed)? else {
            return Ok(true);
        };
        self.gaps
            .add(GapReason::UnknownVersion, &package.name, || unknown, 1);
        Ok(false)
    }

    /// Adds the gap of a package that belongs to no distribution of the index.
    fn add_foreign(&mut self, environment: &Environment) {
        let repository = environment
            .repository_ids
            .iter()
            .flatten()
            .find_map(|id| self.case.index.repository.get(id));
        if let Some(repository) = repository {
            let detail = || "limpid has no feed for this package repository".into();
            self.gaps
                .add(GapReason::NoFeed, &repository.name, detail, 1);
        } else {
            let detail = || "nothing in the image says which distribution its packages are of";
            self.gaps.add(
                GapReason::NoDistribution,
                &environment.package_db,
                || detail().into(),
                1,
            );
        }
    }

    fn into_summary(self) -> (Summary, C) {
        let Case { index, data, .. } = self.case;
        let mut feeds: Vec<FeedUse> = self
            .used
            .iter()
            .filter_map(|feed| data.feeds().get(*feed))
            .map(|feed| FeedUse {
                name: feed.name.clone(),
                snapshot: feed.snapshot.clone(),
                checked: feed
                    .checked
                    .map_or_else(String::new, |checked| checked.to_string()),
            })
            .collect();
        feeds.sort_unstable();
        let unjudged = index.packages.len() - self.judged;
        let coverage = self.gaps.into_coverage(self.judged, unjudged, index);
        (Summary { coverage, feeds }, self.collected)
    }
}
