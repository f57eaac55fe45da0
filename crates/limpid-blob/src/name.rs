//! What blobs are called where they are kept.

use limpid_types::Digest;

/// Returns the name of a blob: its digest, with a dash where file systems and addresses do not like
/// a colon.
pub(crate) fn name(digest: &Digest) -> String {
    digest.as_str().replacen(':', "-", 1)
}

/// Returns the digest that something is named by; none when it is no blob.
pub(crate) fn digest(name: &str) -> Option<Digest> {
    name.replacen('-', ":", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_digest() {
        let blob = Digest::sha256(b"blob");
        assert_eq!(name(&blob), format!("sha256-{}", blob.hex()));
        assert_eq!(digest(&name(&blob)), Some(blob));
        for other in ["", "notes.txt", "sha256-12", ".sha256-12.partial"] {
            assert_eq!(digest(other), None, "{other}");
        }
    }
}
