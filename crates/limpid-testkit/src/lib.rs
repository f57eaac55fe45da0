//! Builds what tests need: images, layers, package databases, feeds.

pub mod feed;
pub mod image;
pub mod layer;
pub mod rpmdb;
