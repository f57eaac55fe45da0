use std::io::Read as _;

use limpid_types::LayerEvidence;

/// Writes evidence as the store keeps it: JSON, which later versions can add fields to, in zstd.
pub(crate) fn encode(evidence: &LayerEvidence) -> std::io::Result<Vec<u8>> {
    let mut stream = zstd::stream::write::Encoder::new(Vec::new(), 3)?;
    serde_json::to_writer(&mut stream, evidence)?;
    stream.finish()
}

/// Reads stored evidence that expands to at most so many bytes; none when it is damaged, so that
/// the layer is simply read again.
///
/// The detectors' budget keeps real evidence far below any sensible limit.
pub(crate) fn decode(stored: &[u8], limit: u64) -> Option<LayerEvidence> {
    let stream = zstd::stream::read::Decoder::with_buffer(stored).ok()?;
    let mut json = Vec::new();
    stream.take(limit).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use limpid_types::{Problem, ProblemKind, ReleaseFile, Whiteout};

    use super::*;

    #[test]
    fn stored_evidence_reads_back() {
        let evidence = LayerEvidence {
            release_files: vec![ReleaseFile {
                path: "etc/os-release".into(),
                text: "ID=alpine\n".into(),
            }],
            whiteouts: vec![
                Whiteout::Opaque(String::new()),
                Whiteout::Path("a/b".into()),
            ],
            problems: vec![Problem::new(ProblemKind::Note, "a", "b").at(7)],
            ..LayerEvidence::default()
        };
        assert_eq!(decode(&encode(&evidence).unwrap(), 1 << 20), Some(evidence));
    }

    #[test]
    fn damaged_evidence_is_as_good_as_none() {
        let mut stored = encode(&LayerEvidence::default()).unwrap();
        stored.truncate(stored.len() / 2);
        assert_eq!(decode(&stored, 1 << 20), None);
        assert_eq!(decode(b"", 1 << 20), None);
    }

    #[test]
    fn fields_of_a_later_version_are_passed_over() {
        let stored = zstd::encode_all(&br#"{"databases":[],"novelty":1}"#[..], 3).unwrap();
        assert_eq!(decode(&stored, 1 << 20), Some(LayerEvidence::default()));
    }
}
