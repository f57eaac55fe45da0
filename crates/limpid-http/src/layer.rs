//! Layers, whose addresses and headers come from clients and whose bytes come from anywhere.

mod answer;
mod client;
mod fault;
mod headers;
mod patience;
mod policy;
mod proxy;
mod resolver;
mod settings;
mod sink;
mod stream;
mod transfer;

pub use client::LayerClient;
pub use fault::{LayerFault, LayerFaultKind, LayerProblem};
pub use policy::{AddressClass, AddressPolicy, Refusal};
pub use proxy::Proxy;
pub use resolver::{Addresses, Resolver};
pub use settings::LayerSettings;
pub use stream::LayerStream;
