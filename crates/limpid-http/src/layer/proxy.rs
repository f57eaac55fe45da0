use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::ClientBuilder;
use url::Url;

/// By which proxy layers are fetched.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// None.
    #[default]
    None,
    /// The one that the system's settings give for an address (`HTTP_PROXY` and so on), if any.
    System,
    /// This one, for all addresses. It may hold a user and a password.
    All(Url),
}

/// Shows no address, because it may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::System => "System",
            Self::All(_) => "All",
        })
    }
}

impl Proxy {
    /// Returns what tells for which addresses there is a proxy.
    pub(super) fn matcher(&self) -> Option<Matcher> {
        match self {
            Self::None => None,
            Self::System => Some(Matcher::from_system()),
            Self::All(url) => Some(Matcher::builder().all(url.as_str()).build()),
        }
    }

    /// Makes a client use it.
    pub(super) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, reqwest::Error> {
        Ok(match self {
            Self::None => client.no_proxy(),
            Self::System => client,
            Self::All(url) => client.proxy(reqwest::Proxy::all(url.clone())?),
        })
    }
}
