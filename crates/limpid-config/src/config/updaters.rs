use limpid_feed::{Settings, SettingsError, families};
use serde::{Deserialize, Serialize};

use super::Blocks;
use crate::error::Fault;
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

/// Clair's set of updaters that brings no advisories.
const ENRICHMENT: &str = "clair.cvss";

/// Sets of older releases, which `rhel-vex` replaced.
const FORMER_SETS: [&str; 2] = ["rhel", "rhcc"];

impl Updaters {
    /// Returns how feeds are read. Blocks that are not right change nothing;
    /// [`Config::check`](crate::Config::check) finds them.
    pub fn feed_settings(&self) -> Settings {
        let mut settings = Settings::default();
        for (name, block) in &self.config.0 {
            let _ = settings.configure(name, block);
        }
        settings
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>, lints: &mut Lints) {
        let at = at.key("config");
        let mut settings = Settings::default();
        for (name, block) in &self.config.0 {
            if name == ENRICHMENT {
                continue;
            }
            let text = match settings.configure(name, block) {
                Ok(()) => continue,
                Err(error @ SettingsError::UnknownUpdater(_)) => {
                    lints.add(at.key(name), error.to_string());
                    continue;
                }
                Err(SettingsError::Invalid { source, .. }) => source.to_string(),
            };
            faults.push(Fault::new(at.key(name), text));
        }
    }

    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lints.add_if(
            !self.filter.is_empty(),
            at.key("filter"),
            "key has no effect",
        );
        let at = at.key("sets");
        let families = families(&Settings::default());
        let mut sets: Vec<&str> = families.iter().map(|family| family.name()).collect();
        sets.push(ENRICHMENT);
        for (index, set) in self.sets.iter().flatten().enumerate() {
            if sets.contains(&set.as_str()) {
                continue;
            }
            let text = if FORMER_SETS.contains(&set.as_str()) {
                format!("this set of updaters was replaced by rhel-vex: {set}")
            } else if let Some(near) = nearest(set, &sets) {
                format!("no set of updaters has this name, did you mean {near}?: {set}")
            } else {
                format!("no set of updaters has this name: {set}")
            };
            lints.add(at.index(index), text);
        }
    }
}
