use limpid_types::Package;

use crate::Candidate;

/// Tells whether an advisory is about the slot of an installed package. An advisory without a slot
/// is about all; what stands behind the slash is no part of the slot (PMS, section 7.2).
pub(super) fn concerns(package: &Package, candidate: &Candidate<'_>) -> bool {
    let slot = |module: &str| module.split('/').next().unwrap_or_default().to_owned();
    candidate.module.is_empty() || slot(candidate.module) == slot(&package.module)
}
