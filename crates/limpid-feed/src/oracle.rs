//! Oracle Linux: one OVAL document per year, or one for all, with one definition per erratum.
//!
//! | part of a definition | holds |
//! |---|---|
//! | `reference` of source `elsa` | the erratum: `ELSA-2019-4820` and its address |
//! | `reference` of source `CVE` | each CVE |
//! | `severity` | `LOW`, `MODERATE`, `IMPORTANT`, `CRITICAL`, `N/A` |
//! | criteria | `Oracle Linux 8 is installed`, perhaps `Oracle Linux arch is x86_64` and `Module ruby:3.1 is enabled`, and any of: a package below the fixed version |
//!
//! The same package is built in several flavours, whose versions grow independently of each other:
//!
//! | fixed version | flavour |
//! |---|---|
//! | `2:2.34-60.0.3.ksplice1.el9_2.7` | `ksplice`, patched while it runs |
//! | `10:3.0.7-27.0.3.el9_fips` | `fips`, certified builds |
//!
//! An advisory about a flavour has it as the repository of its package, and holds for packages of
//! the same flavour only. So it is with the trains of the Unbreakable Enterprise Kernel: a fix in
//! 5.15 is none for 5.4, so an advisory about `kernel-uek` begins where its train does.
//!
//! The documents are at <https://linux.oracle.com/security/oval/>.

use limpid_version::{Range, RangeEnd};
use serde::Deserialize;

use crate::oval::{Bulletin, Claim, Definition, Namespaces, OvalFeed, OvalSource, Statement};
use crate::run::Run;
use crate::{Family, Feed, FeedError, Limits, Probe, Settings};

/// The first year that has a document.
const FIRST_YEAR: u32 = 2007;

/// Where the search for years ends even if the source claims to have more.
const LAST_YEAR: u32 = 2099;

/// How many years in a row may be missing before the first that is there: a mirror may have the
/// newest only.
const MISSING_AT_FIRST: u32 = 40;

/// How many years in a row may be missing after one that is there.
const MISSING_AT_LAST: u32 = 2;

/// Where Oracle publishes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OracleSettings {
    /// Address of the folder that holds `com.oracle.elsa-2007.xml.bz2` and so on.
    pub url: String,
    /// Whether to read the one document that has all years, `com.oracle.elsa-all.xml.bz2`, instead.
    pub all_in_one: bool,
}

impl Default for OracleSettings {
    fn default() -> Self {
        Self {
            url: "https://linux.oracle.com/security/oval/".into(),
            all_in_one: false,
        }
    }
}

/// The family of all years.
pub(crate) struct Oracle {
    base: String,
    is_all_in_one: bool,
    limits: Limits,
}

impl Oracle {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.oracle.url.trim_end_matches('/').to_owned(),
            is_all_in_one: settings.oracle.all_in_one,
            limits: settings.limits.clone(),
        }
    }

    fn errata(&self, part: &str) -> OvalFeed<Errata> {
        OvalFeed {
            name: format!("oracle/{part}"),
            url: format!("{}/com.oracle.elsa-{part}.xml.bz2", self.base),
            limits: self.limits.clone(),
            source: Errata,
        }
    }
}

impl Family for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    /// Looks for one year after the other; there is no list of them, and no clock here.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        if self.is_all_in_one {
            return Ok(vec![Box::new(self.errata("all"))]);
        }
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        let mut missing = 0;
        for year in FIRST_YEAR..=LAST_YEAR {
            let errata = self.errata(&year.to_string());
            let exists = probe
                .exists(&errata.url)
                .map_err(|source| FeedError::Probe {
                    url: errata.url.clone(),
                    source,
                })?;
            if exists {
                missing = 0;
                feeds.push(Box::new(errata));
                continue;
            }
            missing += 1;
            let most = if feeds.is_empty() {
                MISSING_AT_FIRST
            } else {
                MISSING_AT_LAST
            };
            if missing > most {
                break;
            }
        }
        if feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: "oracle",
                url: self.base.clone(),
            });
        }
        Ok(feeds)
    }
}

struct Errata;

impl OvalSource for Errata {
    fn handle(&self, definition: &Definition<'_>, run: &mut Run<'_>) -> Result<(), FeedError> {
        let mut namespaces = Namespaces::new(&namespace_of);
        let statements: Vec<(Vec<String>, Statement)> = definition
            .statements
            .iter()
            .map(|statement| {
                let namespaces = namespaces.of(statement).unwrap_or_default();
                (namespaces, within_train(statement.clone()))
            })
            .collect();
        if statements.is_empty() {
            let reason = "no package in the criteria";
            return run.quarantine(definition.id, Some(definition.offset), reason);
        }
        let mut claims = Vec::new();
        for (namespaces, statement) in &statements {
            if namespaces.is_empty() {
                let reason = format!("package of no release: {}", statement.package);
                return run.quarantine(definition.id, Some(definition.offset), reason);
            }
            claims.extend(namespaces.iter().map(|namespace| Claim {
                namespace: namespace.clone(),
                repository: flavour(statement),
                statement,
            }));
        }
        Bulletin::new(definition, &erratum(definition)).emit(&claims, run)
    }
}

/// Returns the id of the erratum.
fn erratum(definition: &Definition<'_>) -> String {
    let mut references = definition.metadata.children_named("reference");
    let reference = references
        .find(|reference| reference.attribute("source") != Some("CVE"))
        .and_then(|reference| reference.attribute("ref_id"))
        .filter(|id| !id.is_empty());
    let title = definition.metadata.child_text("title");
    let beginning = title.split(':').next().filter(|id| !id.is_empty());
    reference.or(beginning).unwrap_or(definition.id).to_owned()
}

fn namespace_of(platform: &str) -> Vec<String> {
    let release = platform
        .strip_prefix("Oracle Linux ")
        .and_then(|rest| rest.strip_suffix(" is installed"))
        .filter(|release| release.parse::<u32>().is_ok());
    release
        .map(|release| format!("ol:{release}"))
        .into_iter()
        .collect()
}

/// Returns the flavour that the fixed version is of.
fn flavour(statement: &Statement) -> &'static str {
    match fixed(statement) {
        Some(version) if version.contains(".ksplice") => "ksplice",
        Some(version) if version.ends_with("_fips") || version.contains("_fips.") => "fips",
        _ => "",
    }
}

/// Limits a statement about the Unbreakable Enterprise Kernel to the train of its fix: from `5.15`
/// on for a fix in `5.15.0-200.131.27.el9uek`.
fn within_train(mut statement: Statement) -> Statement {
    if !statement.package.starts_with("kernel-uek") {
        return statement;
    }
    let train = fixed(&statement).and_then(|version| {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let mut numbers = rest.split(['.', '-']);
        Some(format!("{epoch}:{}.{}", numbers.next()?, numbers.next()?))
    });
    if let Some(range) = statement.versions.ranges.first_mut()
        && range.introduced.is_none()
    {
        range.introduced = train;
    }
    statement
}

fn fixed(statement: &Statement) -> Option<&str> {
    match statement.versions.ranges.first() {
        Some(Range {
            end: Some(RangeEnd::Fixed(version)),
            ..
        }) => Some(version),
        _ => None,
    }
}
