//! Builds what tests need: images, layers, package databases, feeds, a registry.

pub mod dnf;
pub mod executable;
pub mod feed;
pub mod image;
pub mod layer;
pub mod postgres;
pub mod registry;
pub mod rpmdb;
pub mod system;
