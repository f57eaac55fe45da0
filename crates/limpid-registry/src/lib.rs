//! Opens images that are on local disk: docker-archives, OCI layouts and archives, directories
//! and single layers.
//!
//! [`open`] turns [`ImageReference`]s into an [`Image`]: an identity and an ordered list of
//! [`LayerSource`]s. Opening reads metadata only and verifies every document against its digest.
//! The bytes of a layer are read when somebody opens it, and verified by whoever reads them
//! against [`Expected`]; layers can be opened in any order and at the same time.
//!
//! An archive that holds both an OCI layout and Docker's `manifest.json`, as `docker save` writes
//! since version 25, is read as OCI when nothing else is asked for: then its identity is that of
//! the manifest, sizes can be checked, and one of several platforms can be chosen.
//!
//! This crate does not look into layers, and it does not speak to registries.

mod archive;
mod blob;
mod docker_archive;
mod document;
mod error;
mod files;
mod image;
mod image_name;
mod layer_files;
mod layout_directory;
mod limits;
mod media_type;
mod oci;
mod open;
mod platform;
mod recognise;
mod reference;

pub use error::SourceError;
pub use image::{Expected, Image, LayerBlob, LayerSource};
pub use limits::SourceLimits;
pub use open::{OpenOptions, open};
pub use platform::{Platform, PlatformChoice, PlatformError};
pub use reference::{ImageReference, ReferenceError, Scheme};
