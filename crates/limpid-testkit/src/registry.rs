//! A registry on a loopback address that serves layers as it should, or as badly as a test wants.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use limpid_types::{Digest, ManifestLayer};

/// Bytes that the head of a request may have.
const MAX_HEAD_BYTES: u64 = 1 << 20;

/// A registry that lives until it is dropped. Each connection is one request.
///
/// It has threads of its own, so that it answers also while a test's runtime waits.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    scripts: Mutex<HashMap<String, Script>>,
    requests: Mutex<Vec<ReceivedRequest>>,
    /// Connections that are being served.
    connections: Mutex<usize>,
    has_served: Condvar,
    has_ended: AtomicBool,
}

#[derive(Debug)]
struct Script {
    answers: Vec<Answer>,
    given: usize,
}

/// A request that a [`Registry`] received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// Path and query; the whole address where the request came by a proxy's way.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

impl ReceivedRequest {
    /// Returns the first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With bytes, or the part of them that was asked for.
    Blob(Blob),
    /// With exactly these bytes, head and body, after which the connection is closed.
    Raw(Vec<u8>),
    /// With exactly these bytes and then nothing more, until the client goes.
    Stall(Vec<u8>),
    /// With a body without an end.
    Endless,
    /// With a long body that comes byte by byte, with pauses.
    Drip(Duration),
}

/// Bytes that are served, and how.
#[derive(Clone, Debug)]
pub struct Blob {
    bytes: Arc<[u8]>,
    headers: Vec<(String, String)>,
    etag: Option<String>,
    gives_parts: bool,
    cut_after: Option<usize>,
}

impl Blob {
    /// Serves bytes as a good registry does.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            headers: Vec::new(),
            etag: None,
            gives_parts: true,
            cut_after: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an entity tag, which `If-Range` is compared with.
    #[must_use]
    pub fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self.header("etag", etag)
    }

    /// Always serves the whole, as registries without ranges do.
    #[must_use]
    pub fn without_parts(mut self) -> Self {
        self.gives_parts = false;
        self
    }

    /// Closes the connection after so many bytes of the body.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Returns the bytes of the answer to a request.
    fn answer(&self, request: &ReceivedRequest) -> Vec<u8> {
        let start = self.start(request);
        let total = self.bytes.len();
        let Some(body) = self
            .bytes
            .get(start..)
            .filter(|body| start == 0 || !body.is_empty())
        else {
            let range = format!("bytes */{total}");
            return status(
                "416 Range Not Satisfiable",
                &[("content-range", &range)],
                b"",
            );
        };
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let range = format!("bytes {start}-{}/{total}", total.saturating_sub(1));
        let line = if start > 0 {
            headers.push(("content-range", &range));
            "206 Partial Content"
        } else {
            "200 OK"
        };
        let mut answer = status(line, &headers, body);
        if let Some(cut) = self.cut_after.filter(|&cut| cut < body.len()) {
            answer.truncate(answer.len() - body.len() + cut);
        }
        answer
    }

    /// Returns where the part that is asked for begins.
    fn start(&self, request: &ReceivedRequest) -> usize {
        let is_same = match request.header("if-range") {
            Some(etag) => self.etag.as_deref() == Some(etag),
            None => true,
        };
        let range = request
            .header("range")
            .filter(|_| self.gives_parts && is_same);
        range
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            })
            .unwrap_or(0)
    }
}

impl Answer {
    /// Serves bytes as a good registry does.
    pub fn blob(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Blob(Blob::new(bytes))
    }

    /// Answers with a status such as `404 Not Found`.
    pub fn status(line: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self::Raw(status(line, headers, body.as_bytes()))
    }

    /// Sends the client elsewhere.
    pub fn redirect(to: &str) -> Self {
        Self::status("307 Temporary Redirect", &[("location", to)], "")
    }

