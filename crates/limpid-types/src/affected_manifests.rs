use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, Vulnerability};

/// Vulnerabilities for which manifests are looked up, in Clair v4's wire shape.
///
/// Clair reads this object; its documents show a bare list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VulnerabilitySummaries {
    /// The vulnerabilities.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// Which manifests are affected by which vulnerabilities, in Clair v4's wire shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedManifests {
    /// All vulnerabilities that were asked for, by their ids.
    pub vulnerabilities: BTreeMap<String, Vulnerability>,
    /// By manifest the ids of what affects it, most severe first.
    pub vulnerable_manifests: BTreeMap<Digest, Vec<String>>,
}
