use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect};
use tokio::runtime::Handle;
use url::Url;

use super::fault::LayerProblem;
use super::headers::GivenHeaders;
use super::policy::Refusal;
use super::resolver::{CheckedResolver, Resolver, SystemResolver};
use super::settings::LayerSettings;
use super::sink::bounded;
use super::stream::LayerStream;
use super::transfer::Transfer;
use crate::settings::USER_AGENT;

/// Headers that an answer may have.
const MAX_HEADERS: usize = 128;

/// Connections to one registry that are kept for later.
const IDLE_CONNECTIONS: usize = 8;

const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Fetches layers from where manifests say. Clones share their connections.
#[derive(Clone)]
pub struct LayerClient {
    inner: Arc<Inner>,
}

struct Inner {
    settings: LayerSettings,
    /// Connects to the addresses of names, as far as the policy allows.
    direct: Client,
    /// Connects to proxies, for addresses that have one.
    proxied: Option<(Matcher, Client)>,
}

impl fmt::Debug for LayerClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerClient")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

impl LayerClient {
    /// Makes a client.
    ///
    /// # Errors
    ///
    /// The encryption library may refuse to work, for example without trusted certificates, and an
    /// address of a proxy may be none.
    pub fn new(settings: LayerSettings) -> Result<Self, reqwest::Error> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// Makes a client that finds the addresses of names in its own way.
    ///
    /// # Errors
    ///
    /// As of [`LayerClient::new`].
    pub fn with_resolver(
        settings: LayerSettings,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, reqwest::Error> {
        let checked = CheckedResolver {
            policy: settings.policy.clone(),
            resolver,
        };
        let direct = builder(&settings).no_proxy().dns_resolver(checked);
        let matcher = settings.proxy.matcher();
        let proxied = match matcher.filter(|_| !settings.policy.is_airgap()) {
            // The operator named the proxy, so its address is not for the policy to judge.
            Some(matcher) => {
                let client = settings.proxy.apply(builder(&settings))?.build()?;
                Some((matcher, client))
            }
            None => None,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                direct: direct.build()?,
                proxied,
                settings,
            }),
        })
    }

    /// Opens a layer at an address, with the headers that its manifest gives. Nothing is sent
    /// before the first read; the transfer then runs on the runtime.
    ///
    /// Headers of the connection are left out (`Host`, `Range`, `Accept-Encoding` and so on). User
    /// and password in the address are sent as basic authorization, unless there is a header for
    /// that.
    pub fn open(
        &self,
        url: &Url,
        headers: &BTreeMap<String, Vec<String>>,
        runtime: Handle,
    ) -> LayerStream {
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return LayerStream::failed(url, LayerProblem::BadUri);
        }
        match GivenHeaders::read(headers) {
            Err(problem) => LayerStream::failed(url, problem),
            Ok(headers) => {
                let (sink, receiver) = bounded(self.inner.settings.max_waiting_bytes);
                let transfer = Transfer::new(self.clone(), url.clone(), headers, sink);
                LayerStream::new(transfer, receiver, runtime)
            }
        }
    }

    pub(super) fn settings(&self) -> &LayerSettings {
        &self.inner.settings
    }

    /// Returns the client for an address that is not refused.
    pub(super) fn client_for(&self, url: &Url) -> Result<&Client, Refusal> {
        self.inner.settings.policy.check_host(url)?;
        let uri = url.as_str().parse().ok();
        match (&self.inner.proxied, uri) {
            (Some((matcher, client)), Some(uri)) if matcher.intercept(&uri).is_some() => Ok(client),
            _ => Ok(&self.inner.direct),
        }
    }
}

/// Returns what both ways to a layer have in common.
fn builder(settings: &LayerSettings) -> ClientBuilder {
    // The digest is that of the bytes as they are stored.
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    let client = Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(headers)
        .connect_timeout(settings.connect_timeout)
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE_TIMEOUT)
        // With a connection for each layer a slow reader holds up only its own layer, and what
        // waits for it waits in the kernel and not in our memory.
        .http1_only()
        .http1_max_headers(MAX_HEADERS);
    match &settings.roots {
        Some(roots) => roots.apply(client),
        None => client,
    }
}
