//! Canonical's OVAL: one document per release, with one definition per CVE.
//!
//! | part of a definition | becomes |
//! |---|---|
//! | `reference` with `source="CVE"` | the id |
//! | `advisory/severity`, `advisory/cve` with `cvss_vector` | the rating |
//! | a criterion | what is said of all binary packages of one source package |
//!
//! The tests tell packages and versions; that there is no version means that the package is
//! affected whatever its version. Why it is so stands in the comment of the criterion alone, in the
//! words of the generator of the security team (ubuntu-cve-tracker, `oval_lib.py`):
//!
//! | comment | tracker | statement |
//! |---|---|---|
//! | … was vulnerable but has been fixed | released | affected below the fix |
//! | … is related to the CVE in some way and has been fixed | not-affected, with a version | affected below that |
//! | … has been completed and is pending publication | pending | affected, below the fix if there is one |
//! | … is affected and needs fixing | needed | affected |
//! | … a decision has been made to defer addressing it | deferred | affected |
//! | … is affected and may need fixing | needs-triage | under investigation |
//! | … a vulnerability that is not known … pending evaluation | unknown | under investigation |
//! | … a decision has been made to ignore this issue | ignored | will not fix; end of life if the note says so |
//! | … while related to the CVE in some way, is not affected | not-affected | not affected |
//! | … does not exist | DNE | nothing |
//!
//! A fix of Ubuntu Pro shows in its version (`+esm1`) and has `esm` as repository.

use std::rc::Rc;

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Status, VersionConstraint,
};
use limpid_version::{RangeEnd, Scheme};

use crate::oval::{self, Bulletin, Definition, Statement};
use crate::rating::rate;
use crate::run::Run;
use crate::text::{REFERENCE_BYTES, clip, date, name_fault};
use crate::xml::Element;
use crate::{DocumentAddress, DocumentFault, Documents, Feed, FeedError, Limits, Sink, Tally};

/// How many references are kept.
const MAX_REFERENCES: usize = 100;

/// Words in the note of an ignored vulnerability that give the end of support as the reason.
const END_OF_LIFE: [&str; 6] = [
    "end of life",
    "end-of-life",
    "end of standard support",
    "out of standard support",
    "end of esm support",
    "end of support",
];

/// Parts of versions that only Ubuntu Pro has.
const EXTENDED: [&str; 2] = ["+esm", "~esm"];

/// A release of Ubuntu.
pub(super) struct Release {
    name: String,
    series: String,
    url: String,
    limits: Limits,
}

impl Release {
    pub(super) fn new(series: &str, url: String, limits: &Limits) -> Self {
        Self {
            name: format!("ubuntu/{series}"),
            series: series.to_owned(),
            url,
            limits: limits.clone(),
        }
    }
}

impl Feed for Release {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut run = Run::new(&self.name, &self.url, sink);
        oval::read(
            documents,
            &self.url,
            &self.limits,
            &mut run,
            &mut |definition, run| self.hand_over(definition, run),
        )?;
        Ok(run.finish())
    }
}

impl Release {
    fn hand_over(&self, definition: &Definition<'_>, run: &mut Run<'_>) -> Result<(), FeedError> {
        self.verify(definition)?;
        let bulletin = Bulletin::new(definition, "");
        let Some((id, pages)) = bulletin
            .vulnerabilities
            .first()
            .filter(|(id, _)| !id.is_empty())
        else {
            return run.quarantine(definition.id, Some(definition.offset), "no CVE id");
        };
        let mut advisory = Advisory {
            id: id.clone(),
            namespace: format!("ubuntu:{}", self.series),
            package: AffectedPackage {
                kind: PackageKind::Binary,
                ..AffectedPackage::default()
            },
            status: Status::Affected,
            versions: VersionConstraint::any(Scheme::Dpkg),
            rating: rating(definition.metadata),
            details: details(definition.metadata, pages, &bulletin.details.description),
        };
        let of_criteria = definition
            .statements
            .chunk_by(|left, right| Rc::ptr_eq(&left.comment, &right.comment));
        for of_criterion in of_criteria {
            let Some(status) = of_criterion
                .first()
                .and_then(|statement| status(&statement.comment))
            else {
                continue;
            };
            advisory.status = status;
            for statement in of_criterion {
                if let Some(fault) = name_fault(&statement.package) {
                    run.quarantine(&**id, Some(definition.offset), fault)?;
                    continue;
                }
                apply(statement, &mut advisory);
                run.advisory(&advisory)?;
            }
        }
        Ok(())
    }

