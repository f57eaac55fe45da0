use std::fs;
use std::time::{Duration, SystemTime};

use limpid_http::{FetchFault, Fetched, Fetcher, Request, Source};
use tempfile::TempDir;
use url::Url;

use crate::server::Server;
use crate::support::{Client, ok, settings, text};

const URL: &str = "https://feeds.example/v3/main.json";

/// Makes a mirror whose one document was written long ago.
fn mirror(content: &str) -> (TempDir, Client, Url) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("feeds.example/v3/main.json");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    write(&directory, content, 1000);
    let source = Source::MirrorDirectory(directory.path().to_owned());
    let client = Client::with(settings(), source);
    (directory, client, URL.parse().unwrap())
}

fn write(mirror: &TempDir, content: &str, age_seconds: u64) {
    let path = mirror.path().join("feeds.example/v3/main.json");
    fs::write(&path, content).unwrap();
    let time = SystemTime::now() - Duration::from_secs(age_seconds);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

async fn again(fetcher: &Fetcher, url: &Url, document: &limpid_http::Document) -> Fetched {
    let request = Request::new(url).unless(Some(&document.fingerprint));
    fetcher.fetch(request).await.unwrap()
}

#[tokio::test]
async fn a_file_of_the_mirror_is_a_document() {
    let (_mirror, client, url) = mirror("hello");
    let mut document = client.document(&url).await;
    assert_eq!(text(&mut document), "hello");
    assert!(client.fetcher.exists(&url).await.unwrap());
}

#[tokio::test]
async fn an_untouched_file_is_unchanged() {
    let (mirror, client, url) = mirror("hello");
    let document = client.document(&url).await;
    let fetched = again(&client.fetcher, &url, &document).await;
    assert!(matches!(fetched, Fetched::Unchanged));
    write(&mirror, "hullo", 500);
    let fetched = again(&client.fetcher, &url, &document).await;
    assert!(matches!(fetched, Fetched::Document(_)));
}

#[tokio::test]
async fn a_file_that_was_just_written_is_always_read() {
    let (mirror, client, url) = mirror("hello");
    write(&mirror, "hello", 0);
    let document = client.document(&url).await;
    let fetched = again(&client.fetcher, &url, &document).await;
    assert!(matches!(fetched, Fetched::Document(_)));
}

#[tokio::test]
async fn what_the_mirror_does_not_have_is_absent() {
    let (_mirror, client, url) = mirror("hello");
    for path in ["/v3/other.json", "/v3", "/v3/main.json/x", "/v9/main.json"] {
        let url = url.join(path).unwrap();
        let fetched = client.fetcher.fetch(Request::new(&url)).await.unwrap();
        assert!(matches!(fetched, Fetched::NotFound), "{path}");
        assert!(!client.fetcher.exists(&url).await.unwrap());
    }
}

#[tokio::test]
async fn a_mirror_that_is_not_there_is_no_empty_mirror() {
    let directory = tempfile::tempdir().unwrap();
    let source = Source::MirrorDirectory(directory.path().join("unmounted"));
    let client = Client::with(settings(), source);
    let url = URL.parse().unwrap();
    let (fault, _) = client.fault(&url).await;
    assert!(matches!(fault, FetchFault::Mirror(_)));
    assert!(client.fetcher.exists(&url).await.is_err());
}

#[tokio::test]
async fn symbolic_links_of_the_mirror_are_followed() {
    let (mirror, client, url) = mirror("hello");
    let link = mirror.path().join("feeds.example/v3/link.json");
    std::os::unix::fs::symlink("main.json", link).unwrap();
    let mut document = client.document(&url.join("link.json").unwrap()).await;
    assert_eq!(text(&mut document), "hello");
}

#[tokio::test]
async fn an_address_that_leads_out_of_the_mirror_is_refused() {
    let (mirror, client, url) = mirror("hello");
    fs::write(mirror.path().join("secret"), "secret").unwrap();
    let url = url.join("/..%2fsecret").unwrap();
    let (fault, _) = client.fault(&url).await;
    assert!(matches!(fault, FetchFault::NotInMirror(_)));
}

#[tokio::test]
async fn a_file_over_the_limit_is_not_taken() {
    let (_mirror, client, url) = mirror("hello");
    let request = Request::new(&url).at_most(4);
    let error = client.fetcher.fetch(request).await.unwrap_err();
    assert!(matches!(error.fault, FetchFault::TooLarge { limit: 4 }));
    let request = Request::new(&url).at_most(5);
    assert!(client.fetcher.fetch(request).await.is_ok());
}

#[tokio::test]
async fn a_mirror_may_be_a_server() {
    let server = Server::with_answers(&[&ok("", "hello")]).await;
    let source = Source::MirrorUrl(server.url("/feeds/"));
    let client = Client::with(settings(), source);
    let mut document = client.document(&URL.parse().unwrap()).await;
    assert_eq!(text(&mut document), "hello");
    assert!(server.requests()[0].starts_with("get /feeds/feeds.example/v3/main.json "));
}

#[tokio::test]
async fn errors_name_the_place_in_the_mirror() {
    let server = Server::with_answers(&["HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"]).await;
    let mut base = server.url("/feeds/?key=sesame");
    base.set_password(Some("sesame")).unwrap();
    let client = Client::with(settings(), Source::MirrorUrl(base));
    let error = client.failure(&URL.parse().unwrap()).await;
    let message = error.to_string();
    assert!(message.ends_with(&format!(": {URL}")), "{message}");
    let host = server.url("").authority().to_owned();
    let place = format!("***@{host}/feeds/feeds.example/v3/main.json?key=***");
    assert!(message.contains(&place), "{message}");
    assert!(!format!("{error:?}").contains("sesame"), "{error:?}");

    let (mirror, client, url) = mirror("hello");
    let error = client
        .fetcher
        .fetch(Request::new(&url).at_most(1))
        .await
        .unwrap_err();
    let path = mirror.path().join("feeds.example/v3/main.json");
    assert_eq!(error.mirrored.as_deref(), path.to_str());

    let server = Server::with_answers(&["HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"]).await;
    let error = Client::new().failure(&server.url("/x")).await;
    assert_eq!(
        error.to_string(),
        format!("cannot fetch: {}", server.url("/x"))
    );
}
