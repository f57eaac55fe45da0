//! Documents of this machine.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use limpid_http::{FetchFault, FetchSettings, Fetched, Fetcher, Fingerprint, Source};
use tempfile::TempDir;

fn fetcher(spool: &TempDir) -> Fetcher {
    // A mirror has nothing to do with them.
    let source = Source::MirrorDirectory("/nonexistent".into());
    Fetcher::new(FetchSettings::default(), source, spool.path()).unwrap()
}

async fn fetch(path: &Path) -> (Vec<u8>, Fingerprint) {
    let spool = TempDir::new().unwrap();
    let path = path.to_str().unwrap();
    match fetcher(&spool).fetch_local(path, None, None).await.unwrap() {
        Fetched::Document(mut document) => {
            let mut bytes = Vec::new();
            document.file.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, document.bytes);
            (bytes, document.fingerprint)
        }
        other => panic!("{other:?}"),
    }
}

/// Returns the names in an archive, as tar prints them.
fn names(archive: &[u8]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.tar");
    fs::write(&path, archive).unwrap();
    let output = std::process::Command::new("tar")
        .arg("tf")
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_file_is_a_document() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.zip");
    fs::write(&path, "content").unwrap();
    assert_eq!(fetch(&path).await.0, b"content");
    let absent = folder.path().join("b.zip");
    let client = fetcher(&folder);
    let fetched = client.fetch_local(absent.to_str().unwrap(), None, None);
    assert!(matches!(fetched.await, Ok(Fetched::NotFound)));
}

#[tokio::test]
async fn a_folder_is_an_archive_of_its_json_files() {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    let deep = format!("{}/{}", "d".repeat(90), "e".repeat(90));
    fs::create_dir_all(root.join(&deep)).unwrap();
    fs::create_dir_all(root.join("..data")).unwrap();
    fs::write(root.join("..data/linked.json"), "{}").unwrap();
    symlink("..data/linked.json", root.join("linked.json")).unwrap();
    symlink(".", root.join("circle")).unwrap();
    symlink("nowhere", root.join("broken.json")).unwrap();
    fs::write(root.join(&deep).join("deep.json"), "x".repeat(1000)).unwrap();
    fs::write(root.join("B.JSON"), "").unwrap();
    fs::write(root.join("notes.txt"), "no").unwrap();
    let (archive, before) = fetch(root).await;
    let expected = [
        "B.JSON".into(),
        format!("{deep}/deep.json"),
        "linked.json".into(),
    ];
    assert_eq!(names(&archive), expected);
    assert_eq!(fetch(root).await.1, before);
    fs::write(root.join("..data/linked.json"), "[]").unwrap();
    assert_ne!(fetch(root).await.1, before);
}

#[tokio::test]
async fn a_folder_over_the_limit_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.json"), "x".repeat(10_000)).unwrap();
    let spool = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let error = fetcher(&spool).fetch_local(path, None, Some(5000)).await;
    let fault = error.unwrap_err().fault;
    assert!(
        matches!(fault, FetchFault::TooLarge { limit: 5000 }),
        "{fault}"
    );
}
