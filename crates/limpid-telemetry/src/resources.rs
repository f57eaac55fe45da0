//! How large the machine is, or the part of it that the process may use.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

/// What the control groups of the process leave to it. None is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Whole processors of the quota; a quota of less than one is none, as in Clair.
    pub processors: Option<NonZero<usize>>,
    /// Memory in bytes, beyond which the kernel kills.
    pub memory: Option<u64>,
}

impl Resources {
    /// Looks at the control groups of the process, of both versions.
    pub fn detect() -> Self {
        Self::under(Path::new("/"))
    }

    /// Looks at the control groups as they are described under some root.
    pub fn under(root: &Path) -> Self {
        let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let groups = Groups {
            root,
            text: &groups,
        };
        Self {
            processors: groups
                .files("cpu", "cpu.max")
                .filter_map(|file| quota(&fs::read_to_string(file).ok()?))
                .chain(groups.quotas_of_version_1())
                .min(),
            memory: groups
                .files("memory", "memory.max")
                .chain(groups.files("memory", "memory.limit_in_bytes"))
                .filter_map(|file| limit(&fs::read_to_string(file).ok()?))
                .min(),
        }
    }

    /// Returns how many threads run tasks: as many as there are processors, or as the quota pays
    /// for.
    pub fn worker_threads(&self) -> usize {
        let machine = thread::available_parallelism().map_or(1, NonZero::get);
        self.processors
            .map_or(machine, |quota| machine.min(quota.get()))
    }

    /// Returns how much memory the process should stay below: the limit less five hundredths, as
    /// in Clair.
    pub fn soft_memory_limit(&self) -> Option<u64> {
        self.memory.map(|limit| limit - limit / 20)
    }
}

/// The groups of the process, one a line as `number:controllers:path`.
struct Groups<'a> {
    root: &'a Path,
    text: &'a str,
}

impl<'a> Groups<'a> {
    /// Returns where a file of a controller may be: in the own group and those above it, up to the
    /// root, which inside of a container is often the only one that can be seen.
    fn files(&self, controller: &'a str, name: &'a str) -> impl Iterator<Item = PathBuf> {
        self.text
            .lines()
            .filter_map(move |line| {
                let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
                let mount = match controllers {
                    "" => "sys/fs/cgroup".to_owned(),
                    _ if controllers.split(',').any(|known| known == controller) => {
                        format!("sys/fs/cgroup/{controllers}")
                    }
                    _ => return None,
                };
                Some((mount, path.trim_start_matches('/')))
            })
            .flat_map(move |(mount, path)| {
                let mount = self.root.join(mount);
                Path::new(path)
                    .ancestors()
                    .map(move |group| mount.join(group).join(name))
                    .collect::<Vec<_>>()
            })
    }

    fn quotas_of_version_1(&self) -> impl Iterator<Item = NonZero<usize>> {
        self.files("cpu", "cpu.cfs_quota_us").filter_map(|file| {
            let allowed = fs::read_to_string(&file).ok()?;
            let period = fs::read_to_string(file.with_file_name("cpu.cfs_period_us")).ok()?;
            quota(&format!("{} {}", allowed.trim(), period.trim()))
        })
    }
}

/// Reads `QUOTA PERIOD`, in microseconds. Without a limit the quota is `max` or -1.
fn quota(text: &str) -> Option<NonZero<usize>> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (usize, usize) = (quota.parse().ok()?, period.parse().ok()?);
    NonZero::new(quota.checked_div(period)?)
}

/// Reads a number of bytes. Without a limit it is `max`, -1 or, in version 1, the largest number
/// of whole pages.
fn limit(text: &str) -> Option<u64> {
    let bytes: u64 = text.trim().parse().ok()?;
    (bytes < i64::MAX as u64 - (1 << 20)).then_some(bytes)
}
