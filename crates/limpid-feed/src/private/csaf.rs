//! CSAF 2.0 documents about packages of languages, as in
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>. (Red Hat's documents, which are about
//! rpm packages of products, are read by [`crate::csaf`].)
//!
//! | member | becomes |
//! |---|---|
//! | `vulnerabilities[].cve`, or `ids[].text`, or `document.tracking.id` | the id |
//! | `product_tree`, package URLs | packages; other products are passed by |
//! | a version in the package URL, `product_version`, `product_version_range` (`vers:`) | which versions; all without any |
//! | `known_affected` | affected |
//! | `fixed`, `first_fixed` | where the range of an affected package ends that has no versions |
//! | `known_not_affected` without a version | not affected |
//! | `under_investigation` | under investigation |
//! | `scores[]` `cvss_v4`, `cvss_v3`, `cvss_v2`, or `document.aggregate_severity.text` | the rating |
//!
//! Where a document names fixed versions alone, versions below the highest are affected. That one
//! version is not affected says nothing about others, and only takes away what this document says.

use std::collections::BTreeMap;

use limpid_types::{
    Advisory, AffectedPackage, Details, Ecosystem, PackageKind, Rating, Status, VersionConstraint,
};
use limpid_version::Range;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::product_tree::{Meant, ProductTree, Products};
use crate::FeedError;
use crate::json::Elements;
use crate::rating::{rate, rate_by_score, score};
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, REFERENCE_BYTES, clip, date, name_fault};

/// How many references are kept.
const MAX_REFERENCES: usize = 100;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "document")]
    header: Header,
    #[serde(default)]
    product_tree: ProductTree,
    #[serde(borrow, default)]
    vulnerabilities: Elements<&'a RawValue>,
}

#[derive(Deserialize)]
struct Header {
    tracking: Tracking,
    aggregate_severity: Option<AggregateSeverity>,
    title: Option<String>,
}

#[derive(Deserialize)]
struct Tracking {
    id: String,
    #[serde(default)]
    status: String,
    initial_release_date: Option<String>,
    current_release_date: Option<String>,
}

#[derive(Deserialize)]
struct AggregateSeverity {
    text: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    cve: Option<String>,
    title: Option<String>,
    #[serde(default)]
    ids: Elements<Id>,
    #[serde(default)]
    notes: Elements<Note>,
    #[serde(default)]
    references: Elements<Reference>,
    #[serde(default)]
    scores: Elements<Scores>,
    #[serde(default)]
    product_status: ProductStatus,
}

#[derive(Deserialize)]
struct Id {
    text: String,
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    category: String,
    text: String,
}

#[derive(Deserialize)]
struct Reference {
    url: String,
}

#[derive(Deserialize)]
struct Scores {
    #[serde(rename = "cvss_v4")]
    four: Option<Vector>,
    #[serde(rename = "cvss_v3")]
    three: Option<Vector>,
    #[serde(rename = "cvss_v2")]
    two: Option<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    vector_string: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProductStatus {
    known_affected: Elements<String>,
    fixed: Elements<String>,
    first_fixed: Elements<String>,
    known_not_affected: Elements<String>,
    under_investigation: Elements<String>,
}

/// What a vulnerability is said to be in a package.
#[derive(Default)]
struct Claims<'a> {
    affected: Vec<&'a Meant>,
    fixed: Vec<&'a Meant>,
    not_affected: Vec<&'a Meant>,
    under_investigation: Vec<&'a Meant>,
}

type ClaimsByPackage<'a> = BTreeMap<(Ecosystem, &'a str), Claims<'a>>;

/// Reads a document. What is wrong with a vulnerability or a product costs that alone.
pub(super) fn read(name: &str, content: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
    let document: Document<'_> = match serde_json::from_slice(content) {
        Ok(document) => document,
        Err(error) => return run.quarantine(name, None, error),
    };
    let status = &document.header.tracking.status;
    if ["deleted", "withdrawn"]
        .iter()
        .any(|gone| status.eq_ignore_ascii_case(gone))
    {
        run.withdrawn();
        return Ok(());
    }
    let products = document.product_tree.products();
    for raw in &document.vulnerabilities.0 {
        let vulnerability = match serde_json::from_str::<Vulnerability>(raw.get()) {
            Ok(vulnerability) => vulnerability,
            Err(error) => {
                run.quarantine(name, None, error)?;
                continue;
            }
        };
        let id = vulnerability.id(&document.header.tracking).to_owned();
        if let Some(fault) = name_fault(&id) {
            run.quarantine(name, None, fault)?;
            continue;
        }
        let claims = claims(&vulnerability.product_status, &products, name, run)?;
        let rating = vulnerability.rating(&document.header);
        let details = vulnerability.details(&document.header);
        for ((ecosystem, package), claims) in &claims {
            for (status, versions) in claims.statements() {
                run.advisory(Advisory {
                    id: id.clone(),
                    namespace: ecosystem.key().to_owned(),
                    package: AffectedPackage {
                        name: (*package).to_owned(),
                        kind: PackageKind::Binary,
                        ..AffectedPackage::default()
                    },
                    status,
                    versions,
                    rating: rating.clone(),
                    details: details.clone(),
                })?;
            }
        }
    }
    Ok(())
}

