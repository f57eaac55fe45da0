use limpid_layer::{Compression, Want};
use limpid_testkit::layer::{HeaderBlock, LayerBuilder};
use limpid_types::ProblemKind;

use crate::recorder::{Got, damage, note, walked};

fn small() -> LayerBuilder {
    LayerBuilder::new().file("a", "first")
}

#[test]
fn an_empty_file_is_an_empty_layer() {
    let (recorder, summary) = walked(b"");
    assert_eq!((recorder.seen.len(), summary.problems.len()), (0, 0));
}

#[test]
fn an_archive_of_end_marks_only_is_an_empty_layer() {
    let (recorder, summary) = walked(&LayerBuilder::new().build());
    assert_eq!((recorder.seen.len(), summary.problems.len()), (0, 0));
}

#[test]
fn one_block_of_zeros_is_end_enough() {
    let (recorder, summary) = walked(&small().raw(&[0; 512]).build_without_end());
    assert_eq!(recorder.paths(), ["a"]);
    assert_eq!(summary.problems, []);
}

#[test]
fn a_missing_end_mark_is_noted() {
    let (recorder, summary) = walked(&small().build_without_end());
    assert_eq!(recorder.get("a").got, Got::text("first"));
    note(&summary, "no end mark");
}

#[test]
fn data_after_the_end_are_noted() {
    for rest in [&b"rubbish"[..], &[0x55; 2_000]] {
        let (recorder, summary) = walked(&[&small().build()[..], rest].concat());
        assert_eq!(recorder.paths(), ["a"]);
        note(&summary, "after the end");
    }
}

#[test]
fn concatenated_archives_are_read_as_one() {
    let second = LayerBuilder::new().file("b", "second").build();
    let (recorder, summary) = walked(&[small().build(), vec![0; 8_192], second].concat());
    assert_eq!(recorder.paths(), ["a", "b"]);
    assert_eq!(recorder.get("b").got, Got::text("second"));
    assert_eq!(summary.problems, []);
}

#[test]
fn duplicate_names_are_all_shown_in_order() {
    let (recorder, _) = walked(&small().file("./a", "second").build());
    let contents: Vec<_> = recorder.seen.into_iter().map(|seen| seen.got).collect();
    assert_eq!(contents, [Got::text("first"), Got::text("second")]);
}

#[test]
fn names_are_cleaned() {
    let archive = LayerBuilder::new()
        .directory("./")
        .file("./etc//passwd", "")
        .file("/usr/bin/env", "")
        .file("usr/share/../lib/./x", "")
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(
        recorder.paths(),
        ["", "etc/passwd", "usr/bin/env", "usr/lib/x"]
    );
    assert_eq!(summary.problems, []);
}

#[test]
fn entries_that_leave_the_root_are_left_out_with_a_note() {
    for name in ["../etc/passwd", "a/../../b", "/../b"] {
        let (recorder, summary) = walked(&small().file(name, "evil").file("z", "").build());
        assert_eq!(recorder.paths(), ["a", "z"]);
        note(&summary, "leads out of the root");
        assert_eq!(summary.problems[0].subject, name);
        assert_eq!(summary.problems[0].offset, Some(1_024));
    }
}

#[test]
fn hard_links_that_leave_the_root_are_left_out_with_a_note() {
    let (recorder, summary) = walked(&small().hard_link("b", "../../etc/shadow").build());
    assert_eq!(recorder.paths(), ["a"]);
    note(&summary, "leads out of the root");
}

#[test]
fn symbolic_links_may_point_anywhere() {
    let (recorder, summary) = walked(&small().symlink("b", "../../../x").build());
    assert_eq!(recorder.get("b").link, "../../../x");
    assert_eq!(summary.problems, []);
}

#[test]
fn entries_without_a_name_are_left_out_with_a_note() {
    let (recorder, summary) = walked(&small().file("./", "x").file("z", "").build());
    assert_eq!(recorder.paths(), ["a", "z"]);
    note(&summary, "no name");
}

#[test]
fn names_that_are_not_utf_8_are_replaced() {
    let archive = LayerBuilder::new()
        .header(&HeaderBlock::new(b'0').name(b"caf\xe9/menu"))
        .build();
    assert_eq!(walked(&archive).0.paths(), ["caf\u{fffd}/menu"]);
}

