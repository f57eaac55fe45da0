//! A data folder that cannot be written.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::workplace::{Run, Workplace};

const WARNING: &str = "the data folder cannot be written, so it is only read";

/// Takes the right to write from everything in the data folder for as long as this lives.
struct Protected<'a>(&'a Workplace);

impl<'a> Protected<'a> {
    fn new(workplace: &'a Workplace) -> Self {
        set_modes(workplace, 0o555, 0o444);
        Self(workplace)
    }

    /// Runs limpid without the right of the superuser to write whatever it likes.
    fn run(&self, arguments: &[&str]) -> Run {
        let plain = self.0.command(arguments);
        if !rustix::process::geteuid().is_root() {
            let mut plain = plain;
            return plain.output().unwrap().into();
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--inh-caps=-all", "--bounding-set=-all"])
            .arg(plain.get_program())
            .args(plain.get_args().collect::<Vec<&OsStr>>());
        command.output().unwrap().into()
    }
}

impl Drop for Protected<'_> {
    fn drop(&mut self) {
        set_modes(self.0, 0o755, 0o644);
    }
}

fn set_modes(workplace: &Workplace, folders: u32, files: u32) {
    let set = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (path, _) in workplace.contents() {
        set(path.parent().unwrap().to_owned(), folders);
        set(path, files);
    }
    set(workplace.data(), folders);
}

fn findings(run: &Run) -> usize {
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report["findings"].as_array().unwrap().len()
}

#[test]
fn images_are_scanned_with_a_data_folder_that_cannot_be_written() {
    let (workplace, image) = Workplace::ready();
    let before = workplace.contents();
    let protected = Protected::new(&workplace);
    let run = protected.run(&["scan", &image, "--format", "json"]);
    assert_eq!(findings(&run), 2, "{run:?}");
    assert!(run.stderr.contains(WARNING), "{run:?}");
    assert!(run.stderr.contains("/data"), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");

    let index = protected.run(&["index", &image]);
    assert_eq!(index.code, 0, "{index:?}");
    let index = workplace.write("index.json", index.stdout);
    let run = protected.run(&["match", &index, "--format", "json"]);
    assert_eq!(findings(&run), 2, "{run:?}");
    assert!(run.stderr.contains(WARNING), "{run:?}");

    let run = protected.run(&["feeds", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(rows[0]["feed"], "alpine/v3.18");
    assert!(run.stderr.contains(WARNING), "{run:?}");
    let run = protected.run(&["feeds", "generations"]);
    assert!(run.stdout.starts_with("*      1"), "{run:?}");
    drop(protected);
    assert_eq!(workplace.contents(), before);
}

#[test]
fn vulnerability_data_in_a_folder_that_cannot_be_written_are_not_changed() {
    let (workplace, _) = Workplace::ready();
    let before = workplace.contents();
    let protected = Protected::new(&workplace);
    let mirror = workplace.path("mirror");
    let mirror = mirror.to_str().unwrap();
    for arguments in [
        &["update", "--only", "alpine", "--mirror", mirror][..],
        &["feeds", "rollback"],
    ] {
        let run = protected.run(arguments);
        assert_eq!(run.code, 2, "{run:?}");
        let says = "error: the data folder cannot be written: ";
        assert!(run.stderr.contains(says), "{run:?}");
    }
    drop(protected);
    assert_eq!(workplace.contents(), before);
}

#[test]
fn an_empty_folder_that_cannot_be_written_is_a_folder_without_data() {
    let workplace = Workplace::new();
    fs::create_dir(workplace.data()).unwrap();
    let image = workplace.write("image.tar", crate::workplace::image().docker_archive());
    let protected = Protected::new(&workplace);
    let run = protected.run(&["scan", &image]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("NOT CHECKED"), "{run:?}");
    let run = protected.run(&["scan", &image, "--generation", "1"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("there is no generation: 1"), "{run:?}");
    let run = protected.run(&["feeds", "--json"]);
    assert_eq!((run.code, run.stdout.trim()), (0, "[]"), "{run:?}");
    let run = protected.run(&["feeds", "generations"]);
    assert!(run.stdout.contains("no generations"), "{run:?}");
    drop(protected);
    assert!(workplace.contents().is_empty());
}
