//! Images for the load: stacks of layers that many images share, and a few layers of their own.

use std::collections::HashMap;
use std::fmt::Write as _;

use bytes::Bytes;
use limpid_testkit::feed::DebianTracker;
use limpid_testkit::layer::{LayerBuilder, gzip};
use limpid_types::{Digest, Manifest, ManifestLayer};

/// The release that all images are of, by its code name in the feed.
const RELEASE: &str = "bookworm";
/// Packages that the feed knows.
const KNOWN_PACKAGES: usize = 3_000;
/// Packages of an image.
const PACKAGES: usize = 500;
/// Vulnerabilities of each package: one fixed before the installed version, one after, one never.
const VULNERABILITIES: [Option<&str>; 3] = [Some("1.0-1"), Some("9.0-1"), None];
/// Layers of its own that an image has on top of a stack.
const OWN_LAYERS: usize = 2;
/// The tallest stack with the layers on top has 40 layers, the lowest 3.
const STACKS: usize = 38;

/// Makes images, and keeps the bytes of their layers.
pub(super) struct Images {
    address: String,
    /// Layers by digest.
    pub(super) blobs: HashMap<String, Bytes>,
    stacks: Vec<Vec<Digest>>,
}

impl Images {
    /// Makes the stacks; `address` is where layers will be served.
    pub(super) fn new(address: &str) -> Self {
        let mut images = Self {
            address: address.to_owned(),
            blobs: HashMap::new(),
            stacks: Vec::new(),
        };
        for stack in 0..STACKS {
            let mut layers = vec![images.keep(&base(stack))];
            layers.extend(
                (1..=stack).map(|height| images.keep(&small(&format!("{stack}/{height}")))),
            );
            images.stacks.push(layers);
        }
        images
    }

    /// Makes an image that shares all but two of its layers with every thirty-eighth other.
    pub(super) fn image(&mut self, number: usize) -> Manifest {
        let mut layers = self
            .stacks
            .get(number % STACKS)
            .cloned()
            .unwrap_or_default();
        layers
            .extend((0..OWN_LAYERS).map(|own| self.keep(&small(&format!("image {number}/{own}")))));
        Manifest {
            hash: manifest_digest(number),
            layers: layers
                .into_iter()
                .map(|hash| ManifestLayer {
                    uri: format!("{}/blobs/{hash}", self.address),
                    hash,
                    headers: [("Accept".to_owned(), vec!["application/gzip".to_owned()])].into(),
                })
                .collect(),
        }
    }

    fn keep(&mut self, tar: &[u8]) -> Digest {
        let blob = gzip(tar);
        let digest = Digest::sha256(&blob);
        self.blobs.insert(digest.to_string(), blob.into());
        digest
    }
}

/// Names a manifest by its number.
pub(super) fn manifest_digest(number: usize) -> Digest {
    Digest::sha256(format!("manifest {number}").as_bytes())
}

/// The document of the feed, of which every edition says something else.
pub(super) struct Feed {
    before: Bytes,
    behind: Bytes,
}

impl Feed {
    /// Makes what all editions have in common.
    pub(super) fn new() -> Self {
        /// Stands where the editions differ.
        const EDITION: &str = "CVE-2027-EDITION";
        let mut tracker = DebianTracker::new();
        for package in 0..KNOWN_PACKAGES {
            let name = package_name(package);
            for (number, fix) in VULNERABILITIES.iter().enumerate() {
                let id = format!("CVE-2026-{:06}", package * VULNERABILITIES.len() + number);
                tracker = match fix {
                    Some(version) => tracker.fix(&name, &id, RELEASE, version),
                    None => tracker.open(&name, &id, RELEASE, "not yet assigned"),
                };
                let text = format!("A flaw in {name} lets somebody do what nobody should. ({id})");
                tracker = tracker.describe(&name, &id, &text);
            }
        }
        let tracker = tracker.fix(&package_name(0), EDITION, RELEASE, "1.0-1");
        let json = String::from_utf8_lossy(&tracker.to_json()).into_owned();
        let (before, behind) = json.split_once(EDITION).unwrap_or((&json, ""));
        Self {
            before: before.to_owned().into(),
            behind: behind.to_owned().into(),
        }
    }

    /// Returns an edition, in pieces.
    pub(super) fn edition(&self, edition: u64) -> [Bytes; 3] {
        let id = format!("CVE-2027-{edition:06}");
        [self.before.clone(), id.into(), self.behind.clone()]
    }
}

fn package_name(number: usize) -> String {
    format!("package-{number:04}")
}

fn base(stack: usize) -> Vec<u8> {
    let mut status = String::new();
    for number in 0..PACKAGES {
        let name = package_name((stack * 61 + number * 5) % KNOWN_PACKAGES);
        // Writing to a string cannot fail.
        let _ = write!(
            status,
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0-1\n\
             Maintainer: Somebody <somebody@debian.org>\nDescription: number {number}\n\n"
        );
    }
    LayerBuilder::new()
        .file(
            "etc/os-release",
            "ID=debian\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\n\
             VERSION_CODENAME=bookworm\nNAME=\"Debian GNU/Linux\"\n\
             PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        )
        .file("var/lib/dpkg/status", status)
        .build()
}

fn small(name: &str) -> Vec<u8> {
    (0..5)
        .fold(LayerBuilder::new(), |layer, number| {
            layer.file(&format!("srv/{name}/{number}"), format!("{name} {number}"))
        })
        .build()
}
