use std::collections::BTreeMap;

use limpid_types::{
    Distribution, Finding, IndexReport, Package, Repository, StableId, Vulnerability,
    VulnerabilityReport,
};

/// What Clair writes for a date that nobody knows.
const UNKNOWN_DATE: &str = "0001-01-01T00:00:00Z";

/// Puts findings into Clair's shape.
///
/// Clair has one vulnerability per statement of a feed, so packages that share a statement share
/// the vulnerability. It knows no state of a fix: what is still under investigation is listed like
/// what is affected, without a fixed version, as Clair does.
pub fn clair_report(index: &IndexReport, findings: &[Finding]) -> VulnerabilityReport {
    let mut vulnerabilities = BTreeMap::new();
    let mut package_vulnerabilities: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in findings {
        let vulnerability = vulnerability(index, finding);
        package_vulnerabilities
            .entry(finding.package.id.clone())
            .or_default()
            .push(vulnerability.id.clone());
        vulnerabilities.insert(vulnerability.id.clone(), vulnerability);
    }
    for ids in package_vulnerabilities.values_mut() {
        ids.sort_unstable();
        ids.dedup();
    }
    VulnerabilityReport {
        manifest_hash: index.manifest_hash.clone(),
        packages: index.packages.clone(),
        distributions: index.distributions.clone(),
        repository: index.repository.clone(),
        environments: index.environments.clone(),
        vulnerabilities,
        package_vulnerabilities,
        enrichments: BTreeMap::new(),
    }
}

fn vulnerability(index: &IndexReport, finding: &Finding) -> Vulnerability {
    let distribution = index
        .distributions
        .get(&finding.package.distribution_id)
        .map(|distribution| Distribution {
            id: String::new(),
            ..distribution.clone()
        })
        .unwrap_or_default();
    let issued = match finding.details.published.as_str() {
        "" => UNKNOWN_DATE,
        published => published,
    };
    let mut vulnerability = Vulnerability {
        id: String::new(),
        updater: updater(finding),
        name: finding.id.clone(),
        description: finding.details.description.clone(),
        issued: issued.into(),
        links: finding.details.references.join(" "),
        severity: finding.severity_text.clone(),
        normalized_severity: finding.severity,
        package: Package {
            name: finding.advisory_package.clone(),
            kind: Some(finding.advisory_kind),
            ..Package::default()
        },
        distribution,
        repository: Repository::default(),
        fixed_in_version: finding.fixed_version.clone(),
    };
    vulnerability.id = id(&vulnerability).to_string();
    vulnerability
}

/// Computes the id from everything else that the vulnerability says.
fn id(vulnerability: &Vulnerability) -> StableId {
    let distribution = &vulnerability.distribution;
    let kind = vulnerability
        .package
        .kind
        .map_or_else(String::new, |kind| format!("{kind:?}"));
    StableId::of(
        "vulnerability",
        &[
            &vulnerability.updater,
            &vulnerability.name,
            &vulnerability.description,
            &vulnerability.issued,
            &vulnerability.links,
            &vulnerability.severity,
            vulnerability.normalized_severity.name(),
            &vulnerability.package.name,
            &kind,
            &distribution.did,
            &distribution.name,
            &distribution.version,
            &distribution.version_code_name,
            &distribution.version_id,
            &distribution.arch,
            &distribution.cpe,
            &distribution.pretty_name,
            &vulnerability.fixed_in_version,
        ],
    )
}

/// Names the updater as Clair would: one per Alpine repository and release, one for Debian.
fn updater(finding: &Finding) -> String {
    match finding.namespace.split_once(':') {
        Some(("alpine", release)) => {
            let repository = match finding.repository.as_str() {
                "" => "main",
                repository => repository,
            };
            let release = match release {
                "edge" => release.to_owned(),
                number => format!("v{number}"),
            };
            format!("alpine-{repository}-{release}-updater")
        }
        Some((family, _)) => format!("{family}/updater"),
        None => format!("{}/updater", finding.feed),
    }
}
