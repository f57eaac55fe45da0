//! As much of gRPC as one call with one message needs.
//!
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>

use bytes::Bytes;
use http_body_util::BodyExt as _;
use reqwest::Response;
use reqwest::header::HeaderMap;

/// The status of a call that did what it should.
const OK: &str = "0";

/// A collector's answer says next to nothing; one that goes on and on is not read to its end.
const ANSWER_BYTES: usize = 64 << 10;

/// Why a call failed.
pub(super) enum Failure {
    /// The answer broke off.
    Broken(reqwest::Error),
    /// The call has this status.
    Status(String),
}

/// Returns a message behind the five bytes that say whether it is compressed and how long it is.
pub(super) fn frame(message: &[u8], is_compressed: bool) -> Vec<u8> {
    // A batch of telemetry is far below 4 GiB.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(5 + message.len());
    frame.push(u8::from(is_compressed));
    frame.extend(length.to_be_bytes());
    frame.extend(message);
    frame
}

/// Reads an answer for its status, which is in the trailers or, when there is no message, in the
/// headers.
pub(super) async fn check(response: Response) -> Result<(), Failure> {
    let http = response.status();
    if !http.is_success() {
        return Err(Failure::Status(format!("HTTP {}", http.as_u16())));
    }
    if let Some(status) = status(response.headers()) {
        return verdict(status);
    }
    let mut body = reqwest::Body::from(response);
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Failure::Broken)?;
        if let Some(status) = frame.trailers_ref().and_then(status) {
            return verdict(status);
        }
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > ANSWER_BYTES {
            break;
        }
    }
    Err(Failure::Status("none".to_owned()))
}

fn status(headers: &HeaderMap) -> Option<&str> {
    headers.get("grpc-status")?.to_str().ok()
}

fn verdict(status: &str) -> Result<(), Failure> {
    if status == OK {
        return Ok(());
    }
    let known: String = status.chars().take(3).collect();
    Err(Failure::Status(format!("gRPC {known}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_says_how_long_its_message_is() {
        assert_eq!(frame(b"abc", false), b"\0\0\0\0\x03abc");
        assert_eq!(frame(b"", true), b"\x01\0\0\0\0");
    }
}
