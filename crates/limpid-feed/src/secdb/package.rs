use std::cmp::Ordering;
use std::collections::BTreeMap;

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Status, VersionConstraint,
};
use limpid_version::Scheme;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::identifier::Identifiers;
use crate::FeedError;
use crate::json::{Elements, Members};
use crate::run::Run;
use crate::text::name_fault;

/// The fixed version that says "never affected".
const NEVER_AFFECTED: &str = "0";

/// Where the statements of a document hold.
pub(crate) struct Place<'a> {
    /// The namespace of the release.
    pub(crate) namespace: String,
    /// The repository of the release, or empty where there is but one.
    pub(crate) repository: &'a str,
    /// Gives the address that tells more about an id.
    pub(crate) reference: fn(&str) -> String,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    pkg: Package<'a>,
}

#[derive(Deserialize)]
struct Package<'a> {
    name: String,
    #[serde(borrow)]
    secfixes: Members<&'a RawValue>,
}

/// What a package says about one vulnerability.
struct Fix {
    version: String,
    aliases: Vec<String>,
}

impl Place<'_> {
    /// Reads an element of `packages`.
    ///
    /// An id that is listed under several versions gives one advisory, with the highest of them.
    /// The source lists an id again when the first fix was incomplete (ghostscript: `9.26-r1`, then
    /// `9.26-r2`) or when a branch with a backported fix was followed by a release that has the fix
    /// itself (wireshark: `2.2.10-r0`, `2.4.2-r0`). The two cannot be told apart, and calling a
    /// version fixed that is not is the worse mistake. For the same reason a version outweighs the
    /// `0` of "never affected".
    pub(super) fn read(
        &self,
        record: &[u8],
        offset: u64,
        run: &mut Run<'_>,
    ) -> Result<(), FeedError> {
        let package = match serde_json::from_slice::<Record<'_>>(record) {
            Ok(record) => record.pkg,
            Err(error) => return run.quarantine("", Some(offset), error),
        };
        if let Some(fault) = name_fault(&package.name) {
            return run.quarantine(package.name, Some(offset), fault);
        }
        let mut fixes = BTreeMap::new();
        for (version, ids) in &package.secfixes.0 {
            for reason in collect(&mut fixes, version, ids) {
                run.quarantine(&*package.name, Some(offset), reason)?;
            }
        }
        for (id, fix) in fixes {
            run.advisory(self.advisory(&package.name, id, fix))?;
        }
        Ok(())
    }

    fn advisory(&self, package: &str, id: String, fix: Fix) -> Advisory {
        let (status, versions) = if fix.version == NEVER_AFFECTED {
            (Status::NotAffected, VersionConstraint::any(Scheme::Apk))
        } else {
            let below = VersionConstraint::below(Scheme::Apk, fix.version);
            (Status::Affected, below)
        };
        Advisory {
            namespace: self.namespace.clone(),
            package: AffectedPackage {
                name: package.to_owned(),
                kind: PackageKind::Source,
                repository: self.repository.to_owned(),
                ..AffectedPackage::default()
            },
            status,
            versions,
            rating: Rating::default(),
            details: Details {
                aliases: fix.aliases,
                references: vec![(self.reference)(&id)],
                ..Details::default()
            },
            id,
        }
    }
}

/// Adds the ids that one version fixes, and returns what is wrong with those that were left out.
fn collect(fixes: &mut BTreeMap<String, Fix>, version: &str, ids: &RawValue) -> Vec<String> {
    if let Some(reason) = version_fault(version) {
        return vec![reason];
    }
    let ids = match serde_json::from_str::<Elements<&RawValue>>(ids.get()) {
        Ok(ids) => ids.0,
        Err(error) => return vec![format!("ids of version {version}: {error}")],
    };
    let mut reasons = Vec::new();
    for raw in ids {
        let text = match serde_json::from_str::<String>(raw.get()) {
            Ok(text) => text,
            Err(error) => {
                reasons.push(format!("id under version {version}: {error}"));
                continue;
            }
        };
        match Identifiers::parse(&text) {
            Some(identifiers) => add(fixes, version, identifiers),
            None => reasons.push(format!("no id in text under version {version}: {text:?}")),
        }
    }
    reasons
}

/// Says what is wrong with a fixed version; nothing when versions can be compared with it.
///
/// apk orders every text somehow. One that is no version at all would be the lowest of all, and say
/// that nothing is affected.
fn version_fault(version: &str) -> Option<String> {
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("fixed version without a number: {version:?}"));
    }
    let result = Scheme::Apk.compare(version, version);
    result.err().map(|error| error.to_string())
}

fn add(fixes: &mut BTreeMap<String, Fix>, version: &str, identifiers: Identifiers) {
    let fix = fixes.entry(identifiers.id).or_insert_with(|| Fix {
        version: version.to_owned(),
        aliases: Vec::new(),
    });
    if Scheme::Apk.compare(version, &fix.version) == Ok(Ordering::Greater) {
        version.clone_into(&mut fix.version);
    }
    fix.aliases.extend(identifiers.aliases);
    fix.aliases.sort_unstable();
    fix.aliases.dedup();
}
