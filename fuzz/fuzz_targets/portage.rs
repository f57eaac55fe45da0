//! A package of Portage's: the first line is its directory, the rest the content of one file in it,
//! which the first byte of the rest chooses.
#![no_main]

use limpid_detect::DetectorSet;
use limpid_layer::{Budget, Content, Entry, EntryKind, Visitor as _, Want};

const FILES: [&str; 4] = ["PF", "SLOT", "repository", "CONTENTS"];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let Some((directory, rest)) = text.split_once('\n') else {
        return;
    };
    if let Some((name, version)) = limpid_detect::portage::split(directory) {
        assert_eq!(format!("{name}-{version}"), directory);
    }
    let file = FILES[usize::from(rest.bytes().next().unwrap_or_default()) % FILES.len()];
    let mut set = DetectorSet::new(&Budget::new(16 << 20));
    let path = format!("var/db/pkg/{directory}/{file}");
    let entry = Entry {
        path: &path,
        kind: EntryKind::File,
        size: rest.len() as u64,
        mode: 0o644,
        link: "",
        offset: 0,
    };
    if set.enter(&entry) != Want::Nothing {
        set.content(&entry, Content::Memory(rest.as_bytes()));
    }
    for database in set.finish().evidence.databases {
        let packages = database.packages.iter();
        assert!(packages.clone().all(|package| !package.version.is_empty()));
    }
});
