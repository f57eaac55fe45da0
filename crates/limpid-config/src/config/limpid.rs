use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::byte_size::ByteSize;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::secret::Address;

/// What only limpid knows; Clair has no such section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limpid {
    /// Where the database and its files are kept when there is no PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// How much memory may be used for what is read from images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_budget: Option<ByteSize>,
    /// How feeds are fetched.
    pub feeds: Feeds,
    /// How layers are fetched.
    pub layers: Layers,
}

/// How feeds are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Feeds {
    /// An address or a folder that holds copies of all feeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Address>,
}

/// How layers are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Layers {
    /// Private networks from which clients may have layers fetched.
    pub allow_networks: Vec<Network>,
}

/// A range of addresses such as `10.0.0.0/8`; a lone address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub IpNet);

impl Network {
    /// Says whether an address is inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.parse::<IpNet>().ok();
        let network = parsed.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let Some(network) = network else {
            return Err(D::Error::custom(format_args!(
                "invalid network, expected one such as 10.0.0.0/8: {text}"
            )));
        };
        if network != network.trunc() {
            let meant = network.trunc();
            return Err(D::Error::custom(format_args!(
                "invalid network, bits are set behind its prefix, expected {meant}: {text}"
            )));
        }
        Ok(Self(network))
    }
}

impl Limpid {
    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        let is_empty = |path: &PathBuf| path.as_os_str().is_empty();
        if self.data_dir.as_ref().is_some_and(is_empty) {
            faults.push(Fault::new(at.key("data_dir"), "a folder is required"));
        }
        if self.memory_budget == Some(ByteSize(0)) {
            let text = "a budget of nothing reads nothing";
            faults.push(Fault::new(at.key("memory_budget"), text));
        }
        if self.feeds.mirror.as_ref().is_some_and(Address::is_empty) {
            let text = "an address or a folder is required";
            faults.push(Fault::new(at.key("feeds").key("mirror"), text));
        }
    }
}
