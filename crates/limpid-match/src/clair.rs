use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use limpid_types::{
    Coverage, Details, Distribution, Ecosystem, Environment, Finding, FixState, Gap, IndexReport,
    Package, PackageKind, Report, Repository, Severity, Verdict,
};
use serde::Serialize;
use serde_json::Value;

use crate::clair::view::{StatementView, VulnerabilityId, VulnerabilityView};
use crate::updater_name;

mod repositories;
pub(crate) mod view;

pub use repositories::clair_index;

/// A report in Clair's shape, written from borrowed parts.
///
/// Its JSON is that of [`limpid_types::VulnerabilityReport`].
#[derive(Debug, Serialize)]
pub(crate) struct ClairReport<'a, V> {
    manifest_hash: &'a str,
    packages: &'a BTreeMap<String, Package>,
    distributions: &'a BTreeMap<String, Distribution>,
    repository: &'a BTreeMap<String, Repository>,
    environments: &'a BTreeMap<String, Vec<Environment>>,
    vulnerabilities: BTreeMap<VulnerabilityId, V>,
    package_vulnerabilities: BTreeMap<&'a str, Vec<VulnerabilityId>>,
    enrichments: BTreeMap<&'a str, Vec<Value>>,
    limpid: Extension<'a>,
}

/// The fields of [`limpid_types::ReportExtension`].
#[derive(Debug, Serialize)]
struct Extension<'a> {
    verdict: Verdict,
    generation: Option<u64>,
    gaps: &'a [Gap],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_affected: BTreeMap<&'a str, Cow<'a, [String]>>,
}

impl<'a, V> ClairReport<'a, V> {
    pub(crate) fn new(
        index: &'a IndexReport,
        generation: Option<u64>,
        coverage: &'a Coverage,
        vulnerabilities: BTreeMap<VulnerabilityId, V>,
        mut package_vulnerabilities: BTreeMap<&'a str, Vec<VulnerabilityId>>,
        not_affected: BTreeMap<&'a str, Cow<'a, [String]>>,
    ) -> Self {
        for ids in package_vulnerabilities.values_mut() {
            ids.sort_unstable();
            ids.dedup();
        }
        Self {
            manifest_hash: &index.manifest_hash,
            packages: &index.packages,
            distributions: &index.distributions,
            repository: &index.repository,
            environments: &index.environments,
            vulnerabilities,
            package_vulnerabilities,
            enrichments: BTreeMap::new(),
            limpid: Extension {
                verdict: coverage.verdict,
                generation,
                gaps: &coverage.gaps,
                not_affected,
            },
        }
    }
}

/// Puts a report into Clair's shape, that of [`limpid_types::VulnerabilityReport`].
///
/// Clair has one vulnerability per statement of a feed, so packages that share a statement share
/// the vulnerability. It knows no state of a fix: what is still under investigation is listed like
/// what is affected, without a fixed version, as Clair does.
pub fn clair_report<'a>(index: &'a IndexReport, report: &'a Report) -> impl Serialize + 'a {
    let mut known: HashMap<StatementKey<'_>, VulnerabilityId> = HashMap::new();
    let mut vulnerabilities = BTreeMap::new();
    let mut package_vulnerabilities: BTreeMap<&str, Vec<VulnerabilityId>> = BTreeMap::new();
    for finding in &report.findings {
        let id = *known.entry(StatementKey::of(finding)).or_insert_with(|| {
            let view = view(index, finding);
            let id = view.id();
            vulnerabilities.insert(id, view);
            id
        });
        package_vulnerabilities
            .entry(&finding.package.id)
            .or_default()
            .push(id);
    }
    ClairReport::new(
        index,
        report.generation,
        &report.coverage,
        vulnerabilities,
        package_vulnerabilities,
        report
            .not_affected
            .iter()
            .map(|it| (it.package.as_str(), Cow::Borrowed(&*it.ids)))
            .collect(),
    )
}

/// What tells statements apart whose texts are the same object: cheap to compare, so that the
/// texts of a statement are hashed once and not for each of its packages.
#[derive(PartialEq, Eq)]
struct StatementKey<'a> {
    texts: *const Details,
    id: &'a str,
    severity: Severity,
    severity_text: &'a str,
    fix: FixState,
    fixed_version: &'a str,
    package: &'a str,
    kind: PackageKind,
    feed: &'a str,
    namespace: &'a str,
    repository: &'a str,
    product: &'a str,
    distribution: &'a str,
}

impl<'a> StatementKey<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            texts: &raw const *finding.details,
            id: &finding.id,
            severity: finding.severity,
            severity_text: &finding.severity_text,
            fix: finding.fix,
            fixed_version: &finding.fixed_version,
            package: &finding.advisory_package,
            kind: finding.advisory_kind,
            feed: &finding.feed,
            namespace: &finding.namespace,
            repository: &finding.repository,
            product: &finding.product,
            distribution: &finding.package.distribution_id,
        }
    }
}

impl Hash for StatementKey<'_> {
    /// Hashes only what differs nearly always; what is left is compared.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.texts.hash(state);
        self.fixed_version.hash(state);
    }
}

/// Puts a finding into Clair's shape.
pub(crate) fn view<'a>(index: &'a IndexReport, finding: &'a Finding) -> VulnerabilityView<'a> {
    let updater = updater_name::of_record(&finding.feed, &finding.namespace, &finding.repository);
    let statement = StatementView {
        name: &finding.id,
        severity: &finding.severity_text,
        normalized_severity: finding.severity,
        package: &finding.advisory_package,
        kind: finding.advisory_kind,
        fixed_in_version: &finding.fixed_version,
        product: &finding.product,
        ecosystem: Ecosystem::from_key(&finding.namespace),
    };
    let distribution = index.distributions.get(&finding.package.distribution_id);
    VulnerabilityView::new(updater, statement, &finding.details, distribution)
}
