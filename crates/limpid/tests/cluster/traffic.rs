//! What clients do: index an image, and ask for both reports, until they have them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use limpid_types::{Digest, Manifest};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::images::Images;

/// Clients that send requests at the same time.
const CLIENTS: usize = 8;
/// How often a client tries again before it gives up.
const ATTEMPTS: usize = 600;

/// What clients saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// Manifests whose reports were acknowledged.
    pub(crate) acknowledged: BTreeSet<Digest>,
    /// Requests that were answered.
    pub(crate) answered: usize,
    /// What came instead of an answer, for requests that were sent again.
    pub(crate) failed: Vec<String>,
    /// Answers that no client can do anything about.
    pub(crate) fatal: Vec<String>,
}

/// Sends the requests of many clients.
#[derive(Clone)]
pub(crate) struct Traffic {
    client: Client,
    base: String,
    images: Images,
    seen: Arc<Mutex<Seen>>,
}

impl Traffic {
    pub(crate) fn new(port: u16, images: Images) -> Self {
        Self {
            client: Client::builder()
                .timeout(Duration::from_mins(1))
                .build()
                .unwrap(),
            base: format!("http://127.0.0.1:{port}"),
            images,
            seen: Arc::default(),
        }
    }

    /// Lets each of some images be indexed by two clients, and its reports be asked for. `midway`
    /// is told when half of the images are through.
    pub(crate) async fn send(
        &self,
        images: std::ops::Range<usize>,
        midway: tokio::sync::oneshot::Sender<()>,
    ) {
        let half = images.len() / 2;
        let queue: Vec<usize> = images.collect();
        let state = Arc::new(Mutex::new((queue, 0_usize, Some(midway))));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (traffic, state) = (self.clone(), Arc::clone(&state));
            clients.spawn(async move {
                loop {
                    let next = state.lock().unwrap().0.pop();
                    let Some(number) = next else { return };
                    let image = traffic.images.image(number);
                    tokio::join!(traffic.index(&image), traffic.index(&image));
                    traffic.report(&image.hash).await;
                    let mut state = state.lock().unwrap();
                    state.1 += 1;
                    if state.1 == half
                        && let Some(midway) = state.2.take()
                    {
                        // Nobody listens when nothing is to be killed.
                        let _ = midway.send(());
                    }
                }
            });
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    }

    /// Asks for everything that was acknowledged.
    pub(crate) async fn check(&self) {
        let acknowledged = self.seen.lock().unwrap().acknowledged.clone();
        for manifest in acknowledged {
            let address = format!("{}/indexer/api/v1/index_report/{manifest}", self.base);
            let answer = self.client.get(address).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{manifest}");
            let report: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!(report["state"], "IndexFinished", "{manifest}");
            self.report(&manifest).await;
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    async fn index(&self, image: &Manifest) {
        let body = serde_json::to_vec(image).unwrap();
        let address = format!("{}/indexer/api/v1/index_report", self.base);
        let request = || self.client.post(&address).body(body.clone());
        if let Some(report) = self.until_answered(request, StatusCode::CREATED).await {
            assert_eq!(report["state"], "IndexFinished");
            let mut seen = self.seen.lock().unwrap();
            seen.acknowledged.insert(image.hash.clone());
        }
    }

    async fn report(&self, manifest: &Digest) {
        let address = format!(
            "{}/matcher/api/v1/vulnerability_report/{manifest}",
            self.base
        );
        let request = || self.client.get(&address);
        if let Some(report) = self.until_answered(request, StatusCode::OK).await {
            let names: Vec<&str> = report["vulnerabilities"]
                .as_object()
                .unwrap()
                .values()
                .filter_map(|vulnerability| vulnerability["name"].as_str())
                .collect();
            assert_eq!(names, ["CVE-2026-0001"], "{manifest}");
        }
    }

    /// Sends a request until it is answered as it should be. None when the answer can never be.
    async fn until_answered(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
        expected: StatusCode,
    ) -> Option<Value> {
        for _ in 0..ATTEMPTS {
            let answer = match request().send().await {
                Ok(answer) => {
                    let status = answer.status();
                    answer.bytes().await.map(|body| (status, body))
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok((status, body)) if status == expected => {
                    self.seen.lock().unwrap().answered += 1;
                    return Some(serde_json::from_slice(&body).unwrap());
                }
                Ok((status, body)) if is_final(status) => {
                    let text = String::from_utf8_lossy(&body).into_owned();
                    let mut seen = self.seen.lock().unwrap();
                    seen.fatal.push(format!("{status} {text}"));
                    return None;
                }
                Ok((status, body)) => {
                    let text = String::from_utf8_lossy(&body).into_owned();
                    self.seen
                        .lock()
                        .unwrap()
                        .failed
                        .push(format!("{status} {text}"));
                }
                Err(error) => self.seen.lock().unwrap().failed.push(format!("{error:?}")),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.seen
            .lock()
            .unwrap()
            .fatal
            .push("no answer after all attempts".to_owned());
        None
    }
}

/// Tells whether Quay would not ask again, or would take the image for bad.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
}
