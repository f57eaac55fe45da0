use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use limpid_types::Distribution;
use lru::LruCache;
use serde_json::value::RawValue;

use crate::VulnerabilityData;
use crate::candidates::Installed;
use crate::clair::view::VulnerabilityId;
use crate::products::Products;
use crate::release::Release;

/// How many releases are told apart before all is forgotten. What an image says of its
/// distribution is up to the image.
const RELEASES: usize = 1024;

/// What an entry takes beside its texts, about.
const ENTRY_BYTES: usize = 256;

/// What was found in packages that images have in common, as it is written in reports; bounded in
/// bytes.
///
/// Images of a registry share most of their packages. What is found in one depends on what is
/// installed, on the release, and on the snapshots that serve it, and on nothing else; so that is
/// the key, and entries outlive a generation that changed other feeds.
pub(super) struct KnownPackages {
    limit: usize,
    state: Mutex<State>,
}

struct State {
    /// Numbers of releases by everything that counts of them. A number is not used again.
    releases: HashMap<Box<[u8]>, u64>,
    next_release: u64,
    packages: LruCache<Box<[u8]>, Arc<KnownPackage>>,
    bytes: usize,
}

/// What was found in a package.
#[derive(Debug)]
pub(super) struct KnownPackage {
    /// The vulnerabilities in Clair's JSON.
    pub(super) vulnerabilities: Vec<(VulnerabilityId, Arc<RawValue>)>,
    /// Names of vulnerabilities that are said not to affect it.
    pub(super) not_affected: Vec<String>,
    /// What could not be compared.
    pub(super) unknown: Option<String>,
}

/// The number of a release with its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReleaseNumber(u64);

impl KnownPackages {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                releases: HashMap::new(),
                next_release: 0,
                packages: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// Returns the number of a release as some data serves it, in images whose distribution says
    /// the same of itself.
    pub(super) fn release(
        &self,
        release: &Release,
        distribution: Option<&Distribution>,
        data: &dyn VulnerabilityData,
    ) -> ReleaseNumber {
        self.number(release_key(release, distribution, data))
    }

    fn number(&self, key: Box<[u8]>) -> ReleaseNumber {
        let mut state = self.lock();
        if let Some(&number) = state.releases.get(&key) {
            return ReleaseNumber(number);
        }
        if state.releases.len() >= RELEASES {
            state.releases.clear();
            state.packages.clear();
            state.bytes = 0;
        }
        let number = state.next_release;
        state.next_release += 1;
        state.releases.insert(key, number);
        ReleaseNumber(number)
    }

    /// Returns what was found before in the package that has a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Arc<KnownPackage>> {
        self.lock().packages.get(key).cloned()
    }

    /// Keeps what was found in a package, at the cost of those that were asked for least recently.
    pub(super) fn insert(&self, key: &[u8], package: Arc<KnownPackage>) {
        let bytes = size(key, &package);
        if bytes > self.limit {
            return;
        }
        let mut state = self.lock();
        state.bytes += bytes;
        if let Some((key, replaced)) = state.packages.push(key.into(), package) {
            state.bytes -= size(&key, &replaced);
        }
        while state.bytes > self.limit
            && let Some((key, oldest)) = state.packages.pop_lru()
        {
            state.bytes -= size(&key, &oldest);
        }
    }

    /// Returns how much memory it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes everything about a package that decides what is found in it.
pub(super) fn write_key(key: &mut Vec<u8>, release: ReleaseNumber, installed: &Installed<'_, '_>) {
    let package = installed.package;
    let (source, source_version) = package
        .source
        .as_deref()
        .map_or(("", ""), |source| (&source.name, &source.version));
    key.clear();
    key.extend(release.0.to_le_bytes());
    key.push(package.kind.map_or(0, |kind| kind as u8 + 1));
    let fields = [
        &package.name,
        &package.version,
        &package.arch,
        &package.module,
        source,
        source_version,
    ];
    put_all(key, fields);
}

fn release_key(
    release: &Release,
    distribution: Option<&Distribution>,
    data: &dyn VulnerabilityData,
) -> Box<[u8]> {
    let mut key = Vec::with_capacity(512);
    put_all(&mut key, release.namespaces.iter().map(String::as_str));
    for product in release.products.iter().flat_map(Products::names) {
        put_all(&mut key, [product.as_str()]);
    }
    // Nothing that follows could be one of these.
    put_all(&mut key, [""]);
    put_all(&mut key, release.names.iter().map(String::as_str));
    put_all(&mut key, [""]);
    put_all(
        &mut key,
        [release.repository.as_deref().unwrap_or_default()],
    );
    for feed in release
        .feeds
        .iter()
        .filter_map(|feed| data.feeds().get(*feed))
    {
        put_all(&mut key, [feed.name.as_str(), &feed.snapshot]);
    }
    // Apart from the id, which is not written.
    if let Some(distribution) = distribution {
        let fields = [
            &distribution.did,
            &distribution.name,
            &distribution.version,
            &distribution.version_code_name,
            &distribution.version_id,
            &distribution.arch,
            &distribution.cpe,
            &distribution.pretty_name,
        ];
        put_all(&mut key, fields.map(String::as_str));
    }
    key.into()
}

/// Appends texts so that no other texts give the same bytes.
fn put_all<'a>(key: &mut Vec<u8>, texts: impl IntoIterator<Item = &'a str>) {
    for text in texts {
        key.extend((text.len() as u64).to_le_bytes());
        key.extend(text.as_bytes());
    }
}

fn size(key: &[u8], package: &KnownPackage) -> usize {
    let vulnerabilities = package
        .vulnerabilities
        .iter()
        .map(|(_, json)| json.get().len() + 64);
    let not_affected = package.not_affected.iter().map(|id| id.len() + 32);
    let unknown = package.unknown.as_ref().map_or(0, String::len);
    key.len() + vulnerabilities.sum::<usize>() + not_affected.sum::<usize>() + unknown + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Arc<KnownPackage> {
        let unknown = Some(text.to_owned());
        let vulnerabilities = Vec::new();
        Arc::new(KnownPackage {
            vulnerabilities,
            not_affected: Vec::new(),
            unknown,
        })
    }

    #[test]
    fn the_package_that_was_asked_for_longest_ago_makes_room() {
        let one = size(b"a", &package("text"));
        let known = KnownPackages::new(2 * one);
        for name in [b"a", b"b", b"b"] {
            known.insert(name, package("text"));
        }
        assert_eq!(known.bytes(), 2 * one);
        assert!(known.get(b"a").is_some());
        known.insert(b"c", package("text"));
        assert_eq!(known.bytes(), 2 * one);
        assert!(known.get(b"a").is_some());
        assert!(known.get(b"b").is_none());
        known.insert(b"d", package(&"large".repeat(1000)));
        assert!(known.get(b"d").is_none());
        assert!(known.get(b"c").is_some());
    }

    #[test]
    fn too_many_releases_begin_anew_under_other_numbers() {
        let known = KnownPackages::new(10_000);
        let number = |number: usize| known.number(number.to_le_bytes().into());
        let first = number(0);
        assert_eq!(number(0), first);
        known.insert(b"a", package("text"));
        for other in 1..RELEASES {
            number(other);
        }
        assert_eq!(number(0), first);
        let next = number(RELEASES);
        assert!(known.get(b"a").is_none());
        assert_eq!(known.bytes(), 0);
        assert_ne!(number(0), first);
        assert_ne!(number(0), next);
    }
}
