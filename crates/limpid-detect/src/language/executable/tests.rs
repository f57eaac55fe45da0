use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use limpid_layer::{Budget, Content};
use limpid_testkit::executable::{Executable, Format, universal};
use limpid_types::{Confidence, Ecosystem, PackageRecord};

use super::super::{Path, read_file};
use crate::detector::Sink;

/// Where tests put the data of executables.
const ADDRESS: u64 = 0x40_1000;

fn read(path: &str, file: &[u8]) -> Vec<PackageRecord> {
    let (packages, problems) = read_file(path, file).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    packages
}

fn versions(packages: &[PackageRecord]) -> Vec<(&str, &str)> {
    let packages = packages.iter();
    packages
        .map(|found| (&*found.name, &*found.version))
        .collect()
}

/// Every width and byte order that the formats have, with the section of Go's information.
fn kinds() -> Vec<(Executable, &'static str)> {
    let mut kinds = Vec::new();
    for (format, section) in [
        (Format::Elf, ".go.buildinfo"),
        (Format::Pe, ".data"),
        (Format::MachO, "__go_buildinfo"),
    ] {
        let wide = Executable::new(format);
        kinds.push((wide.clone(), section));
        kinds.push((wide.clone().narrow(), section));
        if format != Format::Pe {
            kinds.push((wide.clone().big_endian(), section));
            kinds.push((wide.narrow().big_endian(), section));
        }
    }
    kinds
}

/// Modules as the linker writes them, with the marks around them.
fn marked(modules: &str) -> Vec<u8> {
    [&[7; 16], modules.as_bytes(), &[7; 16]].concat()
}

