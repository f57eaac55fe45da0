use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fault::{LayerFault, LayerProblem};

/// What comes over the channel.
pub(super) enum Message {
    /// Bytes, and the room that they take.
    Chunk(Bytes, OwnedSemaphorePermit),
    /// There are no more.
    End,
    /// They cannot be had.
    Fault(LayerFault),
}

/// The end of the channel into which a transfer puts bytes.
///
/// The channel itself is that of the standard library, because its receiver may wait on any
/// thread. What bounds it is the semaphore, which counts bytes and not messages.
pub(super) struct Sink {
    sender: Sender<Message>,
    room: Arc<Semaphore>,
    max_waiting_bytes: u32,
}

/// Makes a channel in which only so many bytes wait.
pub(super) fn bounded(max_waiting_bytes: u32) -> (Sink, Receiver<Message>) {
    let (sender, receiver) = channel();
    let max_waiting_bytes = max_waiting_bytes.max(1);
    let sink = Sink {
        sender,
        room: Arc::new(Semaphore::new(max_waiting_bytes as usize)),
        max_waiting_bytes,
    };
    (sink, receiver)
}

impl Sink {
    /// Waits until there is room and gives bytes to the reader.
    pub(super) async fn send(&self, mut bytes: Bytes) -> Result<(), LayerProblem> {
        while !bytes.is_empty() {
            let most = self.max_waiting_bytes as usize;
            let part = bytes.split_to(bytes.len().min(most));
            let count = u32::try_from(part.len()).unwrap_or(self.max_waiting_bytes);
            let room = Arc::clone(&self.room).acquire_many_owned(count).await;
            let room = room.map_err(|_| LayerProblem::Stopped)?;
            let sent = self.sender.send(Message::Chunk(part, room));
            sent.map_err(|_| LayerProblem::Stopped)?;
        }
        Ok(())
    }

    /// Says how it ended. A reader that has gone does not want to know.
    pub(super) fn finish(self, result: Result<(), LayerFault>) {
        let _ = self.sender.send(match result {
            Ok(()) => Message::End,
            Err(fault) => Message::Fault(fault),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_so_many_bytes_wait_for_the_reader() {
        let (sink, receiver) = bounded(10);
        let sending = tokio::spawn(async move {
            for _ in 0..3 {
                sink.send(Bytes::from_static(b"hello, and more")).await?;
            }
            sink.finish(Ok(()));
            Ok::<_, LayerProblem>(())
        });
        let mut count = 0;
        loop {
            tokio::task::yield_now().await;
            match receiver.try_recv() {
                Ok(Message::Chunk(bytes, room)) => {
                    assert!(bytes.len() <= 10);
                    // A part of ten bytes takes all the room, so nothing comes beside it.
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                    assert!(bytes.len() < 10 || receiver.try_recv().is_err());
                    count += bytes.len();
                    drop(room);
                }
                Ok(Message::End) => break,
                Ok(Message::Fault(fault)) => panic!("{fault}"),
                Err(_) => {}
            }
        }
        assert_eq!(count, 45);
        sending.await.unwrap().unwrap();
    }
}
