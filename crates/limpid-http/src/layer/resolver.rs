use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::AddressPolicy;

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 32;

/// The addresses of a name, later.
pub type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of names.
pub trait Resolver: Send + Sync {
    /// Returns the addresses of a name.
    fn addresses(&self, name: &str) -> Addresses;
}

/// Asks the system.
pub(super) struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses(&self, name: &str) -> Addresses {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Returns those addresses of a name that the policy allows.
///
/// The client connects to exactly what comes from here, so what was judged is what is connected
/// to, whatever a second question would have been answered.
pub(super) struct CheckedResolver {
    pub(super) policy: AddressPolicy,
    pub(super) resolver: Arc<dyn Resolver>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy.clone();
        let finding = self.resolver.addresses(name.as_str());
        Box::pin(async move {
            let mut allowed = Vec::new();
            let mut refusal = None;
            for address in finding.await?.into_iter().take(MAX_ADDRESSES) {
                match policy.check(address) {
                    // Port 0 stands for the port of the URL.
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(refused) => refusal = Some(refused),
                }
            }
            match refusal {
                Some(refusal) if allowed.is_empty() => Err(refusal.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
