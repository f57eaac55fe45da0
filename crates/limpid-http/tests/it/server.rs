//! A server that does what a test tells it to, byte for byte.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What the server does with a request, whose text and number (from zero) it is given.
type Answer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server on a loopback address that lives as long as its test.
pub(crate) struct Server {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that answers each connection's one request.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(usize, String, TcpStream) -> Answer + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Some(head) = read_head(&mut stream).await else {
                        return;
                    };
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push(head.clone());
                        log.len() - 1
                    };
                    answer(number, head, stream).await;
                });
            }
        });
        Self { address, requests }
    }

    /// Starts a server that gives its answers one after the other, the last one again and again.
    pub(crate) async fn with_answers(answers: &[&str]) -> Self {
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        Self::start(move |number, _, stream| {
            let answer = answers[number.min(answers.len() - 1)].clone();
            Box::pin(send(stream, answer.into_bytes()))
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// Returns the heads of the requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Sends bytes and closes the connection.
pub(crate) async fn send(mut stream: TcpStream, bytes: Vec<u8>) {
    // The client may have gone already; that is its business.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap().to_lowercase())
}
