use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What the process ends with when it is told twice to end.
const ABORTED: i32 = 1;

/// Returns a token that is cancelled by the first SIGINT or SIGTERM. The second one ends the
/// process at once.
pub(crate) fn first_signal() -> anyhow::Result<CancellationToken> {
    let listen = |kind| signal(kind).context("cannot listen to signals");
    let interrupt = listen(SignalKind::interrupt())?;
    let terminate = listen(SignalKind::terminate())?;
    let token = CancellationToken::new();
    tokio::spawn(watch(interrupt, terminate, token.clone()));
    Ok(token)
}

#[expect(
    clippy::exit,
    reason = "who asks twice does not want to wait for anything"
)]
async fn watch(mut interrupt: Signal, mut terminate: Signal, token: CancellationToken) {
    next(&mut interrupt, &mut terminate).await;
    tracing::info!("asked to end, requests are finished first");
    token.cancel();
    next(&mut interrupt, &mut terminate).await;
    tracing::warn!("asked again, the process ends at once");
    std::process::exit(ABORTED);
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
