use bytes::Bytes;
use limpid_types::Report;
use serde::Serialize;

use super::{Material, PackedReport};
use crate::fault::MatchFault;
use crate::{Options, clair_report, judge};

/// Judges, and writes the report in Clair's JSON.
pub(super) fn clair_report_of(
    material: &Material,
    options: &Options,
) -> Result<PackedReport, MatchFault> {
    let report = report(material, options)?;
    let json = encode(&clair_report(&material.index, &report))?;
    PackedReport::new(&json).map_err(|source| MatchFault::Packing { source })
}

/// Judges, and writes the report in limpid's own JSON.
pub(super) fn limpid_json(material: &Material, options: &Options) -> Result<Bytes, MatchFault> {
    Ok(encode(&report(material, options)?)?.into())
}

fn report(material: &Material, options: &Options) -> Result<Report, MatchFault> {
    let generation = material.generation.as_ref();
    judge(&material.index, generation, material.now, options).map_err(|source| {
        MatchFault::Judgement {
            manifest: material.manifest.clone(),
            source,
        }
    })
}

fn encode(document: &impl Serialize) -> Result<Vec<u8>, MatchFault> {
    serde_json::to_vec(document).map_err(|source| MatchFault::Encoding { source })
}
