use serde::{Deserialize, Serialize};

use super::Blocks;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::suggestion::nearest;

/// Which matchers judge, and their settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Matchers {
    /// Names of matchers; nothing means all of them, an empty list none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// Settings of single matchers.
    #[serde(skip_serializing_if = "Blocks::is_empty")]
    pub config: Blocks,
}

const NAMES: [&str; 13] = [
    "alpine-matcher",
    "aws-matcher",
    "debian-matcher",
    "gobin",
    "java-maven",
    "oracle",
    "photon",
    "python",
    "rhel",
    "rhel-container-matcher",
    "ruby-gem",
    "suse",
    "ubuntu-matcher",
];

impl Matchers {
    /// Names that Clair does not know match nothing there, without a word.
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        let at = at.key("names");
        for (index, name) in self.names.iter().flatten().enumerate() {
            if NAMES.contains(&name.as_str()) {
                continue;
            }
            let full = format!("{name}-matcher");
            let meant = NAMES.iter().find(|known| **known == full).copied();
            let text = match meant.or_else(|| nearest(name, &NAMES)) {
                Some(near) => format!("no matcher has this name, did you mean {near}?: {name}"),
                None => format!("no matcher has this name: {name}"),
            };
            lints.add(at.index(index), text);
        }
    }
}
