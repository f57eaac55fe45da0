use std::collections::BTreeMap;

use limpid_detect::distribution::recognise;
use limpid_types::{DatabaseKind, Distribution, StableId};

use super::layers::Layers;

/// The distributions of an image, and which database belongs to which.
pub(super) struct Distributions {
    /// What the image was after each layer; none where the release files do not say.
    after: Vec<Option<Distribution>>,
}

/// How a distribution packages its programs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PackageFormat {
    Dpkg,
    Apk,
    Rpm,
    Pacman,
    Portage,
    /// Something else, or unknown.
    Other,
}

impl Distributions {
    pub(super) fn of(layers: &Layers<'_>, count: usize) -> Self {
        let mut after: Vec<Option<Distribution>> = Vec::with_capacity(count);
        for layer in 0..count {
            let mut distribution = recognise(&layers.release_files(layer));
            if let Some(distribution) = &mut distribution {
                distribution.id = id(distribution);
            }
            after.push(distribution);
        }
        Self { after }
    }

    /// Returns the distribution that a database belongs to.
    ///
    /// That is the distribution of the finished image if it uses this package format. Otherwise
    /// (a Debian image onto which an Alpine root was copied, say) the nearest that does, first
    /// backward from the layer that wrote the database, then forward.
    pub(super) fn for_database(&self, kind: DatabaseKind, layer: usize) -> Option<&Distribution> {
        let wanted = match kind {
            DatabaseKind::Dpkg | DatabaseKind::DpkgDistroless | DatabaseKind::Chisel => {
                PackageFormat::Dpkg
            }
            DatabaseKind::Apk => PackageFormat::Apk,
            // Bottlerocket builds its packages with rpm, and lists them in a file of its own.
            DatabaseKind::RpmSqlite
            | DatabaseKind::RpmBdb
            | DatabaseKind::RpmNdb
            | DatabaseKind::Bottlerocket => PackageFormat::Rpm,
            DatabaseKind::Pacman => PackageFormat::Pacman,
            DatabaseKind::Portage => PackageFormat::Portage,
            DatabaseKind::LanguagePackage | DatabaseKind::LockFile | DatabaseKind::Executable => {
                return None;
            }
        };
        let backward = self.after.iter().take(layer + 1).rev();
        let forward = self.after.iter().skip(layer + 1);
        self.after
            .last()
            .into_iter()
            .chain(backward)
            .chain(forward)
            .flatten()
            .find(|distribution| package_format(&distribution.did) == wanted)
            .or_else(|| self.unclassified())
    }

    /// Returns the distribution of the finished image.
    pub(super) fn of_image(&self) -> Option<&Distribution> {
        self.after.last()?.as_ref()
    }

    /// A distribution that limpid cannot classify is taken to use whatever database it has.
    fn unclassified(&self) -> Option<&Distribution> {
        self.of_image()
            .filter(|distribution| package_format(&distribution.did) == PackageFormat::Other)
    }

    /// Returns every distribution that the image has or had, by id.
    ///
    /// Clair reports those of lower layers too, since packages may refer to them.
    pub(super) fn by_id(&self) -> BTreeMap<String, Distribution> {
        self.after
            .iter()
            .flatten()
            .map(|distribution| (distribution.id.clone(), distribution.clone()))
            .collect()
    }
}

fn id(distribution: &Distribution) -> String {
    let d = distribution;
    let fields = [
        &d.did,
        &d.name,
        &d.version,
        &d.version_code_name,
        &d.version_id,
        &d.arch,
        &d.cpe,
        &d.pretty_name,
    ];
    StableId::of("distribution", &fields.map(String::as_str)).to_string()
}

/// Tells the package format of a distribution by its os-release id.
fn package_format(did: &str) -> PackageFormat {
    match did {
        "alpine" | "wolfi" | "chainguard" | "postmarketos" | "minimos" | "adelie" => {
            PackageFormat::Apk
        }
        "debian" | "ubuntu" | "kali" | "raspbian" | "linuxmint" | "pop" | "devuan" | "deepin"
        | "elementary" | "parrot" | "pureos" | "vyos" | "echo" | "tails" | "neon" | "proxmox" => {
            PackageFormat::Dpkg
        }
        "rhel"
        | "centos"
        | "fedora"
        | "rocky"
        | "almalinux"
        | "ol"
        | "amzn"
        | "sles"
        | "sled"
        | "opensuse"
        | "opensuse-leap"
        | "opensuse-leap-micro"
        | "opensuse-tumbleweed"
        | "opensuse-microos"
        | "sle-micro"
        | "sl-micro"
        | "sle-micro-rancher"
        | "suse-micro-rancher"
        | "suse-microos"
        | "suse-liberty"
        | "photon"
        | "mariner"
        | "azurelinux"
        | "openEuler"
        | "openeuler"
        | "mageia"
        | "scientific"
        | "virtuozzo"
        | "eurolinux"
        | "hummingbird"
        | "anolis"
        | "bottlerocket"
        | "rhcos"
        | "scos" => PackageFormat::Rpm,
        "arch" | "archarm" | "manjaro" | "endeavouros" | "steamos" => PackageFormat::Pacman,
        "gentoo" => PackageFormat::Portage,
        _ => PackageFormat::Other,
    }
}
