use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use limpid_types::{Advisory, AffectedPackage, Details, PackageKind, Status, VersionConstraint};
use limpid_version::Scheme;

use super::Reading;
use crate::FeedError;
use crate::cve;
use crate::rating::rate;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, clip, name_fault};
use crate::xml::Element;

/// How many advisories a bulletin may become. A kernel with all its packages has some thousands.
const MAX_ADVISORIES: usize = 100_000;

/// How many references of a bulletin are kept, and how long one may be.
const MAX_REFERENCES: usize = 64;
const REFERENCE_BYTES: usize = 2048;

/// The architecture of packages that hold for all.
const ALL_ARCHITECTURES: &str = "noarch";

/// A package in the version that has the fix.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Fix<'a> {
    name: &'a str,
    version: String,
    module: String,
}

/// Fixes, with the architectures that they are for.
type Fixes<'a> = BTreeMap<Fix<'a>, BTreeSet<&'a str>>;

impl Reading<'_> {
    /// Reads a bulletin.
    pub(super) fn update(
        &mut self,
        update: Element<'_>,
        offset: u64,
        run: &mut Run<'_>,
    ) -> Result<(), FeedError> {
        let id = update.child_text("id");
        if let Some(fault) = name_fault(id) {
            return run.quarantine(id, Some(offset), fault);
        }
        let mut ids = cves(update);
        if ids.is_empty() {
            if update.attribute("type") != Some("security") {
                return Ok(());
            }
            ids.insert(id.to_owned());
        }
        let fixes = self.fixes(id, update, offset, run)?;
        if fixes.len().saturating_mul(ids.len()) > MAX_ADVISORIES {
            return run.quarantine(id, Some(offset), "more than 100000 advisories");
        }
        for cve in &ids {
            let details = self.details(id, cve, update);
            for (fix, architectures) in &fixes {
                run.advisory(self.advisory(cve, fix, architectures, update, &details))?;
            }
        }
        Ok(())
    }

    fn advisory(
        &self,
        cve: &str,
        fix: &Fix<'_>,
        architectures: &BTreeSet<&str>,
        update: Element<'_>,
        details: &Details,
    ) -> Advisory {
        Advisory {
            id: cve.to_owned(),
            namespace: self.repository.namespace.clone(),
            package: AffectedPackage {
                name: fix.name.to_owned(),
                kind: PackageKind::Binary,
                repository: self.repository.repository.clone(),
                module: fix.module.clone(),
                architectures: architectures.iter().map(|&name| name.to_owned()).collect(),
                cpes: Vec::new(),
            },
            status: Status::Affected,
            versions: VersionConstraint::below(Scheme::Rpm, fix.version.clone()),
            rating: rate(update.child_text("severity"), ""),
            details: details.clone(),
        }
    }

    /// Collects the packages of a bulletin, without those of architectures that are read from
    /// another document and without those for all architectures that were read from one before.
    fn fixes<'a>(
        &mut self,
        id: &str,
        update: Element<'a>,
        offset: u64,
        run: &mut Run<'_>,
    ) -> Result<Fixes<'a>, FeedError> {
        let mut fixes = Fixes::new();
        let mut is_empty = true;
        for collection in update
            .children_named("pkglist")
            .flat_map(|list| list.children_named("collection"))
        {
            let module = collection.child("module").map(module).unwrap_or_default();
            for package in collection.children_named("package") {
                is_empty = false;
                let name = package.attribute("name").unwrap_or_default();
                let architecture = package.attribute("arch").unwrap_or_default();
                match fix(package, &module) {
                    Ok(fix) if self.reads(architecture) => {
                        fixes.entry(fix).or_default().insert(architecture);
                    }
                    Ok(_) => {}
                    Err(reason) => {
                        run.quarantine(format!("{id} {name}"), Some(offset), reason)?;
                    }
                }
            }
        }
        if is_empty {
            run.quarantine(id, Some(offset), "no package")?;
        }
        self.forget_known(id, &mut fixes);
        Ok(fixes)
    }

    /// Takes out the packages for all architectures that are known already.
    fn forget_known(&mut self, id: &str, fixes: &mut Fixes<'_>) {
        if self.repository.documents.len() < 2 {
            return;
        }
        for (fix, architectures) in fixes.iter_mut() {
            if architectures.contains(ALL_ARCHITECTURES) {
                let mut hasher = DefaultHasher::new();
                (id, fix).hash(&mut hasher);
                if !self.is_new(hasher.finish()) {
                    architectures.remove(ALL_ARCHITECTURES);
                }
            }
        }
        fixes.retain(|_, architectures| !architectures.is_empty());
    }

    /// Puts together what is said of one CVE of a bulletin. The first reference is the bulletin.
    fn details(&self, id: &str, cve: &str, update: Element<'_>) -> Details {
        let mut own = None;
        let mut others = Vec::new();
        for reference in references(update) {
            let href = reference.attribute("href").unwrap_or_default();
            if href.is_empty() || href.len() > REFERENCE_BYTES || others.len() == MAX_REFERENCES {
                continue;
            }
            let named = reference.attribute("id").unwrap_or_default();
            if named == id {
                own.get_or_insert_with(|| href.to_owned());
            } else if named == cve || !named.starts_with("CVE-") {
                others.push(href.to_owned());
            }
        }
        let page = own.or_else(|| (self.repository.page)(id));
        let description = paragraph(update.child_text("description"), cve);
        Details {
            description: clip(description.to_owned(), DESCRIPTION_BYTES),
            references: page.into_iter().chain(others).collect(),
            published: date(update, "issued"),
            modified: date(update, "updated"),
            ..Details::default()
        }
    }
}

