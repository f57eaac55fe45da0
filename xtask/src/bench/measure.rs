use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use limpid_layer::{
    Budget, Content, Entry, Hashing, LayerLimits, LayerSummary, ReadOptions, Spool, Visitor, Want,
};
use limpid_types::Digest;

/// A command that is run several times, each time as a process of its own.
#[derive(Clone)]
pub(crate) struct Measurement {
    program: OsString,
    arguments: Vec<OsString>,
    is_pinned: bool,
    fresh: Option<PathBuf>,
}

/// What one run took.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of processor time, user and system.
    pub(crate) cpu: f64,
    /// Highest resident memory.
    pub(crate) peak_mib: f64,
}

impl Measurement {
    pub(crate) fn new(program: &Path) -> Self {
        Self {
            program: program.as_os_str().to_owned(),
            arguments: Vec::new(),
            is_pinned: false,
            fresh: None,
        }
    }

    pub(crate) fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<const N: usize>(&mut self, arguments: [&str; N]) -> &mut Self {
        self.arguments.extend(arguments.map(OsString::from));
        self
    }

    /// Removes a folder before every run.
    pub(super) fn fresh(&mut self, directory: &Path) -> &mut Self {
        self.fresh = Some(directory.to_owned());
        self
    }

    pub(super) fn not_fresh(&mut self) -> &mut Self {
        self.fresh = None;
        self
    }

    /// Runs on one core only.
    pub(super) fn pinned(mut self) -> Self {
        self.is_pinned = true;
        self
    }

    /// Runs once to warm the page cache, then so many times; returns the median of each figure.
    pub(super) fn median(&self, runs: usize) -> Result<Figures> {
        self.once()?;
        let all: Vec<Figures> = (0..runs.max(1))
            .map(|_| self.once())
            .collect::<Result<_>>()?;
        let median = |figure: fn(&Figures) -> f64| {
            let mut values: Vec<f64> = all.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Ok(Figures {
            wall: median(|figures| figures.wall),
            cpu: median(|figures| figures.cpu),
            peak_mib: median(|figures| figures.peak_mib),
        })
    }

    /// Runs once.
    pub(crate) fn once(&self) -> Result<Figures> {
        if let Some(directory) = &self.fresh
            && directory.is_dir()
        {
            std::fs::remove_dir_all(directory)?;
        }
        let report = tempfile::NamedTempFile::new()?;
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%e %U %S %M", "-o"]).arg(report.path());
        if self.is_pinned {
            command.args(["taskset", "-c", "0"]);
        }
        let status = command
            .arg(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .context("cannot run /usr/bin/time, Debian package time")?;
        ensure!(
            status.success(),
            "{} failed: {status}",
            Path::new(&self.program).display()
        );
        let text = std::fs::read_to_string(report.path())?;
        let line = text.lines().last().unwrap_or_default();
        let numbers: Vec<f64> = line
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        let [wall, user, system, kilobytes] = numbers[..] else {
            anyhow::bail!("unexpected answer of time: {line}");
        };
        Ok(Figures {
            wall,
            cpu: user + system,
            peak_mib: kilobytes / 1024.0,
        })
    }
}

/// What cannot be avoided: reading, hashing, inflating and walking the layers, and nothing else.
pub(super) fn floor(layers: &[PathBuf]) -> Result<()> {
    for path in layers {
        summary(path)?;
    }
    Ok(())
}

/// Reads a layer file without wanting anything of it.
pub(super) fn summary(path: &Path) -> Result<LayerSummary> {
    read(path, false)
}

/// Returns the digest of a layer's uncompressed bytes.
pub(super) fn diff_id(path: &Path) -> Result<Digest> {
    let digest = read(path, true)?.uncompressed_digest;
    digest.with_context(|| format!("the layer is damaged: {}", path.display()))
}

fn read(path: &Path, also_uncompressed_digest: bool) -> Result<LayerSummary> {
    let context = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(context)?;
    let options = ReadOptions {
        limits: &LayerLimits::default(),
        budget: &Budget::new(64 << 20),
        spool: &Spool::new(std::env::temp_dir(), 0),
        patience: Duration::ZERO,
        hashing: Hashing::InLine,
        also_uncompressed_digest,
    };
    limpid_layer::read_layer(file, None, &options, &mut Indifferent).with_context(context)
}

/// Wants nothing of anything.
struct Indifferent;

impl Visitor for Indifferent {
    fn enter(&mut self, _entry: &Entry<'_>) -> Want {
        Want::Nothing
    }

    fn content(&mut self, _entry: &Entry<'_>, _content: Content<'_>) {}

    fn lost(&mut self, _entry: &Entry<'_>, _why: String) {}
}
