use jiff::{SignedDuration, Timestamp};
use limpid_types::{Details, Rating, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::statements::PAGES;
use crate::json::Elements;
use crate::rating::{of_word, rate, rate_by_score, score};
use crate::text::{REFERENCE_BYTES, clip, date, name_fault};

/// How many aliases and how many references are kept: every advisory of an entry repeats them.
const MAX_LINKS: usize = 100;

/// How much the clocks may differ that dates were made by.
const DIFFERENCE_OF_CLOCKS: SignedDuration = SignedDuration::from_hours(24);

/// What an entry says beside its versions.
#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    /// The entry's own name.
    pub(crate) id: String,
    published: Option<String>,
    modified: Option<String>,
    withdrawn: Option<String>,
    /// One line: "Important: nodejs:18 security update".
    pub(crate) summary: Option<String>,
    details: Option<String>,
    #[serde(borrow, default)]
    aliases: Elements<&'a RawValue>,
    #[serde(borrow, default)]
    upstream: Elements<&'a RawValue>,
    #[serde(borrow, default)]
    related: Elements<&'a RawValue>,
    #[serde(borrow, default)]
    references: Elements<&'a RawValue>,
    #[serde(borrow, default)]
    severity: Elements<&'a RawValue>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
    /// The packages, each to be read by itself.
    #[serde(borrow, default)]
    pub(crate) affected: Elements<&'a RawValue>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type", default)]
    kind: String,
    url: String,
}

#[derive(Deserialize)]
struct Score {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

/// Which of two judgements counts where an entry has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precedence {
    /// The word: a distribution rates what it ships.
    Word,
    /// The score: databases of languages make their words of it, if they have any.
    Score,
}

/// The part of `database_specific` and `ecosystem_specific` that rates.
#[derive(Deserialize)]
pub(super) struct DatabaseSpecific {
    #[serde(alias = "ubuntu_priority")]
    severity: String,
}

impl DatabaseSpecific {
    /// Returns the word of the source for how bad it is.
    pub(super) fn word(raw: &RawValue) -> Option<String> {
        serde_json::from_str(raw.get())
            .ok()
            .map(|specific: Self| specific.severity)
            .filter(|word| name_fault(word).is_none())
    }
}

impl<'a> Entry<'a> {
    /// Reads an entry; the error says what is wrong with it.
    pub(crate) fn parse(content: &'a [u8]) -> Result<Self, String> {
        let entry: Self = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        match name_fault(&entry.id) {
            None => Ok(entry),
            Some(fault) => Err(fault.to_owned()),
        }
    }

