use limpid_feed::{Probe, ProbeError};
use limpid_http::{Fetched, Fetcher, Request};
use tokio::runtime::Handle;
use url::Url;

/// Answers the questions of families from the network. Use it on a blocking thread.
pub(crate) struct NetworkProbe {
    pub(crate) fetcher: Fetcher,
    pub(crate) runtime: Handle,
}

impl Probe for NetworkProbe {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        let url = parse(url)?;
        self.runtime
            .block_on(self.fetcher.exists(&url))
            .map_err(ProbeError::new)
    }

    fn read(&mut self, url: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        let url = parse(url)?;
        let request = Request::new(&url).at_most(max_bytes as u64);
        let fetched = self.runtime.block_on(self.fetcher.fetch(request));
        match fetched.map_err(ProbeError::new)? {
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
