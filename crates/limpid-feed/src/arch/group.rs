use std::collections::BTreeSet;

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::Scheme;
use serde::Deserialize;

use crate::FeedError;
use crate::json::Elements;
use crate::run::Run;
use crate::text::{clip, name_fault};

/// How many advisories a group may become. Real ones have up to a hundred issues or packages.
const MAX_ADVISORIES: usize = 100_000;

/// How many bulletins of a group are kept as references.
const MAX_BULLETINS: usize = 32;

/// Bytes of the type, which is a few words.
const TYPE_BYTES: usize = 512;

#[derive(Deserialize)]
struct Group {
    name: String,
    packages: Elements<String>,
    status: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    issues: Elements<String>,
    #[serde(default)]
    advisories: Elements<String>,
}

/// Reads an element of the document.
pub(super) fn read(record: &[u8], offset: u64, run: &mut Run<'_>) -> Result<(), FeedError> {
    let group: Group = match serde_json::from_slice(record) {
        Ok(group) => group,
        Err(error) => return run.quarantine("", Some(offset), error),
    };
    if let Some(fault) = name_fault(&group.name) {
        return run.quarantine(group.name, Some(offset), fault);
    }
    let (status, versions) = match group.judge() {
        Ok(judgement) => judgement,
        Err(reason) => return run.quarantine(group.name, Some(offset), reason),
    };
    let packages = names(&group.name, &group.packages, offset, run)?;
    let mut ids = names(&group.name, &group.issues, offset, run)?;
    if ids.is_empty() {
        // A vulnerability without a number is still one.
        ids.insert(&group.name);
    }
    if packages.is_empty() {
        return run.quarantine(group.name, Some(offset), "no package");
    }
    if packages.len().saturating_mul(ids.len()) > MAX_ADVISORIES {
        return run.quarantine(group.name, Some(offset), "more than 100000 advisories");
    }
    let (rating, details) = (group.rating(), group.details());
    for id in ids {
        for package in &packages {
            run.advisory(Advisory {
                id: id.to_owned(),
                namespace: "arch:rolling".into(),
                package: AffectedPackage {
                    name: (*package).to_owned(),
                    kind: PackageKind::Binary,
                    ..AffectedPackage::default()
                },
                status,
                versions: versions.clone(),
                rating: rating.clone(),
                details: details.clone(),
            })?;
        }
    }
    Ok(())
}

/// Returns those texts that can be names, each once.
fn names<'a>(
    group: &str,
    texts: &'a Elements<String>,
    offset: u64,
    run: &mut Run<'_>,
) -> Result<BTreeSet<&'a str>, FeedError> {
    let mut names = BTreeSet::new();
    for text in &texts.0 {
        match name_fault(text) {
            None => drop(names.insert(text.as_str())),
            Some(fault) => run.quarantine(group, Some(offset), fault)?,
        }
    }
    Ok(names)
}

impl Group {
    /// Says what holds for which versions.
    ///
    /// The tracker compares a fix with what its repositories have: `Testing` and `Vulnerable` may
    /// name a fix that has not reached everybody, and `Unknown` one of a package that they do not
    /// have any more. In each case the versions from the fix on are good, and the others are not.
    fn judge(&self) -> Result<(Status, VersionConstraint), String> {
        let any = VersionConstraint::any(Scheme::Alpm);
        let fixed = self.fixed.as_deref().map(str::trim).unwrap_or_default();
        match (self.status.as_str(), fixed) {
            ("Not affected", _) => Ok((Status::NotAffected, any)),
            ("Vulnerable" | "Testing", "") => Ok((Status::Affected, any)),
            ("Unknown", "") => Ok((Status::UnderInvestigation, any)),
            ("Fixed", "") => Err("fixed without a fixed version".into()),
            ("Vulnerable" | "Testing" | "Unknown" | "Fixed", fixed) => {
                Scheme::Alpm
                    .compare(fixed, fixed)
                    .map_err(|error| error.to_string())?;
                let below = VersionConstraint::below(Scheme::Alpm, fixed);
                Ok((Status::Affected, below))
            }
            (other, _) => Err(format!("unknown status: {other:?}")),
        }
    }

    fn rating(&self) -> Rating {
        let text = clip(self.severity.clone().unwrap_or_default(), TYPE_BYTES);
        let severity: Severity = text.parse().unwrap_or_default();
        Rating { text, severity }
    }

    fn details(&self) -> Details {
        let bulletins = self.advisories.0.iter().take(MAX_BULLETINS);
        let pages = [&self.name].into_iter().chain(bulletins);
        Details {
            description: clip(self.kind.clone().unwrap_or_default(), TYPE_BYTES),
            references: pages
                .filter(|page| name_fault(page).is_none())
                .map(|page| format!("https://security.archlinux.org/{page}"))
                .collect(),
            ..Details::default()
        }
    }
}
