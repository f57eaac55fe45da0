use crate::alpine::{Alpine, AlpineSettings};
use crate::amazon::{Amazon, AmazonSettings};
use crate::arch::{Arch, ArchSettings};
use crate::bottlerocket::{Bottlerocket, BottlerocketSettings};
use crate::chainguard::{self, ChainguardSettings};
use crate::debian::{Debian, DebianSettings};
use crate::echo::{Echo, EchoSettings};
use crate::fedora::{Fedora, FedoraSettings};
use crate::minimos::{self, MinimosSettings};
use crate::osv::{Osv, OsvSettings};
use crate::readdressed::{Addresses, ReaddressedFamily};
use crate::redhat::{RedHatMapping, RedHatMappingSettings, RedHatVex, RedHatVexSettings};
use crate::ubuntu::Ubuntu;
use crate::wolfi::{self, WolfiSettings};
use crate::{Family, Limits, UbuntuSettings};

/// Where the sources are, and how much of them is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Alpine.
    pub alpine: AlpineSettings,
    /// Debian.
    pub debian: DebianSettings,
    /// The databases in the format of OSV.
    pub osv: OsvSettings,
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
    /// Other addresses of single documents, see [`Settings::configure`].
    pub addresses: Addresses,
}

/// Returns every family that limpid knows.
pub fn families(settings: &Settings) -> Vec<Box<dyn Family>> {
    let families: Vec<Box<dyn Family>> = vec![
        Box::new(Alpine::new(settings)),
        Box::new(Debian::new(settings)),
        Box::new(Osv::new(settings)),
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
    ];
    if settings.addresses.is_empty() {
        return families;
    }
    families
        .into_iter()
        .map(|family| {
            let addresses = settings.addresses.clone();
            Box::new(ReaddressedFamily { family, addresses }) as Box<dyn Family>
        })
        .collect()
}
