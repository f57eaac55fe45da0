//! Clair's configuration, read to the letter: files, drop-ins, patches, defaults and checks.
//!
//! [`load`] reads a root file (`.yaml` or `.json`) and the folder beside it that has the same name
//! with `.d` appended. In the order of their names, files of the root's format are merged over it
//! (RFC 7386), and files with `-patch` appended to the format are applied to it (RFC 6902). The
//! result is decoded strictly: keys may be in any case, but an unknown key is an error that names
//! the nearest known one. [`Config`] then has every default in its place.
//!
//! What is allowed but odd becomes a [`Lint`]. [`Config::check`] says whether a service can start
//! in a [`Mode`] with the configuration. A [`Config`] serializes without its secrets.
//!
//! Three keys that Clair's own sample has and Clair refuses are accepted under a lint. So are both
//! spellings where Clair's documentation and code differ. `limpid` is the one section that Clair
//! does not know. Of keys given twice YAML is refused, and in JSON the last one counts, as in
//! Clair. YAML's merge keys (`<<`) work.
//!
//! The crate opens no connection and reads no environment: [`Environment`] is handed in, and only
//! stands in for what connection strings leave out.

mod byte_size;
mod config;
mod connstring;
mod document;
mod drop_in;
mod duration;
mod environment;
mod error;
mod former_keys;
mod key_path;
mod limits;
mod lint;
mod load;
mod locate;
mod mode;
mod secret;
mod strict;
mod suggestion;

pub use byte_size::{ByteSize, InvalidByteSize};
pub use config::{
    Amqp, Auth, Blocks, Compression, Config, Delivery, Exchange, Feeds, FurtherAuth, Indexer,
    Indexing, Jaeger, JaegerAgent, JaegerCollector, KeyServer, Layers, Limpid, LogLevel, Matcher,
    Matchers, Metrics, Network, Notifier, Otlp, OtlpGrpc, OtlpHttp, Prometheus, Psk, PskKey, S3,
    Scanners, Sentry, Server, Snapshots, Stomp, StompUser, Tls, Trace, Updaters, Webhook,
};
pub use connstring::{ConnectionString, ConnectionStringError, Database, Pool};
pub use duration::{GoDuration, InvalidDuration};
pub use environment::Environment;
pub use error::{ConfigError, Fault, Position, Unfit};
pub use key_path::{KeyPath, Segment};
pub use lint::Lint;
pub use load::{Loaded, load};
pub use mode::{InvalidMode, Mode};
pub use secret::{Address, Secret};
