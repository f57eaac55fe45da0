use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::auth::{self, Psk};
use crate::byte_size::ByteSize;
use crate::duration::GoDuration;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::secret::{Address, Secret};

/// The shortest time that fetching a layer may be given; in less not even a connection comes about.
const SHORTEST_FETCH: GoDuration = GoDuration::from_secs(1);

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
    /// Who may use the API besides those that Clair's `auth` names.
    pub auth: FurtherAuth,
    /// In which order images are indexed.
    pub indexing: Indexing,
    /// Where snapshots are kept for all nodes; in the matcher's database unless said otherwise.
    pub snapshots: Snapshots,
    /// How the API listener behaves.
    pub server: Server,
}

/// Who may use the API besides those that Clair's `auth` names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FurtherAuth {
    /// Keys that are believed as well, so that a key can be replaced without a break. They have no
    /// effect without `auth.psk`, whose key is the one that limpid signs with.
    pub psk: Vec<Psk>,
}

/// In which order images are indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Indexing {
    /// How many index requests may wait for their turn; more are refused.
    pub queue: usize,
    /// How urgent the requests of an issuer of tokens are that do not say so themselves: 0 is the
    /// most urgent, 7 the least (RFC 9218).
    pub urgency_by_issuer: BTreeMap<String, u8>,
}

impl Default for Indexing {
    fn default() -> Self {
        Self {
            queue: 256,
            urgency_by_issuer: BTreeMap::new(),
        }
    }
}

/// Where snapshots are kept for all nodes. At most one place may be given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshots {
    /// A folder that all nodes share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// A bucket of an S3-compatible storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3>,
}

/// A bucket of an S3-compatible storage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct S3 {
    /// Address of the service.
    pub endpoint: Address,
    /// Name of the bucket.
    pub bucket: String,
    /// Region; `us-east-1` when it is left out, which services without regions expect.
    pub region: String,
    /// What the names of all objects begin with.
    pub prefix: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Secret,
    /// Whether the bucket stands in the path of addresses and not in their host.
    pub path_style: bool,
}

/// How the API listener behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// How long requests may take to end once the process was asked to.
    pub drain: GoDuration,
    /// How many connections may be open at a time.
    pub max_connections: usize,
    /// How many bytes the body of a request may have.
    pub max_body: ByteSize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            drain: GoDuration::from_secs(10),
            max_connections: 4_096,
            max_body: ByteSize(16 << 20),
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layers {
    /// Networks from which clients may have layers fetched, whatever kind they are of.
    pub allow_networks: Vec<Network>,
    /// How many bytes a layer may have as it is stored, compressed or not.
    pub max_bytes: ByteSize,
    /// How long fetching one layer may take in all, with its repetitions. The time during which
    /// its bytes are looked at does not count.
    pub max_time: GoDuration,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            max_bytes: ByteSize(32 << 30),
            max_time: GoDuration::from_secs(60 * 60),
        }
    }
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
        self.layers.check(&at.key("layers"), faults);
        for (number, psk) in self.auth.psk.iter().enumerate() {
            auth::check_psk(psk, &at.key("auth").key("psk").index(number), faults);
        }
        self.indexing.check(&at.key("indexing"), faults);
        self.snapshots.check(&at.key("snapshots"), faults);
        self.server.check(&at.key("server"), faults);
    }
}

impl Layers {
    fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if self.max_bytes == ByteSize(0) {
            let text = "without bytes no layer is fetched";
            faults.push(Fault::new(at.key("max_bytes"), text));
        }
        if self.max_time < SHORTEST_FETCH {
            let text = format!("expected at least {SHORTEST_FETCH}");
            faults.push(Fault::new(at.key("max_time"), text));
        }
    }
}

impl Indexing {
    fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        for (issuer, urgency) in &self.urgency_by_issuer {
            if *urgency > 7 {
                let at = at.key("urgency_by_issuer").key(issuer);
                faults.push(Fault::new(at, "expected a number from 0 to 7"));
            }
        }
    }
}

impl Snapshots {
    fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if self.directory.is_some() && self.s3.is_some() {
            let text = "only one of directory and s3 may be given";
            faults.push(Fault::new(at.clone(), text));
        }
        let Some(s3) = &self.s3 else { return };
        let at = at.key("s3");
        let required = [
            ("endpoint", s3.endpoint.is_empty()),
            ("bucket", s3.bucket.is_empty()),
            ("access_key_id", s3.access_key_id.is_empty()),
            ("secret_access_key", s3.secret_access_key.is_empty()),
        ];
        for (key, _) in required.into_iter().filter(|(_, is_missing)| *is_missing) {
            faults.push(Fault::new(at.key(key), "a value is required"));
        }
    }
}

impl Server {
    fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if self.drain.to_std().is_none() {
            faults.push(Fault::new(at.key("drain"), "it cannot be negative"));
        }
        if self.max_connections == 0 {
            let text = "without connections nothing is served";
            faults.push(Fault::new(at.key("max_connections"), text));
        }
        if self.max_body == ByteSize(0) {
            let text = "without bodies nothing is indexed";
            faults.push(Fault::new(at.key("max_body"), text));
        }
    }
}
