use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use limpid_api::{ServeEnd, Server, ServerMetrics, ServerSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::client::{Running, exchange, get_path, read_answer, serve};

/// `/` answers at once; `/slow` says that it has begun and waits to be allowed to answer.
#[derive(Clone, Default)]
struct Slow {
    begun: Arc<Notify>,
    allowed: Arc<Notify>,
}

impl Slow {
    fn router(&self) -> Router {
        let this = self.clone();
        let slow = move || {
            let this = this.clone();
            async move {
                this.begun.notify_one();
                this.allowed.notified().await;
                "slow"
            }
        };
        Router::new()
            .route("/", get(|| async { "fast" }))
            .route("/slow", get(slow))
    }
}

async fn serve_with(settings: ServerSettings, router: Router) -> Running {
    serve(Server::new(settings, ServerMetrics::default()), router).await
}

async fn serve_default(router: Router) -> Running {
    serve_with(ServerSettings::default(), router).await
}

/// Opens a connection and has one request answered.
async fn spoken(server: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.text(), "fast");
    stream
}

/// Opens a connection with a request that has begun.
async fn busy(server: &Running, slow: &Slow) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET_SLOW).await.unwrap();
    slow.begun.notified().await;
    stream
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

/// Waits until the server closes a connection, and returns what it had to say.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A connection that is reset is closed as well.
    let _ = stream.read_to_end(&mut rest).await;
    rest
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = serve_default(Slow::default().router()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(GET).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.text(), "fast");
    }
}

#[tokio::test]
async fn http2_is_spoken_without_an_upgrade() {
    let server = serve_default(Slow::default().router()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    for _ in 0..3 {
        let request = Request::get("http://a/")
            .body(Empty::<&[u8]>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "fast"
        );
    }
    // An idle connection is told to go, and goes.
    server.stop.cancel();
    connection.await.unwrap().unwrap();
    assert_eq!(server.end.await.unwrap(), ServeEnd { aborted: 0 });
}

#[tokio::test]
async fn headers_beyond_the_limits_are_refused() {
    let settings = ServerSettings {
        header_bytes: 16 << 10,
        headers: 20,
        ..ServerSettings::default()
    };
    let server = serve_with(settings, Slow::default().router()).await;
    let large = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(17 << 10)
    );
    assert_eq!(exchange(server.address, large.as_bytes()).await.status, 431);
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(30));
    assert_eq!(exchange(server.address, many.as_bytes()).await.status, 431);
    assert_eq!(get_path(server.address, "/").await.status, 200);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    let settings = ServerSettings {
        header_time: Duration::from_millis(100),
        ..ServerSettings::default()
    };
    let server = serve_with(settings, Slow::default().router()).await;
    let mut slow_loris = TcpStream::connect(server.address).await.unwrap();
    slow_loris
        .write_all(b"GET / HTTP/1.1\r\nHost")
        .await
        .unwrap();
    assert_eq!(rest(&mut slow_loris).await, b"");
    // Also the head of a second request.
    let mut second = spoken(&server).await;
    second.write_all(b"GET /").await.unwrap();
    assert_eq!(rest(&mut second).await, b"");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let settings = ServerSettings {
        idle_time: Duration::from_millis(100),
        ..ServerSettings::default()
    };
    let slow = Slow::default();
    let server = serve_with(settings, slow.router()).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut spoken = spoken(&server).await;
    let mut busy = busy(&server, &slow).await;
    assert_eq!(rest(&mut silent).await, b"");
    assert_eq!(rest(&mut spoken).await, b"");
    slow.allowed.notify_one();
    assert_eq!(read_answer(&mut busy).await.text(), "slow");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let settings = ServerSettings {
        stall_time: Duration::from_millis(100),
        ..ServerSettings::default()
    };
    let dropped = Arc::new(Notify::new());
    let told = Arc::clone(&dropped);
    let endless = move || {
        let mut on_drop = OnDrop(Some(Arc::clone(&told)));
        let pieces = futures_util::stream::repeat_with(move || {
            let _ = &mut on_drop;
            Ok::<_, std::convert::Infallible>(vec![0; 64 << 10])
        });
        async { Body::from_stream(pieces) }
    };
    let server = serve_with(settings, Router::new().route("/", get(endless))).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    dropped.notified().await;
}

