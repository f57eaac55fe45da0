use std::process::{Command, Stdio};

use limpid_store::{ErrorKind, GenerationStore as _, StoreError};
use limpid_store_postgres::{PostgresSettings, PostgresStore};

use crate::server::{Database, settings};

async fn refusal(settings: &PostgresSettings) -> StoreError {
    match PostgresStore::connect(settings).await {
        Ok(store) => panic!("connected: {store:?}"),
        Err(error) => error,
    }
}

/// Returns an error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[tokio::test]
async fn migrations_are_applied_once() {
    let database = Database::new();
    for _ in 0..2 {
        let store = database.store().await;
        assert_eq!(store.current().await.unwrap(), None);
    }
    let applied = database.sql("SELECT count(*), count(DISTINCT name) FROM limpid.migration");
    assert_eq!(applied, "4|4");
    let elsewhere = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(database.sql(elsewhere), "0");
}

#[tokio::test]
async fn a_store_may_be_in_the_database_of_clair() {
    let database = Database::new();
    database.sql(
        "CREATE TABLE manifest (id int); CREATE TABLE layer (id int); CREATE TABLE lease (id int)",
    );
    let store = database.store().await;
    assert_eq!(store.current().await.unwrap(), None);
}

#[tokio::test]
async fn a_schema_that_the_administrator_has_created_is_used() {
    let database = Database::new();
    database.sql("CREATE SCHEMA limpid");
    database.store().await;
}

#[tokio::test]
async fn a_schema_with_other_tables_is_refused_and_left_as_it_is() {
    let database = Database::new();
    database.sql("CREATE SCHEMA limpid; CREATE TABLE limpid.other (id int)");
    let error = refusal(&database.settings()).await;
    assert_eq!(error.kind, ErrorKind::NotAStore);
    let tables =
        database.sql("SELECT relname FROM pg_class WHERE relnamespace = 'limpid'::regnamespace");
    assert_eq!(tables, "other");
}

#[tokio::test]
async fn a_process_that_may_not_migrate_says_what_is_missing() {
    let database = Database::new();
    let mut settings = database.settings();
    settings.migrate = false;
    let error = refusal(&settings).await;
    assert_eq!(error.kind, ErrorKind::NotAStore);
    assert!(
        chain(&error).contains("the tables are not there"),
        "{error}"
    );
    database.store().await;
    PostgresStore::connect(&settings).await.unwrap();
    database.sql("DELETE FROM limpid.migration WHERE name = '0004_blobs'");
    let error = refusal(&settings).await;
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(chain(&error).contains("0004_blobs"), "{error}");
}

#[tokio::test]
async fn an_unknown_migration_is_accepted_only_when_it_is_compatible() {
    let database = Database::new();
    database.store().await;
    database.sql("INSERT INTO limpid.migration VALUES ('0098_more', 'x', true)");
    database.store().await;
    database.sql("INSERT INTO limpid.migration VALUES ('0099_future', 'x', false)");
    let error = refusal(&database.settings()).await;
    let migration = "0099_future".to_owned();
    assert_eq!(error.kind, ErrorKind::Newer { migration });
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let database = Database::new();
    database.store().await;
    database.sql("UPDATE limpid.migration SET checksum = 'x' WHERE name = '0001_index'");
    let error = refusal(&database.settings()).await;
    assert_eq!(error.kind, ErrorKind::Damaged);
}

const DATABASE: &str = "LIMPID_TEST_DATABASE";

/// Opens a store and closes it again. The test program starts itself as a child for that, and does
/// nothing here unless it is one.
#[tokio::test]
async fn child_process() {
    let Ok(parameters) = std::env::var(DATABASE) else {
        return;
    };
    let pairs = parameters.lines().filter_map(|line| line.split_once('='));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let settings = settings(pairs.map(owned).collect());
    PostgresStore::connect(&settings).await.unwrap();
}

#[test]
fn processes_that_migrate_at_once_all_succeed() {
    let database = Database::new();
    for through_pooler in [false, true] {
        let settings = if through_pooler {
            database.settings_through_pooler()
        } else {
            database.settings()
        };
        let lines = settings.parameters.iter();
        let lines: Vec<_> = lines
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        database.sql("DROP SCHEMA IF EXISTS limpid CASCADE");
        let children: Vec<_> = (0..4)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "migrations::child_process"])
                    .env(DATABASE, lines.join("\n"))
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}");
        }
        assert_eq!(database.sql("SELECT count(*) FROM limpid.migration"), "4");
    }
}
