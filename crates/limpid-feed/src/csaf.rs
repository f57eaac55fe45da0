//! CSAF 2.0 documents of the VEX profile, one per vulnerability, as Red Hat publishes them. See
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html> and
//! <https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/>.
//!
//! | member | becomes |
//! |---|---|
//! | `document.tracking.id` | the id, which has to be the one of the document's address |
//! | `document.tracking.status` `deleted`, `withdrawn` | the document is counted and left out |
//! | `product_tree` | packages of products; see `tree` and `component` |
//! | `vulnerabilities[].product_status` | advisories; see `statements` |
//! | `threats`, `scores`, `remediations` | rating, bulletin, why there is no fix; see `ratings` |
//! | `notes[]` `description`, or `summary`, or `title` | the description |
//! | `references[].url`, the document's own address | references, behind the bulletin |
//! | `references[]` to Go's database | aliases |
//!
//! There are two layouts, which are read alike. The newer one (`vex-feed/`) names products by minor
//! release, packages mostly by their source and without architectures, and leaves out what it has
//! twice, such as the document's own address.
//!
//! A document is in memory whole. What is made of it is bounded by the limits on ids, some hundred
//! bytes for each, and ids are not copied.

mod component;
mod faults;
mod lists;
pub(crate) mod purl;
mod ratings;
mod statements;
mod tree;

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use limpid_types::Details;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::FeedError;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, clip, name_fault};
use faults::Faults;
use lists::{Text, each};
use ratings::{RatingLists, Ratings};
use statements::{Statements, Verdict};
use tree::{Meaning, Tree};

/// How many references are kept: every advisory of a document repeats them.
const MAX_REFERENCES: usize = 100;

/// Bytes of a reference. Longer ones are left out, since half an address leads nowhere.
const REFERENCE_BYTES: usize = 2048;

/// How many vulnerabilities a document may have. Those of the VEX profile have one.
const MAX_VULNERABILITIES: usize = 100;

/// How many products the lists of a vulnerability may name.
const MAX_STATEMENTS: usize = 500_000;

/// What stands before the id in addresses of Go's vulnerability database.
const GO_DATABASE: &str = "/vuln/";

/// What is known of a document before it is read.
pub(crate) struct Address<'a> {
    /// The id that it must have.
    pub(crate) id: &'a str,
    /// Where it is.
    pub(crate) url: &'a str,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "document")]
    header: Header<'a>,
    #[serde(borrow)]
    product_tree: Option<&'a RawValue>,
    #[serde(borrow)]
    vulnerabilities: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    tracking: Tracking<'a>,
    #[serde(borrow)]
    aggregate_severity: Option<AggregateSeverity<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Tracking<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    initial_release_date: Option<Text<'a>>,
    #[serde(borrow)]
    current_release_date: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct AggregateSeverity<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    cve: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    release_date: Option<Text<'a>>,
    #[serde(borrow)]
    discovery_date: Option<Text<'a>>,
    #[serde(borrow)]
    notes: Option<&'a RawValue>,
    #[serde(borrow)]
    references: Option<&'a RawValue>,
    #[serde(borrow)]
    product_status: Option<ProductStatus<'a>>,
    #[serde(borrow)]
    threats: Option<&'a RawValue>,
    #[serde(borrow)]
    scores: Option<&'a RawValue>,
    #[serde(borrow)]
    remediations: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct ProductStatus<'a> {
    #[serde(borrow)]
    fixed: Option<&'a RawValue>,
    #[serde(borrow)]
    known_affected: Option<&'a RawValue>,
    #[serde(borrow)]
    known_not_affected: Option<&'a RawValue>,
    #[serde(borrow)]
    under_investigation: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Note<'a> {
    #[serde(borrow)]
    category: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    url: Text<'a>,
}

