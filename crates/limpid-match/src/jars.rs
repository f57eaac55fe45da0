//! Jars that do not say what they are, and the index that knows them by their content.
//!
//! The index is a feed of facts, so that which package a jar is can be learned after the image was
//! indexed, like everything else that vulnerability data says.

use std::borrow::Cow;

use limpid_types::{Confidence, Ecosystem, IndexReport, LanguagePackage};

use crate::{DataError, VulnerabilityData};

/// The feed that is the index.
const INDEX_FEED: &str = "jar-index";

/// The table of [`INDEX_FEED`]: SHA-1 in lower-case hexadecimal → `group:artifact:version`.
const INDEX_TABLE: &str = "jar-index";

const SHA1: &str = "sha1:";

/// Gives jars that were identified by less than their own word the name and version that the index
/// of jars has for their content.
pub(crate) fn identify<'i>(
    index: &'i IndexReport,
    data: &dyn VulnerabilityData,
) -> Result<Cow<'i, IndexReport>, DataError> {
    let mut feeds = data.feeds().iter();
    let Some(feed) = feeds.position(|feed| feed.name == INDEX_FEED) else {
        return Ok(Cow::Borrowed(index));
    };
    let mut identified = Cow::Borrowed(index);
    for (id, language) in &index.limpid.languages {
        if language.ecosystem != Ecosystem::Maven || language.confidence.is_certain() {
            continue;
        }
        let Some(coordinates) = look_up(language, feed, data)? else {
            continue;
        };
        let Some((name, version)) = coordinates.rsplit_once(':') else {
            continue;
        };
        let index = identified.to_mut();
        if let Some(package) = index.packages.get_mut(id) {
            name.clone_into(&mut package.name);
            version.clone_into(&mut package.version);
        }
        if let Some(language) = index.limpid.languages.get_mut(id) {
            language.confidence = Confidence::Certain;
        }
    }
    Ok(identified)
}

fn look_up(
    language: &LanguagePackage,
    feed: usize,
    data: &dyn VulnerabilityData,
) -> Result<Option<String>, DataError> {
    for digest in &language.digests {
        if let Some(sha1) = digest.strip_prefix(SHA1)
            && let Some(coordinates) = data.note(feed, INDEX_TABLE, sha1)?
        {
            return Ok(Some(coordinates));
        }
    }
    Ok(None)
}
