use limpid_layer::EntryKind;
use limpid_testkit::layer::{Dialect, HeaderBlock, LayerBuilder};

use crate::recorder::{Got, walked};

#[test]
fn every_kind_of_entry_is_shown() {
    let archive = LayerBuilder::new()
        .directory("etc/")
        .file_with_mode("etc/shadow", 0o4640, "secret")
        .symlink("etc/mtab", "../proc/mounts")
        .hard_link("etc/shadow-", "./etc/shadow")
        .header(&HeaderBlock::new(b'3').name(b"dev/null"))
        .header(&HeaderBlock::new(b'6').name(b"run/pipe"))
        .header(&HeaderBlock::new(b'7').name(b"contiguous").size(2))
        .data(b"ok")
        .build();
    let (recorder, summary) = walked(&archive);
    let kinds: Vec<_> = recorder
        .seen
        .iter()
        .map(|seen| (seen.path.as_str(), seen.kind, seen.link.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("etc", EntryKind::Directory, ""),
            ("etc/shadow", EntryKind::File, ""),
            ("etc/mtab", EntryKind::Symlink, "../proc/mounts"),
            ("etc/shadow-", EntryKind::HardLink, "etc/shadow"),
            ("dev/null", EntryKind::Other, ""),
            ("run/pipe", EntryKind::Other, ""),
            ("contiguous", EntryKind::File, ""),
        ]
    );
    let shadow = recorder.get("etc/shadow");
    assert_eq!((shadow.mode, shadow.size, shadow.offset), (0o4640, 6, 512));
    assert_eq!(shadow.got, Got::text("secret"));
    assert_eq!(recorder.get("contiguous").got, Got::text("ok"));
    assert_eq!(summary.entries, 7);
    assert_eq!(summary.bytes, archive.len() as u64);
    assert_eq!(summary.problems, []);
}

#[test]
fn v7_knows_directories_by_their_slash() {
    let archive = LayerBuilder::in_dialect(Dialect::V7)
        .header(&HeaderBlock::new(0).dialect(Dialect::V7).name(b"etc/"))
        .header(
            &HeaderBlock::new(0)
                .dialect(Dialect::V7)
                .name(b"etc/file")
                .size(1),
        )
        .data(b"x")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.get("etc").kind, EntryKind::Directory);
    assert_eq!(recorder.get("etc/file").got, Got::text("x"));
}

#[test]
fn a_ustar_prefix_comes_before_the_name() {
    let archive = LayerBuilder::new()
        .header(&HeaderBlock::new(b'0').prefix(b"usr/lib").name(b"a"))
        .build();
    assert_eq!(walked(&archive).0.paths(), ["usr/lib/a"]);
}

#[test]
fn a_star_header_has_a_shorter_prefix() {
    let header = HeaderBlock::new(b'0')
        .prefix(b"usr/lib")
        .field(345 + 131, b"00000000000")
        .field(508, b"tar\0")
        .name(b"a");
    let full = header.clone().field(345, &[b'p'; 131]);
    let archive = LayerBuilder::new().header(&header).header(&full).build();
    let long = format!("{}/a", "p".repeat(131));
    assert_eq!(walked(&archive).0.paths(), ["usr/lib/a", &long]);
}

#[test]
fn a_gnu_header_has_times_where_the_prefix_would_be() {
    let header = HeaderBlock::new(b'0').dialect(Dialect::Gnu).name(b"a");
    let timed = header.clone().field(345, b"14371371710");
    // Go before 1.8 wrote prefixes there.
    let go = header.field(345, b"usr/share/a-long-directory-name");
    let archive = LayerBuilder::new().header(&timed).header(&go).build();
    assert_eq!(
        walked(&archive).0.paths(),
        ["a", "usr/share/a-long-directory-name/a"]
    );
}

#[test]
fn names_longer_than_the_header_come_from_pax_records() {
    let path = format!("{}/file", "d".repeat(200));
    let target = format!("{}/target", "t".repeat(200));
    let archive = LayerBuilder::new()
        .file(&path, "x")
        .symlink("link", &target)
        .hard_link("hard", &target)
        .file("after", "y")
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.paths(), [path.as_str(), "link", "hard", "after"]);
    assert_eq!(recorder.get("link").link, target);
    assert_eq!(recorder.get("hard").link, target);
    assert_eq!(summary.entries, 4);
}

#[test]
fn names_longer_than_the_header_come_from_gnu_headers() {
    let path = format!("{}/file", "d".repeat(5_000));
    let target = "t".repeat(300);
    let archive = LayerBuilder::in_dialect(Dialect::Gnu)
        .gnu_long(&path)
        .gnu_long_link(&target)
        .symlink("cut", "cut")
        .symlink("after", "here")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.paths(), [path.as_str(), "after"]);
    assert_eq!(recorder.seen[0].link, target);
    assert_eq!(recorder.get("after").link, "here");
}

#[test]
fn sizes_in_base_256_are_read() {
    let size = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
    let archive = LayerBuilder::new()
        .header(&HeaderBlock::new(b'0').name(b"a").field(124, &size))
        .data(b"abc")
        .file("b", "")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.get("a").got, Got::text("abc"));
    assert_eq!(recorder.get("b").got, Got::text(""));
}

#[test]
fn an_unknown_kind_is_shown_and_its_data_are_skipped() {
    let archive = LayerBuilder::new()
        .header(&HeaderBlock::new(b'Z').name(b"odd").size(600))
        .data(&[b'z'; 600])
        .file("after", "x")
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.get("odd").kind, EntryKind::Other);
    assert_eq!(recorder.get("odd").got, Got::Nothing);
    assert_eq!(recorder.get("after").got, Got::text("x"));
    assert_eq!(summary.problems, []);
}

#[test]
fn links_and_directories_have_no_data_whatever_their_size_says() {
    let header = |kind: u8, name: &[u8]| HeaderBlock::new(kind).name(name).link(b"t").size(512);
    let archive = LayerBuilder::new()
        .header(&header(b'1', b"hard"))
        .header(&header(b'2', b"soft"))
        .header(&header(b'5', b"directory"))
        .file("after", "x")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.paths(), ["hard", "soft", "directory", "after"]);
    assert_eq!(recorder.get("hard").size, 0);
}