/// Build information as linkers since 1.18 write it.
fn inline(release: &str, modules: &str) -> Vec<u8> {
    let mut info = b"\xff Go buildinf:\x08\x02".to_vec();
    info.resize(32, 0);
    for text in [release.as_bytes(), &marked(modules)] {
        let mut length = text.len();
        while length >= 0x80 {
            info.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        info.push(u8::try_from(length).unwrap());
        info.extend(text);
    }
    info
}

/// Build information as linkers before 1.18 wrote it: addresses of texts.
fn pointed(kind: &Executable, address: u64, release: &str, modules: &str) -> Vec<u8> {
    let width = kind.number(0, 8).len();
    let is_big_endian = kind.number(1, 2) == [0, 1];
    let mut info = b"\xff Go buildinf:".to_vec();
    info.push(u8::try_from(width).unwrap());
    info.push(u8::from(is_big_endian));
    let modules = marked(modules);
    let texts = [release.as_bytes(), &modules];
    let headers = address + 32;
    info.extend(kind.number(headers, 8));
    info.extend(kind.number(headers + 2 * width as u64, 8));
    info.resize(32, 0);
    let mut text = headers + 4 * width as u64;
    for bytes in texts {
        info.extend(kind.number(text, 8));
        info.extend(kind.number(bytes.len() as u64, 8));
        text += bytes.len() as u64;
    }
    info.extend(texts.concat());
    info
}

fn go(release: &str, modules: &str) -> Vec<PackageRecord> {
    let info = inline(release, modules);
    let file = Executable::new(Format::Elf).data(".go.buildinfo", ADDRESS, &info);
    read("app/server", &file.build())
}

const MODULES: &str = "path\texample.com/app\nmod\texample.com/app\tv1.0.0\th1:a=\n\
                       dep\tgithub.com/pkg/errors\tv0.9.1\th1:b=\n";

const EXPECTED: [(&str, &str); 3] = [
    ("example.com/app", "v1.0.0"),
    ("github.com/pkg/errors", "v0.9.1"),
    ("stdlib", "1.20.3"),
];

#[test]
fn build_information_of_go_is_found_in_every_format() {
    for (kind, section) in kinds() {
        for info in [
            inline("go1.20.3", MODULES),
            pointed(&kind, ADDRESS, "go1.20.3", MODULES),
        ] {
            let file = kind.clone().data(section, ADDRESS, &info).build();
            assert_eq!(versions(&read("app/server", &file)), EXPECTED, "{kind:?}");
        }
    }
}

#[test]
fn a_file_on_disk_says_what_it_says_in_memory() {
    let before = vec![b'x'; (1 << 20) - 10];
    let text = b"\0nginx version: nginx/1.25.3\0";
    for (kind, section) in kinds() {
        let content = kind
            .data(section, ADDRESS, &inline("go1.20.3", MODULES))
            .section(".rodata", 2 * ADDRESS, &[&before[..], text].concat())
            .build();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        // What no table names is not read.
        file.set_len(1 << 30).unwrap();
        let mut sink = Sink::new(Budget::new(64 << 20));
        let path = Path::new("sbin/nginx", true);
        let on_disk = Content::Spooled(&file);
        super::super::read(&super::FORMATS[0], path, on_disk, &mut sink);
        let found = &sink.evidence.databases[0].packages;
        assert_eq!(*found, read("sbin/nginx", &content));
        assert!(found.len() >= EXPECTED.len());
    }
}

#[test]
fn build_information_is_found_in_nameless_data_at_addresses_that_16_divides() {
    let info = inline("go1.20.3", MODULES);
    for (before, expected) in [(0, 3), (8, 0), (32, 3)] {
        let data = [&vec![0; before], &*info].concat();
        let file = Executable::new(Format::Elf)
            .section(".rodata", 0x1000, &info)
            .data("", ADDRESS, &data);
        assert_eq!(read("app/server", &file.build()).len(), expected);
    }
}

#[test]
fn build_information_that_leads_nowhere_is_a_problem() {
    let mut info = inline("go1.20.3", MODULES);
    info[32] = 0xff;
    let file = Executable::new(Format::Elf).data(".go.buildinfo", ADDRESS, &info);
    let (packages, problems) = read_file("app/server", &file.build()).unwrap();
    assert_eq!((packages.len(), problems.len()), (0, 1));
}

#[test]
fn every_architecture_of_a_universal_file_is_read() {
    let part = |release: &str| {
        let info = inline(release, "");
        let part = Executable::new(Format::MachO).data("__go_buildinfo", ADDRESS, &info);
        part.build()
    };
    let file = universal(&[part("go1.20.3"), part("go1.21.0")]);
    let expected = [("stdlib", "1.20.3"), ("stdlib", "1.21.0")];
    assert_eq!(versions(&read("a.dylib", &file)), expected);
    // A class of Java begins like one.
    assert_eq!(read_file("a", b"\xca\xfe\xba\xbe\0\0\0\x34"), None);
}

#[test]
fn a_replacement_counts_unless_it_is_a_directory() {
    let found = go(
        "go1.22.1 X:boringcrypto",
        "path\tp\nmod\texample.com/app\tv1.0.0\th1:a=\n=>\texample.com/fork\tv1.0.1\th1:f=\n\
         dep\ta.org/a\tv1.0.0\th1:b=\n=>\tb.org/b\tv2.0.0\th1:c=\n\
         dep\tc.org/c\tv1.0.0\th1:d=\n=>\t./c\t(devel)\t\ndep\td.org/d\tv1.0.0\n=>\t../d\t\t\n",
    );
    let expected = [
        ("b.org/b", "v2.0.0"),
        ("c.org/c", "v1.0.0"),
        ("d.org/d", "v1.0.0"),
        ("example.com/fork", "v1.0.1"),
        ("stdlib", "1.22.1"),
    ];
    assert_eq!(versions(&found), expected);
    assert_eq!(found[0].build_id, "h1:c=");
    let confidence = found.iter().map(|found| found.confidence);
    let (sure, derived) = (Confidence::Certain, Confidence::Derived);
    assert!(confidence.eq([sure, derived, derived, sure, sure]));
    let mut ecosystems = found.iter().map(|found| found.ecosystem);
    assert!(ecosystems.all(|ecosystem| ecosystem == Some(Ecosystem::Go)));
}

#[test]
fn a_main_module_without_a_version_has_that_of_its_builder_or_its_commit() {
    let vcs = "build\tvcs=git\nbuild\tvcs.revision=0123456789abcdef0123\n\
               build\tvcs.time=2023-04-05T06:07:08Z\n";
    let linked = |flags: &str| format!("build\t-ldflags={flags}\n{vcs}");
    let pseudo = "v0.0.0-20230405060708-0123456789ab";
    let only_revision = "build\tvcs.revision=0123456789abcdef0123\n";
    for (settings, expected) in [
        (String::new(), "(devel)"),
        (only_revision.to_owned(), "(devel)"),
        (vcs.to_owned(), pseudo),
        (linked("\"-s -w -X main.version=v1.2.3\""), "v1.2.3"),
        (linked("-X 'm.org/m/in.Version=1.2.3-rc.1'"), "v1.2.3-rc.1"),
        (linked("-X=main.version=1.2.3 -X main.ver=v1.2.3"), "v1.2.3"),
        // Another module's, no version, and two of them.
        (linked("-X m.org/more.version=v1.2.3"), pseudo),
        (linked("-X main.version=nightly"), pseudo),
        (linked("-X main.version=1.2.3 -X main.ver=1.2.4"), pseudo),
    ] {
        let modules = format!("path\tp\nmod\tm.org/m\t(devel)\t\n{settings}");
        let found = go("go1.20", &modules);
        assert_eq!(versions(&found)[0], ("m.org/m", expected), "{settings}");
        let is_certain = found[0].confidence.is_certain();
        assert_eq!(is_certain, expected == "(devel)", "{settings}");
    }
}

#[test]
fn only_the_program_go_is_the_toolchain() {
    let found = go("go1.21rc2", "path\tcmd/go\n");
    let expected = [("stdlib", "1.21rc2"), ("toolchain", "1.21rc2")];
    assert_eq!(versions(&found), expected);
    let found = go("devel go1.22-4ab1e Mon", "path\tcmd/other\n");
    assert_eq!(versions(&found), [("stdlib", "devel go1.22-4ab1e Mon")]);
}

fn zlib(json: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn crates_of_registries_that_are_in_the_binary_are_listed() {
    let json = br#"{"format":1,"packages":[
        {"name":"serde_json","version":"1.0.1","source":"crates.io","dependencies":[1]},
        {"name":"mine","version":"0.1.0","source":"local","root":true},
        {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
        {"name":"forked","version":"1.0.0","source":"git"},
        3, {"name":["x"],"version":"1.0.0","source":"crates.io"},
        {"name":"inner","version":"2.0.0","source":"registry","kind":"runtime"}]}"#;
    let expected = [("inner", "2.0.0"), ("serde-json", "1.0.1")];
    for (kind, _) in kinds() {
        let file = kind.section(".dep-v0", ADDRESS, &zlib(json)).build();
        let found = read("usr/bin/tool", &file);
        assert_eq!(versions(&found), expected);
        assert_eq!(found[0].ecosystem, Some(Ecosystem::Crates));
    }
}

#[test]
fn a_list_of_crates_that_cannot_be_read_is_a_problem() {
    let deep = format!("{{\"packages\":{}", "[".repeat(100_000));
    let bomb = format!("{{\"x\":\"{}\"}}", "x".repeat(16 << 20));
    let damaged = br#"{"packages":[{"name":"a","version":"1","source":"crates.io"},{"#;
    for (content, packages) in [
        (b"no zlib".to_vec(), 0),
        (zlib(deep.as_bytes()), 0),
        (zlib(bomb.as_bytes()), 0),
        (zlib(damaged), 1),
    ] {
        let file = Executable::new(Format::Elf).section(".dep-v0", ADDRESS, &content);
        let (found, problems) = read_file("tool", &file.build()).unwrap();
        assert_eq!((found.len(), problems.len()), (packages, 1));
    }
}

/// An image whose symbols `sbom` and `sbom_length` are a document and its length.
fn native_image(kind: Executable, document: &[u8], length: u64) -> Vec<u8> {
    let data = [&length.to_le_bytes()[..], document].concat();
    let mut symbols = Vec::new();
    for (name, address) in [(0, 0), (1, ADDRESS + 8), (6, ADDRESS)] {
        symbols.extend(kind.number(name, 4));
        if kind.number(0, 8).len() == 8 {
            symbols.extend([0; 4]);
        }
        symbols.extend(kind.number(address, 8));
        symbols.extend([0; 8]);
    }
    kind.section(".dynsym", 0x1000, &symbols)
        .section(".dynstr", 0x2000, b"\0sbom\0sbom_length\0")
        .data(".data", ADDRESS, &data)
        .build()
}

#[test]
fn artifacts_of_a_native_image_are_listed() {
    let json = br#"{"bomFormat":"CycloneDX","components":[
        {"type":"library","purl":"pkg:maven/io.netty/netty-common@4.1.9"},
        {"type":"library","name":"without"}]}"#;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json).unwrap();
    let document = encoder.finish().unwrap();
    let elf = Executable::new(Format::Elf);
    for kind in [elf.clone(), elf.narrow()] {
        let file = native_image(kind.clone(), &document, document.len() as u64);
        let found = read("app/native", &file);
        assert_eq!(versions(&found), [("io.netty:netty-common", "4.1.9")]);
        assert_eq!(found[0].ecosystem, Some(Ecosystem::Maven));
        for length in [3, u64::MAX] {
            let file = native_image(kind.clone(), &document, length);
            let (packages, problems) = read_file("app/native", &file).unwrap();
            assert_eq!((packages.len(), problems.len()), (0, 1));
        }
    }
}

