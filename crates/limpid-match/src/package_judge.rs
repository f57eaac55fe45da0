use std::cell::OnceCell;
use std::sync::Arc;

use limpid_types::{Finding, FixState, SeverityCounts};

use crate::candidates::{Candidates, Installed, Texts};
use crate::statements::{self, Affected, Outcome, Statement};
use crate::{MatchError, Options, VulnerabilityData, finding};

/// Judges the packages of one image, one after the other.
pub(crate) struct PackageJudge<'a> {
    data: &'a dyn VulnerabilityData,
    options: &'a Options,
    candidates: Candidates<'a>,
    texts: Texts,
}

impl<'a> PackageJudge<'a> {
    /// Makes a judge who has looked nothing up yet.
    pub(crate) fn new(data: &'a dyn VulnerabilityData, options: &'a Options) -> Self {
        Self {
            data,
            options,
            candidates: Candidates::new(data),
            texts: Texts::default(),
        }
    }

    /// Gives the findings of a package as part of one release.
    pub(crate) fn judge(
        &mut self,
        installed: &Installed<'a, '_>,
        mut find: impl FnMut(Finding),
    ) -> Result<Judged, MatchError> {
        let statements = self.candidates.statements(installed)?;
        let mut judged = Judged::default();
        let mut unknown = None;
        let shared = OnceCell::new();
        for group in statements.chunk_by(|left, right| left.id() == right.id()) {
            match statements::judge(group) {
                Outcome::Clear => {}
                Outcome::NotAffected(statement) => {
                    judged.not_affected.push(statement.id().to_owned());
                }
                Outcome::Unknown(error) => unknown = Some((error, group)),
                Outcome::Affected(affected) if is_hidden(&affected, self.options) => {
                    judged
                        .hidden
                        .add(affected.statement.known.candidate.severity);
                }
                Outcome::Affected(affected) => {
                    let known = affected.statement.known;
                    let feed = known.feed(self.data).map_or("", |feed| &feed.name);
                    let details = self.texts.of(known, self.data)?;
                    let package = shared.get_or_init(|| Arc::new(finding::package(installed)));
                    find(finding::of(package, &affected, feed, details));
                }
            }
        }
        judged.unknown = unknown.map(|(error, statements)| {
            let id = statements.first().map_or("", Statement::id);
            format!("{error}, needed for {id}")
        });
        Ok(judged)
    }
}

/// What is said of a package beside its findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    /// How many findings the options of the report hide.
    pub(crate) hidden: SeverityCounts,
    /// Vulnerabilities that a source says do not affect the package, whatever its version, sorted.
    pub(crate) not_affected: Vec<String>,
    /// What could not be compared, if anything.
    pub(crate) unknown: Option<String>,
}

fn is_hidden(affected: &Affected<'_>, options: &Options) -> bool {
    let is_unfixed = affected.fix != FixState::Fixed;
    affected.statement.known.candidate.severity < options.minimum_severity
        || (options.ignore_unfixed && is_unfixed)
}
