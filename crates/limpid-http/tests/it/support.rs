use std::io::Read as _;
use std::time::Duration;

use limpid_http::{
    Document, FetchError, FetchFault, FetchSettings, Fetched, Fetcher, Request, Source,
};
use tempfile::TempDir;
use url::Url;

/// A fetcher and its spool directory.
pub(crate) struct Client {
    pub(crate) fetcher: Fetcher,
    pub(crate) spool: TempDir,
}

/// Returns settings that do not make tests wait.
pub(crate) fn settings() -> FetchSettings {
    FetchSettings {
        attempts: 3,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        host_interval: Duration::ZERO,
        use_system_proxy: false,
        ..FetchSettings::default()
    }
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(settings(), Source::Direct)
    }

    pub(crate) fn with(settings: FetchSettings, source: Source) -> Self {
        let spool = tempfile::tempdir().unwrap();
        let fetcher = Fetcher::new(settings, source, spool.path()).unwrap();
        Self { fetcher, spool }
    }

    /// Fetches a document that must be there.
    pub(crate) async fn document(&self, url: &Url) -> Document {
        match self.fetcher.fetch(Request::new(url)).await.unwrap() {
            Fetched::Document(document) => document,
            other => panic!("no document: {other:?}"),
        }
    }

    /// Fetches a document that must not come.
    pub(crate) async fn failure(&self, url: &Url) -> FetchError {
        match self.fetcher.fetch(Request::new(url)).await {
            Err(error) => error,
            Ok(fetched) => panic!("fetched: {fetched:?}"),
        }
    }

    /// Fetches a document that must not come and tells why, and after how many attempts.
    pub(crate) async fn fault(&self, url: &Url) -> (FetchFault, u32) {
        let error = self.failure(url).await;
        (error.fault, error.attempts)
    }
}

/// Returns the content of a document as text.
pub(crate) fn text(document: &mut Document) -> String {
    let mut text = String::new();
    document.file.read_to_string(&mut text).unwrap();
    text
}

/// Returns an answer with a body.
pub(crate) fn ok(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// Returns an answer without a body.
pub(crate) fn status(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n{headers}\r\n")
}
