use std::collections::HashSet;

use limpid_types::Digest;

use super::{INDEX, read_blob, read_config, read_manifest};
use crate::document::{Descriptor, Index, PlatformParts, kind_of, parse};
use crate::files::Files;
use crate::media_type::{DocumentKind, document_kind};
use crate::{OpenOptions, Platform, SourceError, image_name};

/// Annotations that name an image: OCI's own, which may be a tag alone, and containerd's.
const NAMES: [&str; 2] = [
    "org.opencontainers.image.ref.name",
    "io.containerd.image.name",
];
/// Annotation with which `BuildKit` marks what describes an image and is none.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Finds the one image that is meant among those of a layout.
pub(super) struct Chooser<'a> {
    files: &'a dyn Files,
    options: &'a OpenOptions,
    documents: usize,
    seen: HashSet<Digest>,
}

/// The image that was chosen.
pub(super) struct Chosen {
    /// Its manifest.
    pub(super) descriptor: Descriptor,
    /// The names that `index.json` gives it.
    pub(super) names: Vec<String>,
}

/// An image manifest that may be the one.
struct Candidate {
    descriptor: Descriptor,
    /// The number of the entry of `index.json` through which it was reached.
    entry: usize,
    /// Whether the manifest is in the layout at all.
    present: bool,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(files: &'a dyn Files, options: &'a OpenOptions) -> Self {
        Self {
            files,
            options,
            documents: 0,
            seen: HashSet::new(),
        }
    }

    /// Chooses by tag or digest first, then by platform.
    pub(super) fn choose(mut self, selector: Option<&str>) -> Result<Chosen, SourceError> {
        let all = self.entries()?;
        let entries = match selector.map(|text| (text, text.trim_start_matches('@').parse())) {
            None => unambiguous(all)?,
            Some((_, Ok(digest))) => self.with_digest(&all, &digest)?,
            Some((tag, Err(_))) => with_tag(all, tag)?,
        };
        let mut candidates = Vec::new();
        for (entry, descriptor) in entries.iter().enumerate() {
            self.collect(descriptor, entry, 0, &mut candidates)?;
        }
        let candidate = self.best(candidates, &entries)?;
        let names = entries
            .get(candidate.entry)
            .map(names_of)
            .unwrap_or_default();
        Ok(Chosen {
            names: names.into_iter().map(str::to_owned).collect(),
            descriptor: candidate.descriptor,
        })
    }

    /// Reads the entries of `index.json` that are images or indexes of images.
    fn entries(&self) -> Result<Vec<Descriptor>, SourceError> {
        let bytes = self.files.read_named(INDEX, &self.options.limits)?;
        if kind_of(INDEX, "", &bytes)? != DocumentKind::Index {
            return Err(SourceError::invalid(INDEX, "it is no index"));
        }
        let entries = parse::<Index>(INDEX, &bytes)?.manifests;
        let first = entries.first().map(|entry| entry.media_type.clone());
        let images: Vec<Descriptor> = entries.into_iter().filter(is_image).collect();
        match first {
            _ if !images.is_empty() => Ok(images),
            Some(media_type) => Err(SourceError::UnsupportedManifest { media_type }),
            None => Err(self.empty()),
        }
    }

    fn empty(&self) -> SourceError {
        SourceError::Empty {
            image: self.files.path().to_owned(),
        }
    }

