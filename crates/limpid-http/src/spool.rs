use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use limpid_types::{Algorithm, Digest, Hasher};
use tokio::task::spawn_blocking;

/// Bytes that are collected before they are written, so that the disk is not asked for each packet.
const BUFFER_BYTES: usize = 512 * 1024;

/// A document that is being received into a file without a name.
pub(crate) struct Spool {
    directory: PathBuf,
    /// None while it is being written to on another thread, and before the first byte.
    target: Option<Target>,
    buffer: Vec<u8>,
    received: u64,
}

struct Target {
    file: File,
    hasher: Hasher,
}

impl Spool {
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            target: None,
            buffer: Vec::new(),
            received: 0,
        }
    }

    /// Returns how many bytes were received.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Forgets what was received.
    pub(crate) fn restart(&mut self) {
        self.target = None;
        self.buffer.clear();
        self.received = 0;
    }

    /// Takes the next bytes.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        self.received += bytes.len() as u64;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Returns the file, from its start, and the digest of its content.
    pub(crate) async fn finish(mut self) -> io::Result<(File, Digest)> {
        self.flush().await?;
        let Some(Target { mut file, hasher }) = self.target else {
            return Err(io::Error::other("the file is gone"));
        };
        file.seek(SeekFrom::Start(0))?;
        Ok((file, hasher.finish()))
    }

    async fn flush(&mut self) -> io::Result<()> {
        let target = self.target.take();
        let directory = self.directory.clone();
        let mut bytes = std::mem::take(&mut self.buffer);
        let written = spawn_blocking(move || {
            let mut target = match target {
                Some(target) => target,
                None => Target::create(&directory)?,
            };
            target.file.write_all(&bytes)?;
            target.hasher.update(&bytes);
            bytes.clear();
            io::Result::Ok((target, bytes))
        });
        let (target, buffer) = written.await.map_err(io::Error::other)??;
        self.target = Some(target);
        self.buffer = buffer;
        Ok(())
    }
}

impl Target {
    fn create(directory: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(directory)?,
            hasher: Hasher::new(Algorithm::Sha256),
        })
    }
}
