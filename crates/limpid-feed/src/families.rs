use crate::alpine::{Alpine, AlpineSettings};
use crate::amazon::{Amazon, AmazonSettings};
use crate::arch::{Arch, ArchSettings};
use crate::azure::{Azure, AzureSettings};
use crate::bottlerocket::{Bottlerocket, BottlerocketSettings};
use crate::chainguard::{self, ChainguardSettings};
use crate::debian::{Debian, DebianSettings};
use crate::echo::{Echo, EchoSettings};
use crate::fedora::{Fedora, FedoraSettings};
use crate::gentoo::{Gentoo, GentooSettings};
use crate::jar_index::{JarIndex, JarIndexSettings};
use crate::minimos::{self, MinimosSettings};
use crate::oracle::{Oracle, OracleSettings};
use crate::osv::{Osv, OsvSettings};
use crate::photon::{Photon, PhotonSettings};
use crate::private::{Private, PrivateSettings};
use crate::readdressed::{Addresses, ReaddressedFamily};
use crate::redhat::{RedHatMapping, RedHatMappingSettings, RedHatVex, RedHatVexSettings};
use crate::suse::{Suse, SuseSettings};
use crate::ubuntu::{Ubuntu, UbuntuSettings};
use crate::wolfi::{self, WolfiSettings};
use crate::{Family, Limits};

/// Where the sources are, and how much of them is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Alpine.
    pub alpine: AlpineSettings,
    /// Arch Linux.
    pub arch: ArchSettings,
    /// Amazon Linux.
    pub aws: AmazonSettings,
    /// Azure Linux and CBL-Mariner.
    pub azure: AzureSettings,
    /// Bottlerocket.
    pub bottlerocket: BottlerocketSettings,
    /// Chainguard OS.
    pub chainguard: ChainguardSettings,
    /// Debian.
    pub debian: DebianSettings,
    /// Echo.
    pub echo: EchoSettings,
    /// Fedora.
    pub fedora: FedoraSettings,
    /// Gentoo.
    pub gentoo: GentooSettings,
    /// The index of jars, if there is one.
    pub jar_index: JarIndexSettings,
    /// `MinimOS`.
    pub minimos: MinimosSettings,
    /// Oracle Linux.
    pub oracle: OracleSettings,
    /// The databases in the format of OSV.
    pub osv: OsvSettings,
    /// Photon OS.
    pub photon: PhotonSettings,
    /// Advisories of one's own.
    pub private: PrivateSettings,
    /// Red Hat's mappings from repositories and images to products.
    pub rhel_mapping: RedHatMappingSettings,
    /// Red Hat's advisories.
    pub rhel_vex: RedHatVexSettings,
    /// SUSE and openSUSE.
    pub suse: SuseSettings,
    /// Ubuntu.
    pub ubuntu: UbuntuSettings,
    /// Wolfi.
    pub wolfi: WolfiSettings,
    /// Bounds on what documents may contain.
    pub limits: Limits,
    /// Other addresses of single documents, see [`Settings::configure`].
    pub addresses: Addresses,
}

/// Returns every family that limpid knows, by name.
pub fn families(settings: &Settings) -> Vec<Box<dyn Family>> {
    let families: Vec<Box<dyn Family>> = vec![
        Box::new(Alpine::new(settings)),
        Box::new(Arch::new(settings)),
        Box::new(Amazon::new(settings)),
        Box::new(Azure::new(settings)),
        Box::new(Bottlerocket::new(settings)),
        Box::new(chainguard::family(settings)),
        Box::new(Debian::new(settings)),
        Box::new(Echo::new(settings)),
        Box::new(Fedora::new(settings)),
        Box::new(Gentoo::new(settings)),
        Box::new(JarIndex::new(settings)),
        Box::new(minimos::family(settings)),
        Box::new(Oracle::new(settings)),
        Box::new(Osv::new(settings)),
        Box::new(Photon::new(settings)),
        Box::new(Private::new(settings)),
        Box::new(RedHatMapping::new(settings)),
        Box::new(RedHatVex::new(settings)),
        Box::new(Suse::new(settings)),
        Box::new(Ubuntu::new(&settings.ubuntu, &settings.limits)),
        Box::new(wolfi::family(settings)),
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