    /// Gives the answer. Errors mean that the client has gone.
    fn give(&self, request: &ReceivedRequest, mut stream: &TcpStream) -> io::Result<()> {
        const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        match self {
            Self::Blob(blob) => stream.write_all(&blob.answer(request)),
            Self::Raw(bytes) => stream.write_all(bytes),
            Self::Stall(bytes) => {
                stream.write_all(bytes)?;
                wait_for_client(stream)
            }
            Self::Endless => {
                stream.write_all(CHUNKED)?;
                let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
                loop {
                    stream.write_all(&chunk)?;
                }
            }
            Self::Drip(pause) => {
                stream.write_all(CHUNKED)?;
                loop {
                    stream.write_all(b"1\r\nx\r\n")?;
                    thread::sleep(*pause);
                }
            }
        }
    }
}

/// Reads until the client closes its side.
fn wait_for_client(mut stream: &TcpStream) -> io::Result<()> {
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {}
    Ok(())
}

/// Returns an answer after which the connection is closed.
fn status(line: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "HTTP/1.1 {line}\r\n{}content-length: {}\r\nconnection: close\r\n\r\n",
        headers.concat(),
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Registry {
    /// Starts a registry that has nothing yet and so answers with 404.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.has_ended.load(Ordering::Acquire) {
                    break;
                }
                let shared = Arc::clone(&accepting);
                *lock(&shared.connections) += 1;
                thread::spawn(move || {
                    // What goes wrong with a connection is the client's to notice.
                    let _ = shared.answer(&stream);
                    drop(stream);
                    *lock(&shared.connections) -= 1;
                    shared.has_served.notify_all();
                });
            }
        });
        Ok(Self { address, shared })
    }

    /// Returns its address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers requests for a path one after the other, with the last answer again and again.
    /// Returns the URL of the path.
    pub fn serve(&self, path: &str, answers: impl IntoIterator<Item = Answer>) -> String {
        let answers = answers.into_iter().collect();
        let script = Script { answers, given: 0 };
        lock(&self.shared.scripts).insert(path.to_owned(), script);
        self.url(path)
    }

    /// Serves a layer as it should be, and returns it as a manifest names it.
    pub fn add_layer(&self, bytes: impl Into<Arc<[u8]>>) -> ManifestLayer {
        let bytes = bytes.into();
        let hash = Digest::sha256(&bytes);
        let uri = self.serve(&format!("/v2/test/blobs/{hash}"), [Answer::blob(bytes)]);
        ManifestLayer {
            hash,
            uri,
            headers: [].into(),
        }
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.shared.requests).clone()
    }

    /// Waits until no connection is being served. Tells whether that happened in time.
    pub fn is_idle_within(&self, time: Duration) -> bool {
        let connections = lock(&self.shared.connections);
        let waited = self
            .shared
            .has_served
            .wait_timeout_while(connections, time, |count| *count > 0);
        let (connections, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *connections == 0
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Release);
        // Wakes the thread that accepts connections.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        let request = read_request(stream)?;
        lock(&self.requests).push(request.clone());
        let path = request.target.split('?').next().unwrap_or_default();
        let answer = match lock(&self.scripts).get_mut(path) {
            Some(script) => script.next(),
            None => None,
        };
        let answer = answer.unwrap_or_else(|| Answer::status("404 Not Found", &[], ""));
        answer.give(&request, stream)?;
        stream.shutdown(Shutdown::Write)
    }
}

impl Script {
    fn next(&mut self) -> Option<Answer> {
        let last = self.answers.len().checked_sub(1)?;
        let answer = self.answers.get(self.given.min(last)).cloned();
        self.given += 1;
        answer
    }
}

fn read_request(stream: &TcpStream) -> io::Result<ReceivedRequest> {
    let mut lines = BufReader::new(stream.take(MAX_HEAD_BYTES)).lines();
    let mut next_line = || {
        lines
            .next()
            .unwrap_or(Err(io::ErrorKind::UnexpectedEof.into()))
    };
    let first = next_line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next(), words.next());
    let mut headers = Vec::new();
    loop {
        let line = next_line()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    Ok(ReceivedRequest {
        method: method.unwrap_or_default(),
        target: target.unwrap_or_default(),
        headers,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
