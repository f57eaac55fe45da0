use std::io::{Cursor, Write};

use limpid_types::{Confidence, PackageRecord, Problem};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::read_file;

/// Makes an archive; members whose names end with `!` are not packed.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let (name, method) = match name.strip_suffix('!') {
            Some(name) => (name, CompressionMethod::Stored),
            None => (*name, CompressionMethod::Deflated),
        };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn pom(artifact: &str, version: &str) -> (String, Vec<u8>) {
    let name = format!("META-INF/maven/org.acme/{artifact}/pom.properties");
    let content = format!("version={version}\ngroupId=org.acme\nartifactId={artifact}\n");
    (name, content.into_bytes())
}

/// Makes an archive of Maven's.
fn built(artifact: &str, version: &str) -> Vec<u8> {
    let (name, content) = pom(artifact, version);
    archive(&[(&name, &content)])
}

fn read(path: &str, content: &[u8]) -> (Vec<PackageRecord>, Vec<Problem>) {
    read_file(path, content).unwrap()
}

/// Checks what is found, as `PLACE NAME VERSION`, and that nothing was lost.
fn check(path: &str, content: &[u8], expected: &[&str]) {
    let (packages, problems) = read(path, content);
    let shown = |found: PackageRecord| format!("{} {} {}", found.place, found.name, found.version);
    let mut packages: Vec<_> = packages.into_iter().map(shown).collect();
    packages.sort();
    assert_eq!(packages, expected);
    assert_eq!(problems, []);
}

#[test]
fn a_shaded_jar_lists_everything_that_is_in_it() {
    let (tool, tool_pom) = pom("tool", "1.0");
    let (part, part_pom) = pom("part", "2.5-rc1");
    let members: [(&str, &[u8]); 3] = [(&tool, &tool_pom), (&part, &part_pom), ("A.class", b"x")];
    let expected = [" org.acme:part 2.5-rc1", " org.acme:tool 1.0"];
    check("opt/tool-1.0.jar", &archive(&members), &expected);
}

#[test]
fn archives_in_archives_are_found_packed_or_not_and_without_any_meta_inf() {
    let library = archive(&[
        ("lib/deep-2.0.jar", &built("deep", "2.0")),
        ("x/Y.class", b""),
    ]);
    let war = archive(&[
        ("WEB-INF/lib/plain-1.0.jar!", &built("plain", "1.0")),
        ("WEB-INF/lib/outer.JAR", &library),
        ("WEB-INF/lib/readme.jar", b"no archive"),
        ("WEB-INF/lib/dir.jar/", b""),
    ]);
    let expected = [
        "app.war!/WEB-INF/lib/outer.JAR!/lib/deep-2.0.jar org.acme:deep 2.0",
        "app.war!/WEB-INF/lib/plain-1.0.jar org.acme:plain 1.0",
    ];
    check("srv/app.EAR", &archive(&[("app.war", &war)]), &expected);
}

#[test]
fn an_archive_that_is_not_surely_known_has_its_digest() {
    let manifest = b"Implementation-Version: 1.0\nImplementation-Vendor-Id: org.acme\n";
    let jar = archive(&[("META-INF/MANIFEST.MF", manifest)]);
    for war in [
        archive(&[("tool-1.0.jar!", &jar)]),
        archive(&[("tool-1.0.jar", &jar)]),
    ] {
        let (packages, _) = read("a.war", &war);
        let [package] = packages.as_slice() else {
            panic!("{packages:?}");
        };
        assert_eq!(package.name, "org.acme:tool");
        assert_eq!(package.confidence, Confidence::Derived);
        let digest = super::sha1(jar.as_slice()).unwrap();
        assert_eq!(package.build_id, super::digest(digest));
        assert_eq!(package.build_id.len(), "sha1:".len() + 40);
    }
    let (packages, _) = read("tool-1.0.jar", &built("tool", "1.0"));
    assert_eq!(packages.first().unwrap().build_id, "");
    let (packages, _) = read("tool-1.0.jar", &archive(&[]));
    assert_eq!(packages.first().unwrap().confidence, Confidence::FileName);
}

