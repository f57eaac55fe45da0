use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use limpid_types::{
    Environment, FeedUse, Finding, FixState, GapReason, IndexReport, Report, SeverityCounts,
};
use thiserror::Error;

use crate::candidates::{Candidates, Installed};
use crate::coverage::Gaps;
use crate::finding;
use crate::release::{Release, Unserved};
use crate::statements::{self, Affected, Outcome, Statement};
use crate::{DataError, Options, VulnerabilityData};

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
/// | `FeedEmpty` | the snapshot holds nothing for the release | not judged |
/// | `UnknownVersion` | a version that an advisory has to be compared with does not parse | judged but for that, counted as not judged |
/// | `TooManyFindings` | [`Options::max_findings`] is reached | not judged |
/// | `FeedStale` | the feed was not known to be current within [`Options::max_feed_age`] | judged by old data |
/// | `EndOfLife` | the release gets no advisories any more | judged by frozen data |
/// | `UnreadableDatabase`, `LayerProblem` | the index says that packages may be missing | unknown |
/// | `NoPackages` | the index has no package | none to judge |
pub fn judge(
    index: &IndexReport,
    data: &dyn VulnerabilityData,
    now: Timestamp,
    options: &Options,
) -> Result<Report, MatchError> {
    let releases: Releases<'_> = index
        .distributions
        .iter()
        .map(|(id, distribution)| {
            let release = Release::of(distribution, data, now, options.max_feed_age);
            (id.as_str(), release)
        })
        .collect();
    let mut judgement = Judgement {
        index,
        data,
        options,
        releases: &releases,
        candidates: Candidates::new(data),
        gaps: Gaps::default(),
        used: BTreeSet::new(),
        judged: 0,
        hidden: SeverityCounts::default(),
        findings: Vec::new(),
    };
    judgement.judge_packages()?;
    Ok(judgement.into_report())
}

/// The releases of an image by the id of the distribution.
type Releases<'a> = BTreeMap<&'a str, Result<Release, Unserved>>;

struct Judgement<'a> {
    index: &'a IndexReport,
    data: &'a dyn VulnerabilityData,
    options: &'a Options,
    releases: &'a Releases<'a>,
    candidates: Candidates<'a>,
    gaps: Gaps,
    /// Places of the feeds that judged something.
    used: BTreeSet<usize>,
    judged: usize,
    hidden: SeverityCounts,
    findings: Vec<Finding>,
}

impl<'a> Judgement<'a> {
    fn judge_packages(&mut self) -> Result<(), MatchError> {
        self.gaps.add_index(self.index);
        if self.index.packages.is_empty() {
            let detail = || "no package database was found in the image".into();
            self.gaps.add(GapReason::NoPackages, "image", detail, 0);
        }
        if self.data.generation().is_none() {
            let detail = || "there is no vulnerability data yet".into();
            let packages = self.index.packages.len();
            self.gaps
                .add(GapReason::NoData, "vulnerability data", detail, packages);
            return Ok(());
        }
        for id in self.index.packages.keys() {
            if self.judge_package(id)? {
                self.judged += 1;
            }
        }
        Ok(())
    }

    /// Judges a package in every distribution that it belongs to, and tells whether all of them
    /// could be judged.
    fn judge_package(&mut self, id: &'a str) -> Result<bool, MatchError> {
        if self.findings.len() >= self.options.max_findings {
            let limit = self.options.max_findings;
            let detail = || format!("the limit of {limit} findings is reached");
            self.gaps
                .add(GapReason::TooManyFindings, "report", detail, 1);
            return Ok(false);
        }
        let nowhere = [Environment::default()];
        let environments = match self.index.environments.get(id) {
            Some(environments) if !environments.is_empty() => environments.as_slice(),
            _ => &nowhere,
        };
        let mut is_judged = true;
        let mut distributions = BTreeSet::new();
        let mut namespaces = BTreeSet::new();
        for environment in environments {
            if !distributions.insert(environment.distribution_id.as_str()) {
                continue;
            }
            match self.releases.get(environment.distribution_id.as_str()) {
                Some(Ok(release)) => {
                    if namespaces.insert(release.namespace.as_str()) {
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
        let Some(package) = self.index.packages.get(id) else {
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
        let statements = self.candidates.statements(&installed)?;
        let mut failure = None;
        let shared = OnceCell::new();
        for group in statements.chunk_by(|left, right| left.id() == right.id()) {
            match statements::judge(group) {
                Outcome::Clear => {}
                Outcome::Unknown(error) => failure = Some((error, group)),
                Outcome::Affected(affected) if is_hidden(&affected, self.options) => {
                    self.hidden.add(affected.statement.known.candidate.severity);
                }
                Outcome::Affected(affected) => {
                    let known = affected.statement.known;
                    let feed = known.feed(self.data).map_or("", |feed| &feed.name);
                    let details = known.details(self.data)?;
                    let package = shared.get_or_init(|| Arc::new(finding::package(&installed)));
                    let namespace = &release.namespace;
                    self.findings
                        .push(finding::of(package, namespace, &affected, feed, details));
                }
            }
        }
        let Some((error, statements)) = failure else {
            return Ok(true);
        };
        let id = statements.first().map_or("", Statement::id);
        let detail = || format!("{error}, needed for {id}");
        self.gaps
            .add(GapReason::UnknownVersion, &package.name, detail, 1);
        Ok(false)
    }

    /// Adds the gap of a package that belongs to no distribution of the index.
    fn add_foreign(&mut self, environment: &Environment) {
        let repository = environment
            .repository_ids
            .iter()
            .flatten()
            .find_map(|id| self.index.repository.get(id));
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

    fn into_report(mut self) -> Report {
        self.findings.sort_unstable_by(finding::order);
        let mut feeds: Vec<FeedUse> = self
            .used
            .iter()
            .filter_map(|feed| self.data.feeds().get(*feed))
            .map(|feed| FeedUse {
                name: feed.name.clone(),
                snapshot: feed.snapshot.clone(),
                checked: feed
                    .checked
                    .map_or_else(String::new, |checked| checked.to_string()),
            })
            .collect();
        feeds.sort_unstable();
        let packages = self.index.packages.len();
        let unjudged = packages - self.judged;
        Report {
            manifest: self.index.manifest_hash.clone(),
            distributions: self.index.distributions.values().cloned().collect(),
            packages,
            generation: self.data.generation(),
            feeds,
            coverage: self.gaps.into_coverage(self.judged, unjudged, self.index),
            counts: SeverityCounts::of(&self.findings),
            hidden: self.hidden,
            findings: self.findings,
        }
    }
}

fn is_hidden(affected: &Affected<'_>, options: &Options) -> bool {
    let is_unfixed = affected.fix != FixState::Fixed;
    affected.statement.known.candidate.severity < options.minimum_severity
        || (options.ignore_unfixed && is_unfixed)
}
