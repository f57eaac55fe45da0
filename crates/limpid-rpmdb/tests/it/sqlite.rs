use limpid_rpmdb::{Error, Limits, sniff};
use limpid_testkit::rpmdb::{
    RpmPackage, write_sqlite, write_sqlite_headers, write_sqlite_with_log,
};
use limpid_types::{DatabaseKind, ProblemKind};
use rusqlite::{Connection, MAIN_DB};

use crate::{Found, check_samples, find, read, samples, try_read};

fn read_with_log(database: &[u8], log: &[u8]) -> Found {
    try_read(&database, Some(&log), &Limits::default()).unwrap()
}

fn many() -> Vec<RpmPackage> {
    (0..300)
        .map(|n| RpmPackage::new(&format!("package{n:03}"), "1", "1", "noarch"))
        .collect()
}

#[test]
fn what_was_written_is_read() {
    let database = write_sqlite(&samples());
    assert_eq!(sniff(&database), Some(DatabaseKind::RpmSqlite));
    assert_eq!(database[18..20], [2, 2], "rpm uses a write-ahead log");
    check_samples(&read(&database));
}

#[test]
fn pages_of_the_log_replace_those_of_the_database() {
    let packages = samples();
    let (database, log) = write_sqlite_with_log(&packages[..1], &packages[1..]);
    assert_eq!(read(&database).names(), ["openssl-libs"]);
    check_samples(&read_with_log(&database, &log));
}

#[test]
fn a_log_counts_up_to_its_last_whole_transaction() {
    let (database, log) = write_sqlite_with_log(&samples()[..1], &many());
    for cut in [1, 24, 4096 + 24, log.len() / 2] {
        let found = read_with_log(&database, &log[..log.len() - cut]);
        assert_eq!(found.problems, []);
        let expected: Vec<_> = (0..found.packages.len() - 1)
            .map(|n| format!("package{n:03}"))
            .collect();
        assert_eq!(found.names()[1..], expected);
        assert!(found.packages.len() < 301);
    }
}

#[test]
fn frames_after_a_damaged_one_do_not_count() {
    let (database, mut log) = write_sqlite_with_log(&samples()[..1], &many());
    let middle = log.len() / 2;
    log[middle] ^= 1;
    let found = read_with_log(&database, &log);
    assert_eq!(found.problems, []);
    assert!(
        (2..300).contains(&found.packages.len()),
        "{}",
        found.packages.len()
    );
}

#[test]
fn an_empty_log_changes_nothing_and_a_senseless_one_is_reported() {
    let database = write_sqlite(&samples());
    check_samples(&read_with_log(&database, &[]));
    for log in [&[0; 100][..], &[0x37]] {
        let found = read_with_log(&database, log);
        assert_eq!(found.packages.len(), 3);
        assert_eq!(found.problems[0].subject, "write-ahead log");
    }
}

#[test]
fn a_log_of_another_page_size_is_reported() {
    let (database, mut log) = write_sqlite_with_log(&samples()[..1], &samples()[1..]);
    log[8..12].copy_from_slice(&1024_u32.to_be_bytes());
    let found = read_with_log(&database, &log);
    assert_eq!(found.names(), ["openssl-libs"]);
    assert_eq!(found.problems[0].detail, "the header has a wrong checksum");
}

#[test]
fn a_damaged_page_keeps_the_rows_before_it() {
    let mut database = write_sqlite(&many());
    let page = find(&database, b"package150") / 4096 * 4096;
    database[page] = 0xff;
    let found = read(&database);
    assert!(
        (50..300).contains(&found.packages.len()),
        "{}",
        found.packages.len()
    );
    assert!(found.names().is_sorted());
    assert_eq!(found.problems[0].kind, ProblemKind::UnreadableFile);
    assert_eq!(found.problems[0].subject, "table Packages");
}

#[test]
fn a_cut_off_database_gives_the_rows_that_are_left() {
    let database = write_sqlite(&many());
    let found = read(&database[..database.len() - 4096]);
    assert!(
        (50..300).contains(&found.packages.len()),
        "{}",
        found.packages.len()
    );
    assert!(found.problems.len() >= 2);
    assert_eq!(found.problems[0].kind, ProblemKind::UnreadableFile);
}

