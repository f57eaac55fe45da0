use crate::alpine::Alpine;
use crate::amazon::{Amazon, AmazonSettings};
use crate::arch::{Arch, ArchSettings};
use crate::azure::{Azure, AzureSettings};
use crate::bottlerocket::{Bottlerocket, BottlerocketSettings};
use crate::chainguard::{self, ChainguardSettings};
use crate::debian::Debian;
use crate::echo::{Echo, EchoSettings};
use crate::fedora::{Fedora, FedoraSettings};
use crate::minimos::{self, MinimosSettings};
use crate::oracle::{Oracle, OracleSettings};
use crate::osv::Osv;
use crate::photon::{Photon, PhotonSettings};
use crate::redhat::{RedHatMapping, RedHatMappingSettings, RedHatVex, RedHatVexSettings};
use crate::suse::{Suse, SuseSettings};
use crate::ubuntu::Ubuntu;
use crate::wolfi::{self, WolfiSettings};
use crate::{Family, Limits, UbuntuSettings};

/// Where the sources are, and how much of them is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Address of the folder that holds Alpine's `v3.3`, …, `edge`.
    pub alpine_url: String,
    /// Address of Debian's one JSON document.
    pub debian_url: String,
    /// Address of the folder that holds one folder per OSV ecosystem.
    pub osv_url: String,
    /// The OSV ecosystems to fetch beside the databases of distributions, as OSV spells them. Empty
    /// unless somebody can match what is fetched: data that nothing is compared with costs time and
    /// space and helps nobody.
    pub osv_ecosystems: Vec<String>,
    /// Oracle Linux.
    pub oracle: OracleSettings,
    /// Photon OS.
    pub photon: PhotonSettings,
    /// SUSE and openSUSE.
    pub suse: SuseSettings,
    /// Azure Linux and CBL-Mariner.
    pub azure: AzureSettings,
    /// Arch Linux.
    pub arch: ArchSettings,
    /// Amazon Linux.
    pub aws: AmazonSettings,
    /// Bottlerocket.
    pub bottlerocket: BottlerocketSettings,
    /// Chainguard OS.
    pub chainguard: ChainguardSettings,
    /// Echo.
    pub echo: EchoSettings,
    /// Fedora.
    pub fedora: FedoraSettings,
    /// MinimOS.
    pub minimos: MinimosSettings,
    /// Wolfi.
    pub wolfi: WolfiSettings,
    /// Ubuntu.
    pub ubuntu: UbuntuSettings,
    /// Red Hat's advisories.
    pub rhel_vex: RedHatVexSettings,
    /// Red Hat's mappings from repositories and images to products.
    pub rhel_mapping: RedHatMappingSettings,
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
            arch: ArchSettings::default(),
            aws: AmazonSettings::default(),
            bottlerocket: BottlerocketSettings::default(),
            chainguard: ChainguardSettings::default(),
            echo: EchoSettings::default(),
            fedora: FedoraSettings::default(),
            minimos: MinimosSettings::default(),
            wolfi: WolfiSettings::default(),
            ubuntu: UbuntuSettings::default(),
            rhel_vex: RedHatVexSettings::default(),
            rhel_mapping: RedHatMappingSettings::default(),
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
        Box::new(Amazon::new(settings)),
        Box::new(Arch::new(settings)),
        Box::new(Bottlerocket::new(settings)),
        Box::new(chainguard::family(settings)),
        Box::new(Echo::new(settings)),
        Box::new(Fedora::new(settings)),
        Box::new(minimos::family(settings)),
        Box::new(wolfi::family(settings)),
        Box::new(Ubuntu::new(&settings.ubuntu, &settings.limits)),
        Box::new(RedHatVex::new(settings)),
        Box::new(RedHatMapping::new(settings)),
    ]
}
