//! Opens images of every kind, sound and spoilt.

#![expect(clippy::unwrap_used, reason = "a test may fail where it likes")]

mod archive;
mod docker_archive;
mod layers;
mod oci;
mod recognise;
mod reference;
mod support;
