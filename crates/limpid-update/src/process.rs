//! Which process this is, so that the lease of a process that is gone need not expire first.
//!
//! A name says where the process lives (the boot of the machine and the PID namespace, because the
//! same number is another process elsewhere), its number, and when it started (because numbers are
//! used again).

use std::fs;

/// Returns the name of this process.
pub(crate) fn name() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let pid = std::process::id();
    format!(
        "host={} pid={pid} start={} place={}",
        host.trim(),
        start_time(pid).unwrap_or_default(),
        place()
    )
}

/// Tells whether a process is known to have ended. One of another place is not known.
pub(crate) fn has_ended(name: &str) -> bool {
    let field = |key: &str| {
        let mut words = name.split(' ');
        words.find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    };
    let place = place();
    if place.is_empty() || field("place") != Some(&place) {
        return false;
    }
    let (Some(pid), Some(start)) = (
        field("pid").and_then(|pid| pid.parse().ok()),
        field("start"),
    ) else {
        return false;
    };
    start_time(pid).as_deref() != Some(start)
}

/// Returns where process numbers mean the same; empty when that cannot be told.
fn place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    match fs::read_link("/proc/self/ns/pid") {
        Ok(namespace) if !boot.is_empty() => format!("{}/{}", boot.trim(), namespace.display()),
        _ => String::new(),
    }
}

/// Returns when a process started, in the kernel's own count: field 22 of its `stat` line, counted
/// from the end of the command, which may contain anything.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_command) = stat.rsplit_once(')')?;
    after_command
        .split_ascii_whitespace()
        .nth(19)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_not_ended() {
        assert!(!has_ended(&name()));
    }

    #[test]
    fn a_process_that_was_waited_for_has_ended() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let own = format!("pid={}", std::process::id());
        let name = name().replace(&own, &format!("pid={}", child.id()));
        child.wait().unwrap();
        assert!(has_ended(&name), "{name}");
    }

    #[test]
    fn a_number_that_was_used_again_is_another_process() {
        let pid = std::process::id();
        let start = start_time(pid).unwrap();
        let earlier = name().replace(&format!("start={start}"), "start=1");
        assert!(has_ended(&earlier));
    }

    #[test]
    fn nothing_is_known_of_other_places() {
        assert!(!has_ended("host=other pid=1 start=1 place=boot/pid:[1]"));
        assert!(!has_ended("somebody"));
        assert!(!has_ended(""));
    }
}
