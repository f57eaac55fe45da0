//! A service that keeps one bucket in memory, checks signatures, and can be told to misbehave.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use limpid_blob::S3Settings;

use crate::signature;

pub(crate) const BUCKET: &str = "bucket";
const SECRET: &str = "a secret key";
/// How many objects a page of the list has: few, so that there are several pages.
const PAGE: usize = 3;

/// The service, on a port of its own.
pub(crate) struct Service {
    address: String,
    state: Arc<Mutex<Bucket>>,
}

#[derive(Default)]
pub(crate) struct Bucket {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// Parts by number, of each upload that is not complete.
    pub(crate) uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// What goes wrong with the next requests, one after the other.
    pub(crate) faults: VecDeque<Fault>,
    /// The requests that came: method, and path with the interesting part of the query.
    pub(crate) log: Vec<String>,
    uploads_begun: u32,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is refused with a status and a code, and not done.
    Refused(u16, &'static str),
    /// It is done, and answered with an error.
    AnswerLost,
    /// It is done, but the body of the answer ends after so many bytes.
    CutAfter(usize),
    /// It is not done, though the answer is a success with an error in its text.
    ErrorInSuccess,
    /// The whole object comes, though only a part was asked for.
    RangeIgnored,
}

/// Returns settings that fit a service, with short pauses and small parts.
pub(crate) fn settings(service: &Service) -> S3Settings {
    let endpoint = format!("http://{}", service.address).parse().unwrap();
    S3Settings {
        prefix: "snapshots/".into(),
        path_style: true,
        access_key_id: "key id".into(),
        secret_access_key: SECRET.into(),
        part_bytes: 1 << 20,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        use_system_proxy: false,
        ..S3Settings::new(endpoint, BUCKET)
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(Bucket::default()));
        let router = Router::new()
            .fallback(answer)
            .with_state((Arc::clone(&state), address.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, Bucket> {
        self.state.lock().unwrap()
    }

    /// Lets things go wrong with the next requests.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.state().faults.extend(faults);
    }

    /// Returns the requests that came since this was last asked.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }
}

type Shared = (Arc<Mutex<Bucket>>, String);

async fn answer(State((bucket, host)): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    let mut bucket = bucket.lock().unwrap();
    if let Some(code) = signature::fault(parts.method.as_str(), &path, &query, &host, SECRET) {
        return error(403, code);
    }
    let key = path.strip_prefix(&format!("/{BUCKET}/"));
    let Some(key) = key else {
        return error(404, "NoSuchBucket");
    };
    let parameter = |name: &str| {
        let mut parameters = query.split('&');
        let found = parameters.find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        found.map(ToOwned::to_owned)
    };
    let detail = ["partNumber", "uploads", "uploadId", "list-type"]
        .iter()
        .find(|name| parameter(name).is_some())
        .map_or_else(String::new, |name| format!(" {name}"));
    bucket.log.push(format!("{}{detail}", parts.method));
    let fault = bucket.faults.pop_front().unwrap_or(Fault::None);
    if let Fault::Refused(status, code) = fault {
        return error(status, code);
    }
    let upload = parameter("uploadId");
    let response = match (parts.method, upload) {
        (Method::GET, _) if parameter("list-type").is_some() => {
            bucket.list(parameter("continuation-token").as_deref())
        }
        (Method::GET | Method::HEAD, _) => bucket.get(key, &parts.headers, fault),
        (Method::PUT, Some(upload)) => {
            let number = parameter("partNumber").unwrap().parse().unwrap();
            bucket.put_part(&upload, number, &body)
        }
        (Method::PUT, None) => {
            bucket.objects.insert(key.to_owned(), body.to_vec());
            StatusCode::OK.into_response()
        }
        (Method::POST, Some(upload)) => bucket.complete(key, &upload, &body, fault),
        (Method::POST, None) => bucket.begin(),
        (Method::DELETE, Some(upload)) => {
            bucket.uploads.remove(&upload);
            StatusCode::NO_CONTENT.into_response()
        }
        (Method::DELETE, None) => {
            bucket.objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => error(405, "MethodNotAllowed"),
    };
    if fault == Fault::AnswerLost {
        return error(500, "InternalError");
    }
    response
}

fn error(status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
    (status, text).into_response()
}

fn document(name: &str, content: &str) -> Response {
    let namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
    format!("<{name} xmlns=\"{namespace}\">{content}</{name}>").into_response()
}

impl Bucket {
    fn get(&self, key: &str, headers: &HeaderMap, fault: Fault) -> Response {
        let Some(object) = self.objects.get(key) else {
            return error(404, "NoSuchKey");
        };
        let start = headers
            .get("range")
            .filter(|_| fault != Fault::RangeIgnored)
            .and_then(|range| range.to_str().unwrap().strip_prefix("bytes="))
            .map(|range| range.trim_end_matches('-').parse::<usize>().unwrap());
        let rest = object.get(start.unwrap_or(0)..).unwrap_or_default();
        let mut response = Response::builder().header("content-length", rest.len());
        if let Some(start) = start {
            let last = object.len() - 1;
            let range = format!("bytes {start}-{last}/{}", object.len());
            response = response.status(206).header("content-range", range);
        }
        let body = match fault {
            Fault::CutAfter(bytes) => cut(rest, bytes),
            _ => Body::from(rest.to_vec()),
        };
        response.body(body).unwrap()
    }

    fn list(&self, token: Option<&str>) -> Response {
        let start: usize = token.map_or(0, |token| token.parse().unwrap());
        let page = self.objects.iter().skip(start).take(PAGE);
        let mut contents = String::new();
        for (key, object) in page {
            let size = object.len();
            write!(
                contents,
                "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"
            )
            .unwrap();
        }
        let next = start + PAGE;
        let is_truncated = next < self.objects.len();
        let token = if is_truncated {
            format!("<NextContinuationToken>{next}</NextContinuationToken>")
        } else {
            String::new()
        };
        let truncated = format!("<IsTruncated>{is_truncated}</IsTruncated>");
        document("ListBucketResult", &format!("{truncated}{token}{contents}"))
    }

    fn begin(&mut self) -> Response {
        self.uploads_begun += 1;
        let id = format!("upload-{}", self.uploads_begun);
        self.uploads.insert(id.clone(), BTreeMap::new());
        let content = format!("<UploadId>{id}</UploadId>");
        document("InitiateMultipartUploadResult", &content)
    }

    fn put_part(&mut self, upload: &str, number: u32, body: &Bytes) -> Response {
        let Some(parts) = self.uploads.get_mut(upload) else {
            return error(404, "NoSuchUpload");
        };
        parts.insert(number, body.to_vec());
        let tag = format!("\"tag-{number}\"");
        (StatusCode::OK, [("etag", tag)]).into_response()
    }

    fn complete(&mut self, key: &str, upload: &str, body: &Bytes, fault: Fault) -> Response {
        if fault == Fault::ErrorInSuccess {
            return "<Error><Code>InternalError</Code></Error>".into_response();
        }
        let Some(parts) = self.uploads.get(upload) else {
            return error(404, "NoSuchUpload");
        };
        let body = std::str::from_utf8(body).unwrap().replace("&quot;", "\"");
        let are_named = parts.keys().all(|number| {
            body.contains(&format!("<ETag>\"tag-{number}\"</ETag>"))
                && body.contains(&format!("<PartNumber>{number}</PartNumber>"))
        });
        if !are_named {
            return error(400, "InvalidPart");
        }
        let content = parts.values().flatten().copied().collect();
        self.objects.insert(key.to_owned(), content);
        self.uploads.remove(upload);
        document("CompleteMultipartUploadResult", "<ETag>\"all\"</ETag>")
    }
}

/// A body that breaks off.
fn cut(content: &[u8], bytes: usize) -> Body {
    let start = content.get(..bytes).unwrap_or(content).to_vec();
    let broken = std::io::Error::other("the connection broke");
    let pieces = [Ok(start), Err(broken)];
    Body::from_stream(futures_util::stream::iter(pieces))
}
