use std::io::Read;

use limpid_layer::{Content, Entry, EntryKind, Want};
use limpid_types::{Problem, ProblemKind, ReleaseFile};

use crate::detector::{Detector, Sink, reader};
use crate::language::LanguageDetector;

/// Files that say which distribution this is; all are a few lines of text.
///
/// os-release(5) is the norm since 2012. The others are what distributions had before, or still
/// have beside it.
pub(crate) const PATHS: [&str; 30] = [
    "etc/SuSE-release",
    "etc/almalinux-release",
    "etc/alpine-release",
    "etc/arch-release",
    "etc/azurelinux-release",
    "etc/bottlerocket-release",
    "etc/centos-release",
    "etc/debian_version",
    "etc/enterprise-release",
    "etc/fedora-release",
    "etc/gentoo-release",
    "etc/issue",
    "etc/lsb-release",
    "etc/mageia-release",
    "etc/mariner-release",
    "etc/openEuler-release",
    "etc/openwrt_release",
    "etc/oracle-release",
    "etc/os-release",
    "etc/photon-release",
    "etc/redhat-release",
    "etc/rocky-release",
    "etc/slackware-version",
    "etc/system-release",
    "etc/system-release-cpe",
    "etc/void-release",
    "usr/lib/fedora-release",
    "usr/lib/os-release",
    "usr/lib/redhat-release",
    "usr/lib/system-release",
];

/// The program that names the "distribution" of an image that has nothing else.
pub(crate) const BUSYBOX: &str = "bin/busybox";

/// The same program under the name that comes first when its hundreds of names are hard links in
/// sorted order, and so is the one that has the content.
const BUSYBOX_FIRST_NAME: &str = "bin/[";

const LONGEST_FILE: usize = 64 << 10;
const LARGEST_BUSYBOX: u64 = 8 << 20;

/// Finds release files.
pub(crate) struct ReleaseFileDetector;

impl Detector for ReleaseFileDetector {
    fn want(&mut self, entry: &Entry<'_>) -> Want {
        match entry.kind {
            EntryKind::File if PATHS.binary_search(&entry.path).is_ok() => {
                Want::Prefix(LONGEST_FILE)
            }
            EntryKind::File if is_busybox(entry.path) && entry.size <= LARGEST_BUSYBOX => {
                Want::Whole
            }
            _ => Want::Nothing,
        }
    }

    fn take(&mut self, entry: &Entry<'_>, content: Content<'_>, sink: &mut Sink) {
        let mut bytes = Vec::new();
        let limit = if is_busybox(entry.path) {
            LARGEST_BUSYBOX
        } else {
            LONGEST_FILE as u64
        };
        if let Err(error) = reader(&content).take(limit).read_to_end(&mut bytes) {
            self.lost(entry, format!("cannot be read: {error}"), sink);
            return;
        }
        let (path, text) = if is_busybox(entry.path) {
            // It is a program like others, too.
            LanguageDetector.take(entry, content, sink);
            match busybox_banner(&bytes) {
                Some(banner) => (BUSYBOX, banner),
                None => return,
            }
        } else {
            (entry.path, String::from_utf8_lossy(&bytes).into_owned())
        };
        // Of two entries with one path the later one stays on disk. Keeping one text for each path
        // is also what bounds the memory.
        let files = &mut sink.evidence.release_files;
        match files.iter_mut().find(|file| file.path == path) {
            Some(file) => file.text = text,
            None => files.push(ReleaseFile {
                path: path.to_owned(),
                text,
            }),
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String, sink: &mut Sink) {
        // A lost program costs no package: it only names an image that has nothing else.
        let kind = if is_busybox(entry.path) {
            ProblemKind::Note
        } else {
            ProblemKind::UnreadableFile
        };
        sink.problem(Problem::new(kind, entry.path, why).at(entry.offset));
    }
}

fn is_busybox(path: &str) -> bool {
    path == BUSYBOX || path == BUSYBOX_FIRST_NAME
}

/// Returns the banner that busybox prints, `BusyBox v1.36.1 (…)`.
fn busybox_banner(program: &[u8]) -> Option<String> {
    const START: &[u8] = b"BusyBox v";
    let at = program
        .windows(START.len() + 1)
        .position(|window| window.starts_with(START) && window.ends_with(b"1"))?;
    let banner: Vec<u8> = program
        .get(at..)?
        .iter()
        .copied()
        .take_while(|byte| (b' '..=b'~').contains(byte))
        .take(120)
        .collect();
    String::from_utf8(banner).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(PATHS.is_sorted());
    }

    #[test]
    fn the_banner_of_busybox_is_found_in_the_program() {
        let program = b"\x7fELF\0\0BusyBox vague\0xBusyBox v1.36.1 (2023-05-18)\0rest";
        assert_eq!(
            busybox_banner(program).as_deref(),
            Some("BusyBox v1.36.1 (2023-05-18)")
        );
        assert_eq!(busybox_banner(b"nothing"), None);
    }
}
