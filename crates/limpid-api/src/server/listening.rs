use tokio::net::TcpListener;

/// Makes a listener ignore attempts to connect, while those that have begun still succeed.
///
/// A listener that is closed resets what is in its queue, and a proxy in front that has already
/// sent a request there must not send it elsewhere unless it is idempotent (RFC 9110 §9.2.2). So
/// the queue has to be empty, and stay empty, before the listener is closed. Whoever is ignored
/// tries again after a second (RFC 6298 §2.1), and is refused then.
///
/// Where the system has no such filter, what remains is the instant between the last connection
/// accepted and the listener closed.
pub(super) fn turn_away(listener: &TcpListener) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(reason) = socket2::SockRef::from(listener).attach_filter(&new_connections()) {
        tracing::debug!(%reason, "cannot turn new connections away");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = listener;
}

/// A classic BPF program that drops the segments that open a connection: those with SYN and
/// without ACK among the flags, which are in byte 13 of a TCP header (RFC 9293 §3.1).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn new_connections() -> [socket2::SockFilter; 5] {
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    const WHOLE: u32 = u32::MAX;
    let step = socket2::SockFilter::new;
    [
        step(LOAD_BYTE, 0, 0, FLAGS),
        step(AND, 0, 0, SYN | ACK),
        step(JUMP_IF_EQUAL, 0, 1, SYN),
        step(RETURN, 0, 0, 0),
        step(RETURN, 0, 0, WHOLE),
    ]
}
