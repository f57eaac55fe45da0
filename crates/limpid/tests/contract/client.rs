//! A client that looks at answers closely.

use std::time::Duration;

use limpid_types::Manifest;
use reqwest::{Method, StatusCode, redirect};
use serde_json::{Value, json};

use crate::service::Service;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Returns the value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Asserts that it is an error in Clair's shape, and returns its message.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert!(self.body.is_ascii(), "{}", self.text());
        let error = self.json();
        assert_eq!(error["code"], code, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty());
        assert_eq!(error.as_object().unwrap().len(), 2, "{error}");
        message.to_owned()
    }
}

/// A client of one service.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    pub(crate) fn of(service: &Service) -> Self {
        Self::at(service.port)
    }

    pub(crate) fn at(port: u16) -> Self {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(50))
            .no_proxy();
        Self {
            http: http.build().unwrap(),
            base: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Sends a request with headers and a body.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        // A body that breaks off is an error here.
        let body = answer.bytes().await.unwrap().to_vec();
        Reply {
            status: StatusCode::as_u16(&status),
            headers,
            body,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn get_with(&self, path: &str, name: &str, value: &str) -> Reply {
        self.send("GET", path, &[(name, value)], "").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], body.to_string()).await
    }

    /// Posts a manifest.
    pub(crate) async fn index(&self, manifest: &Manifest) -> Reply {
        self.post(INDEX_REPORT, &body_of(manifest)).await
    }

    /// Returns the state of the indexer.
    pub(crate) async fn state(&self) -> String {
        let state = self.get(INDEX_STATE).await.json();
        state["state"].as_str().unwrap().to_owned()
    }
}

pub(crate) const INDEX_REPORT: &str = "/indexer/api/v1/index_report";
pub(crate) const INDEX_STATE: &str = "/indexer/api/v1/index_state";
pub(crate) const AFFECTED: &str = "/indexer/api/v1/internal/affected_manifest/";
pub(crate) const REPORT: &str = "/matcher/api/v1/vulnerability_report";
pub(crate) const OPERATIONS: &str = "/matcher/api/v1/internal/update_operation";
pub(crate) const DIFF: &str = "/matcher/api/v1/internal/update_diff";
pub(crate) const NOTIFICATION: &str = "/notifier/api/v1/notification";

/// Writes a manifest as Quay does.
pub(crate) fn body_of(manifest: &Manifest) -> Value {
    let layers = manifest.layers.iter().map(|layer| {
        json!({
            "hash": layer.hash.to_string(),
            "uri": layer.uri,
            "headers": { "Accept": ["application/gzip"] },
        })
    });
    json!({
        "hash": manifest.hash.to_string(),
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// Returns the digest of something that was never indexed.
pub(crate) fn unknown(name: &str) -> String {
    limpid_types::Digest::sha256(format!("unknown {name}").as_bytes()).to_string()
}
