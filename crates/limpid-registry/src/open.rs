use std::path::{Path, PathBuf};
use std::time::Duration;

use limpid_layer::Budget;

use crate::archive::TarArchive;
use crate::image::{Image, LayerSource};
use crate::layout_directory::LayoutDirectory;
use crate::recognise::{Found, recognise};
use crate::{
    ImageReference, PlatformChoice, ReferenceError, Scheme, SourceError, SourceLimits,
    docker_archive, layer_files, oci,
};

/// How to open an image.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Which platform to take of several.
    pub platform: PlatformChoice,
    /// What the source may at most hold.
    pub limits: SourceLimits,
    /// Where a compressed outer archive is inflated to. The file has no name there and vanishes
    /// with the [`Image`]. Nothing else is written.
    pub spool_directory: PathBuf,
    /// The budget from which the memory for inflating is taken. The caller must hold no lease of it.
    pub budget: Budget,
    /// How long to wait for that memory.
    pub patience: Duration,
}

/// Opens one image: from one reference, or from several `layer:` references, base first.
///
/// Only documents are read. A compressed outer archive is inflated once to the spool directory; a
/// layer file is read once for its digest.
pub fn open(references: &[ImageReference], options: &OpenOptions) -> Result<Image, SourceError> {
    match references {
        [] => Err(SourceError::NoReference),
        [reference] => open_one(reference, options),
        several => {
            let is_layer = |it: &&ImageReference| it.scheme() == Some(Scheme::Layer);
            if let Some(other) = several.iter().find(|reference| !is_layer(reference)) {
                return Err(SourceError::MixedReferences(other.to_string()));
            }
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            let paths: Vec<PathBuf> = several
                .iter()
                .map(|reference| reference.locate().map(|(path, _)| path))
                .collect::<Result<_, _>>()?;
            let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
            layer_files::open(&paths, names.join(" "), &options.limits)
        }
    }
}

fn open_one(reference: &ImageReference, options: &OpenOptions) -> Result<Image, SourceError> {
    let (path, selector) = reference.locate()?;
    let name = reference.to_string();
    let found = match reference.scheme() {
        None => recognise(&path, options)?,
        Some(Scheme::DockerArchive) => Found::DockerArchive(TarArchive::open(&path, options)?),
        Some(Scheme::OciArchive) => Found::OciArchive(TarArchive::open(&path, options)?),
        Some(Scheme::Oci) => Found::OciDirectory(LayoutDirectory::open(&path)?),
        Some(Scheme::Directory) => Found::Directory,
        Some(Scheme::Layer) => Found::Layer,
    };
    let takes_selector = !matches!(found, Found::Directory | Found::Layer);
    if selector.is_some() && !takes_selector {
        return Err(ReferenceError::NoFile(reference.target().to_owned()).into());
    }
    match found {
        Found::DockerArchive(archive) => docker_archive::open(&archive, selector, name, options),
        Found::OciArchive(archive) => {
            oci::open(&archive, Scheme::OciArchive, selector, name, options)
        }
        Found::OciDirectory(layout) => oci::open(&layout, Scheme::Oci, selector, name, options),
        Found::Directory => open_directory(path, name),
        Found::Layer => layer_files::open(&[&path], name, &options.limits),
    }
}

fn open_directory(path: PathBuf, name: String) -> Result<Image, SourceError> {
    let metadata = std::fs::metadata(&path).map_err(|error| SourceError::open(&path, error))?;
    if !metadata.is_dir() {
        return Err(SourceError::FileType {
            path,
            expected: "directory",
        });
    }
    Ok(Image {
        scheme: Scheme::Directory,
        name,
        tags: Vec::new(),
        digest: None,
        config_digest: None,
        platform: None,
        layers: vec![LayerSource::Directory(path)],
    })
}
