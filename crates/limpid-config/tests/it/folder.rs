#![expect(clippy::unwrap_used, reason = "these functions are part of tests")]

use std::fs;

use limpid_config::{Config, ConfigError, Fault, Lint, Loaded, load};
use tempfile::TempDir;

/// A folder with configuration files; the first is the root file.
pub(crate) struct Folder {
    folder: TempDir,
    root: String,
}

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = files[0].0.to_owned();
        Self { folder, root }
    }

    pub(crate) fn load(&self) -> Result<Loaded, ConfigError> {
        load(&self.folder.path().join(&self.root))
    }

    /// Returns the message of the failure, without the folder's name.
    pub(crate) fn failure(&self) -> String {
        let message = self.load().unwrap_err().to_string();
        message.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

#[track_caller]
pub(crate) fn yaml(text: &str) -> Config {
    Folder::new(&[("c.yaml", text)]).load().unwrap().config
}

#[track_caller]
pub(crate) fn lints(text: &str) -> Vec<Lint> {
    Folder::new(&[("c.yaml", text)]).load().unwrap().lints
}

#[track_caller]
pub(crate) fn failure(text: &str) -> String {
    Folder::new(&[("c.yaml", text)]).failure()
}

#[track_caller]
pub(crate) fn faults(text: &str) -> Vec<Fault> {
    match Folder::new(&[("c.yaml", text)]).load() {
        Err(ConfigError::Invalid { faults }) => faults,
        other => panic!("expected faults, found {other:?}"),
    }
}
