//! Opens arbitrary bytes as an image archive of either kind, as a layer, and by content.
#![no_main]

use std::io::{Read as _, Write as _};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use limpid_layer::Budget;
use limpid_registry::{
    ImageReference, LayerSource, OpenOptions, Platform, PlatformChoice, Scheme, SourceLimits, open,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = tempfile::NamedTempFile::new() else {
        return;
    };
    if file.write_all(bytes).is_err() {
        return;
    }
    let Some(path) = file.path().to_str() else {
        return;
    };
    let options = OpenOptions {
        platform: PlatformChoice::Default(Platform::of_machine("x86_64")),
        limits: SourceLimits {
            archive_bytes: 16 << 20,
            ..SourceLimits::default()
        },
        spool_directory: std::env::temp_dir(),
        budget: Budget::new(256 << 20),
        patience: Duration::ZERO,
    };
    let schemes = [
        None,
        Some(Scheme::DockerArchive),
        Some(Scheme::OciArchive),
        Some(Scheme::Layer),
    ];
    for scheme in schemes {
        let Ok(image) = open(&[ImageReference::new(scheme, path)], &options) else {
            continue;
        };
        for layer in image.layers {
            let LayerSource::Blob(layer) = layer else {
                panic!("a file gave a directory");
            };
            let mut content = Vec::new();
            if let Ok(mut reader) = layer.open()
                && reader.read_to_end(&mut content).is_ok()
            {
                assert_eq!(content.len() as u64, layer.size());
            }
        }
    }
});
