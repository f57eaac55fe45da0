use limpid_rpmdb::{Error, Limits, ReadAt, read_dnf_history};
use limpid_testkit::dnf::{DnfStep, write_dnf4_history, write_dnf5_history};
use limpid_types::Problem;
use rusqlite::Connection;

type Found = Result<(Vec<String>, Vec<Problem>), Error>;

fn try_read(database: &[u8], wal: Option<&dyn ReadAt>, limits: &Limits) -> Found {
    let (packages, problems) = read_dnf_history(&database, wal, limits, &mut |_| true)?;
    let packages = packages.into_iter();
    let lines = packages.map(|p| format!("{}-{}.{} {}", p.name, p.version, p.arch, p.repository));
    Ok((lines.collect(), problems))
}

fn read(database: &[u8]) -> (Vec<String>, Vec<Problem>) {
    try_read(database, None, &Limits::default()).unwrap()
}

fn steps(count: usize) -> Vec<DnfStep> {
    (0..count)
        .map(|n| DnfStep::install(&format!("p{n:04}"), "0:1-1", "noarch", "baseos"))
        .collect()
}

/// Changes a history by statements, and returns it with its write-ahead log if there is one.
fn changed(database: &[u8], statements: &str) -> (Vec<u8>, Vec<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.sqlite");
    std::fs::write(&path, database).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(statements).unwrap();
    let log = std::fs::read(directory.path().join("history.sqlite-wal")).unwrap_or_default();
    (std::fs::read(&path).unwrap(), log)
}

#[test]
fn both_forms_tell_the_repository_of_each_package() {
    let steps = [
        DnfStep::install("bash", "0:5.1-2.el9", "x86_64", "baseos"),
        DnfStep::install("tcl", "1:8.6-7.el9", "i686", "appstream"),
    ];
    let expected = [
        "bash-5.1-2.el9.x86_64 baseos",
        "tcl-1:8.6-7.el9.i686 appstream",
    ];
    for database in [write_dnf4_history(&steps), write_dnf5_history(&steps)] {
        assert_eq!(
            read(&database),
            (expected.map(str::to_owned).to_vec(), vec![])
        );
    }
}

#[test]
fn steps_in_the_log_count() {
    let base = write_dnf4_history(&steps(1));
    let statements = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
        UPDATE repo SET repoid = 'appstream';";
    let (database, log) = changed(&base, statements);
    assert!(!log.is_empty());
    let wal: &dyn ReadAt = &log.as_slice();
    let found = try_read(&database, Some(wal), &Limits::default()).unwrap();
    assert_eq!(found.0, ["p0000-1-1.noarch appstream"]);
}

#[test]
fn steps_that_make_no_sense_cost_only_themselves() {
    let base = write_dnf4_history(&steps(4));
    let statements = "PRAGMA foreign_keys = OFF;
        UPDATE rpm SET epoch = 'x' WHERE name = 'p0000';
        UPDATE rpm SET version = x'ff' WHERE name = 'p0001';
        UPDATE trans_item SET repo_id = 99 WHERE item_id = 3;";
    let (database, _) = changed(&base, statements);
    assert_eq!(read(&database).0, ["p0003-1-1.noarch baseos"]);
}

#[test]
fn a_view_in_place_of_a_table_is_not_read() {
    let base = write_dnf4_history(&steps(1));
    let statements = "ALTER TABLE rpm RENAME TO hidden; CREATE VIEW rpm AS SELECT * FROM hidden;";
    let (database, _) = changed(&base, statements);
    let found = try_read(&database, None, &Limits::default());
    assert!(matches!(found, Err(Error::NoTable)), "{found:?}");
}

#[test]
fn tables_that_multiply_end_at_the_limit_of_steps() {
    let statements = "DROP TABLE rpm;
        CREATE TABLE rpm (item_id, name, epoch, version, release, arch);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO rpm SELECT 1, 'a', 0, '1', '1', 'noarch' FROM n;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO trans_item (trans_id, item_id, repo_id, action, reason, state)
            SELECT 1, 1, 1, 1, 1, 1 FROM n;";
    let (database, _) = changed(&write_dnf4_history(&steps(1)), statements);
    let limits = Limits {
        packages: 100,
        ..Limits::default()
    };
    let (packages, problems) = try_read(&database, None, &limits).unwrap();
    assert_eq!(packages, ["a-1-1.noarch baseos"]);
    assert!(
        problems[0]
            .detail
            .starts_with("the rows from here on are lost"),
        "{problems:?}"
    );
}

#[test]
fn packages_over_a_limit_are_left_out_and_said() {
    let database = write_dnf5_history(&steps(20));
    let limits = Limits {
        packages: 7,
        ..Limits::default()
    };
    let (packages, problems) = try_read(&database, None, &limits).unwrap();
    assert_eq!((packages.len(), problems.len()), (7, 1));
    let mut room = 3;
    let mut admit = |_| {
        room -= 1;
        room >= 0
    };
    let found = read_dnf_history(&&database[..], None, &Limits::default(), &mut admit);
    let (packages, problems) = found.unwrap();
    assert_eq!((packages.len(), problems.len()), (3, 1));
}

#[test]
fn a_history_that_is_cut_off_anywhere_is_no_panic() {
    let database = write_dnf4_history(&steps(300));
    for cut in (0..database.len()).step_by(997) {
        if let Ok((packages, problems)) = try_read(&database[..cut], None, &Limits::default()) {
            assert!(packages.len() < 300 || !problems.is_empty(), "{cut}");
        }
    }
}
