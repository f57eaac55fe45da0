use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Response};
use tokio::time::timeout;
use url::Url;

use crate::address::host_and_port;
use crate::redirect::next_address;
use crate::silence::SilentHosts;
use crate::{FetchFault, FetchSettings, RedirectFault};

/// Sends the requests of one fetch.
pub(crate) struct Caller<'a> {
    client: &'a Client,
    settings: &'a FetchSettings,
    silent_hosts: &'a SilentHosts,
    /// The hosts that answered anything in this fetch.
    heard: BTreeSet<String>,
}

/// How an attempt failed.
pub(crate) struct Failure {
    pub(crate) fault: FetchFault,
    /// How long the server asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// The host that did not answer.
    silent_host: Option<String>,
}

impl Failure {
    /// Makes the failure of an attempt that was answered.
    pub(crate) fn answered(fault: FetchFault, retry_after: Option<Duration>) -> Self {
        Self {
            fault,
            retry_after,
            silent_host: None,
        }
    }
}

impl From<FetchFault> for Failure {
    fn from(fault: FetchFault) -> Self {
        Self::answered(fault, None)
    }
}

impl<'a> Caller<'a> {
    pub(crate) fn new(
        client: &'a Client,
        settings: &'a FetchSettings,
        silent_hosts: &'a SilentHosts,
    ) -> Self {
        Self {
            client,
            settings,
            silent_hosts,
            heard: BTreeSet::new(),
        }
    }

    /// Sends a request, also to where it is redirected, and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        url: &Url,
        headers: &HeaderMap,
    ) -> Result<Response, Failure> {
        let limit = self.settings.redirects;
        let mut url = url.clone();
        for _ in 0..=limit {
            let host = host_and_port(&url);
            self.silent_hosts.check(&host)?;
            let request = self.client.request(method.clone(), url.clone());
            let sent = self.within(request.headers(headers.clone()).send()).await;
            let response = match sent {
                Ok(response) => response,
                Err(fault) => {
                    return Err(Failure {
                        fault,
                        retry_after: None,
                        silent_host: Some(host),
                    });
                }
            };
            self.heard.insert(host);
            match next_address(&url, &response).map_err(FetchFault::Redirect)? {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(FetchFault::Redirect(RedirectFault::TooMany { limit }).into())
    }

    /// Waits for a server, but not for ever.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, FetchFault> {
        let limit = self.settings.stall_timeout;
        match timeout(limit, work).await {
            Err(_) => Err(FetchFault::Stalled { limit }),
            // The address is taken out of the error, because it may carry secrets.
            Ok(result) => result.map_err(|error| FetchFault::Connection(error.without_url())),
        }
    }

    /// Ends the fetch with its last failure. A host that was never heard is remembered.
    pub(crate) fn give_up(&self, failure: Failure) -> FetchFault {
        if let Some(host) = failure.silent_host
            && !self.heard.contains(&host)
        {
            self.silent_hosts.remember(host, &failure.fault);
        }
        failure.fault
    }
}
