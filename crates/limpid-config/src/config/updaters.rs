use serde::{Deserialize, Serialize};

use super::Blocks;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::suggestion::nearest;

/// Which feeds are read, and their settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Updaters {
    /// Names of sets of feeds; nothing means all of them, an empty list none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<Vec<String>>,
    /// A regular expression on names of feeds. Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// Settings by name of the set and by name of the feed.
    #[serde(skip_serializing_if = "Blocks::is_empty")]
    pub config: Blocks,
}

const SETS: [&str; 10] = [
    "alpine",
    "aws",
    "clair.cvss",
    "debian",
    "oracle",
    "osv",
    "photon",
    "rhel-vex",
    "suse",
    "ubuntu",
];

/// Sets of older releases, which [`SETS`] replaced.
const FORMER_SETS: [&str; 2] = ["rhel", "rhcc"];

impl Updaters {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lints.add_if(
            !self.filter.is_empty(),
            at.key("filter"),
            "key has no effect",
        );
        let at = at.key("sets");
        for (index, set) in self.sets.iter().flatten().enumerate() {
            if SETS.contains(&set.as_str()) {
                continue;
            }
            let text = if FORMER_SETS.contains(&set.as_str()) {
                format!("this set of updaters was replaced by rhel-vex: {set}")
            } else if let Some(near) = nearest(set, &SETS) {
                format!("no set of updaters has this name, did you mean {near}?: {set}")
            } else {
                format!("no set of updaters has this name: {set}")
            };
            lints.add(at.index(index), text);
        }
    }
}