/// Reads a document. What is wrong with it as a whole costs the document, what is wrong with a
/// product that product.
///
/// Packages for which `is_wanted` is false are left out.
pub(crate) fn read(
    address: &Address<'_>,
    content: &[u8],
    is_wanted: &dyn Fn(&str) -> bool,
    run: &mut Run<'_>,
) -> Result<(), FeedError> {
    let document: Document<'_> = match serde_json::from_slice(content) {
        Ok(document) => document,
        Err(error) => return run.quarantine(address.id, None, error),
    };
    let tracking = &document.header.tracking;
    if !tracking.id.0.eq_ignore_ascii_case(address.id) {
        let reason = format!("the document is about another id: {}", tracking.id.0);
        return run.quarantine(address.id, None, reason);
    }
    let status = tracking.status.as_ref().map_or("", |status| &status.0);
    if ["deleted", "withdrawn"]
        .into_iter()
        .any(|gone| status.eq_ignore_ascii_case(gone))
    {
        run.withdrawn();
        return Ok(());
    }
    let tree = match Tree::read(document.product_tree) {
        Ok(tree) => tree,
        Err(error) => return run.quarantine(address.id, None, error),
    };
    tree.faults.report(address.id, run)?;
    let vulnerabilities = match vulnerabilities(&document) {
        Ok(vulnerabilities) => vulnerabilities,
        Err(error) => return run.quarantine(address.id, None, error),
    };
    for vulnerability in &vulnerabilities {
        let reader = Reader {
            address,
            header: &document.header,
            tree: &tree,
            vulnerability,
            is_wanted,
        };
        if let Err(fault) = reader.read(run)? {
            run.quarantine(address.id, None, fault)?;
        }
    }
    Ok(())
}

fn vulnerabilities<'a>(document: &Document<'a>) -> Result<Vec<Vulnerability<'a>>, String> {
    let mut vulnerabilities = Vec::new();
    let mut outcome = Ok(());
    each(
        document.vulnerabilities,
        |vulnerability| match vulnerability {
            Ok(_) if vulnerabilities.len() == MAX_VULNERABILITIES => {
                outcome = Err(format!("more than {MAX_VULNERABILITIES} vulnerabilities"));
            }
            Ok(vulnerability) => vulnerabilities.push(vulnerability),
            Err(error) => outcome = Err(error.to_string()),
        },
    )
    .map_err(|error| error.to_string())?;
    outcome.map(|()| vulnerabilities)
}

/// One vulnerability of a document.
struct Reader<'r, 'a> {
    address: &'r Address<'r>,
    header: &'r Header<'a>,
    tree: &'r Tree<'a>,
    vulnerability: &'r Vulnerability<'a>,
    is_wanted: &'r dyn Fn(&str) -> bool,
}

/// A product id and the list that it is in.
type Listed<'a> = (Verdict, Cow<'a, str>);

