//! Canonical's VEX documents: one per CVE, in the form of <https://openvex.dev/>.
//!
//! ```text
//! { "statements": [ { "vulnerability": { "name", "description", "aliases": [address] },
//!     "timestamp", "status", "justification", "action_statement", "status_notes",
//!     "products": [ { "@id": package address } ] } ] }
//! ```
//!
//! | `status` | becomes |
//! |---|---|
//! | `fixed` | affected below the version of the product |
//! | `affected` | affected; *will not fix* when the `action_statement` says so, *end of life* when it says that the package is no longer supported |
//! | `under_investigation` | under investigation |
//! | `not_affected` | not affected; nothing when the justification is `component_not_present`, since there is no such package |
//!
//! The version of a product is the one that its pocket has now. The fix may have come with an older
//! one, which only the other forms know, so that a package between the two counts as affected here.
//!
//! Products are source and binary packages. What is said of a source package is said of all that is
//! built from it, so the binary ones are passed by. The rating is in the `status_notes`, "… classified
//! this CVE as of Medium priority." The wording is documented at
//! <https://documentation.ubuntu.com/security/security-updates/vex/>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use limpid_types::{Details, Rating, Status, VersionConstraint};
use limpid_version::Scheme;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::claims::{Claim, Claims};
use super::product::Product;
use crate::FeedError;
use crate::json::Elements;
use crate::rating::rate;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, REFERENCE_BYTES, clip, date, name_fault};

/// How many references are kept.
const MAX_REFERENCES: usize = 100;

/// How statements about what is not going to be fixed begin behind "This package (for the given
/// release) is ".
const WILL_NOT_FIX: &str = "decided to not fix";
const NO_LONGER_SUPPORTED: &str = "is no longer supported";

/// What stands in front of and behind the rating.
const PRIORITY: (&str, &str) = ("classified this CVE as of ", " priority");

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    statements: Elements<&'a RawValue>,
}

#[derive(Deserialize)]
struct StatementRecord<'a> {
    #[serde(borrow)]
    vulnerability: Vulnerability<'a>,
    timestamp: Option<String>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    justification: Option<Cow<'a, str>>,
    #[serde(borrow)]
    action_statement: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status_notes: Option<Cow<'a, str>>,
    #[serde(borrow)]
    products: Elements<ProductRecord<'a>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(borrow, default)]
    aliases: Elements<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct ProductRecord<'a> {
    #[serde(borrow, rename = "@id")]
    id: Cow<'a, str>,
}

/// Reads the document of a CVE.
pub(super) fn read(file: &str, content: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
    let document: Document<'_> = match serde_json::from_slice(content) {
        Ok(document) => document,
        Err(error) => return run.quarantine(file, None, error),
    };
    let mut found: BTreeMap<String, (Details, Claims)> = BTreeMap::new();
    for raw in &document.statements.0 {
        let statement: StatementRecord<'_> = match serde_json::from_str(raw.get()) {
            Ok(statement) => statement,
            Err(error) => {
                run.quarantine(file, None, error)?;
                continue;
            }
        };
        let checked = match name_fault(&statement.vulnerability.name) {
            Some(fault) => Err(fault.to_owned()),
            None => statement.meaning(),
        };
        let meaning = match checked {
            Ok(Some(meaning)) => meaning,
            Ok(None) => continue,
            Err(reason) => {
                run.quarantine(file, None, reason)?;
                continue;
            }
        };
        let (_, claims) = found
            .entry(statement.vulnerability.name.clone())
            .or_insert_with(|| (statement.details(), Claims::default()));
        let rating = rate(statement.priority(), "");
        if let Some(reason) = add_products(&statement, &meaning, &rating, claims) {
            run.quarantine(&*statement.vulnerability.name, None, reason)?;
        }
    }
    for (id, (details, claims)) in found {
        claims.hand_over(&id, &details, run)?;
    }
    Ok(())
}

/// What a statement says of its products.
enum Meaning {
    /// They are fixed at their versions.
    Fixed,
    /// It is so whatever the version.
    Always(Status),
}

impl StatementRecord<'_> {
    /// Finds out what is said; none when the products are not there.
    fn meaning(&self) -> Result<Option<Meaning>, String> {
        let action = self.action_statement.as_deref().unwrap_or_default();
        let status = match &*self.status {
            "fixed" => return Ok(Some(Meaning::Fixed)),
            "affected" if action.contains(WILL_NOT_FIX) => Status::WillNotFix,
            "affected" if action.contains(NO_LONGER_SUPPORTED) => Status::EndOfLife,
            "affected" => Status::Affected,
            "under_investigation" => Status::UnderInvestigation,
            "not_affected" => match self.justification.as_deref() {
                Some("component_not_present") => return Ok(None),
                _ => Status::NotAffected,
            },
            other => return Err(format!("unknown status: {other:?}")),
        };
        Ok(Some(Meaning::Always(status)))
    }

    fn priority(&self) -> &str {
        let notes = [&self.status_notes, &self.action_statement];
        let word = notes.into_iter().flatten().find_map(|note| {
            let (_, rest) = note.split_once(PRIORITY.0)?;
            rest.split_once(PRIORITY.1).map(|(word, _)| word)
        });
        word.unwrap_or_default()
    }

    /// Returns what is said of the vulnerability itself. The page about it comes first.
    fn details(&self) -> Details {
        let vulnerability = &self.vulnerability;
        let page = format!("https://ubuntu.com/security/{}", vulnerability.name);
        let others = vulnerability.aliases.0.iter();
        let others = others.filter(|url| **url != page && url.len() <= REFERENCE_BYTES);
        let others = others
            .take(MAX_REFERENCES)
            .map(|url| url.clone().into_owned());
        Details {
            description: clip(vulnerability.description.clone(), DESCRIPTION_BYTES),
            published: date(self.timestamp.as_deref()),
            references: std::iter::once(page.clone()).chain(others).collect(),
            ..Details::default()
        }
    }
}

/// Adds what is said of each source package, and returns what is wrong with those of which nothing
/// could be read.
fn add_products(
    statement: &StatementRecord<'_>,
    meaning: &Meaning,
    rating: &Rating,
    claims: &mut Claims,
) -> Option<String> {
    let mut bad = 0;
    let mut first_bad = None;
    for record in &statement.products.0 {
        let product = Product::parse(&record.id);
        if product.as_ref().is_some_and(|product| !product.is_source) {
            continue;
        }
        let is_added = product.is_some_and(|product| add(&product, meaning, rating, claims));
        if !is_added {
            bad += 1;
            first_bad.get_or_insert(&record.id);
        }
    }
    first_bad.map(|id| format!("{bad} products without a usable name, version or release: {id}"))
}

/// Adds what is said of a source package, and tells whether that could be done.
fn add(product: &Product, meaning: &Meaning, rating: &Rating, claims: &mut Claims) -> bool {
    let Some(place) = &product.place else {
        return false;
    };
    let version = &product.version;
    let (status, versions) = match meaning {
        Meaning::Fixed if Scheme::Dpkg.compare(version, version).is_err() => return false,
        Meaning::Fixed => (
            Status::Affected,
            VersionConstraint::below(Scheme::Dpkg, version),
        ),
        Meaning::Always(status) => (*status, VersionConstraint::any(Scheme::Dpkg)),
    };
    if name_fault(&product.name).is_some() {
        return false;
    }
    let claim = Claim {
        pocket: place.pocket.clone(),
        status,
        versions,
        rating: rating.clone(),
    };
    claims.add(place, &product.name, claim);
    true
}