#[test]
fn a_checksum_over_signed_bytes_holds_too() {
    let header = HeaderBlock::new(b'0').name(b"caf\xe9");
    assert_ne!(header.bytes(), header.bytes_with_signed_checksum());
    let archive = LayerBuilder::new()
        .raw(&header.bytes_with_signed_checksum())
        .build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.seen.len(), 1);
    assert_eq!(summary.problems, []);
}

#[test]
fn a_truncated_archive_delivers_everything_before_the_cut() {
    let archive = small().file("b", [b'b'; 2_000]).build();
    let (recorder, summary) = walked(&archive[..2_000]);
    assert_eq!(recorder.get("a").got, Got::text("first"));
    assert!(matches!(recorder.get("b").got, Got::Lost(_)));
    assert_eq!(damage(&summary, "the data end inside a file"), 2_000);
}

#[test]
fn an_archive_cut_inside_a_header_is_damaged_there() {
    let (recorder, summary) = walked(&small().file("b", "").build()[..1_124]);
    assert_eq!(recorder.paths(), ["a"]);
    assert_eq!(damage(&summary, "ends inside a header"), 1_024);
}

#[test]
fn an_archive_cut_inside_the_padding_of_a_file_has_the_file() {
    let (recorder, summary) = walked(&small().build()[..600]);
    assert_eq!(recorder.get("a").got, Got::text("first"));
    assert_eq!(damage(&summary, "ends inside an entry"), 600);
}

#[test]
fn a_broken_header_in_the_middle_ends_the_walk_there() {
    let archive = small().raw(&[0x55; 512]).file("b", "").build();
    let (recorder, summary) = walked(&archive);
    assert_eq!(recorder.paths(), ["a"]);
    assert_eq!(damage(&summary, "checksum"), 1_024);
}

#[test]
fn something_that_is_no_archive_is_damaged_from_the_start() {
    let (recorder, summary) = walked(&[b'x'; 4_096]);
    assert_eq!(recorder.seen, []);
    assert_eq!(damage(&summary, "checksum"), 0);
}

#[test]
fn a_size_that_is_no_number_ends_the_walk() {
    let sizes: [&[u8]; 3] = [
        b"99999999999",
        &[0xff; 12],
        b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for size in sizes {
        let header = HeaderBlock::new(b'0').name(b"b").field(124, size);
        let (recorder, summary) = walked(&small().header(&header).build());
        assert_eq!(recorder.paths(), ["a"]);
        assert_eq!(damage(&summary, "size"), 1_024);
    }
}

#[test]
fn a_claimed_size_allocates_nothing() {
    let header = HeaderBlock::new(b'0').name(b"b").size(3 << 30);
    let (recorder, summary) = walked(&small().header(&header).data(b"little").build());
    assert!(matches!(recorder.get("b").got, Got::Lost(_)));
    damage(&summary, "the data end inside a file");
}

#[test]
fn a_file_beyond_all_limits_is_lost_and_the_walk_goes_on_after_it() {
    let limits = limpid_layer::LayerLimits {
        file_bytes: 1_000,
        ..Default::default()
    };
    let archive = small().file("big", [1; 1_001]).file("z", "last").build();
    let (recorder, summary) = crate::recorder::walked_with(&archive, Want::Whole, &limits);
    assert!(
        matches!(&recorder.get("big").got, Got::Lost(why) if why.contains("at most 1000")),
        "{recorder:?}"
    );
    assert_eq!(recorder.get("z").got, Got::text("last"));
    assert_eq!(summary.unwrap().problems, []);
}

#[test]
fn a_hostile_number_of_problems_is_cut_short() {
    let mut archive = LayerBuilder::new();
    for _ in 0..1_000 {
        archive = archive.file("../x", "");
    }
    let (_, summary) = walked(&archive.build());
    assert_eq!(summary.problems.len(), 101);
    let last = summary.problems.last().unwrap();
    assert_eq!(last.kind, ProblemKind::Note);
    assert!(last.detail.starts_with("900 more"), "{last}");
}

#[test]
fn a_tar_archive_is_not_mistaken_for_a_compressed_stream() {
    let archive = LayerBuilder::new().file("BZh9", "").build();
    assert_eq!(Compression::detect(&archive), Compression::None);
}