fn references(update: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    update
        .children_named("references")
        .flat_map(|references| references.children_named("reference"))
}

/// Collects the CVE ids that the references name, in their id or, as with Fedora, in their title.
fn cves(update: Element<'_>) -> BTreeSet<String> {
    references(update)
        .flat_map(|reference| ["id", "title"].map(|name| reference.attribute(name)))
        .flatten()
        .flat_map(cve::ids)
        .collect()
}

/// Returns `name:stream` of a module.
fn module(module: Element<'_>) -> String {
    let part = |name| module.attribute(name).unwrap_or_default();
    format!("{}:{}", part("name"), part("stream"))
}

/// Reads a package.
fn fix<'a>(package: Element<'a>, module: &str) -> Result<Fix<'a>, String> {
    let part = |name| package.attribute(name).unwrap_or_default();
    for name in ["name", "arch", "version", "release"] {
        if let Some(fault) = name_fault(part(name)) {
            return Err(format!("package without a usable {name}: {fault}"));
        }
    }
    let epoch = part("epoch");
    if !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("epoch is not a number: {epoch:?}"));
    }
    let version = match epoch.trim_start_matches('0') {
        "" => format!("{}-{}", part("version"), part("release")),
        epoch => format!("{epoch}:{}-{}", part("version"), part("release")),
    };
    Scheme::Rpm
        .compare(&version, &version)
        .map_err(|error| error.to_string())?;
    Ok(Fix {
        name: part("name"),
        version,
        module: module.to_owned(),
    })
}

/// Returns the part of a description that is about one CVE: it begins with a line of the id and a
/// colon, and the next such line ends it. Without such lines, all of it is.
fn paragraph<'a>(description: &'a str, cve: &str) -> &'a str {
    let mut found = None;
    let mut offset = 0;
    for line in description.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim();
        if !line.starts_with("CVE-") || !line.ends_with(':') {
            continue;
        }
        if let Some(begin) = found {
            return description.get(begin..start).unwrap_or_default().trim();
        }
        if line.strip_suffix(':') == Some(cve) {
            found = Some(offset);
        }
    }
    let begin = found.unwrap_or_default();
    description.get(begin..).unwrap_or_default().trim()
}

/// Returns a date in RFC 3339, or nothing when it is none.
fn date(update: Element<'_>, name: &str) -> String {
    let date = update.child(name).and_then(|child| child.attribute("date"));
    let text = date.unwrap_or_default();
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let date: DateTime = text.parse().ok()?;
        let zoned = date.to_zoned(TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    });
    timestamp.map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_cut_into_what_is_said_of_each_cve() {
        let text =
            "Updates:\nCVE-2022-0001:\n\tOne: two.\n\nCVE-2022-0002:\nThree CVE-2022-0003:\n";
        assert_eq!(paragraph(text, "CVE-2022-0001"), "One: two.");
        assert_eq!(paragraph(text, "CVE-2022-0002"), "Three CVE-2022-0003:");
        assert_eq!(paragraph(text, "CVE-2022-0003"), text.trim());
        assert_eq!(paragraph("", "CVE-2022-0003"), "");
    }
}