fn assembly(version: &str) -> Executable {
    let text = format!("VS_VERSION_INFO\0\0ProductVersion\0\0{version}\0");
    let resource: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Executable::new(Format::Pe).section(".rsrc", ADDRESS, &resource)
}

#[test]
fn an_assembly_is_the_package_of_its_name() {
    let file = assembly("13.0.1+ae9fe44e").managed().build();
    let found = read("app/Newtonsoft.Json.dll", &file);
    assert_eq!(versions(&found), [("newtonsoft.json", "13.0.1")]);
    assert_eq!(found[0].confidence, Confidence::Derived);
    for (path, file) in [
        ("app/System.Text.Json.dll", file.clone()),
        ("app/de/Newtonsoft.Json.resources.dll", file.clone()),
        ("usr/share/dotnet/shared/X/8.0.0/X.dll", file),
        ("app/native.dll", assembly("1.2.3").build()),
        ("app/other.dll", assembly("some text").managed().build()),
    ] {
        assert_eq!(read(path, &file), [], "{path}");
    }
}

#[test]
fn well_known_programs_say_their_version() {
    for (path, text, name, version) in [
        (
            "usr/sbin/nginx",
            "\0nginx version: nginx/1.25.3\0",
            "nginx",
            "1.25.3",
        ),
        (
            "lib/libcrypto.so.3",
            "\0OpenSSL 3.0.11 19 Sep 2023\0",
            "openssl",
            "3.0.11",
        ),
        (
            "opt/libssl.so.1.1",
            "\0OpenSSL 1.1.1w  11 Sep 2023\0",
            "openssl",
            "1.1.1w",
        ),
        (
            "lib/libpython3.11.so.1.0",
            "\x003.1.1\x003.11.4\0",
            "python",
            "3.11.4",
        ),
        (
            "usr/local/bin/node",
            "x node.js/v20.1.0 y",
            "node",
            "20.1.0",
        ),
        (
            "bin/redis-server",
            "\x007.0.14host-1702957741000000000",
            "redis",
            "7.0.14",
        ),
        ("bin/busybox", "BusyBox v1.36.1 (2023)", "busybox", "1.36.1"),
    ] {
        let file = Executable::new(Format::Elf).section(".rodata", ADDRESS, text.as_bytes());
        let found = read(path, &file.build());
        assert_eq!(versions(&found), [(name, version)], "{path}");
        assert_eq!(found[0].ecosystem, Some(Ecosystem::Program));
        assert_eq!(found[0].confidence, Confidence::Derived);
        // The same text in a file of another name says nothing.
        assert_eq!(read("bin/other", &file.build()), []);
    }
}

