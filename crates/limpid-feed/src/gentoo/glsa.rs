use std::collections::{BTreeMap, BTreeSet};

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::Scheme;

use super::interval::{Interval, Intervals};
use crate::FeedError;
use crate::cve;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, clip, name_fault};
use crate::xml::{Element, Record, XmlReader};

/// How many packages, and how many ranges of one of them, a bulletin may have.
const MAX_ITEMS: usize = 1000;

/// How many advisories a bulletin may become.
const MAX_ADVISORIES: usize = 100_000;

/// How many vulnerabilities a bulletin may name; browsers have some hundreds.
const MAX_IDS: usize = 10_000;

/// The slot and the architecture that stand for all.
const ALL: &str = "*";

/// What a bulletin says.
#[derive(Default)]
pub(super) struct Bulletin {
    ids: BTreeSet<String>,
    rating: Rating,
    description: String,
    published: String,
    modified: String,
    statements: Vec<Statement>,
    /// What could not be read.
    faults: Vec<String>,
}

/// Which versions of a package are vulnerable.
struct Statement {
    package: AffectedPackage,
    intervals: Intervals,
}

/// The versions of one slot, or of all.
#[derive(Default)]
struct Versions {
    vulnerable: Vec<Interval>,
    unaffected: Vec<Interval>,
}

/// Reads a bulletin.
pub(super) fn read(xml: &mut XmlReader) -> Result<Bulletin, FeedError> {
    let mut bulletin = Bulletin::default();
    xml.enter_root("glsa")?;
    while xml.next_child()?.is_some() {
        match xml.record()? {
            Record::Whole(element) => bulletin.element(element),
            Record::Faulty(reason) => bulletin.faults.push(reason),
        }
    }
    xml.finish()?;
    Ok(bulletin)
}

impl Bulletin {
    fn element(&mut self, element: Element<'_>) {
        match element.name() {
            "synopsis" => {
                self.description = clip(element.text().to_owned(), DESCRIPTION_BYTES);
            }
            "announced" => self.published = date(element.text()),
            "revised" => self.modified = date(element.text()),
            "impact" => self.rating = rating(element.attribute("type").unwrap_or_default()),
            "references" => {
                for uri in element.children_named("uri") {
                    // Candidates became CVEs of the same numbers.
                    let text = uri.text().replace("CAN-", "CVE-");
                    let room = MAX_IDS.saturating_sub(self.ids.len());
                    self.ids.extend(cve::ids(&text).take(room));
                }
            }
            "affected" => {
                for package in element.children_named("package").take(MAX_ITEMS) {
                    match statements(package) {
                        Ok(statements) => self.statements.extend(statements),
                        Err(reason) => self.faults.push(reason),
                    }
                }
            }
            _ => {}
        }
    }

    /// Hands over what was read.
    pub(super) fn write(mut self, id: &str, run: &mut Run<'_>) -> Result<(), FeedError> {
        for fault in &self.faults {
            run.quarantine(id, None, fault)?;
        }
        if self.ids.is_empty() {
            self.ids.insert(id.to_owned());
        }
        if self.ids.len().saturating_mul(self.statements.len()) > MAX_ADVISORIES {
            return run.quarantine(id, None, "more than 100000 advisories");
        }
        let number = id.trim_start_matches("GLSA-");
        let details = Details {
            description: self.description,
            references: vec![format!("https://security.gentoo.org/glsa/{number}")],
            published: self.published,
            modified: self.modified,
            ..Details::default()
        };
        for id in self.ids {
            for statement in &self.statements {
                run.advisory(Advisory {
                    id: id.clone(),
                    namespace: "gentoo:rolling".into(),
                    package: statement.package.clone(),
                    status: Status::Affected,
                    versions: VersionConstraint {
                        ranges: statement.intervals.ranges(),
                        ..VersionConstraint::none(Scheme::Gentoo)
                    },
                    rating: self.rating.clone(),
                    details: details.clone(),
                })?;
            }
        }
        Ok(())
    }
}

/// Reads what is said of a package: one statement per slot that is named, and one for all slots.
///
/// What is unaffected in all slots is so in each. What is unaffected in one slot takes nothing from
/// what is vulnerable in all of them: it would be taken from the other slots, too.
fn statements(element: Element<'_>) -> Result<Vec<Statement>, String> {
    let name = element.attribute("name").unwrap_or_default();
    if let Some(fault) = name_fault(name) {
        return Err(format!("package: {fault}"));
    }
    let mut slots: BTreeMap<&str, Versions> = BTreeMap::new();
    for (count, child) in element.children().enumerate() {
        if count == MAX_ITEMS {
            return Err(format!("{name}: more than 1000 ranges"));
        }
        let slot = child.attribute("slot").map_or(ALL, str::trim);
        let slot = if slot.is_empty() { ALL } else { slot };
        let versions = slots.entry(slot).or_default();
        let list = match child.name() {
            "vulnerable" => &mut versions.vulnerable,
            "unaffected" => &mut versions.unaffected,
            _ => continue,
        };
        let range = child.attribute("range").unwrap_or_default();
        let interval = Interval::parse(range, child.text());
        list.push(interval.map_err(|reason| format!("{name}: {reason}"))?);
    }
    let everywhere = slots
        .get(ALL)
        .map(|versions| versions.unaffected.clone())
        .unwrap_or_default();
    let mut statements = Vec::new();
    for (slot, versions) in slots {
        let mut intervals = Intervals::new(versions.vulnerable);
        for unaffected in versions.unaffected.iter().chain(&everywhere) {
            intervals.subtract(unaffected);
        }
        if !intervals.is_empty() {
            statements.push(Statement {
                package: package(name, slot, element)?,
                intervals,
            });
        }
    }
    Ok(statements)
}

fn package(name: &str, slot: &str, element: Element<'_>) -> Result<AffectedPackage, String> {
    if let Some(fault) = name_fault(slot) {
        return Err(format!("{name}: slot: {fault}"));
    }
    let architectures = element.attribute("arch").unwrap_or(ALL);
    let mut architectures: Vec<String> = architectures
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|name| !name.is_empty())
        .take(MAX_ITEMS)
        .map(str::to_owned)
        .collect();
    if architectures.iter().any(|name| name == ALL) {
        architectures.clear();
    }
    architectures.sort_unstable();
    architectures.dedup();
    Ok(AffectedPackage {
        name: name.to_owned(),
        kind: PackageKind::Binary,
        module: match slot {
            ALL => String::new(),
            slot => format!("slot:{slot}"),
        },
        architectures,
        ..AffectedPackage::default()
    })
}

/// Puts the impact of a bulletin on the scale.
fn rating(impact: &str) -> Rating {
    let severity = match impact {
        "minimal" | "low" => Severity::Low,
        "normal" => Severity::Medium,
        "high" => Severity::High,
        _ => Severity::Unknown,
    };
    Rating {
        text: clip(impact.to_owned(), 128),
        severity,
    }
}

/// Returns the beginning of a day, or nothing when it is none. Revisions may follow the day.
fn date(text: &str) -> String {
    text.get(..10)
        .and_then(|day| day.parse::<jiff::civil::Date>().ok())
        .map(|day| format!("{day}T00:00:00Z"))
        .unwrap_or_default()
}
