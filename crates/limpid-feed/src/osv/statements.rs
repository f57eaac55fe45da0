use std::collections::{BTreeMap, BTreeSet};

use limpid_types::{
    Advisory, AffectedPackage, Details, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::RangeEnd;

use super::affected::Affected;
use super::database::{Database, Distribution, Subject};
use super::entry::{Entry, Precedence};
use super::module;
use crate::FeedError;
use crate::rating::of_word;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, name_fault};

/// How many advisories an entry may become. A kernel update of AlmaLinux names a thousand CVE ids
/// and sixty packages.
const MAX_ADVISORIES: usize = 250_000;

/// The section that has what every installation may have.
const MAIN_SECTION: &str = "core";

/// The reasons why the stream of a modular package is not known.
const NO_STREAM: &str = "modular package, but the summary names no module stream";
const MANY_FIXES: &str = "several module streams with several fixes of one package";

/// The page of an entry is below this address.
pub(super) const PAGES: &str = "https://osv.dev/vulnerability/";

/// How the ids of packages begin that were made to do harm.
const MALWARE: &str = "MAL-";

/// Bytes of the description of a vulnerability in a package of a language. There are hundreds of
/// thousands of them, and what they say at length is behind their references.
const ENTRY_DESCRIPTION_BYTES: usize = 4 << 10;

/// Which of the packages that an entry names are read.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// Those of one database.
    Database(&'static Database),
    /// Those of all databases that are known.
    Any,
}

/// What an entry says of all its packages.
struct Heading {
    ids: Vec<String>,
    details: Details,
    rating: Rating,
}

/// What an entry says of one package.
struct Statement {
    database: &'static Database,
    namespace: String,
    package: String,
    /// The part of the distribution that has the package, or empty.
    section: String,
    versions: VersionConstraint,
    rating: Rating,
}

/// Reads an entry that is not withdrawn.
pub(crate) fn read(scope: Scope, entry: &Entry<'_>, run: &mut Run<'_>) -> Result<(), FeedError> {
    let heading = match scope.distribution() {
        None => Heading::of_entry(entry),
        Some(distribution) => match Heading::of_bulletin(distribution, entry) {
            Some(heading) => heading,
            None => return Ok(()),
        },
    };
    if heading.ids.len().saturating_mul(entry.affected.0.len()) > MAX_ADVISORIES {
        return run.quarantine(&*entry.id, None, "more than 250000 pairs of id and package");
    }
    let mut statements = statements(scope, entry, &heading, run)?;
    leave_out_rebuilds(&mut statements);
    let modules = match scope.distribution() {
        None => vec![vec![String::new()]; statements.len()],
        Some(_) => modules(entry, &statements, run)?,
    };
    for (statement, modules) in statements.iter().zip(&modules) {
        for module in modules {
            for id in &heading.ids {
                run.advisory(statement.advisory(id, module, &heading.details))?;
            }
        }
    }
    Ok(())
}

impl Scope {
    /// Returns the distribution whose bulletins are read, if it is that.
    fn distribution(self) -> Option<&'static Distribution> {
        match self {
            Self::Database(Database {
                subject: Subject::Distribution(distribution),
                ..
            }) => Some(distribution),
            _ => None,
        }
    }

    /// Finds the database of an ecosystem string; none when its packages are not read.
    fn database(self, ecosystem: &str) -> Option<&'static Database> {
        match self {
            Self::Database(database) => Some(database).filter(|it| it.has(ecosystem)),
            Self::Any => Database::of(ecosystem),
        }
    }
}

impl Statement {
    fn advisory(&self, id: &str, module: &str, details: &Details) -> Advisory {
        Advisory {
            id: id.to_owned(),
            namespace: self.namespace.clone(),
            package: AffectedPackage {
                name: self.package.clone(),
                kind: self.database.kind,
                repository: self.section.clone(),
                module: module.to_owned(),
                ..AffectedPackage::default()
            },
            status: Status::Affected,
            versions: self.versions.clone(),
            rating: self.rating.clone(),
            details: details.clone(),
        }
    }

    /// Tells whether the package belongs to a module.
    fn is_modular(&self) -> bool {
        let ends = self.versions.ranges.iter().flat_map(|range| {
            let end = match &range.end {
                Some(RangeEnd::Fixed(version) | RangeEnd::LastAffected(version)) => Some(version),
                None => None,
            };
            range.introduced.iter().chain(end)
        });
        ends.chain(&self.versions.enumerated)
            .any(|version| module::is_modular(version))
    }
}

impl Heading {
    /// The entry is one vulnerability and has its name.
    ///
    /// A package that was made to do harm is as bad as can be, whoever forgot to say so.
    fn of_entry(entry: &Entry<'_>) -> Self {
        let mut details = Details {
            aliases: entry.aliases(),
            ..entry.details(ENTRY_DESCRIPTION_BYTES)
        };
        if details.references.is_empty() {
            details.references.push(format!("{PAGES}{}", entry.id));
        }
        let mut rating = entry.rating("", Precedence::Score);
        let is_malware = |name: &String| name.starts_with(MALWARE);
        let is_malware = is_malware(&entry.id) || details.aliases.iter().any(is_malware);
        if rating.severity == Severity::Unknown && is_malware {
            rating.severity = Severity::Critical;
        }
        Self {
            ids: vec![entry.id.clone()],
            details,
            rating,
        }
    }

