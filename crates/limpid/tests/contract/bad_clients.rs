//! Clients that are slow, send without an end, or are very many.

use std::io;
use std::time::Duration;

use futures_util::future::{self, join_all};
use futures_util::stream::{self, StreamExt as _};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::client::{Client, INDEX_REPORT, INDEX_STATE};
use crate::service::{Backend, Service};

/// What the whole process may hold at its worst, in bytes.
const MEMORY: u64 = 300 << 20;

/// How long another client may have to wait for a plain answer. It is far less than the limits for
/// slow clients, and far more than an answer takes on a busy machine.
const BOUND: Duration = Duration::from_secs(10);

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

fn post(length: &str) -> String {
    format!("POST {INDEX_REPORT} HTTP/1.1\r\nHost: limpid\r\n{length}\r\n\r\n")
}

/// Sends the beginning of a request, and then a piece now and then until the connection is closed.
/// Returns what came back.
async fn trickle(port: u16, beginning: &str, piece: &str) -> String {
    let (mut from, mut to) = connect(port).await.into_split();
    to.write_all(beginning.as_bytes()).await.unwrap();
    let trickling = async {
        let mut pace = interval(Duration::from_millis(500));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while to.write_all(piece.as_bytes()).await.is_ok() {
            pace.tick().await;
        }
        future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        // A connection that is reset is closed as well.
        _ = from.read_to_end(&mut answer) => {}
        () = trickling => {}
    }
    String::from_utf8(answer).unwrap()
}

/// Goes on serving an ordinary client.
async fn serve_others(service: &Service) {
    loop {
        let client = Client::of(service);
        let reply = timeout(BOUND, client.get(INDEX_STATE)).await.unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_trickles_or_stalls_is_cut_off_while_others_are_served() {
    let service = Service::embedded();
    let port = service.port;
    let body = post("Content-Length: 1000");
    let chunks = post("Transfer-Encoding: chunked");
    let slow = async {
        let heads = (0..100).map(|_| trickle(port, "GET / HTTP/1.1\r\n", "X-More: x\r\n"));
        let heads = timeout(Duration::from_secs(50), join_all(heads));
        let bodies = [
            (&*body, ""),
            (&*body, " "),
            (&*chunks, ""),
            (&*chunks, "1\r\n \r\n"),
        ];
        let bodies = bodies.map(|(beginning, piece)| trickle(port, beginning, piece));
        let bodies = timeout(Duration::from_secs(150), join_all(bodies));
        tokio::join!(heads, bodies)
    };
    let (heads, bodies) = tokio::select! {
        answers = slow => answers,
        () = serve_others(service) => unreachable!("others are served for as long as it takes"),
    };
    for answer in heads.unwrap() {
        assert_eq!(answer, "", "a head has no end and so no answer");
    }
    for answer in bodies.unwrap() {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    }
}

/// Sends a body in chunks until it is refused, or a gigabyte of it was sent. Returns what came back
/// first, and how many bytes were sent.
async fn post_without_end(port: u16) -> (String, usize) {
    let (mut from, mut to) = connect(port).await.into_split();
    let head = post("Transfer-Encoding: chunked");
    to.write_all(head.as_bytes()).await.unwrap();
    let mut chunk = b"10000\r\n".to_vec();
    chunk.resize(chunk.len() + 0x10000, b' ');
    chunk.extend_from_slice(b"\r\n");
    let mut sent = 0;
    let sending = async {
        while sent < 1 << 30 && to.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
        }
        future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    tokio::select! {
        read = from.read_exact(&mut answer) => drop(read.unwrap()),
        () = sending => {}
    }
    (String::from_utf8_lossy(&answer).into_owned(), sent)
}

/// The same by HTTP/2. Returns the status.
async fn post_without_end_by_http2(port: u16) -> u16 {
    let gigabyte = stream::repeat(vec![b' '; 0x10000]).take(0x4000);
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy();
    let reply = client
        .build()
        .unwrap()
        .post(format!("http://127.0.0.1:{port}{INDEX_REPORT}"))
        .body(reqwest::Body::wrap_stream(gigabyte.map(io::Result::Ok)))
        .send();
    reply.await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_an_end_is_413_and_is_not_held_in_memory() {
    let service = Service::ready(Backend::Embedded, |_| {});
    let posts = async {
        let status = post_without_end_by_http2(service.port).await;
        assert_eq!(status, 413);
        join_all((0..3).map(|_| post_without_end(service.port))).await
    };
    let answers = tokio::select! {
        answers = timeout(Duration::from_mins(1), posts) => answers.unwrap(),
        () = serve_others(&service) => unreachable!("others are served for as long as it takes"),
    };
    for (answer, sent) in answers {
        assert_eq!(answer, "HTTP/1.1 413");
        // The limit is 16 MiB, and more is under way before the client learns of it.
        assert!(sent < 64 << 20, "{sent}");
    }
    let peak = service.peak_memory();
    assert!(peak < MEMORY, "{peak}");
}

/// Allows this process and those that it starts as many open files as it may have. Returns how
/// many.
fn open_files() -> usize {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    maximum.map_or(usize::MAX, |most| usize::try_from(most).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_do_not_keep_others_out() {
    // Some files belong to the other tests.
    let count = open_files().saturating_sub(1000).min(10_000);
    let service = Service::ready(Backend::Embedded, |_| {});
    let port = service.port;
    let request = format!("GET {INDEX_STATE} HTTP/1.1\r\nHost: limpid\r\n\r\n");
    let open = |number: usize| {
        let request = &request;
        async move {
            loop {
                let mut stream = connect(port).await;
                // A connection that has had a request costs more than one that has not.
                if number.is_multiple_of(2) {
                    stream.write_all(request.as_bytes()).await.unwrap();
                    let mut answer = [0; 12];
                    // In a crowd the system may reset a connection that nobody accepts in time.
                    if stream.read_exact(&mut answer).await.is_err() {
                        continue;
                    }
                    assert_eq!(&answer, b"HTTP/1.1 200");
                }
                return stream;
            }
        }
    };
    let opening = stream::iter(0..count).map(open).buffer_unordered(256);
    let opening = timeout(Duration::from_mins(2), opening.collect::<Vec<_>>());
    let idle = opening.await.unwrap();
    assert_eq!(idle.len(), count);

    let image = service.image("beside idle connections");
    let client = Client::of(&service);
    let reply = timeout(BOUND, client.get(INDEX_STATE)).await.unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = timeout(BOUND, client.index(&image)).await.unwrap();
    assert_eq!(reply.status, 201, "{reply:?}");

    let open = service.metric("limpid_http_connections").await;
    assert!(open <= 4096.0, "{open}");
    let peak = service.peak_memory();
    assert!(peak < MEMORY, "{peak}");
    drop(idle);
}