    /// Tells whether the source has taken the entry back, or says when it will.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn
            .as_deref()
            .is_some_and(|date| !date.is_empty())
    }

    /// Tells whether the entry is taken back at a time, or a little later: the dates of one change
    /// are not always made by the same clock. A date that cannot be read is a withdrawal all the
    /// same, and any is when nobody knows the time.
    pub(crate) fn is_withdrawn_at(&self, time: Option<Timestamp>) -> bool {
        let date = self.withdrawn.as_deref().unwrap_or_default();
        let is_later = match (date.parse::<Timestamp>(), time) {
            (Ok(date), Some(time)) => date.duration_since(time) > DIFFERENCE_OF_CLOCKS,
            _ => false,
        };
        self.is_withdrawn() && !is_later
    }

    /// Returns when the entry was last changed, if it says so.
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        self.modified.as_deref()?.parse().ok()
    }

    /// Returns the CVE ids of the vulnerabilities that the entry is about, sorted. Which of the
    /// three members has them depends on the database and on the age of the entry.
    pub(crate) fn cves(&self) -> Vec<String> {
        let mut cves: Vec<String> = [&self.upstream, &self.aliases, &self.related]
            .into_iter()
            .flat_map(parsed::<String>)
            .filter(|id| is_cve(id))
            .collect();
        cves.sort_unstable();
        cves.dedup();
        cves
    }

    /// Returns the other names that are no CVE ids or are not the entry's own, sorted.
    pub(crate) fn aliases(&self) -> Vec<String> {
        let mut aliases: Vec<String> = parsed(&self.aliases)
            .filter(|alias: &String| name_fault(alias).is_none() && *alias != self.id)
            .take(MAX_LINKS)
            .collect();
        aliases.sort_unstable();
        aliases.dedup();
        aliases
    }

    /// Returns what all advisories of the entry share, without aliases, and with so many bytes of
    /// the description: the summary, or the details where there is none.
    pub(crate) fn details(&self, description_bytes: usize) -> Details {
        let description = [&self.summary, &self.details]
            .into_iter()
            .flatten()
            .find(|text| !text.trim().is_empty())
            .cloned()
            .unwrap_or_default();
        Details {
            aliases: Vec::new(),
            description: clip(description, description_bytes),
            references: self.references().map(|reference| reference.url).collect(),
            published: date(self.published.as_deref()),
            modified: date(self.modified.as_deref()),
            withdrawn: String::new(),
        }
    }

    /// Returns the address of the bulletin that the entry is: its first reference of the type
    /// `ADVISORY`, or else its page in the OSV database.
    pub(crate) fn bulletin_url(&self) -> String {
        self.references()
            .find(|reference| reference.kind == "ADVISORY")
            .map_or_else(|| format!("{PAGES}{}", self.id), |reference| reference.url)
    }

    /// Returns the rating of the whole entry. The word counts when `database_specific` has none.
    pub(crate) fn rating(&self, word: &str, precedence: Precedence) -> Rating {
        let specific = self.database_specific.and_then(DatabaseSpecific::word);
        let word = specific.as_deref().unwrap_or(word);
        rating(&self.severity, word, precedence)
    }

    fn references(&self) -> impl Iterator<Item = Reference> {
        parsed(&self.references)
            .filter(|reference: &Reference| reference.url.len() <= REFERENCE_BYTES)
            .take(MAX_LINKS)
    }
}

/// Tells whether a text has the form of a CVE id.
fn is_cve(id: &str) -> bool {
    let mut parts = id.splitn(3, '-');
    let is_number =
        |text: Option<&str>| text.is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()));
    id.len() <= 32
        && parts.next() == Some("CVE")
        && id.len() >= "CVE-2000-0000".len()
        && is_number(parts.next())
        && is_number(parts.next())
}

/// Reads the elements that are what they should be. The others are no reason to lose an advisory:
/// they only say more about it.
fn parsed<'a, T: Deserialize<'a>>(elements: &Elements<&'a RawValue>) -> impl Iterator<Item = T> {
    elements
        .0
        .iter()
        .filter_map(|raw| serde_json::from_str(raw.get()).ok())
}

/// Rates by a word and by `severity`: of its scores the one of the newest kind counts (`CVSS_V4`
/// over `CVSS_V3`) that can be read, and what is no CVSS but a word (`Ubuntu`) is the word of the
/// source.
pub(super) fn rating(scores: &Elements<&RawValue>, word: &str, precedence: Precedence) -> Rating {
    let rank = |found: &Score| (score(&found.score).is_some(), found.kind.clone());
    let mut vector: Option<Score> = None;
    let mut word = word.to_owned();
    for score in parsed(scores).filter(|score: &Score| name_fault(&score.score).is_none()) {
        if !score.kind.starts_with("CVSS") {
            word = if word.is_empty() { score.score } else { word };
        } else if vector
            .as_ref()
            .is_none_or(|known| rank(known) <= rank(&score))
        {
            vector = Some(score);
        }
    }
    let vector = vector.map(|score| score.score).unwrap_or_default();
    // Older entries have the word in the place of a vector.
    if word.is_empty() && of_word(&vector) != Severity::Unknown {
        return rate(&vector, "");
    }
    match precedence {
        Precedence::Word => rate(&word, &vector),
        Precedence::Score => rate_by_score(&vector, &word),
    }
}