    /// The entry is the bulletin of a distribution; none when it is not about security.
    ///
    /// A bulletin fixes several vulnerabilities, so its own id is no other name of any of them: it
    /// is found through its address, the first reference. Only one that names no CVE keeps its id.
    fn of_bulletin(distribution: &Distribution, entry: &Entry<'_>) -> Option<Self> {
        let mut details = entry.details(DESCRIPTION_BYTES);
        let url = entry.bulletin_url();
        details.references.retain(|reference| *reference != url);
        details.references.insert(0, url);
        let mut ids = entry.cves();
        if ids.is_empty() {
            let mut others = distribution.without_security.iter();
            if others.any(|prefix| entry.id.starts_with(prefix)) {
                return None;
            }
            ids.push(entry.id.clone());
            details.aliases = entry.aliases();
        }
        Some(Self {
            ids,
            details,
            rating: entry.rating(first_word(entry).unwrap_or_default(), Precedence::Word),
        })
    }
}

/// Returns the word that begins the summaries of AlmaLinux and Rocky Linux: "Important: kernel
/// security update".
fn first_word<'a>(entry: &'a Entry<'_>) -> Option<&'a str> {
    let (word, _) = entry.summary.as_deref()?.split_once(':')?;
    (of_word(word) != Severity::Unknown).then_some(word)
}

fn statements(
    scope: Scope,
    entry: &Entry<'_>,
    heading: &Heading,
    run: &mut Run<'_>,
) -> Result<Vec<Statement>, FeedError> {
    let mut statements = Vec::new();
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
        let Some(database) = scope.database(&package.ecosystem) else {
            continue;
        };
        let namespace = database
            .namespace(&package.ecosystem)
            .and_then(|namespace| {
                let fault = name_fault(package.name.trim()).or_else(|| name_fault(&namespace));
                fault.map_or(Ok(namespace), Err)
            });
        let namespace = match namespace {
            Ok(namespace) => namespace,
            Err(fault) => {
                run.quarantine(&*entry.id, None, fault)?;
                continue;
            }
        };
        let Some(versions) = affected.versions(database.scheme, &entry.id, run)? else {
            continue;
        };
        let (section, precedence) = match database.subject {
            Subject::Distribution(_) => (affected.section(), Precedence::Word),
            Subject::Release(_) => (String::new(), Precedence::Word),
            Subject::Language(_) => (String::new(), Precedence::Score),
        };
        statements.push(Statement {
            database,
            namespace,
            package: database.package(&package.name),
            section,
            versions,
            rating: affected
                .rating(precedence)
                .unwrap_or_else(|| heading.rating.clone()),
        });
    }
    Ok(statements)
}

/// Leaves out what is said of a package in another section when the main one has it, too.
///
/// Mageia builds some packages twice. The second build has the same version with more behind it
/// (`5.1.4-1.mga9.tainted`) and is above the fix of the first as soon as it is fixed, whereas the
/// fix of the second would be above the first for ever.
fn leave_out_rebuilds(statements: &mut Vec<Statement>) {
    let key = |statement: &Statement| (statement.namespace.clone(), statement.package.clone());
    let main: BTreeSet<(String, String)> = statements
        .iter()
        .filter(|statement| statement.section == MAIN_SECTION)
        .map(key)
        .collect();
    statements.retain(|statement| {
        let is_elsewhere = !statement.section.is_empty() && statement.section != MAIN_SECTION;
        !(is_elsewhere && main.contains(&key(statement)))
    });
}

/// Finds the module streams of each statement: an empty one for a package in no module, nothing
/// when it cannot be told, which is quarantined.
///
/// A bulletin about several streams ("virt:rhel and virt-devel:rhel") speaks of each package once,
/// and each package is in one of them, so that the statement can be made for all. Where a package
/// has several fixes, each belongs to one stream, and nothing tells to which.
fn modules(
    entry: &Entry<'_>,
    statements: &[Statement],
    run: &mut Run<'_>,
) -> Result<Vec<Vec<String>>, FeedError> {
    let summary = entry.summary.as_deref().unwrap_or_default();
    let streams = module::streams(summary);
    let mut fixes: BTreeMap<(&str, &str), (&VersionConstraint, bool)> = BTreeMap::new();
    for statement in statements.iter().filter(|_| streams.len() > 1) {
        let key = (&*statement.namespace, &*statement.package);
        let (known, differ) = fixes.entry(key).or_insert((&statement.versions, false));
        *differ |= **known != statement.versions;
    }
    let mut modules = Vec::new();
    for statement in statements {
        let key = (&*statement.namespace, &*statement.package);
        let fault = if !statement.is_modular() {
            modules.push(vec![String::new()]);
            continue;
        } else if streams.is_empty() {
            Some(NO_STREAM)
        } else {
            let has_several = fixes.get(&key).is_some_and(|(_, differ)| *differ);
            has_several.then_some(MANY_FIXES)
        };
        if let Some(fault) = fault {
            run.quarantine(format!("{} {}", entry.id, statement.package), None, fault)?;
            modules.push(Vec::new());
        } else {
            modules.push(streams.iter().map(|&stream| stream.to_owned()).collect());
        }
    }
    Ok(modules)
}
