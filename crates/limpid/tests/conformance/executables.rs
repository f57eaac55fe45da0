//! Well-known programs, by what their binaries say.

use crate::limpid::{data, index, text};

/// Name, version, first path and owner of every program that an image's binaries say.
fn programs(image: &str) -> Vec<[String; 4]> {
    let report = index(data(&format!("images/{image}")).to_str().unwrap());
    let languages = report["limpid"]["languages"].as_object().unwrap().iter();
    let mut programs: Vec<_> = languages
        .filter(|(_, language)| text(language, "ecosystem") == "program")
        .map(|(id, language)| {
            let package = &report["packages"][id];
            let path = language["paths"][0].as_str().unwrap();
            let owner = language["owner"]["package"].as_str().unwrap_or_default();
            [text(package, "name"), text(package, "version"), path, owner].map(str::to_owned)
        })
        .collect();
    programs.sort();
    programs
}

#[test]
fn a_program_without_a_package_is_found() {
    let expected = [["busybox", "1.31.1", "bin/[", ""]];
    let image = "docker-archive/busybox-with-lockfile.docker.tar";
    assert_eq!(programs(image), expected);
}

/// Alpine's own versions of the same programs are in its package list.
#[test]
fn programs_of_a_distribution_have_its_packages_as_owners() {
    let expected = [
        ["busybox", "1.34.1", "bin/busybox", "busybox"],
        ["openssl", "1.1.1l", "lib/libcrypto.so.1.1", "libcrypto1.1"],
        ["openssl", "1.1.1l", "lib/libssl.so.1.1", "libssl1.1"],
        ["zlib", "1.2.11", "lib/libz.so.1.2.11", "zlib"],
    ];
    assert_eq!(
        programs("docker-archive/alpine-3.15.0.docker.tar.gz"),
        expected
    );
}
