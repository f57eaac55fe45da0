//! Real feeds, over the network and from a mirror.

use std::fs;
use std::sync::{Arc, Mutex};

use limpid_feed::{Settings, families};
use limpid_http::Source;
use limpid_store::Outcome;
use limpid_testkit::feed::AlpineSecdb;
use limpid_update::UpdateOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::Bench;

fn secdb(release: &str, repository: &str) -> Vec<u8> {
    let feed = AlpineSecdb::new(release, repository);
    match repository {
        "main" => feed
            .fix("openssl", "1.1.1q-r0", &["CVE-2022-2097"])
            .to_json(),
        _ => feed.to_json(),
    }
}

fn settings(alpine_url: String) -> Settings {
    Settings {
        alpine: limpid_feed::AlpineSettings { url: alpine_url },
        ..Settings::default()
    }
}

fn alpine() -> UpdateOptions {
    UpdateOptions {
        only: vec!["alpine".into()],
        ..UpdateOptions::default()
    }
}

/// A secdb with two releases and `edge` that answers conditional requests. Returns its address and
/// where it writes down the statuses of its answers to `GET`.
async fn serve() -> (String, Arc<Mutex<Vec<u16>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&statuses);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap();
            let document = path.strip_suffix(".json").unwrap_or_default();
            let (release, repository) = document.rsplit_once('/').unwrap_or_default();
            let (status, body) = match release.trim_start_matches('/') {
                "v3.3" | "v3.4" | "edge" if head.contains("if-none-match: \"1\"") => {
                    (304, Vec::new())
                }
                release @ ("v3.3" | "v3.4" | "edge") => (200, secdb(release, repository)),
                _ => (404, Vec::new()),
            };
            let answer = format!(
                "HTTP/1.1 {status} X\r\netag: \"1\"\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            if head.starts_with("GET") {
                log.lock().unwrap().push(status);
                stream.write_all(&body).await.unwrap();
            }
        }
    });
    (url, statuses)
}

#[tokio::test]
async fn alpine_is_updated_over_the_network() {
    let (url, statuses) = serve().await;
    let bench = Bench::with(|_| Source::Direct);
    let families = || families(&settings(url.clone()));
    let summary = bench.updater.update(families(), &alpine()).await.unwrap();
    let feeds: Vec<_> = summary.runs.iter().map(|run| run.feed.as_str()).collect();
    assert_eq!(feeds, ["alpine/edge", "alpine/v3.3", "alpine/v3.4"]);
    assert_eq!(summary.current, Some(1), "{summary:?}");
    let namespaces = bench.served("alpine/v3.4").await.namespaces;
    assert_eq!(namespaces, [("alpine:3.4".to_owned(), 1)]);

    statuses.lock().unwrap().clear();
    let summary = bench.updater.update(families(), &alpine()).await.unwrap();
    assert!(
        summary
            .runs
            .iter()
            .all(|run| run.outcome == Outcome::Unchanged)
    );
    let statuses = statuses.lock().unwrap();
    assert_eq!(statuses.iter().filter(|&&status| status == 304).count(), 6);
    assert!(!statuses.contains(&200), "nothing was sent again");
}

#[tokio::test]
async fn alpine_is_updated_from_a_mirror() {
    let bench = Bench::with(|directory| {
        for release in ["v3.3", "edge"] {
            let path = directory.join("mirror/secdb.alpinelinux.org").join(release);
            fs::create_dir_all(&path).unwrap();
            for repository in ["main", "community"] {
                let name = format!("{repository}.json");
                fs::write(path.join(name), secdb(release, repository)).unwrap();
            }
        }
        Source::MirrorDirectory(directory.join("mirror"))
    });
    let families = families(&Settings::default());
    let summary = bench.updater.update(families, &alpine()).await.unwrap();
    assert_eq!(summary.current, Some(1), "{summary:?}");
    assert_eq!(bench.served("alpine/edge").await.records, 1);
}