#[test]
fn an_inner_archive_that_is_broken_costs_itself() {
    let mut broken = built("broken", "1.0");
    broken.truncate(broken.len() - 30);
    let war = archive(&[
        ("a/broken.jar", &broken),
        ("b/broken.jar!", broken.get(..60).unwrap()),
        ("c/good-1.0.jar", &built("good", "1.0")),
    ]);
    let (packages, problems) = read("a.war", &war);
    let names: Vec<_> = packages.iter().map(|package| &package.name).collect();
    assert_eq!(names, ["org.acme:broken", "org.acme:good"]);
    let of = |path: &str| {
        problems
            .iter()
            .any(|problem| problem.detail.starts_with(path))
    };
    assert!(of("a/broken.jar: ") && of("b/broken.jar: "), "{problems:?}");
}

#[test]
fn archives_are_followed_eight_deep() {
    let mut jar = built("core", "1.0");
    for _ in 0..8 {
        jar = archive(&[("in.jar", &jar)]);
    }
    let (packages, problems) = read("in.jar", &jar);
    assert_eq!((packages.len(), problems.len()), (1, 0));
    let (packages, problems) = read("in.jar", &archive(&[("in.jar", &jar)]));
    assert_eq!((packages.len(), problems.len()), (0, 1));
    assert!(
        problems[0]
            .detail
            .ends_with("archives are packed too deeply")
    );
}

#[test]
fn a_bomb_ends_at_a_bound_and_what_was_before_it_is_found() {
    let zeros = vec![0; 100 << 20];
    let (name, content) = pom("before", "1.0");
    let jar = archive(&[(&name, &content), ("zeros!", &zeros)]);
    let bomb = archive(&[("bomb.jar", &jar), ("later.jar", &built("later", "1.0"))]);
    assert!(bomb.len() < 200 << 10);
    let (packages, problems) = read("a.war", &bomb);
    assert_eq!(packages.first().unwrap().name, "org.acme:before");
    assert!(problems[0].detail.contains("too much data"), "{problems:?}");
}

#[test]
fn a_large_packed_archive_is_read_forward() {
    let (first, first_pom) = pom("first", "1.0");
    let (last, last_pom) = pom("last", "1.0");
    let mut noise = vec![0; 40 << 20];
    let mut state = 1_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    let jar = archive(&[(&first, &first_pom), ("noise!", &noise), (&last, &last_pom)]);
    let war = archive(&[("big.jar", &jar)]);
    let expected = ["big.jar org.acme:first 1.0", "big.jar org.acme:last 1.0"];
    check("a.war", &war, &expected);
}

#[test]
fn wheels_and_zipped_eggs_have_their_metadata_in_them() {
    let metadata = b"Name: Foo.Bar\nVersion: 1.2\n";
    let jar = built("tool", "1.0");
    let wheel = archive(&[
        ("foo_bar-1.2.dist-info/METADATA", metadata),
        ("foo/tool.jar", &jar),
    ]);
    let expected = [" foo-bar 1.2", "foo/tool.jar org.acme:tool 1.0"];
    check("w/foo_bar-1.2-py3-none-any.whl", &wheel, &expected);
    let egg = archive(&[("EGG-INFO/PKG-INFO", metadata)]);
    check("w/foo_bar-1.2-py3.egg", &egg, &[" foo-bar 1.2"]);
    check("w/nothing-1.0.whl", &archive(&[]), &[]);
}

#[test]
fn an_unpacked_archive_is_known_by_its_description() {
    let (name, content) = pom("tool", "1.0");
    check(&format!("app/{name}"), &content, &[" org.acme:tool 1.0"]);
    assert_eq!(read_file("app/pom.properties", &content), None);
}

#[test]
fn what_is_named_like_an_archive_and_is_none_has_no_packages_and_no_problems() {
    for content in [
        &b""[..],
        b"version https://git-lfs.github.com/spec/v1",
        &[0; 100],
    ] {
        check("tool-1.0.jar", content, &[]);
    }
    assert_eq!(read_file("film.rar", b"Rar!\x1a\x07"), None);
}
