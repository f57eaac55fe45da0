//! Packages of programming languages: which advisories speak of them, and which findings are one.
//!
//! * A package is judged by the advisories of its ecosystem, from whichever feed.
//! * A package in a file that the distribution owns is not: the distribution judges the owner.
//! * The databases of an ecosystem give one vulnerability several names (`GHSA-…`, `PYSEC-…`,
//!   `GO-…`, `RUSTSEC-…`, `CVE-…`). Findings in one package that share a name, their own or an
//!   alias, are one finding with all names and all statements.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use limpid_types::{
    Details, Ecosystem, Environment, FeedStatement, Finding, IndexReport, OwnedPackage, Repository,
};

/// Returns the ecosystem of a package in an environment; none for packages of distributions.
///
/// It is told by the repository, which Clair's index reports have as well.
pub(crate) fn ecosystem(index: &IndexReport, environment: &Environment) -> Option<Ecosystem> {
    let mut ids = environment.repository_ids.iter().flatten();
    ids.find_map(|id| of_repository(index.repository.get(id)?))
}

/// Returns the ecosystem that a repository stands for.
pub(crate) fn of_repository(repository: &Repository) -> Option<Ecosystem> {
    // A repository of Red Hat's that has the name of an ecosystem is still one of Red Hat's.
    let is_plain = repository.key.is_empty() && repository.cpe.is_empty();
    is_plain.then(|| Ecosystem::from_key(&repository.name))?
}

/// Returns the name of the feed that is the ecosystem's own database.
pub(crate) fn feed(ecosystem: Ecosystem) -> String {
    format!("osv/{}", ecosystem.osv().to_lowercase())
}

/// Lists the packages that are judged as part of a package of the distribution.
pub(crate) fn owned(index: &IndexReport) -> Vec<OwnedPackage> {
    let mut owned: Vec<OwnedPackage> = index
        .limpid
        .languages
        .iter()
        .filter_map(|(id, language)| {
            let package = index.packages.get(id)?;
            Some(OwnedPackage {
                name: package.name.clone(),
                version: package.version.clone(),
                package: id.clone(),
                ecosystem: language.ecosystem,
                owner: language.owner.clone()?,
            })
        })
        .collect();
    owned.sort_unstable();
    owned
}

/// Makes one finding of those that are about one vulnerability in one package.
///
/// The findings are those in one package.
pub(crate) fn merge_aliases(findings: &mut Vec<Finding>) {
    let groups = Groups::of(findings);
    let mut merged: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for (place, finding) in findings.drain(..).enumerate() {
        let group = groups.root(place);
        merged.entry(group).or_default().push(finding);
    }
    findings.extend(merged.into_values().filter_map(one));
}

/// Which findings share a name.
struct Groups {
    /// For each finding another one of its group; the first of a group stands for it.
    parents: Vec<usize>,
}

impl Groups {
    fn of(findings: &[Finding]) -> Self {
        let mut groups = Self {
            parents: (0..findings.len()).collect(),
        };
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, finding) in findings.iter().enumerate() {
            for name in [&finding.id].into_iter().chain(&finding.details.aliases) {
                let first = *known.entry(name).or_insert(place);
                groups.join(first, place);
            }
        }
        groups
    }

    fn root(&self, mut place: usize) -> usize {
        // Parents come before their children, so this ends.
        while let Some(&parent) = self.parents.get(place)
            && parent != place
        {
            place = parent;
        }
        place
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        let (first, second) = (left.min(right), left.max(right));
        if first != second
            && let Some(parent) = self.parents.get_mut(second)
        {
            *parent = first;
        }
    }
}

/// Makes one finding of several. The one of the highest severity speaks, of those the one whose
/// fix comes last; the name is the CVE if there is one.
fn one(mut findings: Vec<Finding>) -> Option<Finding> {
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| (Reverse(finding.severity), finding.fix);
        let order = key(left).cmp(&key(right));
        order.then_with(|| {
            left.id
                .cmp(&right.id)
                .then_with(|| left.feed.cmp(&right.feed))
        })
    });
    let mut names: Vec<String> = findings
        .iter()
        .flat_map(|finding| [&finding.id].into_iter().chain(&finding.details.aliases))
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    let statements: Vec<FeedStatement> = findings.iter().map(statement).collect();
    let mut spokesman = findings.into_iter().next()?;
    if let Some(cve) = names.iter().find(|name| name.starts_with("CVE-")) {
        spokesman.id.clone_from(cve);
    }
    names.retain(|name| *name != spokesman.id);
    spokesman.details = Arc::new(Details {
        aliases: names,
        ..Arc::unwrap_or_clone(spokesman.details)
    });
    if statements.len() > 1 || statements.iter().any(|it| it.id != spokesman.id) {
        spokesman.statements = statements;
    }
    Some(spokesman)
}

fn statement(finding: &Finding) -> FeedStatement {
    FeedStatement {
        id: finding.id.clone(),
        feed: finding.feed.clone(),
        severity: finding.severity,
        severity_text: finding.severity_text.clone(),
        fix: finding.fix,
        fixed_version: finding.fixed_version.clone(),
        reason: finding.reason.clone(),
    }
}
