//! Detectors: from the entries of a layer to evidence, in one walk.
//!
//! A [`DetectorSet`] is a [`limpid_layer::Visitor`]. It offers every entry to one small module per
//! package format ([`dpkg`], [`apk`], [`rpm`], [`pacman`], [`portage`], [`chisel`],
//! [`bottlerocket`]), to the formats of programming languages ([`language`]), to what Red Hat's
//! builds leave ([`build_info`]), to dnf's history and yum's database, to the release files and to
//! the whiteouts, and ends as [`Detected`]: the evidence, and the list of files that packages own.
//!
//! A detector sees one layer and draws no conclusion that needs another one. Which distribution
//! the release files mean is decided later, by [`distribution::recognise`], so that a better rule
//! needs no second look at the layer. Nothing here opens a connection or reads a clock.

pub mod apk;
pub mod bottlerocket;
pub mod build_info;
pub mod chisel;
mod detector;
pub mod distribution;
mod dnf_history;
pub mod dpkg;
mod held;
pub mod language;
mod lines;
mod obstruction;
mod owned_files;
pub mod pacman;
pub mod portage;
mod release_file;
pub mod rpm;
mod set;
mod whiteout;
mod yumdb;

pub use owned_files::{OwnedFile, OwnedFiles};
pub use set::{DETECTOR_SET, Detected, DetectorSet};
