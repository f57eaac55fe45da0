use limpid_feed::{Probe, ProbeError};
use limpid_http::{FetchError, Fetched, Fetcher, Request};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Answers the questions of families from the network. Use it on a blocking thread.
///
/// The thread only waits; the runtime does the work. A runtime that ends drops its work, so that
/// the thread hears of it as of a question that was broken off. Work that is driven from a thread
/// outside panics then, because its timers are gone.
pub(crate) struct NetworkProbe {
    pub(crate) fetcher: Fetcher,
    pub(crate) runtime: Handle,
    /// Breaks questions off.
    pub(crate) stop: CancellationToken,
}

impl NetworkProbe {
    fn wait_for<T: Send + 'static>(
        &self,
        answer: impl Future<Output = Result<T, FetchError>> + Send + 'static,
    ) -> Result<T, ProbeError> {
        let (sender, receiver) = oneshot::channel();
        let stop = self.stop.clone();
        self.runtime.spawn(async move {
            if let Some(answer) = stop.run_until_cancelled_owned(answer).await {
                // Nobody waits any more when this fails.
                let _ = sender.send(answer);
            }
        });
        match receiver.blocking_recv() {
            Ok(answer) => answer.map_err(ProbeError::new),
            Err(_) => Err(ProbeError::new("the question was broken off")),
        }
    }
}

impl Probe for NetworkProbe {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        let url = parse(url)?;
        let fetcher = self.fetcher.clone();
        self.wait_for(async move { fetcher.exists(&url).await })
    }

    fn read(&mut self, url: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        let url = parse(url)?;
        let fetcher = self.fetcher.clone();
        let answer = self.wait_for(async move {
            let request = Request::new(&url).at_most(max_bytes as u64);
            fetcher.fetch(request).await
        })?;
        match answer {
            Fetched::NotFound => Ok(None),
            Fetched::Unchanged => Err(ProbeError::new("unchanged, though nothing was known")),
            Fetched::Document(mut document) => {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut document.file, &mut bytes)
                    .map_err(ProbeError::new)?;
                Ok(Some(bytes))
            }
        }
    }
}

fn parse(url: &str) -> Result<Url, ProbeError> {
    url.parse().map_err(ProbeError::new)
}
