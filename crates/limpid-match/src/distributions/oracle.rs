use limpid_types::Package;

use crate::Candidate;

/// Builds of Oracle Linux that have versions of their own, and what their versions contain.
const FLAVOURS: [(&str, &str); 2] = [("ksplice", ".ksplice"), ("fips", "_fips")];

/// Tells whether an advisory is about builds of the same sort as an installed package.
///
/// Packages for Ksplice and those that are certified by FIPS 140 are built from other versions under
/// the same names. A fix in one sort says nothing about the others: `glibc-2.34-60.0.2.ksplice1.el9`
/// is higher than the ordinary `2.34-60.0.1.el9` that has the same fix.
pub(super) fn concerns(package: &Package, candidate: &Candidate<'_>) -> bool {
    let flavour = FLAVOURS
        .iter()
        .find(|(_, mark)| package.version.contains(mark))
        .map_or("", |(flavour, _)| *flavour);
    candidate.module == package.module && candidate.repository == flavour
}
