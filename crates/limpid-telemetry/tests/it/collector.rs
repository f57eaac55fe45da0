//! A collector on the loopback address that keeps what it receives.

use std::convert::Infallible;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What a collector answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Http(u16),
    /// A message and then this status in the trailers.
    Grpc(&'static str),
    /// This status in the headers and nothing else.
    GrpcAtOnce(&'static str),
}

/// A collector that goes on until the runtime ends.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Collector {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let collector = Self {
            endpoint: listener.local_addr().unwrap().to_string(),
            received: Arc::default(),
        };
        let kept = Arc::clone(&collector.received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let service = service_fn(move |request| answer_to(request, answer, kept.clone()));
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        collector
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn answer_to(
    request: Request<Incoming>,
    answer: Answer,
    kept: Arc<Mutex<Vec<Received>>>,
) -> Result<Response<Body>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    kept.lock().unwrap().push(Received {
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body,
    });
    let mut response = Response::new(Full::default().boxed());
    match answer {
        Answer::Http(status) => *response.status_mut() = status.try_into().unwrap(),
        Answer::GrpcAtOnce(status) => {
            let status = HeaderValue::from_static(status);
            response.headers_mut().insert("grpc-status", status);
        }
        Answer::Grpc(status) => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static(status));
            let frames = [
                Frame::data(Bytes::from_static(b"\0\0\0\0\0")),
                Frame::trailers(trailers),
            ];
            let frames = futures_util::stream::iter(frames.map(Ok));
            *response.body_mut() = BodyExt::boxed(StreamBody::new(frames));
        }
    }
    Ok(response)
}

/// Returns what is in gzip.
pub(crate) fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut content)
        .unwrap();
    content
}