#[test]
fn a_version_across_two_pieces_of_a_large_section_is_found() {
    let text = b"\0nginx version: nginx/1.25.3\0";
    for back in [0, 1, 10, 20, 27, 28] {
        let before = vec![b'x'; (1 << 20) - back];
        let content = [&before[..], text, &[b'x'; 4096]].concat();
        let file = Executable::new(Format::Elf).section(".rodata", ADDRESS, &content);
        let found = read("nginx", &file.build());
        assert_eq!(versions(&found), [("nginx", "1.25.3")], "{back}");
    }
}

#[test]
fn tables_that_point_anywhere_are_survived() {
    for (kind, section) in kinds() {
        let file = kind
            .data(section, ADDRESS, &inline("go1.20.3", MODULES))
            .section(".dep-v0", ADDRESS, b"x")
            .build();
        for position in 0..file.len() {
            for value in [0, 0x7f, 0xff] {
                let mut file = file.clone();
                let end = (position + 8).min(file.len());
                file[position..end].fill(value);
                read_file("app/server", &file);
            }
        }
        for length in 0..file.len() {
            read_file("app/server", &file[..length]);
        }
    }
}

#[test]
fn a_header_of_as_many_sections_as_can_be_counted_is_survived() {
    let mut file = Executable::new(Format::Elf)
        .data(".go.buildinfo", ADDRESS, &inline("go1.20.3", MODULES))
        .build();
    // `e_shnum`, and a table that begins at the first byte and so consists of anything.
    file[60..62].fill(0xff);
    file[40..48].fill(0);
    file.resize(8 << 20, 0x0b);
    // The data is still found as the first that may be changed.
    assert_eq!(versions(&read("app/server", &file)), EXPECTED);
}

#[test]
fn texts_that_begin_like_an_executable_are_none() {
    for text in [&b"MZ is a text"[..], b"MZ"] {
        assert_eq!(read("bin/text", text), []);
    }
    let (packages, problems) = read_file("bin/cut", b"\x7fELF\x02\x01\x01").unwrap();
    assert_eq!((packages.len(), problems.len()), (0, 1));
    assert_eq!(read_file("bin/script", b"#!/bin/sh\n"), None);
}

#[test]
fn files_that_no_one_runs_are_not_looked_at() {
    let may_be = |path, is_executable| super::may_be_executable(&Path::new(path, is_executable));
    for path in [
        "lib/liba.so",
        "lib/liba.so.1.2",
        "app/A.dll",
        "app/x.node",
        "app/server",
    ] {
        assert!(may_be(path, false), "{path}");
    }
    for path in [
        "etc/passwd",
        "usr/share/doc/a/copyright",
        "app/main.js",
        "app/liba.a",
    ] {
        assert!(!may_be(path, false), "{path}");
    }
    assert!(may_be("usr/bin/python3.11", true));
}
