//! yum's database: the first line is the directory of a package, the second that of another one
//! whose file is a hard link to that of the first, the rest the content of the file.
#![no_main]

use limpid_detect::DetectorSet;
use limpid_layer::{Budget, Content, Entry, EntryKind, Visitor as _, Want};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.splitn(3, '\n');
    let (Some(first), Some(second), Some(content)) = (parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let path = |directory: &str| format!("var/lib/yum/yumdb/{directory}/from_repo");
    let (file, link) = (path(first), path(second));
    let mut set = DetectorSet::new(&Budget::new(16 << 20));
    let mut entry = Entry {
        path: &file,
        kind: EntryKind::File,
        size: content.len() as u64,
        mode: 0o644,
        link: "",
        offset: 0,
    };
    if set.enter(&entry) != Want::Nothing {
        set.content(&entry, Content::Memory(content.as_bytes()));
    }
    entry.kind = EntryKind::HardLink;
    entry.path = &link;
    entry.link = &file;
    set.enter(&entry);
    for package in set.finish().evidence.yum_packages {
        assert!(!package.name.is_empty() && !package.repository.is_empty());
        let directory = format!("-{}-{}-{}", package.name, package.version, package.arch);
        assert!(first.ends_with(&directory) || second.ends_with(&directory));
    }
});
