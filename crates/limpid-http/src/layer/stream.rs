use std::io::{self, Read};
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use bytes::{Buf as _, Bytes};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use url::Url;

use super::fault::{LayerFault, LayerProblem};
use super::sink::Message;
use super::transfer::Transfer;
use crate::address::without_query;

/// The bytes of a layer, as they come.
///
/// The layer is asked for with the first read. Reads wait, so they belong on a thread where that
/// is allowed, never on one of the runtime's workers. An error carries a [`LayerFault`], and comes
/// again with each further read. Dropping the stream ends the transfer.
///
/// The end of the stream means that the registry said so, not that the bytes are the right ones:
/// the reader has to verify their digest.
pub struct LayerStream {
    state: State,
    chunk: Bytes,
    /// The room that the chunk takes, given back when it has been read.
    room: Option<OwnedSemaphorePermit>,
}

enum State {
    /// Nothing was asked for yet.
    Idle(Box<Idle>),
    Running {
        receiver: Receiver<Message>,
        task: AbortHandle,
        /// For a fault that the task cannot tell any more.
        url: String,
    },
    Ended,
    Failed(Arc<LayerFault>),
}

struct Idle {
    transfer: Transfer,
    receiver: Receiver<Message>,
    runtime: Handle,
}

impl LayerStream {
    pub(super) fn new(transfer: Transfer, receiver: Receiver<Message>, runtime: Handle) -> Self {
        Self::in_state(State::Idle(Box::new(Idle {
            transfer,
            receiver,
            runtime,
        })))
    }

    /// Makes a stream of a layer that cannot even be asked for.
    pub(super) fn failed(url: &Url, problem: LayerProblem) -> Self {
        Self::in_state(State::Failed(Arc::new(LayerFault {
            url: without_query(url),
            attempts: 0,
            received: 0,
            problem,
        })))
    }

    fn in_state(state: State) -> Self {
        Self {
            state,
            chunk: Bytes::new(),
            room: None,
        }
    }

    /// Waits for the next chunk; tells whether there is one.
    fn next_chunk(&mut self) -> io::Result<bool> {
        let (receiver, task, url) = match mem::replace(&mut self.state, State::Ended) {
            State::Idle(idle) => {
                let url = without_query(idle.transfer.url());
                let task = idle.runtime.spawn(idle.transfer.run()).abort_handle();
                (idle.receiver, task, url)
            }
            State::Running {
                receiver,
                task,
                url,
            } => (receiver, task, url),
            State::Ended => return Ok(false),
            State::Failed(fault) => return Err(self.fail(fault)),
        };
        match receiver.recv() {
            Ok(Message::Chunk(bytes, room)) => {
                self.chunk = bytes;
                self.room = Some(room);
                self.state = State::Running {
                    receiver,
                    task,
                    url,
                };
                Ok(true)
            }
            Ok(Message::End) => Ok(false),
            Ok(Message::Fault(fault)) => Err(self.fail(Arc::new(fault))),
            // The task is gone, because its runtime is.
            Err(_) => Err(self.fail(Arc::new(LayerFault {
                url,
                attempts: 0,
                received: 0,
                problem: LayerProblem::Stopped,
            }))),
        }
    }

    fn fail(&mut self, fault: Arc<LayerFault>) -> io::Error {
        self.state = State::Failed(Arc::clone(&fault));
        // Readers of archives take some kinds for a statement about the archive.
        io::Error::other(fault)
    }
}

impl Read for LayerStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.chunk.is_empty() && !self.next_chunk()? {
            return Ok(0);
        }
        let count = self.chunk.len().min(buffer.len());
        self.chunk
            .copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        if self.chunk.is_empty() {
            // The memory is given back together with the room.
            self.chunk = Bytes::new();
            self.room = None;
        }
        Ok(count)
    }
}

impl Drop for LayerStream {
    fn drop(&mut self) {
        if let State::Running { task, .. } = &self.state {
            task.abort();
        }
    }
}
