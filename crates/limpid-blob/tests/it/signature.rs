//! Signatures in addresses as S3 checks them, made anew from the description of version 4:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

const BLOCK_BYTES: usize = 64;

/// Returns what is wrong with the signature of a request; none when it is right.
pub(crate) fn fault(
    method: &str,
    path: &str,
    query: &str,
    host: &str,
    secret: &str,
) -> Option<&'static str> {
    let mut parameters: Vec<(&str, &str)> = query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .collect();
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    };
    let Some(signature) = value("X-Amz-Signature") else {
        return Some("AccessDenied");
    };
    if value("X-Amz-Algorithm") != Some("AWS4-HMAC-SHA256")
        || value("X-Amz-SignedHeaders") != Some("host")
    {
        return Some("AuthorizationQueryParametersError");
    }
    let date = value("X-Amz-Date").unwrap_or_default();
    let credential = value("X-Amz-Credential").unwrap_or_default();
    let credential = credential.replace("%2F", "/");
    let (_, scope) = credential.split_once('/').unwrap_or_default();
    parameters.retain(|(key, _)| *key != "X-Amz-Signature");
    parameters.sort_unstable();
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let canonical = format!(
        "{method}\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD",
        parameters.join("&")
    );
    let hash = hex(&Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part.as_bytes());
    }
    let expected = hex(&hmac(&key, text.as_bytes()));
    (expected != signature).then_some("SignatureDoesNotMatch")
}

/// RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[test]
fn the_codes_are_those_of_rfc_4231() {
    let code = hex(&hmac(b"Jefe", b"what do ya want for nothing?"));
    assert_eq!(
        code,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}