    /// Finds a digest among the entries, or else in the indexes below them.
    fn with_digest(
        &mut self,
        entries: &[Descriptor],
        wanted: &Digest,
    ) -> Result<Vec<Descriptor>, SourceError> {
        if let Some(entry) = entries.iter().find(|entry| entry.digest == *wanted) {
            return Ok(vec![entry.clone()]);
        }
        let mut candidates = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            self.collect(entry, number, 0, &mut candidates)?;
        }
        let mut below = candidates.into_iter().map(|it| it.descriptor);
        match below.find(|descriptor| descriptor.digest == *wanted) {
            Some(descriptor) => Ok(vec![descriptor]),
            None => Err(SourceError::NoSuchImage {
                wanted: wanted.to_string(),
                available: describe(entries),
            }),
        }
    }

    /// Collects the image manifests that an entry leads to.
    fn collect(
        &mut self,
        descriptor: &Descriptor,
        entry: usize,
        depth: usize,
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), SourceError> {
        let limits = &self.options.limits;
        let present = self.files.find_blob(&descriptor.digest)?.is_some();
        let is_index = document_kind(&descriptor.media_type) == Some(DocumentKind::Index);
        if !is_index || !present {
            if candidates.len() >= limits.candidates {
                return Err(SourceError::limit(
                    "images",
                    limits.candidates as u64,
                    INDEX,
                ));
            }
            candidates.push(Candidate {
                descriptor: descriptor.clone(),
                entry,
                present,
            });
            return Ok(());
        }
        let name = descriptor.digest.as_str();
        if depth >= limits.index_depth {
            let limit = limits.index_depth as u64;
            return Err(SourceError::limit("indexes inside each other", limit, name));
        }
        // A second way to the same index leads to nothing new.
        if !self.seen.insert(descriptor.digest.clone()) {
            return Ok(());
        }
        self.count_document()?;
        let bytes = read_blob(self.files, descriptor, limits)?;
        if kind_of(name, &descriptor.media_type, &bytes)? != DocumentKind::Index {
            return Err(SourceError::invalid(name, "it is no index"));
        }
        let index: Index = parse(name, &bytes)?;
        for inner in index.manifests.iter().filter(|inner| is_image(inner)) {
            self.collect(inner, entry, depth + 1, candidates)?;
        }
        Ok(())
    }

    /// Takes the candidate whose platform fits best.
    fn best(
        &mut self,
        mut candidates: Vec<Candidate>,
        entries: &[Descriptor],
    ) -> Result<Candidate, SourceError> {
        // A layout may hold a part of an index only. What is not there is no choice, unless
        // somebody asked for it.
        if !self.options.platform.is_explicit() && candidates.iter().any(|it| it.present) {
            candidates.retain(|candidate| candidate.present);
        }
        if candidates.len() <= 1 {
            return candidates.pop().ok_or_else(|| self.empty());
        }
        let mut available = Vec::new();
        let mut ranked = Vec::new();
        for candidate in candidates {
            let platform = self.platform_of(&candidate)?;
            available.push(
                platform
                    .as_ref()
                    .map_or("unknown".into(), Platform::to_string),
            );
            let rank = platform.and_then(|platform| self.options.platform.rank(&platform));
            ranked.extend(rank.map(|rank| (rank, candidate)));
        }
        // The sort is stable: of equals, the one that stands first in the index counts.
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut ranked = ranked.into_iter();
        let Some((rank, best)) = ranked.next() else {
            available.dedup();
            return Err(SourceError::NoPlatform {
                wanted: self.options.platform.platform().clone(),
                available,
            });
        };
        let rival = ranked
            .take_while(|(other, _)| *other == rank)
            .map(|(_, rival)| rival)
            .find(|it| it.entry != best.entry && it.descriptor.digest != best.descriptor.digest);
        match rival {
            Some(_) => Err(SourceError::Ambiguous {
                available: describe(entries),
            }),
            None => Ok(best),
        }
    }

    /// Returns the platform of a candidate: its descriptor states it, or else its config.
    fn platform_of(&mut self, candidate: &Candidate) -> Result<Option<Platform>, SourceError> {
        let stated = candidate.descriptor.platform.as_ref();
        if let Some(platform) = stated.and_then(PlatformParts::platform) {
            return Ok(Some(platform));
        }
        if !candidate.present {
            return Ok(None);
        }
        self.count_document()?;
        let limits = &self.options.limits;
        let manifest = read_manifest(self.files, &candidate.descriptor, limits)?;
        Ok(read_config(self.files, &manifest.config, limits)?.platform())
    }

    fn count_document(&mut self) -> Result<(), SourceError> {
        self.documents += 1;
        let limit = self.options.limits.documents;
        if self.documents > limit {
            return Err(SourceError::limit("documents", limit as u64, INDEX));
        }
        Ok(())
    }
}

/// Tells whether a descriptor may lead to an image, and not to a signature, an attestation, a list
/// of materials or the like.
fn is_image(descriptor: &Descriptor) -> bool {
    let config_types = [
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    ];
    let is_artifact = descriptor
        .artifact_type
        .as_deref()
        .is_some_and(|kind| !kind.is_empty() && !config_types.contains(&kind));
    let has_kind =
        descriptor.media_type.is_empty() || document_kind(&descriptor.media_type).is_some();
    let unknown = descriptor
        .platform
        .as_ref()
        .is_some_and(PlatformParts::is_unknown);
    has_kind && !is_artifact && !unknown && !descriptor.annotations.contains_key(REFERENCE_TYPE)
}

fn names_of(descriptor: &Descriptor) -> Vec<&str> {
    let mut names: Vec<&str> = NAMES
        .iter()
        .filter_map(|key| descriptor.annotations.get(*key))
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    names.dedup();
    names
}

/// Lists what can be asked for: the longest name of each entry, or its digest.
fn describe(entries: &[Descriptor]) -> Vec<String> {
    let describe = |entry: &Descriptor| {
        let longest = names_of(entry).into_iter().max_by_key(|name| name.len());
        longest.unwrap_or(entry.digest.as_str()).to_owned()
    };
    entries.iter().map(describe).collect()
}

fn with_tag(entries: Vec<Descriptor>, tag: &str) -> Result<Vec<Descriptor>, SourceError> {
    let available = describe(&entries);
    let found = image_name::select(entries, tag, names_of);
    if found.is_empty() {
        return Err(SourceError::NoSuchImage {
            wanted: tag.to_owned(),
            available,
        });
    }
    unambiguous(found)
}

/// Drops repeated entries, and refuses to guess between different names for different images.
fn unambiguous(entries: Vec<Descriptor>) -> Result<Vec<Descriptor>, SourceError> {
    let available = describe(&entries);
    let mut digests = HashSet::new();
    let mut distinct = entries;
    distinct.retain(|entry| digests.insert(entry.digest.clone()));
    let names: HashSet<Vec<&str>> = distinct
        .iter()
        .map(names_of)
        .filter(|names| !names.is_empty())
        .collect();
    if names.len() > 1 {
        return Err(SourceError::Ambiguous { available });
    }
    Ok(distinct)
}
