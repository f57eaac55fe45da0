//! What GNU tar writes is listed as GNU tar lists it.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use limpid_layer::EntryKind;

use crate::recorder::{Got, walked};

/// A tree that v7 can hold, or one with long names and holes.
fn tree(root: &Path, long: bool) {
    let at = |path: &str| root.join(path);
    fs::create_dir_all(at("etc/empty")).unwrap();
    fs::write(at("etc/os-release"), "ID=debian\n").unwrap();
    fs::write(at("etc/blocks"), vec![b'b'; 1_024]).unwrap();
    fs::hard_link(at("etc/blocks"), at("etc/same-blocks")).unwrap();
    symlink("../etc/os-release", at("etc/release")).unwrap();
    if long {
        let directory = format!("usr/{}/{}", "d".repeat(90), "e".repeat(60));
        fs::create_dir_all(at(&directory)).unwrap();
        fs::write(at(&format!("{directory}/{}", "f".repeat(80))), "long").unwrap();
    }
}

fn tar(root: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new("tar")
        .args(options)
        .args(["--sort=name", "-C"])
        .arg(root)
        .args(["-cf", "-", "."])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// Lists an archive as GNU tar does: the first letter, the size, the name and the link.
fn listed(archive: &Path) -> Vec<(char, u64, String, String)> {
    let output = Command::new("tar")
        .args(["--quoting-style=literal", "--numeric-owner", "-tvf"])
        .arg(archive)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let mut fields = line.split_whitespace();
            let kind = fields.next().unwrap().chars().next().unwrap();
            let size = fields.nth(1).unwrap().parse().unwrap();
            let rest: Vec<_> = fields.skip(2).collect();
            let rest = rest.join(" ");
            let (name, link) = rest
                .split_once(" -> ")
                .or_else(|| rest.split_once(" link to "))
                .unwrap_or((&rest, ""));
            let clean = |name: &str| {
                let name = name.trim_start_matches("./").trim_end_matches('/');
                name.trim_start_matches('.').to_owned()
            };
            let link = if kind == 'h' {
                clean(link)
            } else {
                link.to_owned()
            };
            (kind, size, clean(name), link)
        })
        .collect()
}

#[track_caller]
fn check(root: &Path, options: &[&str]) -> Vec<u8> {
    let archive = tar(root, options);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &archive).unwrap();
    let (recorder, summary) = walked(&archive);
    let ours: Vec<_> = recorder
        .seen
        .iter()
        .map(|seen| {
            let kind = match seen.kind {
                EntryKind::File => '-',
                EntryKind::Directory => 'd',
                EntryKind::Symlink => 'l',
                EntryKind::HardLink => 'h',
                EntryKind::Other => 'o',
            };
            (kind, seen.size, seen.path.clone(), seen.link.clone())
        })
        .collect();
    assert_eq!(ours, listed(file.path()), "{options:?}");
    assert_eq!(summary.problems, [], "{options:?}");
    archive
}

#[test]
fn every_format_is_listed_as_tar_lists_it() {
    for format in ["v7", "ustar", "pax", "gnu", "oldgnu", "posix"] {
        let root = tempfile::tempdir().unwrap();
        let has_long_names = !matches!(format, "v7" | "ustar");
        tree(root.path(), has_long_names);
        check(root.path(), &[&format!("--format={format}")]);
    }
}

#[test]
fn a_ustar_prefix_is_put_together_as_tar_does() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("d".repeat(90)).join("e".repeat(40));
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("file"), "x").unwrap();
    check(root.path(), &["--format=ustar"]);
}

#[test]
fn sparse_files_of_every_format_read_as_they_were() {
    for options in [
        &["--format=gnu", "--sparse"][..],
        &["--format=oldgnu", "--sparse"],
        &["--format=pax", "--sparse", "--sparse-version=0.0"],
        &["--format=pax", "--sparse", "--sparse-version=0.1"],
        &["--format=pax", "--sparse", "--sparse-version=1.0"],
    ] {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sparse");
        let mut file = File::create(&path).unwrap();
        // Enough segments for two extension blocks of the old GNU format.
        for index in 0..40 {
            file.seek(SeekFrom::Start(index * 65_536 + 8_192)).unwrap();
            writeln!(file, "segment {index}").unwrap();
        }
        file.set_len(3 << 20).unwrap();
        file.sync_all().unwrap();
        let archive = check(root.path(), options);
        let (recorder, _) = walked(&archive);
        let expected = fs::read(&path).unwrap();
        assert!(
            recorder.get("sparse").got == Got::Memory(expected),
            "{options:?}"
        );
    }
}
