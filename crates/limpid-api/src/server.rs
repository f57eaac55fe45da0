mod activity;
mod connection;
mod connections;
mod exchange;
mod listening;
mod settings;
mod tls;
mod tracked_io;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use self::connection::RemoteAddress;
pub use self::settings::ServerSettings;
pub use self::tls::{CertificateError, ReloadingCertificate};

use self::connection::Shared;
use self::connections::Connections;
use crate::metrics::ServerMetrics;

/// How often connections are looked at that may be beyond a limit.
const SWEEP: Duration = Duration::from_millis(500);

/// For how long connections are still accepted that were being opened when the server was asked to
/// stop.
const LAST_CALL: Duration = Duration::from_millis(200);

/// How long to wait after the system refused a connection for want of files or memory.
const BREATHER: Duration = Duration::from_millis(100);

/// Serves a router on a listener: HTTP/1.1 and HTTP/2, the latter also without TLS when the client
/// begins with it.
#[derive(Clone)]
pub struct Server {
    settings: ServerSettings,
    metrics: ServerMetrics,
    tls: Option<TlsAcceptor>,
}

/// How a [`Server`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeEnd {
    /// Connections that were cut off because their requests did not end in time.
    pub aborted: usize,
}

impl Server {
    /// Makes a server without TLS.
    pub fn new(settings: ServerSettings, metrics: ServerMetrics) -> Self {
        Self {
            settings,
            metrics,
            tls: None,
        }
    }

    /// Makes the server speak TLS 1.2 and later with a certificate. Its files are to be watched by
    /// [`ReloadingCertificate::watch`].
    #[must_use]
    pub fn with_tls(mut self, certificate: &Arc<ReloadingCertificate>) -> Self {
        self.tls = Some(TlsAcceptor::from(certificate.server_config()));
        self
    }

    /// Serves until `shutdown` is cancelled, then lets requests end, for the drain time at most.
    ///
    /// No request is lost that was sent before its client could know: the listener turns new
    /// connections away and is closed when it has accepted those that were being opened, and
    /// connections without a request are kept open for a moment longer. The others are closed when
    /// their requests are answered. What is left after the drain time is cut off.
    pub async fn serve(
        self,
        listener: TcpListener,
        router: Router,
        shutdown: CancellationToken,
    ) -> ServeEnd {
        let connections = Arc::new(Connections::new(
            self.settings.connections,
            self.metrics.clone(),
        ));
        let shared = Arc::new(Shared {
            builder: connection::protocols(&self.settings),
            router,
            settings: self.settings,
            tls: self.tls,
            drain: shutdown.clone(),
        });
        let mut tasks = JoinSet::new();
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        {
            let mut accepted = std::pin::pin!(accept(&listener, &connections));
            let mut last_call = std::pin::pin!(async {
                shutdown.cancelled().await;
                listening::turn_away(&listener);
                sleep(LAST_CALL).await;
            });
            loop {
                tokio::select! {
                    biased;
                    () = last_call.as_mut() => break,
                    _ = sweep.tick() => connections.sweep(&self.settings),
                    Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                    (stream, remote, connection) = accepted.as_mut() => {
                        tasks.spawn(connection::serve(
                            Arc::clone(&shared), stream, remote, connection,
                        ));
                        accepted.set(accept(&listener, &connections));
                    }
                }
            }
        }
        drop(listener);
        let _ = timeout(self.settings.drain_time, connections.all_closed()).await;
        let aborted = connections.len();
        tasks.shutdown().await;
        ServeEnd { aborted }
    }
}

/// Waits for a connection, and then for room for it.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Connections>,
) -> (TcpStream, SocketAddr, connections::Connection) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                // Answers are written whole; there is nothing to wait for.
                let _ = stream.set_nodelay(true);
                let room = connections.room().await;
                return (stream, remote, connections.add(room));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(reason = %error, "cannot accept connections");
                sleep(BREATHER).await;
            }
        }
    }
}

/// Tells whether only the connection that was to be accepted is concerned.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
