//! How much memory limpid may use for buffers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// The most that the default takes, however much there is.
const LARGEST_DEFAULT: u64 = 512 << 20;

/// The least that reading a layer needs with every format switched on.
const SMALLEST: u64 = 16 << 20;

/// Returns the budget in bytes: what was asked for, or a quarter of what this process may use.
pub(crate) fn budget(asked: Option<u64>) -> anyhow::Result<u64> {
    let budget = match asked {
        Some(bytes) => bytes,
        None => (available() / 4).clamp(SMALLEST, LARGEST_DEFAULT),
    };
    ensure!(
        budget >= SMALLEST,
        "the memory budget is too small to read a layer, at least {} MiB are needed: {budget} bytes",
        SMALLEST >> 20
    );
    Ok(budget)
}

/// Returns the memory of this process's control group or, without one, of the machine.
fn available() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total(&text))
        .unwrap_or(LARGEST_DEFAULT);
    cgroup_files()
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
        .fold(machine, u64::min)
}

/// Returns the files that may hold a limit: of the own group and those above it, versions 2 and 1.
fn cgroup_files() -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut files = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (mount, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|c| c == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let relative = Path::new(path.trim_start_matches('/'));
        files.extend(
            relative
                .ancestors()
                .map(|group| Path::new(mount).join(group).join(name)),
        );
    }
    files
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// Returns the folder for everything that limpid keeps, making it when it is not there, and
/// whether it was made.
pub(crate) fn data_directory(asked: Option<&Path>) -> anyhow::Result<(PathBuf, bool)> {
    let directory = match asked {
        Some(directory) => directory.to_owned(),
        None => default_directory().context(
            "cannot tell where to keep data, neither XDG_DATA_HOME nor HOME is set; give --data-dir",
        )?,
    };
    let is_new = !directory.is_dir();
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make the data folder: {}", directory.display()))?;
    Ok((directory, is_new))
}

/// The XDG base directory specification: `$XDG_DATA_HOME`, if absolute, else `~/.local/share`.
fn default_directory() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("limpid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_too_small_for_a_layer_is_refused() {
        assert!(budget(Some(1)).is_err());
        assert_eq!(budget(Some(SMALLEST)).unwrap(), SMALLEST);
    }

    #[test]
    fn the_default_stays_between_its_bounds() {
        let default = budget(None).unwrap();
        assert!((SMALLEST..=LARGEST_DEFAULT).contains(&default));
    }

    #[test]
    fn total_memory_is_read_from_meminfo() {
        assert_eq!(
            total("MemTotal:       24000 kB\nMemFree: 1 kB\n"),
            Some(24_576_000)
        );
    }
}
