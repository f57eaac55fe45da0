use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A shell that starts a server, waits until its input ends, stops the server and removes its
/// folder. The input ends when this value is dropped, and also when the test program is killed.
#[derive(Debug)]
pub(super) struct Supervisor {
    shell: Child,
    folder: PathBuf,
}

impl Supervisor {
    /// Runs a script in a new folder with some files, and waits until it says `ready`.
    pub(super) fn start(
        prefix: &str,
        script: &str,
        files: impl Fn(&Path) -> Vec<(&'static str, String)>,
    ) -> Self {
        // Not below the temporary folder of the environment: names of sockets must be short.
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in("/tmp")
            .expect("a folder in /tmp")
            .keep();
        for (name, content) in files(&folder) {
            fs::write(folder.join(name), content).expect("a file in the folder");
        }
        // Others may come to the sockets: the tests may run as somebody else than the servers.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("permissions");
        give_away(&folder);
        // An interrupt from the terminal reaches the shell too, which must not end before its work.
        let script = format!("trap '' INT HUP TERM\n({script}\n)\ncd /\nrm -rf \"$0\"");
        let shell = program_in(&folder, Path::new("/bin/sh"))
            .args(["-c", &script])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let mut supervisor = Self { shell, folder };
        let output = supervisor.shell.stdout.take().expect("output of the shell");
        let mut said = String::new();
        BufReader::new(output)
            .read_line(&mut said)
            .expect("a line of the shell");
        assert_eq!(said.trim(), "ready", "the server did not start");
        supervisor
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a command that runs in the folder, as the user to whom it belongs.
    pub(super) fn program(&self, path: &Path) -> Command {
        program_in(&self.folder, path)
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Nothing can be done about a shell that was killed.
        let _ = self.shell.wait();
    }
}

/// Returns a command that runs as somebody whom the servers do not refuse: they do not want root.
pub(super) fn program(path: &Path) -> Command {
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "--",
        ])
        .arg(path);
    command
}

fn program_in(folder: &Path, path: &Path) -> Command {
    let mut command = program(path);
    command.current_dir(folder);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Makes the user postgres the owner of a folder and its files, if we are root.
fn give_away(folder: &Path) {
    if !is_root() {
        return;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the users");
    let user = users.lines().find(|line| line.starts_with("postgres:"));
    let user = user.expect("install the package postgresql: there is no user postgres");
    let mut numbers = user.split(':').skip(2).map(|field| field.parse().ok());
    let (user, group) = (numbers.next().flatten(), numbers.next().flatten());
    let files = fs::read_dir(folder).expect("the folder");
    for path in files.flatten().map(|file| file.path()) {
        chown(path, user, group).expect("a file is given away");
    }
    chown(folder, user, group).expect("the folder is given away");
}
