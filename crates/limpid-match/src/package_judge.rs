use std::cell::OnceCell;
use std::sync::Arc;

use limpid_types::{Finding, FixState, SeverityCounts};

use crate::candidates::{Candidates, Installed};
use crate::statements::{self, Affected, Outcome, Statement};
use crate::{MatchError, Options, VulnerabilityData, finding};

/// Judges the packages of one image, one after the other.
pub(crate) struct PackageJudge<'a> {
    data: &'a dyn VulnerabilityData,
    options: &'a Options,
    candidates: Candidates<'a>,
}

impl<'a> PackageJudge<'a> {
    /// Makes a judge who has looked nothing up yet.
    pub(crate) fn new(data: &'a dyn VulnerabilityData, options: &'a Options) -> Self {
        Self {
            data,
            options,
            candidates: Candidates::new(data),
        }
    }

    /// Gives the findings of a package as part of one release, and counts those that are hidden.
    /// Returns what could not be compared, if anything.
    pub(crate) fn judge(
        &mut self,
        installed: &Installed<'a, '_>,
        hidden: &mut SeverityCounts,
        mut find: impl FnMut(Finding),
    ) -> Result<Option<String>, MatchError> {
        let statements = self.candidates.statements(installed)?;
        let mut unknown = None;
        let shared = OnceCell::new();
        for group in statements.chunk_by(|left, right| left.id() == right.id()) {
            match statements::judge(group) {
                Outcome::Clear => {}
                Outcome::Unknown(error) => unknown = Some((error, group)),
                Outcome::Affected(affected) if is_hidden(&affected, self.options) => {
                    hidden.add(affected.statement.known.candidate.severity);
                }
                Outcome::Affected(affected) => {
                    let known = affected.statement.known;
                    let feed = known.feed(self.data).map_or("", |feed| &feed.name);
                    let details = known.details(self.data)?;
                    let package = shared.get_or_init(|| Arc::new(finding::package(installed)));
                    let namespace = &installed.release.namespace;
                    find(finding::of(package, namespace, &affected, feed, details));
                }
            }
        }
        Ok(unknown.map(|(error, statements)| {
            let id = statements.first().map_or("", Statement::id);
            format!("{error}, needed for {id}")
        }))
    }
}

fn is_hidden(affected: &Affected<'_>, options: &Options) -> bool {
    let is_unfixed = affected.fix != FixState::Fixed;
    affected.statement.known.candidate.severity < options.minimum_severity
        || (options.ignore_unfixed && is_unfixed)
}