#[test]
fn a_row_without_a_header_costs_only_itself() {
    let good = RpmPackage::new("bash", "1", "1", "noarch").header();
    let found = read(&write_sqlite_headers(&[vec![], good, vec![0xff; 40]]));
    assert_eq!(found.names(), ["bash"]);
    let subjects: Vec<_> = found
        .problems
        .iter()
        .map(|problem| &problem.subject)
        .collect();
    assert_eq!(subjects, ["record 1", "record 3"]);
}

/// Makes a database out of SQL.
fn from_sql(sql: &str) -> Vec<u8> {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(sql).unwrap();
    connection.serialize(MAIN_DB).unwrap().to_vec()
}

#[test]
fn only_an_ordinary_table_of_packages_is_read() {
    for sql in [
        "CREATE TABLE Other (hnum INTEGER PRIMARY KEY, blob BLOB)",
        "CREATE VIEW Packages AS WITH RECURSIVE n(hnum) AS (SELECT 1 UNION ALL SELECT hnum + 1 FROM n)
            SELECT hnum, zeroblob(1000000) AS blob FROM n",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob AS (zeroblob(1000000000)));
            INSERT INTO Packages (hnum) VALUES (1)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, other BLOB)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB) WITHOUT ROWID",
        "CREATE VIRTUAL TABLE Packages USING fts5(blob)",
    ] {
        let error = try_read(&&from_sql(sql)[..], None, &Limits::default()).unwrap_err();
        assert!(
            matches!(error, Error::NoTable | Error::Sqlite { .. }),
            "{sql}: {error:?}"
        );
    }
}

#[test]
fn values_that_are_no_bytes_are_problems() {
    let found = read(&from_sql(
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob);
         INSERT INTO Packages VALUES (1, NULL), (2, 'text'), (3, 4.5)",
    ));
    assert!(found.packages.is_empty());
    assert_eq!(found.problems.len(), 3);
    assert_eq!(found.problems[0].detail, "row has no header");
}

#[test]
fn a_column_that_hides_the_record_number_loses_the_packages_but_nothing_else() {
    let found = read(&from_sql(
        "CREATE TABLE Packages (rowid TEXT, blob BLOB);
         INSERT INTO Packages VALUES ('first', x'00'), ('second', x'00')",
    ));
    assert!(found.packages.is_empty());
    assert_eq!(found.problems.len(), 2);
}

#[test]
fn a_page_size_that_makes_no_sense_is_an_error() {
    let mut database = write_sqlite(&samples());
    database[16] = 0x11;
    let error = try_read(&&database[..], None, &Limits::default()).unwrap_err();
    assert!(matches!(
        error,
        Error::Damaged {
            field: "page size",
            value: 0x1100
        }
    ));
}

/// Makes an inner page of a table, all of whose children are one and the same page.
fn inner_page(child: u32) -> Vec<u8> {
    const CHILDREN: u16 = 60;
    let mut page = vec![0; 512];
    page[0] = 5;
    page[3..5].copy_from_slice(&CHILDREN.to_be_bytes());
    page[8..12].copy_from_slice(&child.to_be_bytes());
    for cell in 0..CHILDREN {
        let at = 512 - 5 * (cell + 1);
        page[5..7].copy_from_slice(&at.to_be_bytes());
        let pointer = usize::from(12 + 2 * cell);
        page[pointer..pointer + 2].copy_from_slice(&at.to_be_bytes());
        let at = usize::from(at);
        page[at..at + 4].copy_from_slice(&child.to_be_bytes());
        page[at + 4] = 1;
    }
    page
}

#[test]
fn a_table_that_has_one_row_a_million_million_times_is_given_up() {
    const DEPTH: u32 = 12;
    let small = from_sql(
        "PRAGMA page_size = 512;
         CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB);
         INSERT INTO Packages VALUES (1, x'00')",
    );
    let (first, leaf) = small.split_at(512);
    let mut database = first.to_vec();
    for page in 2..2 + DEPTH {
        database.extend(inner_page(page + 1));
    }
    database.extend(leaf);
    database[28..32].copy_from_slice(&(2 + DEPTH).to_be_bytes());
    let limits = Limits {
        packages: 1000,
        ..Limits::default()
    };
    let found = try_read(&&database[..], None, &limits).unwrap();
    assert!(found.packages.is_empty());
    assert!(found.problems.len() > 100);
}
