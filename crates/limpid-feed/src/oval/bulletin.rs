use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::{Range, RangeEnd, Scheme};

use super::{Definition, Statement};
use crate::FeedError;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, clip};
use crate::xml::Element;

/// Addresses that are kept of a definition; those of a Linux kernel may list hundreds of bulletins.
const MAX_REFERENCES: usize = 100;

/// What a definition says of vulnerabilities, whichever package they are in.
pub(crate) struct Bulletin {
    /// The vulnerabilities, each with the addresses that are about it alone.
    pub(crate) vulnerabilities: Vec<(String, Vec<String>)>,
    /// Severity in the source's word.
    pub(crate) rating: Rating,
    /// Description, dates, and the references that all vulnerabilities share.
    pub(crate) details: Details,
}

impl Bulletin {
    /// Reads what the sources write in the same way. The references that are no CVE's are shared;
    /// without a CVE, the definition is about `own_id`.
    pub(crate) fn new(definition: &Definition<'_>, own_id: &str) -> Self {
        let metadata = definition.metadata;
        let cves = cve_ids(metadata);
        let mut shared = Vec::new();
        let mut vulnerabilities: Vec<(String, Vec<String>)> =
            cves.into_iter().map(|cve| (cve, Vec::new())).collect();
        for reference in metadata.children_named("reference").take(MAX_REFERENCES) {
            let url = reference.attribute("ref_url").unwrap_or_default().trim();
            let id = reference.attribute("ref_id").unwrap_or_default();
            if !url.starts_with("http") {
                continue;
            }
            let own = find_cve(id)
                .and_then(|cve| vulnerabilities.iter_mut().find(|(name, _)| name == cve));
            match own {
                Some((_, urls)) => urls.push(url.to_owned()),
                None => shared.push(url.to_owned()),
            }
        }
        if vulnerabilities.is_empty() {
            vulnerabilities.push((own_id.to_owned(), Vec::new()));
        }
        let advisory = metadata.child("advisory");
        let word = advisory
            .and_then(|advisory| advisory.child("severity"))
            .or_else(|| metadata.child("severity"))
            .map_or("", Element::text);
        let date = |name| {
            let element = advisory.and_then(|advisory| advisory.child(name));
            timestamp(
                element
                    .and_then(|date| date.attribute("date"))
                    .unwrap_or_default(),
            )
        };
        Self {
            vulnerabilities,
            rating: Rating {
                text: clip(word.to_owned(), 64),
                severity: severity(word),
            },
            details: Details {
                description: clip(
                    metadata.child_text("description").to_owned(),
                    DESCRIPTION_BYTES,
                ),
                references: shared,
                published: date("issued"),
                modified: date("updated"),
                ..Details::default()
            },
        }
    }

    /// Hands over an advisory for each vulnerability and package.
    ///
    /// Where several products of a source are one distribution here, they may say different things
    /// of one package. "Affected" outweighs "not affected", and a fix outweighs "no fix": what one
    /// product fixed is fixed wherever its package is installed.
    pub(crate) fn emit(&self, claims: &[Claim<'_>], run: &mut Run<'_>) -> Result<(), FeedError> {
        let mut affected: BTreeMap<(String, AffectedPackage, Scheme), BTreeSet<Range>> =
            BTreeMap::new();
        for claim in claims
            .iter()
            .filter(|claim| !claim.statement.is_not_affected)
        {
            for package in claim.packages() {
                let key = (
                    claim.namespace.clone(),
                    package,
                    claim.statement.versions.scheme,
                );
                let ranges = affected.entry(key).or_default();
                ranges.extend(claim.statement.versions.ranges.iter().cloned());
            }
        }
        let names: BTreeSet<(String, String)> = affected
            .keys()
            .map(|(namespace, package, _)| (namespace.clone(), package.name.clone()))
            .collect();
        let mut unaffected = BTreeSet::new();
        for claim in claims
            .iter()
            .filter(|claim| claim.statement.is_not_affected)
        {
            let name = (claim.namespace.clone(), claim.statement.package.to_string());
            if !names.contains(&name) {
                let scheme = claim.statement.versions.scheme;
                let keyed = |package| (claim.namespace.clone(), package, scheme);
                unaffected.extend(claim.packages().into_iter().map(keyed));
            }
        }
        for ((namespace, package, scheme), ranges) in affected {
            let versions = VersionConstraint {
                scheme,
                ranges: without_repetition(scheme, ranges),
                enumerated: Vec::new(),
            };
            self.advisories(&namespace, &package, Status::Affected, &versions, run)?;
        }
        for (namespace, package, scheme) in unaffected {
            let versions = VersionConstraint::any(scheme);
            self.advisories(&namespace, &package, Status::NotAffected, &versions, run)?;
        }
        Ok(())
    }

    fn advisories(
        &self,
        namespace: &str,
        package: &AffectedPackage,
        status: Status,
        versions: &VersionConstraint,
        run: &mut Run<'_>,
    ) -> Result<(), FeedError> {
        for (id, references) in &self.vulnerabilities {
            let mut details = self.details.clone();
            details.references.extend_from_slice(references);
            run.advisory(Advisory {
                id: id.clone(),
                namespace: namespace.to_owned(),
                package: package.clone(),
                status,
                versions: versions.clone(),
                rating: self.rating.clone(),
                details,
            })?;
        }
        Ok(())
    }
}

/// A statement, and where it holds.
pub(crate) struct Claim<'a> {
    /// The release: `ol:9`.
    pub(crate) namespace: String,
    /// The part of the release: `ksplice`, or empty.
    pub(crate) repository: &'static str,
    /// What is said.
    pub(crate) statement: &'a Statement,
}

