use bytes::Bytes;
use limpid_types::Report;
use serde::Serialize;

use super::Material;
use crate::fault::MatchFault;
use crate::{Options, clair_report, judge};

/// Judges, and writes the report in Clair's JSON.
pub(super) fn clair_json(material: &Material, options: &Options) -> Result<Bytes, MatchFault> {
    let report = report(material, options)?;
    encode(&clair_report(&material.index, &report))
}

/// Judges, and writes the report in limpid's own JSON.
pub(super) fn limpid_json(material: &Material, options: &Options) -> Result<Bytes, MatchFault> {
    encode(&report(material, options)?)
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

fn encode(document: &impl Serialize) -> Result<Bytes, MatchFault> {
    let mut json =
        serde_json::to_vec(document).map_err(|source| MatchFault::Encoding { source })?;
    // It may be kept for long, and a vector that grew has up to twice the room that it needs.
    json.shrink_to_fit();
    Ok(json.into())
}