/// Puts a product into one of the lists of claims.
type Claim<'a> = fn(&mut Claims<'a>, &'a Meant);

fn claims<'a>(
    status: &ProductStatus,
    products: &'a Products,
    name: &str,
    run: &mut Run<'_>,
) -> Result<ClaimsByPackage<'a>, FeedError> {
    let mut claims = ClaimsByPackage::new();
    let lists: [(&Elements<String>, Claim<'a>); 5] = [
        (&status.known_affected, |it, meant| it.affected.push(meant)),
        (&status.fixed, |it, meant| it.fixed.push(meant)),
        (&status.first_fixed, |it, meant| it.fixed.push(meant)),
        (&status.known_not_affected, |it, meant| {
            it.not_affected.push(meant);
        }),
        (&status.under_investigation, |it, meant| {
            it.under_investigation.push(meant);
        }),
    ];
    for (list, add) in lists {
        for id in &list.0 {
            match products.get(id) {
                Some(Ok(meant)) => {
                    let key = (meant.ecosystem, &*meant.name);
                    add(claims.entry(key).or_default(), meant);
                }
                Some(Err(fault)) => run.quarantine(format!("{name} {id}"), None, fault)?,
                None => {}
            }
        }
    }
    Ok(claims)
}

impl Claims<'_> {
    /// Returns what is said together: each status with the versions that it holds for.
    fn statements(&self) -> Vec<(Status, VersionConstraint)> {
        let mut statements = Vec::new();
        if let Some(affected) = self.affected_versions() {
            statements.push((Status::Affected, affected));
        } else if let Some(meant) = self.not_affected.iter().find(|meant| meant.is_any()) {
            statements.push((Status::NotAffected, meant.versions.clone()));
        }
        if let Some(versions) = together(&self.under_investigation) {
            statements.push((Status::UnderInvestigation, versions));
        }
        statements
    }

    fn affected_versions(&self) -> Option<VersionConstraint> {
        let is_any = self.affected.iter().any(|meant| meant.is_any());
        let highest = self.highest_fix();
        match highest {
            Some((scheme, fixed)) if is_any || self.affected.is_empty() => {
                Some(VersionConstraint::below(scheme, fixed))
            }
            _ => together(&self.affected),
        }
    }

    fn highest_fix(&self) -> Option<(limpid_version::Scheme, &str)> {
        let fixes = self.fixed.iter().flat_map(|meant| {
            let scheme = meant.versions.scheme;
            meant
                .versions
                .enumerated
                .iter()
                .map(move |it| (scheme, &**it))
        });
        fixes.max_by(|(scheme, left), (_, right)| {
            // Versions that do not compare were refused before.
            scheme
                .compare(left, right)
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    }
}

/// Puts the versions of several products of a package together.
fn together(meant: &[&Meant]) -> Option<VersionConstraint> {
    let first = meant.first()?;
    let mut versions = VersionConstraint::none(first.versions.scheme);
    for product in meant {
        versions
            .ranges
            .extend(product.versions.ranges.iter().cloned());
        let listed = &product.versions.enumerated;
        versions.enumerated.extend(listed.iter().cloned());
    }
    if versions.ranges.contains(&Range::default()) {
        versions = VersionConstraint::any(versions.scheme);
    }
    Some(versions)
}

impl Vulnerability {
    fn id<'a>(&'a self, tracking: &'a Tracking) -> &'a str {
        let other = self.ids.0.first().map(|id| &*id.text);
        self.cve.as_deref().or(other).unwrap_or(&tracking.id)
    }

    /// Rates by the worst score of the newest kind.
    fn rating(&self, header: &Header) -> Rating {
        let word = header.aggregate_severity.as_ref();
        let word = word.map(|it| &*it.text).unwrap_or_default();
        let kinds: [fn(&Scores) -> &Option<Vector>; 3] =
            [|it| &it.four, |it| &it.three, |it| &it.two];
        for kind in kinds {
            let vectors = self.scores.0.iter().filter_map(|it| kind(it).as_ref());
            let scored = vectors.filter_map(|it| Some((score(&it.vector_string)?, it)));
            if let Some((_, worst)) = scored.max_by(|left, right| left.0.total_cmp(&right.0)) {
                return rate_by_score(&worst.vector_string, word);
            }
        }
        rate(word, "")
    }

    fn details(&self, header: &Header) -> Details {
        let note = |category: &str| {
            let mut notes = self.notes.0.iter();
            notes
                .find(|note| note.category == category)
                .map(|note| &note.text)
        };
        let texts = [
            note("description"),
            note("summary"),
            self.title.as_ref(),
            header.title.as_ref(),
        ];
        let description = texts.into_iter().flatten().next().cloned();
        let references = self.references.0.iter().map(|reference| &reference.url);
        let tracking = &header.tracking;
        Details {
            aliases: Vec::new(),
            description: clip(description.unwrap_or_default(), DESCRIPTION_BYTES),
            references: references
                .filter(|url| url.len() <= REFERENCE_BYTES)
                .take(MAX_REFERENCES)
                .cloned()
                .collect(),
            published: date(tracking.initial_release_date.as_deref()),
            modified: date(tracking.current_release_date.as_deref()),
            withdrawn: String::new(),
        }
    }
}
