use jiff::Timestamp;
use limpid_types::{
    Advisory, AffectedPackage, Details, Rating, Severity, Status, VersionConstraint,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ecosystem::Ecosystem;
use super::ranges::{RangeRecord, ranges};
use crate::FeedError;
use crate::json::Elements;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, clip, name_fault};

/// How many aliases and how many references are kept: every advisory of an entry repeats them.
const MAX_LINKS: usize = 100;

/// Bytes of a reference. Longer ones are left out, since half an address leads nowhere.
const REFERENCE_BYTES: usize = 2048;

#[derive(Deserialize)]
struct Entry<'a> {
    id: String,
    published: Option<String>,
    modified: Option<String>,
    withdrawn: Option<String>,
    summary: Option<String>,
    details: Option<String>,
    #[serde(borrow, default)]
    aliases: Elements<&'a RawValue>,
    #[serde(borrow, default)]
    references: Elements<&'a RawValue>,
    #[serde(borrow, default)]
    severity: Elements<&'a RawValue>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
    #[serde(borrow, default)]
    affected: Elements<&'a RawValue>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    package: Option<Package>,
    #[serde(borrow, default)]
    ranges: Elements<&'a RawValue>,
    #[serde(default)]
    versions: Elements<String>,
    #[serde(borrow, default)]
    severity: Elements<&'a RawValue>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Reference {
    url: String,
}

#[derive(Deserialize)]
struct Score {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct DatabaseSpecific {
    severity: String,
}

/// Reads an entry of the archive.
pub(super) fn read(
    ecosystem: &Ecosystem,
    file: &str,
    content: &[u8],
    run: &mut Run<'_>,
) -> Result<(), FeedError> {
    let entry: Entry<'_> = match serde_json::from_slice(content) {
        Ok(entry) => entry,
        Err(error) => return run.quarantine(file, None, error),
    };
    if let Some(fault) = name_fault(&entry.id) {
        return run.quarantine(file, None, fault);
    }
    // A withdrawal has a date, but no date in the future was ever seen: it is taken at its word.
    if entry
        .withdrawn
        .as_ref()
        .is_some_and(|date| !date.is_empty())
    {
        run.withdrawn();
        return Ok(());
    }
    let details = entry.details();
    let rating = rating(&entry.severity, entry.database_specific);
    for affected in &entry.affected.0 {
        let affected: Affected<'_> = match serde_json::from_str(affected.get()) {
            Ok(affected) => affected,
            Err(error) => {
                run.quarantine(&*entry.id, None, error)?;
                continue;
            }
        };
        // Without a package only commits are named.
        let Some(package) = &affected.package else {
            continue;
        };
        let Some(namespace) = ecosystem.namespace(&package.ecosystem) else {
            continue;
        };
        let fault = name_fault(&package.name).or_else(|| name_fault(&namespace));
        if let Some(fault) = fault {
            run.quarantine(&*entry.id, None, fault)?;
            continue;
        }
        let Some(versions) = affected.versions(ecosystem, &entry.id, run)? else {
            continue;
        };
        run.advisory(Advisory {
            id: entry.id.clone(),
            namespace,
            package: AffectedPackage {
                name: package.name.clone(),
                kind: ecosystem.kind,
                ..AffectedPackage::default()
            },
            status: Status::Affected,
            versions,
            rating: affected.rating().unwrap_or_else(|| rating.clone()),
            details: details.clone(),
        })?;
    }
    Ok(())
}

impl Entry<'_> {
    fn details(&self) -> Details {
        let mut aliases: Vec<String> = parsed(&self.aliases)
            .filter(|alias: &String| name_fault(alias).is_none() && *alias != self.id)
            .take(MAX_LINKS)
            .collect();
        aliases.sort_unstable();
        aliases.dedup();
        let description = [&self.summary, &self.details]
            .into_iter()
            .flatten()
            .find(|text| !text.trim().is_empty())
            .cloned()
            .unwrap_or_default();
        let references = parsed(&self.references)
            .map(|reference: Reference| reference.url)
            .filter(|url| url.len() <= REFERENCE_BYTES)
            .take(MAX_LINKS)
            .collect();
        Details {
            aliases,
            description: clip(description, DESCRIPTION_BYTES),
            references,
            published: date(self.published.as_deref()),
            modified: date(self.modified.as_deref()),
            withdrawn: String::new(),
        }
    }
}

impl Affected<'_> {
    /// Puts the versions together; none when there are none that mean anything here.
    ///
    /// A range that cannot be read is quarantined by itself: the other ranges and the list hold.
    fn versions(
        &self,
        ecosystem: &Ecosystem,
        id: &str,
        run: &mut Run<'_>,
    ) -> Result<Option<VersionConstraint>, FeedError> {
        let mut versions = VersionConstraint::none(ecosystem.scheme);
        versions.enumerated.clone_from(&self.versions.0);
        let mut is_explained = false;
        for raw in &self.ranges.0 {
            let found = serde_json::from_str::<RangeRecord>(raw.get())
                .map_err(|error| error.to_string())
                .and_then(|record| {
                    ranges(record, ecosystem.scheme).map_err(|error| error.to_string())
                });
            match found {
                Ok(Some(found)) => versions.ranges.extend(found),
                Ok(None) => is_explained = true,
                Err(reason) => {
                    is_explained = true;
                    run.quarantine(id, None, reason)?;
                }
            }
        }
        if !versions.ranges.is_empty() || !versions.enumerated.is_empty() {
            return Ok(Some(versions));
        }
        if !is_explained {
            run.quarantine(id, None, "neither ranges nor versions")?;
        }
        Ok(None)
    }

    /// Returns the rating of this package, where it has one of its own.
    fn rating(&self) -> Option<Rating> {
        let rating = rating(&self.severity, self.database_specific);
        (rating != Rating::default()).then_some(rating)
    }
}

/// Reads the elements that are what they should be. The others are no reason to lose an advisory:
/// they only say more about it.
fn parsed<'a, T: Deserialize<'a>>(elements: &Elements<&'a RawValue>) -> impl Iterator<Item = T> {
    elements
        .0
        .iter()
        .filter_map(|raw| serde_json::from_str(raw.get()).ok())
}

/// Rates by what the source says. The text is the score of the newest kind (`CVSS_V4` over
/// `CVSS_V3`), or else the word; the severity comes from a word only.
fn rating(scores: &Elements<&RawValue>, specific: Option<&RawValue>) -> Rating {
    let score = parsed(scores)
        .filter(|score: &Score| name_fault(&score.score).is_none())
        .max_by(|left, right| left.kind.cmp(&right.kind))
        .map(|score| score.score)
        .unwrap_or_default();
    let word = specific
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .map(|specific: DatabaseSpecific| specific.severity)
        .filter(|word| name_fault(word).is_none())
        .unwrap_or_default();
    let severity = [&word, &score]
        .into_iter()
        .map(|text| severity(text))
        .find(|&severity| severity != Severity::Unknown)
        .unwrap_or_default();
    Rating {
        text: if score.is_empty() { word } else { score },
        severity,
    }
}

fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "moderate" => Severity::Medium,
        "important" => Severity::High,
        word => word.parse().unwrap_or_default(),
    }
}

/// Returns a date in UTC, or nothing when it is none.
fn date(text: Option<&str>) -> String {
    text.and_then(|text| text.parse::<Timestamp>().ok())
        .map(|timestamp| timestamp.to_string())
        .unwrap_or_default()
}
