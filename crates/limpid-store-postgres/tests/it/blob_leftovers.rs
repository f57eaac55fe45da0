use std::fs;

use limpid_store::BlobStore as _;
use limpid_types::Digest;

use crate::server::Database;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_blob_that_was_put_in_part_is_not_there_and_is_completed() {
    let database = Database::new();
    let store = database.store().await;
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..5 * MIB + 17)
        .map(|byte| byte.to_le_bytes()[1])
        .collect();
    let (digest, file) = (Digest::sha256(&content), folder.path().join("in"));
    fs::write(&file, &content).unwrap();
    store.put_blob(&digest, &file).await.unwrap();
    // As a killed process leaves it.
    database.sql(
        "UPDATE limpid.blob SET is_complete = false; DELETE FROM limpid.blob_part WHERE position > 2",
    );
    let kept = database.sql("SELECT string_agg(xmin::text, ' ') FROM limpid.blob_part");
    let destination = folder.path().join("out");
    assert!(store.blobs().await.unwrap().is_empty());
    assert!(!store.get_blob(&digest, &destination).await.unwrap());
    assert!(!destination.try_exists().unwrap());

    store.put_blob(&digest, &file).await.unwrap();
    assert!(store.get_blob(&digest, &destination).await.unwrap());
    assert!(fs::read(&destination).unwrap() == content);
    let resumed = "SELECT string_agg(xmin::text, ' ') FROM limpid.blob_part WHERE position < 3";
    assert_eq!(
        database.sql(resumed),
        kept,
        "what was there was not sent again"
    );
}

#[tokio::test]
async fn what_nobody_completes_is_removed_after_a_day() {
    let database = Database::new();
    let store = database.store().await;
    let folder = tempfile::tempdir().unwrap();
    let mut put = Vec::new();
    for name in ["abandoned", "in progress", "whole"] {
        let file = folder.path().join(name);
        fs::write(&file, name).unwrap();
        let digest = Digest::sha256(name.as_bytes());
        store.put_blob(&digest, &file).await.unwrap();
        put.push(digest);
    }
    for (digest, age) in [(&put[0], "2 days"), (&put[1], "1 hour")] {
        database.sql(&format!(
            "UPDATE limpid.blob SET is_complete = false, begun = now() - interval '{age}'
             WHERE digest = '\\x01{}'",
            digest.hex()
        ));
    }
    store.remove_blobs(&[].into()).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM limpid.blob), (SELECT count(*) FROM limpid.blob_part)";
    assert_eq!(database.sql(left), "2|2");
    store
        .remove_blobs(&put.into_iter().collect())
        .await
        .unwrap();
    assert_eq!(database.sql(left), "0|0");
}

#[tokio::test]
async fn a_large_blob_is_removed_in_portions() {
    let database = Database::new();
    let store = database.store().await;
    let digest = Digest::sha256(b"large");
    database.sql(&format!(
        "INSERT INTO limpid.blob VALUES ('\\x01{hex}', true, 200, now());
         INSERT INTO limpid.blob_part SELECT '\\x01{hex}', n, '' FROM generate_series(0, 199) AS n",
        hex = digest.hex()
    ));
    store.remove_blobs(&[digest].into()).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM limpid.blob), (SELECT count(*) FROM limpid.blob_part)";
    assert_eq!(database.sql(left), "0|0");
}
