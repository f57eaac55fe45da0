use limpid_rpmdb::{Error, Limits, sniff};
use limpid_testkit::rpmdb::{RpmPackage, write_ndb};
use limpid_types::{DatabaseKind, ProblemKind};

use crate::{check_samples, find, read, samples, try_read};

#[test]
fn what_was_written_is_read() {
    let database = write_ndb(&samples());
    assert_eq!(sniff(&database), Some(DatabaseKind::RpmNdb));
    check_samples(&read(&database));
}

#[test]
fn slots_on_several_pages_are_read() {
    let packages: Vec<_> = (0..600)
        .map(|n| RpmPackage::new(&format!("package{n}"), "1", "1", "noarch"))
        .collect();
    let found = read(&write_ndb(&packages));
    assert_eq!(found.problems, []);
    assert_eq!(found.packages.len(), 600);
}

#[test]
fn a_damaged_blob_costs_only_its_own_package() {
    let sound = write_ndb(&samples());
    let bash = RpmPackage::new("bash", "5.1.8", "6.el9", "x86_64").header();
    let header = find(&sound, &bash);
    let check = |at: usize, detail: &str| {
        let mut database = sound.clone();
        database[at] ^= 1;
        let found = read(&database);
        assert_eq!(found.names(), ["openssl-libs", "tzdata"]);
        let [problem] = &found.problems[..] else {
            panic!("there should be one problem: {:?}", found.problems);
        };
        assert_eq!(problem.kind, ProblemKind::BadRecord);
        assert_eq!(problem.subject, "record 2");
        assert_eq!(problem.offset, Some(header as u64 - 16));
        assert!(problem.detail.starts_with(detail), "{}", problem.detail);
    };
    check(header + 20, "blob has checksum");
    check(header - 16, "blob has no magic");
    check(header - 12, "blob belongs to another record: 3");
    check(header - 1, "blob has an impossible length");
}

#[test]
fn a_slot_that_points_outside_costs_only_its_own_package() {
    let mut database = write_ndb(&samples());
    // The second slot in use is the fourth of the page; its first block is at byte 8.
    database[3 * 16 + 11] = 0xff;
    let found = read(&database);
    assert_eq!(found.names(), ["openssl-libs", "tzdata"]);
    assert_eq!(found.problems[0].detail, "blob is outside of the database");
}

#[test]
fn many_slots_for_one_blob_are_not_all_read() {
    let package = RpmPackage {
        files: (0..2000).map(|n| format!("/usr/share/zone{n}")).collect(),
        ..RpmPackage::new("tzdata", "1", "1", "noarch")
    };
    let mut database = write_ndb(&[package]);
    let slot: [u8; 16] = database[32..48].try_into().unwrap();
    for at in (48..4096).step_by(16) {
        database[at..at + 16].copy_from_slice(&slot);
    }
    let found = read(&database);
    assert!(found.packages.len() < 4, "{}", found.packages.len());
    assert_eq!(found.problems[0].detail, "blobs overlap");
}

#[test]
fn a_description_that_makes_no_sense_is_an_error() {
    let with = |at: usize| {
        let mut database = write_ndb(&samples());
        database[at] = 0xff;
        try_read(&&database[..], None, &Limits::default()).unwrap_err()
    };
    assert!(matches!(with(4), Error::Unsupported(_)));
    assert!(matches!(with(12), Error::Damaged { .. }));
    assert!(matches!(with(0), Error::UnknownFormat));
}
