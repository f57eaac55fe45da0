//! Which distribution a file system holds, from its release files.
//!
//! [`recognise`] is a pure function of evidence. os-release(5) decides where it can; the files
//! that distributions had before it decide otherwise. What a recognised distribution is called
//! follows Clair, whose clients compare the fields; one field more is filled than Clair fills:
//! `version_id` of Alpine.

mod legacy;
mod os_release;
mod present;

pub use os_release::OsRelease;

use limpid_types::{Distribution, ReleaseFile};

use crate::release_file::BUSYBOX;

/// What the release files say, before it is put in Clair's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Identifier as os-release(5) defines it: lower case, no blanks.
    id: String,
    /// Name for people.
    name: String,
    /// Version with code name, as the distribution writes it.
    version: String,
    /// Version number alone.
    version_id: String,
    /// Code name.
    code_name: String,
    /// Name and version for people.
    pretty_name: String,
    /// CPE name.
    cpe: String,
}

/// Tells which distribution the files belong to; none when they do not say.
///
/// The files are those that are visible in the finished image, at most one for each path.
pub fn recognise(files: &[ReleaseFile]) -> Option<Distribution> {
    let text = |path: &str| {
        files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    };
    let os_release = ["etc/os-release", "usr/lib/os-release"]
        .into_iter()
        .filter_map(text)
        .map(OsRelease::parse)
        .find(|release| !release.get("ID").is_empty());
    let facts = match os_release {
        Some(release) => os_release::facts(&release, &text),
        None => legacy::facts(&text).or_else(|| busybox(text(BUSYBOX)?))?,
    };
    Some(present::distribution(facts))
}

/// An image that has nothing but busybox is at least that, as Grype sees it too.
fn busybox(banner: &str) -> Option<Facts> {
    let version = banner.strip_prefix("BusyBox v")?.split(' ').next()?;
    Some(Facts {
        id: "busybox".to_owned(),
        name: "BusyBox".to_owned(),
        version: version.to_owned(),
        version_id: version.to_owned(),
        pretty_name: format!("BusyBox v{version}"),
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests;
