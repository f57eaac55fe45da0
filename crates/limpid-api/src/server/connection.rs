use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::connections::Connection;
use super::exchange::Handling;
use super::settings::ServerSettings;
use super::tracked_io::TrackedIo;

/// How long a client that is told to close has for its farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// The address that a request came from: the other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteAddress(
    /// The address.
    pub SocketAddr,
);

/// What all connections of a server have in common.
pub(super) struct Shared {
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) router: Router,
    pub(super) settings: ServerSettings,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) drain: CancellationToken,
}

/// Returns the protocols with the limits of some settings.
pub(super) fn protocols(settings: &ServerSettings) -> Builder<TokioExecutor> {
    /// The least that hyper takes.
    const LEAST_BUFFER: usize = 8 << 10;
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper's time begins with the wait for a request, ours with its first byte.
        .header_read_timeout(settings.idle_time + settings.header_time)
        .max_buf_size(settings.header_bytes.max(LEAST_BUFFER))
        .max_headers(settings.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.concurrent_streams)
        .max_header_list_size(u32::try_from(settings.header_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(64 << 10)
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(1 << 20)
        // A client that resets streams faster than they are accepted is cut off.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(128)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Serves one connection to its end.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    remote: SocketAddr,
    connection: Connection,
) {
    let served = match &shared.tls {
        None => exchange(&shared, stream, remote, &connection).await,
        Some(tls) => {
            let handshake = timeout(shared.settings.header_time, tls.accept(stream));
            match shared.drain.run_until_cancelled(handshake).await {
                Some(Ok(Ok(stream))) => exchange(&shared, stream, remote, &connection).await,
                Some(Ok(Err(error))) => Err(error.into()),
                Some(Err(late)) => Err(late.into()),
                None => Ok(()),
            }
        }
    };
    if let Err(error) = served {
        // Clients go away and send nonsense; that is their affair.
        tracing::debug!(%remote, error, "connection ended early");
    }
}

async fn exchange<S>(
    shared: &Arc<Shared>,
    stream: S,
    remote: SocketAddr,
    connection: &Connection,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = &connection.activity;
    let stream = TokioIo::new(TrackedIo::new(stream, Arc::clone(activity)));
    let router = shared.router.clone();
    let of_requests = Arc::clone(activity);
    let service = service_fn(move |request: Request<Incoming>| {
        let is_http2 = request.version() == Version::HTTP_2;
        let handling = Handling::begin(&of_requests, is_http2);
        let handled = handle(router.clone(), handling, remote, request);
        let drain = shared.drain.clone();
        async move {
            let mut response = handled.await?;
            if drain.is_cancelled() && !is_http2 {
                let headers = response.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut served = pin!(shared.builder.serve_connection(stream, service));
    tokio::select! {
        ended = served.as_mut() => return ended,
        () = shared.drain.cancelled() => {
            // A request may be on its way. Its response says that it is the last one.
            let farewell = FAREWELL.min(shared.settings.drain_time / 2);
            if let Ok(ended) = timeout(farewell, served.as_mut()).await {
                return ended;
            }
            // How long this may take is the server's decision.
            served.as_mut().graceful_shutdown();
            return served.await;
        }
        () = activity.to_be_closed() => served.as_mut().graceful_shutdown(),
    }
    loop {
        tokio::select! {
            ended = served.as_mut() => return ended,
            () = sleep(FAREWELL) => {
                // A request may have come at the last moment; it is still answered.
                if activity.is_idle() || activity.overdue(&shared.settings).is_some() {
                    return Ok(());
                }
            }
        }
    }
}

async fn handle(
    router: Router,
    handling: Handling,
    remote: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(RemoteAddress(remote));
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| handling.respond(body)))
}
