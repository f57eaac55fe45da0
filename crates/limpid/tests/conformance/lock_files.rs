//! Lists of packages beside an application.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::limpid::{data, index, text};

const IMAGE: &str = "images/docker-archive/busybox-with-lockfile.docker.tar";
const LAYER: &str = "6a14d5527dca202d4210052d12daa8efb2fba41aa1b5335764a141bb539931d3/layer.tar";

/// Runs `tar` on an archive and returns the member.
fn member(archive: &[u8], name: &str) -> Vec<u8> {
    let mut tar = Command::new("tar")
        .args(["-xOf", "-", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = tar.stdin.take().unwrap();
    let archive = archive.to_owned();
    let writer = std::thread::spawn(move || input.write_all(&archive));
    let output = tar.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output.stdout
}

/// The lock has another list of the same packages: a checksum for each that the registry has.
#[test]
fn the_lock_of_a_rust_application_gives_every_package_that_has_a_checksum() {
    let layer = member(&std::fs::read(data(IMAGE)).unwrap(), LAYER);
    let lock = String::from_utf8(member(&layer, "Cargo.lock")).unwrap();
    let expected: BTreeSet<(String, String)> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("\"checksum ")?.split_once(" (registry+"))
        .filter_map(|(package, _)| package.split_once(' '))
        .map(|(name, version)| (name.replace('_', "-"), version.to_owned()))
        .collect();
    assert_eq!(expected.len(), 73);

    let report = index(data(IMAGE).to_str().unwrap());
    let languages = report["limpid"]["languages"].as_object().unwrap();
    let found: BTreeSet<(String, String)> = languages
        .iter()
        .map(|(id, language)| {
            assert_eq!(text(language, "ecosystem"), "crates");
            assert_eq!(language["paths"][0], "Cargo.lock");
            let package = &report["packages"][id];
            (
                text(package, "name").to_owned(),
                text(package, "version").to_owned(),
            )
        })
        .collect();
    assert_eq!(found, expected);
}