struct OnDrop(Option<Arc<Notify>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(notify) = self.0.take() {
            notify.notify_one();
        }
    }
}

#[tokio::test]
async fn shutdown_lets_requests_end_and_closes_the_rest() {
    let slow = Slow::default();
    let server = serve_default(slow.router()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let mut busy = busy(&server, &slow).await;
    server.stop.cancel();
    assert_eq!(rest(&mut idle).await, b"");
    // The listener is gone as well.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    slow.allowed.notify_one();
    let answer = read_answer(&mut busy).await;
    assert_eq!(
        (answer.text(), answer.header("connection")),
        ("slow", Some("close"))
    );
    assert_eq!(server.end.await.unwrap(), ServeEnd { aborted: 0 });
}

#[tokio::test]
async fn a_request_that_is_on_its_way_at_shutdown_is_answered() {
    let server = serve_default(Slow::default().router()).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut spoken = spoken(&server).await;
    server.stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for stream in [&mut silent, &mut spoken] {
        stream.write_all(GET).await.unwrap();
        let answer = read_answer(stream).await;
        assert_eq!(
            (answer.text(), answer.header("connection")),
            ("fast", Some("close"))
        );
    }
    assert_eq!(server.end.await.unwrap(), ServeEnd { aborted: 0 });
}

#[tokio::test]
async fn a_connection_in_the_queue_of_the_listener_at_shutdown_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = TcpStream::connect(address).await.unwrap();
    queued.write_all(GET).await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    let server = Server::new(ServerSettings::default(), ServerMetrics::default());
    let serving = tokio::spawn(server.serve(listener, Slow::default().router(), stop));
    assert_eq!(read_answer(&mut queued).await.text(), "fast");
    assert_eq!(serving.await.unwrap(), ServeEnd { aborted: 0 });
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn no_connection_is_reset_at_shutdown() {
    let server = serve_default(Slow::default().router()).await;
    let address = server.address;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..4 {
        clients.spawn(async move {
            // Until the listener is gone each request is answered.
            while let Ok(mut stream) = TcpStream::connect(address).await {
                stream.write_all(GET).await.unwrap();
                assert_eq!(read_answer(&mut stream).await.text(), "fast");
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.cancel();
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert_eq!(server.end.await.unwrap(), ServeEnd { aborted: 0 });
}

#[tokio::test]
async fn requests_that_do_not_end_in_time_are_cut_off() {
    let settings = ServerSettings {
        drain_time: Duration::from_millis(50),
        ..ServerSettings::default()
    };
    let slow = Slow::default();
    let server = serve_with(settings, slow.router()).await;
    let mut busy = busy(&server, &slow).await;
    server.stop.cancel();
    assert_eq!(server.end.await.unwrap(), ServeEnd { aborted: 1 });
    assert_eq!(rest(&mut busy).await, b"");
}

#[tokio::test]
async fn a_full_server_closes_the_connection_that_has_been_idle_for_longest() {
    let settings = ServerSettings {
        connections: 2,
        ..ServerSettings::default()
    };
    let slow = Slow::default();
    let server = serve_with(settings, slow.router()).await;
    let mut busy = busy(&server, &slow).await;
    let mut idle = spoken(&server).await;
    assert_eq!(get_path(server.address, "/").await.text(), "fast");
    assert_eq!(rest(&mut idle).await, b"");
    slow.allowed.notify_one();
    assert_eq!(read_answer(&mut busy).await.text(), "slow");
}

#[tokio::test]
async fn a_full_server_without_an_idle_connection_lets_new_ones_wait() {
    let settings = ServerSettings {
        connections: 1,
        ..ServerSettings::default()
    };
    let slow = Slow::default();
    let server = serve_with(settings, slow.router()).await;
    let mut busy = busy(&server, &slow).await;
    let waiting = tokio::spawn(async move { get_path(server.address, "/").await.body });
    slow.allowed.notify_one();
    assert_eq!(read_answer(&mut busy).await.text(), "slow");
    assert_eq!(waiting.await.unwrap(), b"fast");
}

#[tokio::test]
async fn nonsense_is_answered_or_closed_and_harms_nobody() {
    let server = serve_default(Slow::default().router()).await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        rest(&mut stream).await;
    }
    assert_eq!(get_path(server.address, "/").await.text(), "fast");
}
