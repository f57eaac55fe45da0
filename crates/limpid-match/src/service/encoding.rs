use bytes::Bytes;
use jiff::Timestamp;

use super::clair_packages::ClairPackages;
use super::known_packages::KnownPackages;
use super::{Material, PackedReport, validity};
use crate::fault::MatchFault;
use crate::judge::{Case, Releases, judge_into};
use crate::{MatchError, Options, clair_index, jars, judge};

/// Judges what is not known yet, and writes the report in Clair's JSON. Tells until when it would
/// be the same.
pub(super) fn clair_report_of(
    material: &Material,
    options: &Options,
    known: &KnownPackages,
) -> Result<(PackedReport, Timestamp), MatchFault> {
    let data = material.generation.as_ref();
    let index = jars::identify(&material.index, data)
        .map_err(|source| fault(material, MatchError::Jars { source }))?;
    let index = index.as_ref();
    let releases = Releases::of(index, data, material.at.now, options);
    let case = Case {
        index,
        data,
        options,
        releases: &releases,
    };
    let (summary, packages) = judge_into(case, ClairPackages::new(case, known))
        .map_err(|source| fault(material, source))?;
    let valid_until = validity::valid_until(case, &summary.coverage, material.at.now);
    let shown = clair_index(index, data).map_err(|source| fault(material, source))?;
    let report = PackedReport::new(&packages.into_report(&shown, &summary))
        .map_err(|source| MatchFault::Packing { source })?;
    Ok((report, valid_until))
}

/// Judges, and writes the report in limpid's own JSON.
pub(super) fn limpid_json(material: &Material, options: &Options) -> Result<Bytes, MatchFault> {
    let generation = material.generation.as_ref();
    let report = judge(&material.index, generation, material.at.now, options)
        .map_err(|source| fault(material, source))?;
    let json = serde_json::to_vec(&report).map_err(|source| MatchFault::Encoding { source })?;
    Ok(json.into())
}

fn fault(material: &Material, source: MatchError) -> MatchFault {
    MatchFault::Judgement {
        manifest: material.manifest.clone(),
        source,
    }
}
