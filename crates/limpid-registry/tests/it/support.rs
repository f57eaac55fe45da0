use std::error::Error;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use limpid_layer::Budget;
use limpid_registry::{
    Image, LayerBlob, LayerSource, OpenOptions, Platform, PlatformChoice, SourceError, SourceLimits,
};
use limpid_testkit::image::ArchiveBuilder;
use tempfile::TempDir;

/// A directory with files to open, and the options to open them with.
pub(crate) struct Workbench {
    directory: TempDir,
    pub(crate) options: OpenOptions,
}

impl Workbench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = OpenOptions {
            platform: PlatformChoice::Default(Platform::of_machine("x86_64")),
            limits: SourceLimits::default(),
            spool_directory: directory.path().to_owned(),
            budget: Budget::new(256 << 20),
            patience: Duration::ZERO,
        };
        Self { directory, options }
    }

    pub(crate) fn explicit(mut self, platform: &str) -> Self {
        self.options.platform = PlatformChoice::Explicit(platform.parse().unwrap());
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and returns its path as text.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        text(&path)
    }

    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) fn open(&self, reference: &str) -> Result<Image, SourceError> {
        self.open_all(&[reference])
    }

    pub(crate) fn open_all(&self, references: &[&str]) -> Result<Image, SourceError> {
        let references: Vec<_> = references.iter().map(|it| it.parse().unwrap()).collect();
        limpid_registry::open(&references, &self.options)
    }

    /// Opens what cannot be opened, and returns the messages of the error and its causes.
    pub(crate) fn refusal(&self, reference: &str) -> String {
        explain(&self.open(reference).unwrap_err())
    }
}

pub(crate) fn explain(error: &SourceError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A layer with one file.
pub(crate) fn layer(name: &str) -> Vec<u8> {
    ArchiveBuilder::new()
        .file(&format!("etc/{name}"), name.as_bytes())
        .build()
}

fn blob(layer: &LayerSource) -> &LayerBlob {
    match layer {
        LayerSource::Blob(blob) => blob,
        LayerSource::Directory(path) => panic!("a directory: {}", path.display()),
    }
}

pub(crate) fn blobs(image: &Image) -> Vec<&LayerBlob> {
    image.layers.iter().map(blob).collect()
}

/// Reads a layer as stored.
pub(crate) fn read(layer: &LayerBlob) -> Vec<u8> {
    let mut bytes = Vec::new();
    layer.open().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}
