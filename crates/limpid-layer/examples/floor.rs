//! Measures the least that scanning a layer costs, against its raw parts.
//!
//! `time cargo run --release -p limpid-layer --example floor -- raw|in-line|on-thread LAYER.tar.gz`

use std::fs::File;
use std::io::{BufReader, Read};
use std::time::Duration;

use limpid_layer::{
    Budget, Content, Entry, Hashing, LayerLimits, ReadOptions, Spool, Visitor, Want, read_layer,
};
use limpid_types::{Algorithm, Hasher};

/// Wants nothing, so that only receiving, hashing, decompression and headers remain.
struct Nothing;

impl Visitor for Nothing {
    fn enter(&mut self, _entry: &Entry<'_>) -> Want {
        Want::Nothing
    }

    fn content(&mut self, _entry: &Entry<'_>, _content: Content<'_>) {}

    fn lost(&mut self, _entry: &Entry<'_>, _why: String) {}
}

/// Hashes what is read through it.
struct Hashed<R>(R, Hasher);

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.update(&buffer[..count]);
        Ok(count)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [how, path] = arguments.as_slice() else {
        return Err("usage: floor raw|in-line|on-thread LAYER".into());
    };
    match how.as_str() {
        "raw" => raw(path)?,
        "in-line" => whole(path, Hashing::InLine)?,
        "on-thread" => whole(path, Hashing::OnThread)?,
        other => return Err(format!("unknown way: {other}").into()),
    }
    Ok(())
}

/// Reads, hashes and inflates, and looks at nothing.
fn raw(path: &str) -> std::io::Result<()> {
    let source = Hashed(File::open(path)?, Hasher::new(Algorithm::Sha256));
    let source = BufReader::with_capacity(256 << 10, source);
    let mut inflated = flate2::bufread::MultiGzDecoder::new(source);
    let mut buffer = vec![0; 128 << 10];
    while inflated.read(&mut buffer)? > 0 {}
    Ok(())
}

fn whole(path: &str, hashing: Hashing) -> Result<(), Box<dyn std::error::Error>> {
    let options = ReadOptions {
        limits: &LayerLimits::default(),
        budget: &Budget::new(256 << 20),
        spool: &Spool::new(std::env::temp_dir(), 1 << 30),
        patience: Duration::ZERO,
        hashing,
        also_uncompressed_digest: false,
    };
    read_layer(File::open(path)?, None, &options, &mut Nothing)?;
    Ok(())
}
