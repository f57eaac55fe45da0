use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use limpid_types::IndexReport;
use serde_json::value::{RawValue, to_raw_value};

use super::known_packages::{self, KnownPackage, KnownPackages, ReleaseNumber};
use crate::MatchError;
use crate::candidates::Installed;
use crate::clair::view::VulnerabilityId;
use crate::clair::{self, ClairReport};
use crate::judge::{Case, Collect, Summary};
use crate::package_judge::PackageJudge;
use crate::release::Release;

/// Vulnerabilities as a report in Clair's shape has them. What is known of a package is not
/// judged again.
pub(super) struct ClairPackages<'a> {
    case: Case<'a>,
    judge: PackageJudge<'a>,
    known: &'a KnownPackages,
    /// Numbers of the releases of this image.
    releases: HashMap<*const Release, ReleaseNumber>,
    /// What was written for this report, because packages of the same source share it.
    written: HashMap<VulnerabilityId, Arc<RawValue>>,
    key: Vec<u8>,
    findings: Vec<(VulnerabilityId, Arc<RawValue>)>,
    package_vulnerabilities: BTreeMap<&'a str, Vec<VulnerabilityId>>,
    not_affected: BTreeMap<&'a str, Cow<'a, [String]>>,
}

impl<'a> ClairPackages<'a> {
    /// Starts with no package.
    pub(super) fn new(case: Case<'a>, known: &'a KnownPackages) -> Self {
        Self {
            case,
            judge: PackageJudge::new(case.data, case.options),
            known,
            releases: HashMap::new(),
            written: HashMap::new(),
            key: Vec::with_capacity(256),
            findings: Vec::new(),
            package_vulnerabilities: BTreeMap::new(),
            not_affected: BTreeMap::new(),
        }
    }

    /// Makes the report.
    pub(super) fn into_report(
        self,
        index: &'a IndexReport,
        summary: &'a Summary,
    ) -> ClairReport<'a, Arc<RawValue>> {
        ClairReport::new(
            index,
            self.case.data.generation(),
            &summary.coverage,
            self.findings.into_iter().collect(),
            self.package_vulnerabilities,
            self.not_affected,
        )
    }

    fn release(&mut self, installed: &Installed<'a, '_>) -> ReleaseNumber {
        let key: *const Release = installed.release;
        if let Some(&number) = self.releases.get(&key) {
            return number;
        }
        let id = &installed.environment.distribution_id;
        let distribution = self.case.index.distributions.get(id);
        let number = self
            .known
            .release(installed.release, distribution, self.case.data);
        self.releases.insert(key, number);
        number
    }

    fn judge_unknown(&mut self, installed: &Installed<'a, '_>) -> Result<KnownPackage, MatchError> {
        let mut findings = Vec::new();
        // Clair's reports do not tell how many are hidden.
        let judged = self
            .judge
            .judge(installed, |finding| findings.push(finding))?;
        let write = |finding| {
            let view = clair::view(self.case.index, finding);
            let id = view.id();
            if let Some(json) = self.written.get(&id) {
                return Ok((id, Arc::clone(json)));
            }
            let json = to_raw_value(&view).map_err(|source| MatchError::Writing {
                id: finding.id.clone(),
                source,
            })?;
            let json: Arc<RawValue> = json.into();
            self.written.insert(id, Arc::clone(&json));
            Ok((id, json))
        };
        let vulnerabilities = findings.iter().map(write).collect::<Result<_, _>>()?;
        Ok(KnownPackage {
            vulnerabilities,
            not_affected: judged.not_affected,
            unknown: judged.unknown,
        })
    }
}

impl<'a> Collect<'a> for ClairPackages<'a> {
    fn findings(&self) -> usize {
        self.findings.len()
    }

    fn judge(&mut self, installed: &Installed<'a, '_>) -> Result<Option<String>, MatchError> {
        let release = self.release(installed);
        known_packages::write_key(&mut self.key, release, installed);
        let package = if let Some(package) = self.known.get(&self.key) {
            package
        } else {
            let package = Arc::new(self.judge_unknown(installed)?);
            self.known.insert(&self.key, Arc::clone(&package));
            package
        };
        if !package.vulnerabilities.is_empty() {
            let ids = package.vulnerabilities.iter().map(|(id, _)| *id);
            let of_package = self.package_vulnerabilities.entry(installed.id);
            of_package.or_default().extend(ids);
            self.findings.extend_from_slice(&package.vulnerabilities);
        }
        if !package.not_affected.is_empty() {
            let of_package = self.not_affected.entry(installed.id).or_default();
            of_package.to_mut().extend_from_slice(&package.not_affected);
        }
        Ok(package.unknown.clone())
    }
}
