use limpid_layer::EntryKind;
use limpid_testkit::layer::{Dialect, HeaderBlock, LayerBuilder};

use crate::recorder::{Got, damage, walked};

/// A header whose own size is 0, so that only a record can give it data.
fn empty_header(name: &[u8]) -> HeaderBlock {
    HeaderBlock::new(b'0').name(name)
}

#[test]
fn a_pax_size_overrides_the_one_of_the_header() {
    let archive = LayerBuilder::new()
        .pax(&[("size", "600")])
        .header(&empty_header(b"a"))
        .data(&[b'a'; 600])
        .file("after", "x")
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.get("a").got, Got::Memory(vec![b'a'; 600]));
    assert_eq!(recorder.get("after").got, Got::text("x"));
    assert_eq!(summary.problems, []);
}

// GHSA-3cv2-h65g-fgmm: a size that was applied to the long name header in between moved
// everything after it.
#[test]
fn a_pax_size_does_not_apply_to_a_long_name_header_in_between() {
    let archive = LayerBuilder::in_dialect(Dialect::Gnu)
        .pax(&[("size", "1024")])
        .gnu_long("the/long/name")
        .header(&empty_header(b"cut"))
        .data(
            &LayerBuilder::new()
                .file("smuggled", "")
                .raw(&[0; 512])
                .build_without_end(),
        )
        .file("after", "x")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.paths(), ["the/long/name", "after"]);
    assert_eq!(recorder.get("the/long/name").size, 1_024);
}

// GHSA-j5gw-2vrg-8fgx: a reader that used the header's size of 0 took the data of a nested
// archive for entries of this one.
#[test]
fn the_data_of_a_nested_archive_are_not_entries() {
    let nested = LayerBuilder::new().file("inner", "evil").build();
    let archive = LayerBuilder::new()
        .pax(&[("size", &nested.len().to_string())])
        .header(&empty_header(b"nested.tar"))
        .data(&nested)
        .file("after", "x")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.paths(), ["nested.tar", "after"]);
    assert_eq!(recorder.get("nested.tar").got, Got::Memory(nested));
}

#[test]
fn a_pax_size_gives_a_link_no_data() {
    let archive = LayerBuilder::new()
        .pax(&[("size", "512")])
        .symlink("link", "target")
        .file("after", "x")
        .build();
    assert_eq!(walked(&archive).0.paths(), ["link", "after"]);
}

#[test]
fn records_apply_to_one_entry_only() {
    let archive = LayerBuilder::new()
        .pax(&[("path", "renamed"), ("linkpath", "away")])
        .symlink("a", "b")
        .symlink("c", "d")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.get("renamed").link, "away");
    assert_eq!(recorder.get("c").link, "d");
}

#[test]
fn a_second_extended_header_replaces_the_first() {
    let archive = LayerBuilder::new()
        .pax(&[("path", "first"), ("size", "5")])
        .pax(&[("path", "second")])
        .file("a", "")
        .build();
    assert_eq!(walked(&archive).0.paths(), ["second"]);
}

#[test]
fn records_do_not_reach_into_a_following_archive() {
    let archive = LayerBuilder::new()
        .pax(&[("path", "renamed"), ("size", "512")])
        .raw(&[0; 1_024])
        .file("a", "")
        .file("b", "");
    assert_eq!(walked(&archive.build()).0.paths(), ["a", "b"]);
}

#[test]
fn an_empty_record_leaves_the_field_of_the_header() {
    let archive = LayerBuilder::new().pax(&[("path", "")]).file("a", "");
    assert_eq!(walked(&archive.build()).0.paths(), ["a"]);
}

#[test]
fn a_long_name_wins_over_a_record() {
    let archive = LayerBuilder::new()
        .gnu_long("gnu")
        .pax(&[("path", "pax")])
        .file("a", "")
        .build();
    assert_eq!(walked(&archive).0.paths(), ["gnu"]);
}

#[test]
fn a_global_header_applies_to_nothing() {
    let archive = LayerBuilder::new()
        .pax(&[("path", "dropped")])
        .extension(b'g', b"14 path=forced\n11 size=99\n")
        .file("a", "x")
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.get("a").got, Got::text("x"));
    assert_eq!(summary.entries, 1);
}

#[test]
fn malformed_extended_headers_end_the_walk() {
    let cases: [(&[u8], &str); 5] = [
        (b"path=a\n", "without a length"),
        (b"99 path=a\n", "invalid length"),
        (b"9 path=ab\n", "without an end"),
        (b"8 patha\n", "without a value"),
        (b"11 size=-1\n", "invalid number"),
    ];
    for (records, detail) in cases {
        let archive = LayerBuilder::new()
            .file("a", "")
            .extension(b'x', records)
            .file("b", "");
        let (recorder, summary) = walked(&archive.build());
        assert_eq!(recorder.paths(), ["a"]);
        assert_eq!(damage(&summary, detail), 512);
    }
}

#[test]
fn a_huge_extension_header_is_refused_before_it_is_read() {
    for kind in [b'x', b'g', b'L', b'K'] {
        let header = HeaderBlock::new(kind).size((1 << 20) + 1);
        let archive = LayerBuilder::new().file("a", "").header(&header).build();
        let (recorder, summary) = walked(&archive);
        assert_eq!(recorder.paths(), ["a"]);
        assert_eq!(damage(&summary, "too large"), 512);
    }
}

#[test]
fn an_overlong_name_leaves_out_its_entry_alone() {
    let archive = LayerBuilder::new()
        .gnu_long(&"n".repeat((16 << 10) + 1))
        .file("cut", "")
        .file("after", "")
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.paths(), ["after"]);
    assert_eq!(damage(&summary, "more than 16384 bytes"), 17_408);
}

#[test]
fn a_directory_with_data_is_skipped_whole() {
    let archive = LayerBuilder::in_dialect(Dialect::Gnu)
        .header(
            &HeaderBlock::new(b'D')
                .dialect(Dialect::Gnu)
                .name(b"dir/")
                .size(4),
        )
        .data(b"Ya\0\0")
        .file("dir/a", "x")
        .build();
    let (recorder, _) = walked(&archive);
    assert_eq!(recorder.get("dir").kind, EntryKind::Directory);
    assert_eq!(recorder.get("dir/a").got, Got::text("x"));
}
