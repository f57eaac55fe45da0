use crate::alpine::Alpine;
use crate::amazon::{Amazon, AmazonSettings};
use crate::arch::{Arch, ArchSettings};
use crate::bottlerocket::{Bottlerocket, BottlerocketSettings};
use crate::chainguard::{self, ChainguardSettings};
use crate::debian::Debian;
use crate::echo::{Echo, EchoSettings};
use crate::fedora::{Fedora, FedoraSettings};
use crate::gentoo::{Gentoo, GentooSettings};
use crate::minimos::{self, MinimosSettings};
use crate::osv::Osv;
use crate::redhat::{RedHatMapping, RedHatMappingSettings, RedHatVex, RedHatVexSettings};
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
    /// Gentoo.
    pub gentoo: GentooSettings,
    /// `MinimOS`.
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
            arch: ArchSettings::default(),
            aws: AmazonSettings::default(),
            bottlerocket: BottlerocketSettings::default(),
            chainguard: ChainguardSettings::default(),
            echo: EchoSettings::default(),
            fedora: FedoraSettings::default(),
            gentoo: GentooSettings::default(),
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
        Box::new(Amazon::new(settings)),
        Box::new(Arch::new(settings)),
        Box::new(Bottlerocket::new(settings)),
        Box::new(chainguard::family(settings)),
        Box::new(Echo::new(settings)),
        Box::new(Fedora::new(settings)),
        Box::new(Gentoo::new(settings)),
        Box::new(minimos::family(settings)),
        Box::new(wolfi::family(settings)),
        Box::new(Ubuntu::new(&settings.ubuntu, &settings.limits)),
        Box::new(RedHatVex::new(settings)),
        Box::new(RedHatMapping::new(settings)),
    ]
}
