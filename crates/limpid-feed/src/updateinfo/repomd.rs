use std::io::Cursor;

use crate::text::name_fault;
use crate::updateinfo::Document;
use crate::xml::{Element, Record, XmlReader};
use crate::{FeedError, Limits, Probe};

/// Bytes of a `repomd.xml`, which has a few entries.
const REPOMD_BYTES: usize = 1 << 20;

/// What a repository says of its updateinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// There is no repository.
    NoRepository,
    /// The repository has no updateinfo: nobody publishes advisories about its packages.
    NoUpdateinfo,
    /// Here it is.
    Document(Document),
}

/// Asks a repository where its updateinfo is.
///
/// The address has a checksum in it, or a folder with one, so that changed content has another
/// address.
pub(crate) fn find(
    probe: &mut dyn Probe,
    base: &str,
    architectures: &'static [&'static str],
    limits: &Limits,
) -> Result<Listed, FeedError> {
    let base = base.trim_end_matches('/');
    let url = format!("{base}/repodata/repomd.xml");
    let content = probe
        .read(&url, REPOMD_BYTES)
        .map_err(|source| FeedError::Probe {
            url: url.clone(),
            source,
        })?;
    let Some(content) = content else {
        return Ok(Listed::NoRepository);
    };
    let mut xml = XmlReader::open(&url, Box::new(Cursor::new(content)), limits)?;
    xml.enter_root("repomd")?;
    let mut listed = Listed::NoUpdateinfo;
    while let Some(child) = xml.next_child()? {
        if child.name != "data" || xml.attribute("type").as_deref() != Some("updateinfo") {
            continue;
        }
        if let Record::Whole(data) = xml.record()?
            && let Some(href) = data.child("location").and_then(|at| at.attribute("href"))
            && is_path(href)
        {
            listed = Listed::Document(Document {
                url: format!("{base}/{href}"),
                sha256: sha256(data),
                architectures,
            });
        }
    }
    xml.finish()?;
    Ok(listed)
}

/// Tells whether an address leads to something inside of the repository.
fn is_path(href: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    name_fault(href).is_none()
        && href.split('/').all(is_plain)
        && href
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+'))
}

fn sha256(data: Element<'_>) -> Option<String> {
    data.children_named("checksum")
        .find(|checksum| checksum.attribute("type") == Some("sha256"))
        .map(|checksum| checksum.text().to_owned())
}
