use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use limpid_types::{Digest, Hasher};

use super::{CHUNK, CHUNKS, Received, fill};
use crate::LayerError;

/// Receives and hashes on a thread of its own.
///
/// A fixed number of buffers goes round: full ones come from the thread, spent ones go back.
pub(super) struct OnThread<'scope> {
    full: Receiver<io::Result<Chunk>>,
    spent: Sender<Box<[u8]>>,
    current: Option<Chunk>,
    start: usize,
    received: u64,
    worker: ScopedJoinHandle<'scope, Hasher>,
}

struct Chunk {
    buffer: Box<[u8]>,
    length: usize,
}

impl Chunk {
    fn from(&self, start: usize) -> &[u8] {
        self.buffer.get(start..self.length).unwrap_or_default()
    }
}

impl<'scope> OnThread<'scope> {
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        source: impl Read + Send + 'scope,
        hasher: Hasher,
    ) -> Result<Self, LayerError> {
        let (full_sender, full) = sync_channel(CHUNKS);
        let (spent, spent_receiver) = channel();
        for _ in 0..CHUNKS {
            // The receiver is there still, so this cannot fail.
            let _ = spent.send(vec![0; CHUNK].into_boxed_slice());
        }
        let worker = Builder::new()
            .name("layer-receive".to_owned())
            .spawn_scoped(scope, move || {
                receive(source, hasher, &spent_receiver, &full_sender)
            })
            .map_err(LayerError::Thread)?;
        Ok(Self {
            full,
            spent,
            current: None,
            start: 0,
            received: 0,
            worker,
        })
    }

    /// Exchanges the current chunk for the next, of which there is none at the end.
    fn advance(&mut self) -> Result<(), LayerError> {
        if let Some(chunk) = self.current.take() {
            // The thread is gone when it has met the end.
            let _ = self.spent.send(chunk.buffer);
        }
        self.start = 0;
        self.current = self
            .full
            .recv()
            .ok()
            .transpose()
            .map_err(|source| LayerError::Source {
                offset: self.received,
                source,
            })?;
        self.received += self.current.as_ref().map_or(0, |chunk| chunk.length as u64);
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        let rest = self.current.as_ref().map(|chunk| chunk.from(self.start));
        rest.unwrap_or_default()
    }
}

/// Runs on the thread until the source ends or fails, or nobody wants more.
fn receive(
    mut source: impl Read,
    mut hasher: Hasher,
    spent: &Receiver<Box<[u8]>>,
    full: &SyncSender<io::Result<Chunk>>,
) -> Hasher {
    for mut buffer in spent {
        let chunk = match fill(&mut source, &mut buffer) {
            Ok(0) => break,
            Ok(length) => Chunk { buffer, length },
            Err(error) => {
                // When nobody listens, nobody needs to know.
                let _ = full.send(Err(error));
                break;
            }
        };
        hasher.update(chunk.from(0));
        if full.send(Ok(chunk)).is_err() {
            break;
        }
    }
    hasher
}

impl Received for OnThread<'_> {
    fn finish(mut self) -> Result<(Digest, u64), LayerError> {
        loop {
            self.advance()?;
            if self.current.is_none() {
                break;
            }
        }
        match self.worker.join() {
            Ok(hasher) => Ok((hasher.finish(), self.received)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl BufRead for OnThread<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest().is_empty() {
            self.advance()?;
        }
        Ok(self.rest())
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

impl Read for OnThread<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
