use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use limpid_testkit::feed::AlpineSecdb;
use limpid_testkit::image::{ImageBuilder, Packing};
use limpid_testkit::layer::LayerBuilder;
use tempfile::TempDir;

/// A folder with a data folder, a mirror and images.
pub(crate) struct Workplace {
    directory: TempDir,
}

/// What a run printed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file, with the folders above it, and returns its path as text.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_limpid"));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        command
    }

    /// Runs limpid with the data folder of this workplace.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs `limpid update` from the mirror of this workplace, for Alpine alone.
    pub(crate) fn update(&self) -> Run {
        let mirror = self.path("mirror");
        self.run(&[
            "update",
            "--only",
            "alpine*",
            "--mirror",
            mirror.to_str().unwrap(),
        ])
    }

    /// Writes Alpine 3.18's feed into the mirror.
    pub(crate) fn mirror(&self, main: &AlpineSecdb) {
        let folder = "mirror/secdb.alpinelinux.org/v3.18";
        let community = AlpineSecdb::new("v3.18", "community");
        self.write(&format!("{folder}/main.json"), main.to_json());
        self.write(&format!("{folder}/community.json"), community.to_json());
    }

    /// A workplace with vulnerability data and an image that has two findings.
    pub(crate) fn ready() -> (Self, String) {
        let workplace = Self::new();
        workplace.mirror(&secdb());
        let update = workplace.update();
        assert_eq!(update.code, 0, "{update:?}");
        let image = workplace.write("image.tar", image().docker_archive());
        (workplace, image)
    }

    /// Everything in the data folder, with sizes, sorted.
    pub(crate) fn contents(&self) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        let mut open = vec![self.data()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() {
                    open.push(entry.path());
                } else {
                    found.push((entry.path(), metadata.len()));
                }
            }
        }
        found.sort();
        found
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Alpine's advisories for two packages.
pub(crate) fn secdb() -> AlpineSecdb {
    AlpineSecdb::new("v3.18", "main")
        .fix("musl", "1.2.4-r3", &["CVE-2025-26519"])
        .fix("openssl", "3.1.4-r0", &["CVE-2023-5363"])
        .fix("openssl", "3.1.1-r0", &["CVE-2023-2650"])
}

/// An image of Alpine 3.18 with musl and openssl before their fixes.
pub(crate) fn image() -> ImageBuilder {
    let database =
        "P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\n\nP:libssl3\nV:3.1.3-r0\nA:x86_64\no:openssl\n";
    alpine(database)
}

/// An image of Alpine 3.18 with a package database.
pub(crate) fn alpine(database: &str) -> ImageBuilder {
    let layer = LayerBuilder::new()
        .file(
            "etc/os-release",
            "ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n",
        )
        .file("lib/apk/db/installed", database);
    ImageBuilder::new().layer(layer.build(), Packing::Gzip)
}

/// Returns a path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
