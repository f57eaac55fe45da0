use limpid_layer::{Budget, LayerLimits, Spool, Want, walk};
use limpid_testkit::layer::LayerBuilder;

use crate::recorder::{Got, Recorder, spool, walked_with};

fn archive() -> Vec<u8> {
    let long: Vec<u8> = (0..100_000_u32)
        .map(|index| index.to_le_bytes()[0])
        .collect();
    LayerBuilder::new()
        .file("short", "abcdef")
        .file("empty", "")
        .file("long", long)
        .file("last", "z")
        .build()
}

fn long(length: usize) -> Vec<u8> {
    (0..100_000_u32)
        .take(length)
        .map(|index| index.to_le_bytes()[0])
        .collect()
}

#[test]
fn nothing_wanted_delivers_nothing() {
    let (recorder, _) = walked_with(&archive(), Want::Nothing, &LayerLimits::default());
    assert!(recorder.seen.iter().all(|seen| seen.got == Got::Nothing));
    assert_eq!(recorder.paths(), ["short", "empty", "long", "last"]);
}

#[test]
fn a_prefix_is_cut_and_a_shorter_file_is_whole() {
    let (recorder, _) = walked_with(&archive(), Want::Prefix(2_000), &LayerLimits::default());
    assert_eq!(recorder.get("short").got, Got::text("abcdef"));
    assert_eq!(recorder.get("empty").got, Got::text(""));
    assert_eq!(recorder.get("long").got, Got::Memory(long(2_000)));
    assert_eq!(recorder.get("last").got, Got::text("z"));
}

#[test]
fn content_above_the_memory_threshold_is_spooled() {
    let limits = LayerLimits {
        memory_bytes: 50_000,
        ..LayerLimits::default()
    };
    let (recorder, _) = walked_with(&archive(), Want::Whole, &limits);
    assert_eq!(recorder.get("short").got, Got::text("abcdef"));
    assert_eq!(recorder.get("long").got, Got::Spooled(long(100_000)));
    assert_eq!(recorder.get("last").got, Got::text("z"));
}

fn walked_in(budget: u64, spool: &Spool) -> (Recorder, Budget) {
    let budget = Budget::new(budget);
    let mut recorder = Recorder::wanting(Want::Whole);
    let archive = archive();
    let mut reader = std::io::BufReader::with_capacity(700, archive.as_slice());
    let limits = LayerLimits::default();
    walk(&mut reader, &limits, &budget, spool, &mut recorder).unwrap();
    (recorder, budget)
}

#[test]
fn content_that_the_budget_has_no_room_for_is_spooled() {
    let (recorder, budget) = walked_in(10_000, &spool());
    assert_eq!(recorder.get("long").got, Got::Spooled(long(100_000)));
    assert!(budget.peak() <= 10_000);
    assert!(budget.try_acquire(10_000).is_some(), "all is given back");
}

#[test]
fn content_that_neither_memory_nor_spool_can_hold_is_lost_and_the_walk_goes_on() {
    let small = Spool::new(std::env::temp_dir(), 50_000);
    let missing = Spool::new("/nonexistent/directory", 1 << 30);
    for spool in [small, missing] {
        let (recorder, _) = walked_in(10_000, &spool);
        let got = &recorder.get("long").got;
        assert!(
            matches!(got, Got::Lost(why) if why.contains("cannot be spooled")),
            "{got:?}"
        );
        assert_eq!(recorder.get("last").got, Got::text("z"));
    }
}

#[test]
fn of_a_file_that_is_not_confirmed_nothing_is_delivered() {
    let yes = [&b"yes"[..], &long(50_000)].concat();
    let mut archive = LayerBuilder::new();
    for round in 0..40 {
        // The start of some of them crosses the end of a buffer.
        archive = archive
            .file(
                &format!("{round}-yes"),
                yes.get(..1000 * round).unwrap_or(&yes),
            )
            .file(&format!("{round}-no"), long(300 * round));
    }
    let archive = archive.build();
    let limits = LayerLimits {
        memory_bytes: 30_000,
        ..LayerLimits::default()
    };
    let (recorder, summary) = walked_with(&archive, Want::WholeAfter(600), &limits);
    assert!(summary.unwrap().problems.is_empty());
    for round in 1..40 {
        let expected = yes[..1000 * round].to_vec();
        let expected = if expected.len() > 30_000 {
            Got::Spooled(expected)
        } else {
            Got::Memory(expected)
        };
        assert_eq!(recorder.get(&format!("{round}-yes")).got, expected);
        assert_eq!(recorder.get(&format!("{round}-no")).got, Got::Nothing);
    }
}
