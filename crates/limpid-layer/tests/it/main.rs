//! The behaviour of the layer reader as its users see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod decompress;
mod directory;
mod extensions;
mod formats;
mod gnu_tar;
mod limits;
mod oddities;
mod read;
mod recorder;
mod sparse;
mod wanted;