    /// Compares the release in the id of a definition with the one that was asked for. A document
    /// of another release would be believed for every image of this one.
    fn verify(&self, definition: &Definition<'_>) -> Result<(), FeedError> {
        let expected = format!("oval:com.ubuntu.{}:", self.series);
        if definition.id.starts_with(&expected) {
            return Ok(());
        }
        Err(FeedError::document(
            &self.url,
            DocumentFault::Mismatch {
                member: "definition",
                found: clip(definition.id.to_owned(), 80),
                expected,
            },
        ))
    }
}

/// Puts what is said of a package into the advisory of the vulnerability.
fn apply(statement: &Statement, advisory: &mut Advisory) {
    let package = &mut advisory.package;
    package.name.clear();
    package.name.push_str(&statement.package);
    package.architectures.clone_from(&statement.architectures);
    // The packages of one criterion have their versions in common.
    if advisory.versions != statement.versions {
        advisory.versions = statement.versions.clone();
    }
    package.repository.clear();
    package.repository.push_str(repository(statement));
}

/// Finds out what a criterion says by its comment; none when there is no such package.
fn status(comment: &str) -> Option<Status> {
    let says = |text: &str| comment.contains(text);
    Some(if says("does not exist") {
        return None;
    } else if says("is not affected") {
        Status::NotAffected
    } else if says("may need fixing") || says("pending evaluation") {
        Status::UnderInvestigation
    } else if says("a decision has been made to ignore") {
        let comment = comment.to_lowercase();
        if END_OF_LIFE.iter().any(|words| comment.contains(words)) {
            Status::EndOfLife
        } else {
            Status::WillNotFix
        }
    } else {
        Status::Affected
    })
}

/// Returns the part of the archive that a fix is in, where the version tells.
fn repository(statement: &Statement) -> &'static str {
    let mut ends = statement
        .versions
        .ranges
        .iter()
        .filter_map(|range| match &range.end {
            Some(RangeEnd::Fixed(version)) => Some(version),
            _ => None,
        });
    let is_extended = ends.any(|version| EXTENDED.iter().any(|part| version.contains(part)));
    if is_extended { "esm" } else { "" }
}

fn rating(metadata: Element<'_>) -> Rating {
    let Some(advisory) = metadata.child("advisory") else {
        return Rating::default();
    };
    let vector = advisory
        .child("cve")
        .and_then(|cve| cve.attribute("cvss_vector"));
    rate(advisory.child_text("severity"), vector.unwrap_or_default())
}

/// Returns what is said of the vulnerability itself. The page about it comes first.
fn details(metadata: Element<'_>, pages: &[String], description: &str) -> Details {
    let advisory = metadata.child("advisory");
    let others = advisory
        .into_iter()
        .flat_map(|advisory| advisory.children_named("ref"))
        .map(|reference| reference.text().trim());
    let mut references: Vec<String> = pages.to_vec();
    for url in others.take(MAX_REFERENCES) {
        if url.len() <= REFERENCE_BYTES && !references.iter().any(|known| known == url) {
            references.push(url.to_owned());
        }
    }
    let published = advisory.map(|advisory| advisory.child_text("public_date"));
    Details {
        description: description.to_owned(),
        references,
        published: date(published),
        ..Details::default()
    }
}
