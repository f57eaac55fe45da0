use limpid_layer::{LayerError, LayerLimits, Want};
use limpid_testkit::layer::{Dialect, HeaderBlock, LayerBuilder};

use crate::recorder::{Got, Recorder, damage, walked, walked_with};

/// 1,000 zeros, `data`, 496 zeros, `more`, 96 zeros.
fn expected() -> Vec<u8> {
    let mut content = vec![0; 1_600];
    content[1_000..1_004].copy_from_slice(b"data");
    content[1_500..1_504].copy_from_slice(b"more");
    content
}

#[track_caller]
fn check(recorder: &Recorder) {
    let file = recorder.get("sparse");
    assert_eq!(file.size, 1_600);
    assert_eq!(file.got, Got::Memory(expected()));
    assert_eq!(recorder.get("after").got, Got::text("x"));
}

#[test]
fn pax_0_0_sparse_files_are_filled_with_zeros() {
    let archive = LayerBuilder::new()
        .pax(&[
            ("GNU.sparse.size", "1600"),
            ("GNU.sparse.numblocks", "2"),
            ("GNU.sparse.offset", "1000"),
            ("GNU.sparse.numbytes", "4"),
            ("GNU.sparse.offset", "1500"),
            ("GNU.sparse.numbytes", "4"),
        ])
        .file("sparse", "datamore")
        .file("after", "x");
    check(&walked(&archive.build()).0);
}

#[test]
fn pax_0_1_sparse_files_are_filled_with_zeros() {
    let archive = LayerBuilder::new()
        .pax(&[
            ("GNU.sparse.name", "sparse"),
            ("GNU.sparse.size", "1600"),
            ("GNU.sparse.numblocks", "2"),
            ("GNU.sparse.map", "1000,4,1500,4"),
        ])
        .file("GNUSparseFile.1/sparse", "datamore")
        .file("after", "x");
    check(&walked(&archive.build()).0);
}

fn pax_1_0(map: &str, data: &[u8]) -> Vec<u8> {
    let mut stored = map.as_bytes().to_vec();
    stored.resize(stored.len().next_multiple_of(512), 0);
    stored.extend_from_slice(data);
    LayerBuilder::new()
        .pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "sparse"),
            ("GNU.sparse.realsize", "1600"),
        ])
        .file("GNUSparseFile.1/sparse", stored)
        .file("after", "x")
        .build()
}

#[test]
fn pax_1_0_sparse_files_are_filled_with_zeros() {
    check(&walked(&pax_1_0("2\n1000\n4\n1500\n4\n", b"datamore")).0);
}

fn old_gnu(continued: bool) -> HeaderBlock {
    HeaderBlock::new(b'S')
        .dialect(Dialect::Gnu)
        .name(b"sparse")
        .size(8)
        .number(386, 1_000)
        .number(398, 4)
        .field(482, &[u8::from(continued)])
        .number(483, 1_600)
}

#[test]
fn old_gnu_sparse_files_are_filled_with_zeros() {
    let archive = LayerBuilder::new()
        .header(&old_gnu(false).number(410, 1_500).number(422, 4))
        .data(b"datamore")
        .file("after", "x");
    check(&walked(&archive.build()).0);
}

#[test]
fn old_gnu_segments_go_on_in_extension_blocks() {
    let archive = LayerBuilder::new()
        .header(&old_gnu(true))
        .data(b"00000002734\x0000000000004\0")
        .data(b"datamore")
        .file("after", "x");
    check(&walked(&archive.build()).0);
}

#[test]
fn a_prefix_of_a_sparse_file_may_end_in_a_hole() {
    for (wanted, archive) in [
        (10, pax_1_0("2\n1000\n4\n1500\n4\n", b"datamore")),
        (1_002, pax_1_0("2\n1000\n4\n1500\n4\n", b"datamore")),
        (1_400, pax_1_0("2\n1000\n4\n1500\n4\n", b"datamore")),
    ] {
        let limits = LayerLimits::default();
        let (recorder, _) = walked_with(&archive, Want::Prefix(wanted), &limits);
        let expected = expected()[..wanted].to_vec();
        assert_eq!(recorder.get("sparse").got, Got::Memory(expected));
        assert_eq!(recorder.get("after").got, Got::text("x"));
    }
}

#[test]
fn contradictory_maps_lose_the_file_alone() {
    for map in [
        "",
        "2\n1000\n4\n",
        "x\n",
        "1\n1599\n4\n",
        "2\n1000\n4\n1002\n4\n",
        "1\n0\n1000\n",
        "1\n99999999999999999999999999\n4\n",
    ] {
        let (recorder, _) = walked(&pax_1_0(map, b"datamore"));
        let got = &recorder.get("sparse").got;
        assert!(
            matches!(got, Got::Lost(why) if why.contains("map")),
            "{map:?}: {got:?}"
        );
        assert_eq!(recorder.get("after").got, Got::text("x"));
    }
}

#[test]
fn endless_extension_blocks_end_the_walk() {
    let mut archive = LayerBuilder::new().header(&old_gnu(true));
    let mut block = [0; 512];
    block[504] = 1;
    for _ in 0..20_000 {
        archive = archive.raw(&block);
    }
    damage(&walked(&archive.build()).1, "without an end");
}

#[test]
fn holes_count_as_uncompressed_bytes() {
    let limits = LayerLimits {
        uncompressed_bytes: 1 << 20,
        ..LayerLimits::default()
    };
    let mut archive = LayerBuilder::new();
    for _ in 0..10 {
        archive = archive
            .pax(&[("GNU.sparse.size", "200000"), ("GNU.sparse.map", "0,0")])
            .file("hole", "");
    }
    let archive = archive.build();
    let (_, result) = walked_with(&archive, Want::Whole, &limits);
    assert!(matches!(result, Err(LayerError::TooManyBytes { .. })));
    let (_, result) = walked_with(&archive, Want::Nothing, &limits);
    assert_eq!(result.unwrap().entries, 10);
}
