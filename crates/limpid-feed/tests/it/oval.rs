mod azure;
mod criteria;
mod damaged;
mod discovery;
mod document;
mod oracle;
mod photon;
mod suse;
