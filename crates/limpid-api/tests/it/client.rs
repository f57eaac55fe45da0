use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use limpid_api::{
    Api, ApiError, ApiSettings, DigestPath, JsonBody, ServeEnd, Server, ServerMetrics,
    ServerSettings, json_reply, routes,
};
use limpid_types::{Digest, Manifest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) end: JoinHandle<ServeEnd>,
    _guard: DropGuard,
}

pub(crate) async fn serve(server: Server, router: Router) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let end = tokio::spawn(server.serve(listener, router, stop.clone()));
    Running {
        address,
        stop: stop.clone(),
        end,
        _guard: stop.drop_guard(),
    }
}

/// Serves a router by the default settings.
pub(crate) async fn serve_plainly(router: Router) -> Running {
    let server = Server::new(ServerSettings::default(), ServerMetrics::default());
    serve(server, router).await
}

/// Serves the API with the stand-in services.
pub(crate) async fn serve_api(settings: ApiSettings) -> Running {
    let api = Api::new(settings)
        .with(services())
        .with(routes::notifier::router());
    serve_plainly(api.finish()).await
}

/// Stands in for the services that are elsewhere: it has their routes and none of their sense.
fn services() -> Router {
    let one = get(one_report).delete(forget_one);
    Router::new()
        .route(
            "/indexer/api/v1/index_report",
            axum::routing::post(index).delete(forget),
        )
        .route("/indexer/api/v1/index_report/", one.clone())
        .route("/indexer/api/v1/index_report/{*digest}", one)
        .route("/indexer/api/v1/index_state", get(panicking))
        .route(
            "/matcher/api/v1/vulnerability_report/{*digest}",
            get(large_report),
        )
        .route("/matcher/api/v1/internal/update_diff", get(streamed))
        .route("/not/in/the/table", any(|| async { "found" }))
}

async fn index(JsonBody(manifest): JsonBody<Manifest>) -> Result<Response, ApiError> {
    json_reply("application/json".parse().unwrap(), &manifest.hash)
}

async fn forget(JsonBody(digests): JsonBody<Option<Vec<Digest>>>) -> Result<Response, ApiError> {
    json_reply("application/json".parse().unwrap(), &digests)
}

async fn one_report(DigestPath(digest): DigestPath) -> String {
    digest.to_string()
}

async fn forget_one(DigestPath(_): DigestPath) -> axum::http::StatusCode {
    axum::http::StatusCode::NO_CONTENT
}

async fn panicking() -> String {
    std::fs::read_to_string("").unwrap()
}

pub(crate) const LARGE_REPORT: usize = 1 << 20;

async fn large_report() -> String {
    "0123456789abcdef".repeat(LARGE_REPORT / 16)
}

pub(crate) fn pieces() -> impl Iterator<Item = String> {
    (0..1000).map(|number| format!("piece {number};"))
}

async fn streamed() -> Response {
    let pieces = pieces().map(Ok::<_, std::convert::Infallible>);
    Body::from_stream(futures_util::stream::iter(pieces)).into_response()
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case; lines of the same name joined by a comma.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Sends a request without a body and reads the answer.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
) -> Answer {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
    exchange(address, head.as_bytes()).await
}

pub(crate) async fn get_path(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path, "").await
}

pub(crate) async fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    let length = body.len();
    let text = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    exchange(address, text.as_bytes()).await
}

/// Sends bytes, and reads an answer until the server closes the connection.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    parse(&answer)
}

/// Reads one answer of a connection that stays open.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut answer = loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "closed");
        if bytes.windows(4).any(|end| end == b"\r\n\r\n") {
            break parse(&bytes);
        }
    };
    let length: usize = answer.header("content-length").unwrap().parse().unwrap();
    while answer.body.len() < length {
        assert!(
            stream.read_buf(&mut answer.body).await.unwrap() > 0,
            "closed"
        );
    }
    answer
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers
            .entry(name.to_lowercase())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    let mut body = bytes[end + 4..].to_vec();
    if headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding == "chunked")
    {
        body = dechunk(&body);
    }
    Answer {
        status: status.unwrap(),
        headers,
        body,
    }
}

/// Joins chunks; the last one has to be there.
fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|end| end == b"\r\n").unwrap();
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        rest = &rest[end + 2..];
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

/// Returns a digest that is as good as any.
pub(crate) fn some_digest() -> String {
    format!("sha256:{}", "ab".repeat(32))
}
