//! Settings from the blocks of Clair's configuration, `updaters.config.<name>`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::Settings;

/// Why a block of settings cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// No set of updaters and no updater has this name.
    #[error("no updater has this name: {0}")]
    UnknownUpdater(String),
    /// The block is not what it should be.
    #[error("invalid settings of updater: {name}")]
    Invalid {
        /// Name of the updater.
        name: String,
        /// What is wrong with them.
        #[source]
        source: serde_json::Error,
    },
}

/// The settings of a single updater of Clair's: where its one document is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdaterBlock {
    #[serde(alias = "json_url")]
    url: Option<String>,
    /// Compression is told from the content.
    #[serde(rename = "compression")]
    _compression: Option<String>,
    #[serde(rename = "use_bzip2")]
    _use_bzip2: Option<bool>,
}

impl Settings {
    /// Takes the settings of a set of updaters (`ubuntu`) or of a single one
    /// (`ubuntu/updater/jammy`, by Clair's name or by that of the feed).
    pub fn configure(&mut self, name: &str, block: &Value) -> Result<(), SettingsError> {
        match name {
            "alpine" => take(name, block, &mut self.alpine),
            "arch" => take(name, block, &mut self.arch),
            "aws" => take(name, block, &mut self.aws),
            "azure" => take(name, block, &mut self.azure),
            "bottlerocket" => take(name, block, &mut self.bottlerocket),
            "chainguard" => take(name, block, &mut self.chainguard),
            "debian" => take(name, block, &mut self.debian),
            "echo" => take(name, block, &mut self.echo),
            "fedora" => take(name, block, &mut self.fedora),
            "gentoo" => take(name, block, &mut self.gentoo),
            "jar-index" => take(name, block, &mut self.jar_index),
            "minimos" => take(name, block, &mut self.minimos),
            "oracle" => take(name, block, &mut self.oracle),
            "osv" => take(name, block, &mut self.osv),
            "photon" => take(name, block, &mut self.photon),
            "private" => take(name, block, &mut self.private),
            "rhel-mapping" => take(name, block, &mut self.rhel_mapping),
            "rhel-vex" => take(name, block, &mut self.rhel_vex),
            "suse" => take(name, block, &mut self.suse),
            "ubuntu" => take(name, block, &mut self.ubuntu),
            "wolfi" => take(name, block, &mut self.wolfi),
            _ => self.configure_updater(name, block),
        }
    }

    fn configure_updater(&mut self, name: &str, block: &Value) -> Result<(), SettingsError> {
        let updater: UpdaterBlock = read(name, block)?;
        // Without an address nothing changes, but the name has to be right all the same.
        let mut addresses = self.addresses.clone();
        if !addresses.set(name, updater.url.clone().unwrap_or_default()) {
            return Err(SettingsError::UnknownUpdater(name.to_owned()));
        }
        if updater.url.is_some() {
            self.addresses = addresses;
        }
        Ok(())
    }
}

fn take<T: DeserializeOwned>(name: &str, block: &Value, into: &mut T) -> Result<(), SettingsError> {
    *into = read(name, block)?;
    Ok(())
}

fn read<T: DeserializeOwned>(name: &str, block: &Value) -> Result<T, SettingsError> {
    T::deserialize(block).map_err(|source| SettingsError::Invalid {
        name: name.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{MemoryDocuments, families};

    #[test]
    fn a_set_of_updaters_has_settings_of_its_own() {
        let mut settings = Settings::default();
        let block = json!({"url": "https://mirror.test/secdb/"});
        settings.configure("alpine", &block).unwrap();
        assert_eq!(settings.alpine.url, "https://mirror.test/secdb/");
        let block = json!({"allowlist": ["npm"]});
        settings.configure("osv", &block).unwrap();
        assert_eq!(settings.osv.allowlist, ["npm"]);
    }

    #[test]
    fn what_is_no_setting_is_refused_by_name() {
        let mut settings = Settings::default();
        let error = settings
            .configure("alpine", &json!({"urll": "x"}))
            .unwrap_err();
        assert_eq!(error.to_string(), "invalid settings of updater: alpine");
        let error = settings.configure("alpnie", &json!({})).unwrap_err();
        assert_eq!(error.to_string(), "no updater has this name: alpnie");
        let error = settings.configure("debian/updater", &json!({"dists_url": "x"}));
        assert!(matches!(error, Err(SettingsError::Invalid { .. })));
    }

    #[test]
    fn a_single_updater_is_read_from_its_own_address() {
        let url = "https://elsewhere.test/tracker.json";
        let mut settings = Settings::default();
        settings
            .configure("debian/updater", &json!({"json_url": url}))
            .unwrap();
        let debian = families(&settings)
            .into_iter()
            .find(|family| family.name() == "debian")
            .unwrap();
        let feeds = debian.discover(&mut Nowhere).unwrap();
        assert_eq!(feeds[0].documents()[0].url, url);
        let mut documents = MemoryDocuments::default().with(url, "{}");
        let mut sink = crate::Collected::default();
        feeds[0].parse(&mut documents, &mut sink).unwrap();
    }

    struct Nowhere;

    impl crate::Probe for Nowhere {
        fn exists(&mut self, _url: &str) -> Result<bool, crate::ProbeError> {
            Ok(false)
        }

        fn read(
            &mut self,
            _url: &str,
            _max_bytes: usize,
        ) -> Result<Option<Vec<u8>>, crate::ProbeError> {
            Ok(None)
        }
    }
}
