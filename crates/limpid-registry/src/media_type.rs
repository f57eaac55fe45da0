//! The media types of images, in OCI's and in Docker's spelling.

/// What a document is, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    Index,
    Manifest,
}

/// Tells what a document is; `None` for anything that is not an image.
pub(crate) fn document_kind(media_type: &str) -> Option<DocumentKind> {
    match media_type {
        "application/vnd.oci.image.index.v1+json"
        | "application/vnd.docker.distribution.manifest.list.v2+json" => Some(DocumentKind::Index),
        "application/vnd.oci.image.manifest.v1+json"
        | "application/vnd.docker.distribution.manifest.v2+json" => Some(DocumentKind::Manifest),
        _ => None,
    }
}

/// Tells whether a layer of this media type is a tar archive. How it is compressed shows in its
/// first bytes, whatever the media type says.
pub(crate) fn is_layer(media_type: &str) -> bool {
    let oci = [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
    ];
    let docker = [
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ];
    let ends = |prefixes: &[&str], separator: char| {
        prefixes.iter().any(|prefix| {
            media_type.strip_prefix(prefix).is_some_and(|rest| {
                rest.is_empty() || matches!(rest.strip_prefix(separator), Some("gzip" | "zstd"))
            })
        })
    };
    ends(&oci, '+') || ends(&docker, '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_files_are_told_from_others() {
        for layer in [
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ] {
            assert!(is_layer(layer), "{layer}");
        }
        for other in [
            "",
            "application/vnd.in-toto+json",
            "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
            "application/vnd.wasm.content.layer.v1+wasm",
            "application/vnd.oci.image.layer.v1.tarball",
        ] {
            assert!(!is_layer(other), "{other}");
        }
    }
}
