//! Advisory feeds: from the documents of a source to advisories.
//!
//! A [`Family`] finds out which [`Feed`]s there are: one per Alpine release, one for Debian, one
//! per OSV ecosystem. A feed names the documents that it needs and turns them into
//! [`Advisory`](limpid_types::Advisory) values, one by one, in memory that does not grow with the
//! documents. The entry point is [`families`].
//!
//! This crate fetches nothing and stores nothing: the caller answers a [`Probe`], hands the
//! documents over and receives what was read in a [`Sink`].
//!
//! What is wrong with a *record* costs that record alone: it goes to [`Sink::quarantine`]. What is
//! wrong with a *document* (cut off, not JSON, of another release) ends the run with a
//! [`FeedError`], and whatever the sink received until then must be discarded.
//!
//! Adding a feed takes one module beside `alpine`, `debian` and `osv`, and one line in `families`.

mod alpine;
mod amazon;
mod arch;
mod archive;
mod azure;
mod bottlerocket;
mod chainguard;
mod configure;
mod csaf;
mod cve;
mod debian;
mod echo;
mod error;
mod families;
mod fedora;
mod feed;
mod gentoo;
mod jar_index;
mod json;
mod limits;
mod memory;
mod minimos;
mod oracle;
mod osv;
mod oval;
mod photon;
mod place;
mod private;
mod rating;
mod readdressed;
mod redhat;
mod run;
mod secdb;
mod source_ids;
mod suse;
mod tar;
mod text;
mod ubuntu;
mod unpack;
mod unreachable;
mod updateinfo;
mod wolfi;
mod xml;

pub use alpine::AlpineSettings;
pub use amazon::AmazonSettings;
pub use arch::ArchSettings;
pub use azure::AzureSettings;
pub use bottlerocket::BottlerocketSettings;
pub use chainguard::ChainguardSettings;
pub use configure::SettingsError;
pub use debian::DebianSettings;
pub use echo::EchoSettings;
pub use error::{DocumentFault, FeedError, ProbeError, SinkError};
pub use families::{Settings, families};
pub use fedora::FedoraSettings;
pub use feed::{
    Archive, Collection, Contents, DocumentAddress, Documents, Family, Feed, Note, Probe,
    Quarantined, ReadSeek, Sink, Tally,
};
pub use gentoo::GentooSettings;
pub use jar_index::{JAR_INDEX_NOTES, JarIndexEntry, JarIndexSettings};
pub use limits::Limits;
pub use memory::{Collected, MemoryDocuments};
pub use minimos::MinimosSettings;
pub use oracle::OracleSettings;
pub use osv::OsvSettings;
pub use photon::PhotonSettings;
pub use place::Place;
pub use private::PrivateSettings;
pub use readdressed::Addresses;
pub use redhat::{RedHatMappingSettings, RedHatVexSettings};
pub use suse::SuseSettings;
pub use ubuntu::{UbuntuFormat, UbuntuSeries, UbuntuSettings};
pub use wolfi::WolfiSettings;