impl<'a> Reader<'_, 'a> {
    /// Reads the vulnerability; the inner error says what is wrong with it as a whole.
    fn read(&self, run: &mut Run<'_>) -> Result<Result<(), String>, FeedError> {
        if let Some(cve) = &self.vulnerability.cve
            && !cve.0.eq_ignore_ascii_case(self.address.id)
        {
            return Ok(Err(format!("a vulnerability with another id: {}", cve.0)));
        }
        let (ratings, listed) = match self.ratings().and_then(|ratings| {
            let listed = self.listed()?;
            Ok((ratings, listed))
        }) {
            Ok(read) => read,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut statements = Statements::default();
        let mut faults = Faults::default();
        for (verdict, id) in &listed {
            let added = match self.tree.meaning(id) {
                Meaning::Package(subject)
                    if !subject.package.is_image && !(self.is_wanted)(&subject.package.name) =>
                {
                    Ok(())
                }
                Meaning::Package(subject) => statements.add(id, *verdict, subject),
                Meaning::Nothing => Ok(()),
                Meaning::Unknown => Err("a product that the tree does not have".to_owned()),
            };
            if let Err(fault) = added {
                faults.add(id, fault);
            }
        }
        faults.report(self.address.id, run)?;
        let details = self.details();
        let mut outcome = Ok(());
        statements.advisories(&ratings, |mut advisory, bulletin| {
            if outcome.is_ok() {
                self.address.id.clone_into(&mut advisory.id);
                advisory.details = with_bulletin(&details, bulletin);
                outcome = run.advisory(advisory);
            }
        });
        outcome.map(Ok)
    }

    fn ratings(&self) -> Result<Ratings<'a>, String> {
        let lists = RatingLists {
            threats: self.vulnerability.threats,
            scores: self.vulnerability.scores,
            remediations: self.vulnerability.remediations,
        };
        let aggregate = self.header.aggregate_severity.as_ref();
        let aggregate = aggregate.and_then(|severity| severity.text.as_ref());
        Ratings::read(&lists, aggregate.map(|text| text.0.clone()))
            .map_err(|error| error.to_string())
    }

    /// Returns the products of all lists.
    fn listed(&self) -> Result<Vec<Listed<'a>>, String> {
        let Some(status) = &self.vulnerability.product_status else {
            return Err("a vulnerability without the status of any product".to_owned());
        };
        let lists = [
            (Verdict::Fixed, status.fixed),
            (Verdict::Affected, status.known_affected),
            (Verdict::NotAffected, status.known_not_affected),
            (Verdict::UnderInvestigation, status.under_investigation),
        ];
        let mut listed = Vec::new();
        for (verdict, list) in lists {
            let mut outcome = Ok(());
            each(list, |id: Result<Text<'a>, _>| match id {
                Ok(id) if listed.len() < MAX_STATEMENTS => listed.push((verdict, id.0)),
                Ok(_) => outcome = Err(format!("more than {MAX_STATEMENTS} products in lists")),
                Err(error) => outcome = Err(error.to_string()),
            })
            .map_err(|error| error.to_string())?;
            outcome?;
        }
        Ok(listed)
    }

    fn details(&self) -> Details {
        let vulnerability = self.vulnerability;
        let tracking = &self.header.tracking;
        let dates = [
            &vulnerability.release_date,
            &vulnerability.discovery_date,
            &tracking.initial_release_date,
        ];
        let (references, aliases) = self.references();
        Details {
            aliases: aliases.into_iter().collect(),
            description: self.description(),
            references,
            published: dates
                .into_iter()
                .map(|text| date(text.as_ref()))
                .find(|date| !date.is_empty())
                .unwrap_or_default(),
            modified: date(tracking.current_release_date.as_ref()),
            withdrawn: String::new(),
        }
    }

    fn description(&self) -> String {
        let (mut description, mut summary) = (None, None);
        // Notes that cannot be read only say more about what stands without them.
        let _ = each(self.vulnerability.notes, |note: Result<Note<'a>, _>| {
            if let Ok(note) = note {
                match &*note.category.0 {
                    "description" => description = Some(note.text.0),
                    "summary" => summary = Some(note.text.0),
                    _ => {}
                }
            }
        });
        let titles = [&self.vulnerability.title, &self.header.title];
        let titles = titles.into_iter().flatten().map(|title| title.0.clone());
        let text = [description, summary]
            .into_iter()
            .flatten()
            .chain(titles)
            .find(|text| !text.trim().is_empty())
            .unwrap_or_default();
        clip(text.into_owned(), DESCRIPTION_BYTES)
    }

    /// Returns the references, and other names of the vulnerability that are among them.
    fn references(&self) -> (Vec<String>, BTreeSet<String>) {
        let mut references = Vec::new();
        let mut aliases = BTreeSet::new();
        let _ = each(
            self.vulnerability.references,
            |reference: Result<Reference<'a>, _>| {
                let Ok(Reference { url }) = reference else {
                    return;
                };
                if url.0.len() > REFERENCE_BYTES || references.len() + 1 >= MAX_REFERENCES {
                    return;
                }
                if let Some((_, alias)) = url.0.rsplit_once(GO_DATABASE)
                    && alias.starts_with("GO-")
                    && name_fault(alias).is_none()
                {
                    aliases.insert(alias.to_owned());
                }
                references.push(url.0.into_owned());
            },
        );
        references.push(self.address.url.to_owned());
        (references, aliases)
    }
}

fn with_bulletin(details: &Details, bulletin: &str) -> Details {
    let mut details = details.clone();
    if !bulletin.is_empty() {
        details.references.retain(|reference| reference != bulletin);
        details.references.insert(0, bulletin.to_owned());
    }
    details
}

/// Returns a date in UTC, or nothing when it is none.
fn date(text: Option<&Text<'_>>) -> String {
    text.and_then(|text| text.0.parse::<Timestamp>().ok())
        .map(|timestamp| timestamp.to_string())
        .unwrap_or_default()
}
