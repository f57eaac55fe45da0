use std::fs;

use limpid_api::ApiSettings;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client::{get_path, read_answer, serve_api};

const IDLE: usize = 2_000;

/// Returns how much memory the process has, in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        << 10
}

#[tokio::test]
async fn thousands_of_idle_connections_cost_little_and_hold_up_nobody() {
    let server = serve_api(ApiSettings::default()).await;
    get_path(server.address, "/robots.txt").await;
    let before = resident();
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(read_answer(&mut stream).await.status, 200);
        idle.push(stream);
    }
    assert_eq!(get_path(server.address, "/openapi/v1").await.status, 200);
    // Both ends of the connections are in this process, and other tests as well.
    let each = resident().saturating_sub(before) / IDLE;
    println!("{each} bytes for each of {IDLE} idle connections");
    assert!(each < 64 << 10, "{each}");
}
