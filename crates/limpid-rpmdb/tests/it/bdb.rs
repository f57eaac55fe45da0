use limpid_rpmdb::{Error, Limits, sniff};
use limpid_testkit::rpmdb::{ByteOrder, RpmPackage, write_bdb, write_bdb_headers};
use limpid_types::{DatabaseKind, ProblemKind};

use crate::{check_samples, find, read, samples, try_read};

const PAGE: usize = 4096;
/// Type byte of a page.
const PAGE_TYPE: usize = 25;
const OVERFLOW: u8 = 7;

fn headers() -> Vec<Vec<u8>> {
    samples().iter().map(RpmPackage::header).collect()
}

/// Returns the numbers of the overflow pages, which hold the third sample alone.
fn overflow_pages(database: &[u8]) -> Vec<usize> {
    let pages = database.chunks(PAGE).enumerate();
    pages
        .filter(|(_, page)| page[PAGE_TYPE] == OVERFLOW)
        .map(|(number, _)| number)
        .collect()
}

#[test]
fn both_byte_orders_and_all_page_sizes_are_read() {
    for order in [ByteOrder::Big, ByteOrder::Little] {
        for page_size in [512, 1024, 4096, 16384, 65536] {
            let database = write_bdb_headers(&headers(), order, page_size);
            assert_eq!(sniff(&database), Some(DatabaseKind::RpmBdb));
            check_samples(&read(&database));
        }
    }
}

#[test]
fn a_bucket_of_many_pages_is_read_whole() {
    let packages: Vec<_> = (0..500)
        .map(|n| RpmPackage::new(&format!("package{n}"), "1", "1", "noarch"))
        .collect();
    let found = read(&write_bdb(&packages, ByteOrder::Little));
    assert_eq!(found.problems, []);
    assert_eq!(found.packages.len(), 500);
}

#[test]
fn an_empty_database_has_no_packages() {
    let found = read(&write_bdb(&[], ByteOrder::Big));
    assert!(found.packages.is_empty() && found.problems.is_empty());
}

#[test]
fn a_chain_in_a_circle_costs_only_its_own_package() {
    let mut database = write_bdb(&samples(), ByteOrder::Little);
    let pages = overflow_pages(&database);
    let (first, last) = (pages[0], pages[pages.len() - 1]);
    let next = last * PAGE + 16;
    database[next..next + 4].copy_from_slice(&u32::try_from(first).unwrap().to_le_bytes());
    // The last page now also claims to hold nothing, so that only the circle could go on.
    for page in pages {
        database[page * PAGE + 22..page * PAGE + 24].copy_from_slice(&[0, 0]);
    }
    let found = read(&database);
    assert_eq!(found.names(), ["openssl-libs", "bash"]);
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].kind, ProblemKind::BadRecord);
    assert_eq!(found.problems[0].subject, "record 3");
}

#[test]
fn a_chain_that_ends_early_or_leads_astray_costs_only_its_own_package() {
    let sound = write_bdb(&samples(), ByteOrder::Little);
    let first = overflow_pages(&sound)[0];
    for next in [0, 1, 0xffff_ffff_u32] {
        let mut database = sound.clone();
        database[first * PAGE + 16..first * PAGE + 20].copy_from_slice(&next.to_le_bytes());
        let found = read(&database);
        assert_eq!(found.names(), ["openssl-libs", "bash"]);
        assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
    }
}

#[test]
fn an_unsupported_item_costs_only_its_own_package() {
    let mut database = write_bdb(&samples(), ByteOrder::Little);
    // The item is the byte before the header, which starts with the number of its entries.
    let bash = RpmPackage::new("bash", "5.1.8", "6.el9", "x86_64").header();
    let item = find(&database, &bash) - 1;
    database[item] = 2;
    let found = read(&database);
    assert_eq!(found.names(), ["openssl-libs", "tzdata"]);
    assert_eq!(found.problems[0].subject, "record 2");
    assert_eq!(found.problems[0].detail, "unsupported type of item: 2");
    assert_eq!(found.problems[0].offset, Some(item as u64));
}

#[test]
fn a_cut_off_database_gives_what_is_left_and_says_so() {
    let database = write_bdb(&samples(), ByteOrder::Little);
    let found = read(&database[..database.len() - 1]);
    assert_eq!(found.names(), ["openssl-libs", "bash"]);
    assert_eq!(found.problems[0].kind, ProblemKind::UnreadableFile);
    assert_eq!(found.problems.len(), 2);
}

#[test]
fn a_description_that_makes_no_sense_is_an_error() {
    let sound = write_bdb(&samples(), ByteOrder::Little);
    let with = |at: usize, value: u8| {
        let mut database = sound.clone();
        database[at] = value;
        try_read(&&database[..], None, &Limits::default()).unwrap_err()
    };
    assert!(matches!(
        with(20, 1),
        Error::Damaged {
            field: "page size",
            value: 4097
        }
    ));
    assert!(matches!(with(24, 1), Error::Unsupported(_)));
    assert!(matches!(with(25, 9), Error::Damaged { .. }));
    assert!(matches!(with(26, 1), Error::Unsupported(_)));
    assert!(matches!(with(12, 0), Error::UnknownFormat));
}
