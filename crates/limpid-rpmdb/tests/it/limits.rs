use std::io::Write as _;

use limpid_rpmdb::{Error, Limits, sniff};
use limpid_testkit::rpmdb::{ByteOrder, write_bdb, write_ndb, write_sqlite};
use limpid_types::ProblemKind;

use crate::{check_samples, samples, try_read};

fn all_formats() -> [Vec<u8>; 3] {
    let packages = samples();
    [
        write_sqlite(&packages),
        write_ndb(&packages),
        write_bdb(&packages, ByteOrder::Big),
    ]
}

#[test]
fn a_header_over_the_limit_costs_only_its_own_package() {
    let limits = Limits {
        header_bytes: 4096,
        ..Limits::default()
    };
    for database in all_formats() {
        let found = try_read(&&database[..], None, &limits).unwrap();
        assert_eq!(found.names(), ["openssl-libs", "bash"]);
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].detail.ends_with("the limit is 4096"));
    }
}

#[test]
fn packages_over_the_limit_are_not_read() {
    let limits = Limits {
        packages: 2,
        ..Limits::default()
    };
    for database in all_formats() {
        let found = try_read(&&database[..], None, &limits).unwrap();
        assert_eq!(found.names(), ["openssl-libs", "bash"]);
        assert_eq!(found.problems[0].kind, ProblemKind::UnreadableFile);
        assert_eq!(found.problems.len(), 1);
    }
}

#[test]
fn paths_over_a_limit_are_left_out() {
    let few_files = Limits {
        files: 10,
        ..Limits::default()
    };
    let few_bytes = Limits {
        path_bytes: 200,
        ..Limits::default()
    };
    for (limits, left) in [(few_files, 7), (few_bytes, 5)] {
        for database in all_formats() {
            let found = try_read(&&database[..], None, &limits).unwrap();
            assert_eq!(found.packages[2].1.len(), left);
            assert_eq!(found.problems[0].subject, "tzdata");
            assert_eq!(found.problems[0].kind, ProblemKind::Note);
        }
    }
}

#[test]
fn problems_over_the_limit_are_counted() {
    let limits = Limits {
        problems: 1,
        header_bytes: 0,
        ..Limits::default()
    };
    for database in all_formats() {
        let found = try_read(&&database[..], None, &limits).unwrap();
        assert!(found.packages.is_empty());
        assert_eq!(found.problems.len(), 2);
        assert_eq!(found.problems[1].detail, "further problems: 2");
    }
}

#[test]
fn a_sqlite_database_over_the_limit_is_not_opened() {
    let limits = Limits {
        sqlite_bytes: 4096,
        ..Limits::default()
    };
    let database = write_sqlite(&samples());
    let error = try_read(&&database[..], None, &limits).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 4096, .. }));
}

#[test]
fn a_file_is_read_as_memory_is() {
    for database in all_formats() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&database).unwrap();
        check_samples(&try_read(&file, None, &Limits::default()).unwrap());
    }
}

#[test]
fn what_is_no_database_is_an_error() {
    for bytes in [
        &b""[..],
        b"SQLite",
        &[0; 100],
        b"RpmX............................",
    ] {
        assert_eq!(sniff(bytes), None);
        let error = try_read(&bytes, None, &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::UnknownFormat));
    }
}
