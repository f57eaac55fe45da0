use crate::alpine::Alpine;
use crate::azure::{Azure, AzureSettings};
use crate::debian::Debian;
use crate::oracle::{Oracle, OracleSettings};
use crate::osv::Osv;
use crate::photon::{Photon, PhotonSettings};
use crate::suse::{Suse, SuseSettings};
use crate::{Family, Limits};

/// Where the sources are, and how much of them is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Address of the folder that holds Alpine's `v3.3`, …, `edge`.
    pub alpine_url: String,
    /// Address of Debian's one JSON document.
    pub debian_url: String,
    /// Address of the folder that holds one folder per OSV ecosystem.
    pub osv_url: String,
    /// The OSV ecosystems to fetch, as OSV spells them. Empty unless somebody can match what is
    /// fetched: data that nothing is compared with costs time and space and helps nobody.
    pub osv_ecosystems: Vec<String>,
    /// Oracle Linux.
    pub oracle: OracleSettings,
    /// Photon OS.
    pub photon: PhotonSettings,
    /// SUSE and openSUSE.
    pub suse: SuseSettings,
    /// Azure Linux and CBL-Mariner.
    pub azure: AzureSettings,
    /// Bounds on what documents may contain.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpine_url: "https://secdb.alpinelinux.org/".into(),
            debian_url: "https://security-tracker.debian.org/tracker/data/json".into(),
            osv_url: "https://osv-vulnerabilities.storage.googleapis.com/".into(),
            osv_ecosystems: Vec::new(),
            oracle: OracleSettings::default(),
            photon: PhotonSettings::default(),
            suse: SuseSettings::default(),
            azure: AzureSettings::default(),
            limits: Limits::default(),
        }
    }
}

/// Returns every family that limpid knows.
pub fn families(settings: &Settings) -> Vec<Box<dyn Family>> {
    vec![
        Box::new(Alpine::new(settings)),
        Box::new(Debian::new(settings)),
        Box::new(Osv::new(settings)),
        Box::new(Oracle::new(settings)),
        Box::new(Photon::new(settings)),
        Box::new(Suse::new(settings)),
        Box::new(Azure::new(settings)),
    ]
}