impl Claim<'_> {
    /// Returns the package that it is about, once for each module that it may belong to.
    fn packages(&self) -> Vec<AffectedPackage> {
        let statement = self.statement;
        let package = |module: &str| AffectedPackage {
            name: statement.package.to_string(),
            kind: PackageKind::Binary,
            repository: self.repository.to_owned(),
            module: module.to_owned(),
            architectures: statement.architectures.clone(),
            cpes: Vec::new(),
        };
        if statement.modules.is_empty() {
            return vec![package("")];
        }
        statement
            .modules
            .iter()
            .map(|module| package(module))
            .collect()
    }
}

/// Leaves out the ranges that others make superfluous: of several first fixed versions the last
/// counts, and "every version" counts only when there is no fix.
fn without_repetition(scheme: Scheme, ranges: BTreeSet<Range>) -> Vec<Range> {
    let (below, mut others): (Vec<Range>, Vec<Range>) = ranges
        .into_iter()
        .partition(|range| range.introduced.is_none() && fixed(range).is_some());
    let last = below.into_iter().reduce(|left, right| {
        let order = scheme.compare(fixed(&left).unwrap_or(""), fixed(&right).unwrap_or(""));
        if order == Ok(Ordering::Less) {
            right
        } else {
            left
        }
    });
    if last.is_some() {
        others.retain(|range| *range != Range::default());
    }
    others.extend(last);
    others
}

fn fixed(range: &Range) -> Option<&str> {
    match &range.end {
        Some(RangeEnd::Fixed(version)) => Some(version),
        _ => None,
    }
}

/// Returns the CVE ids that a definition names, in its order.
fn cve_ids(metadata: Element<'_>) -> Vec<String> {
    let references = metadata
        .children_named("reference")
        .filter_map(|reference| reference.attribute("ref_id"));
    let advisory = metadata.child("advisory");
    let listed = advisory
        .into_iter()
        .flat_map(|advisory| advisory.children_named("cve"));
    let mut ids: Vec<String> = Vec::new();
    for text in references.chain(listed.map(Element::text)) {
        if let Some(id) = find_cve(text)
            && !ids.iter().any(|known| known == id)
        {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// Finds a CVE id in a text: `Mitre CVE-2004-2771`, `CVE:00001:CVE-2023-2602`.
fn find_cve(text: &str) -> Option<&str> {
    let start = text.find("CVE-")?;
    let id = text.get(start..)?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (year, rest) = id.get("CVE-".len()..)?.split_once('-')?;
    let length = digits(rest);
    let is_id = year.len() == 4 && digits(year) == 4 && length >= 4;
    is_id
        .then(|| id.get(..="CVE-".len() + year.len() + length))
        .flatten()
}

/// Returns a date such as `2019-10-23` as a time; empty when it is none.
fn timestamp(date: &str) -> String {
    match date.trim().parse::<Date>() {
        Ok(date) => format!("{date}T00:00:00Z"),
        Err(_) => String::new(),
    }
}

/// Puts a source's word on the scale. All sources that write OVAL for rpm packages use Red Hat's
/// words; Azure Linux uses those of CVSS.
fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "low" => Severity::Low,
        "moderate" | "medium" => Severity::Medium,
        "important" | "high" => Severity::High,
        "critical" => Severity::Critical,
        _ => Severity::Unknown,
    }
}
