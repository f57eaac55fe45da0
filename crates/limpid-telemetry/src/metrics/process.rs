//! What the kernel knows of the process.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Linux counts the time of processes in hundredths of a second on all platforms, whatever the
/// kernel itself counts in (`USER_HZ`, see `times(2)` and `proc_pid_stat(5)`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads `/proc` whenever it is asked. What cannot be read is left out.
#[derive(Debug)]
pub(super) struct ProcessMetrics;

/// What is in `/proc/self/stat`.
#[derive(Debug, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    threads: f64,
    /// After the machine's start.
    started_seconds: f64,
    virtual_bytes: f64,
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let stat = read("/proc/self/stat").and_then(|text| Stat::parse(&text));
        let status = read("/proc/self/status").unwrap_or_default();
        if let Some(stat) = &stat {
            let seconds = ConstCounter::new(stat.cpu_seconds);
            let metric = encoder.encode_descriptor(
                "process_cpu_seconds",
                "Time that the processors spent on the process",
                None,
                seconds.metric_type(),
            )?;
            seconds.encode(metric)?;
        }
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Memory that the process has",
                number_after(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024.0),
            ),
            (
                "process_virtual_memory_bytes",
                "Memory that the process has addresses of",
                stat.as_ref().map(|stat| stat.virtual_bytes),
            ),
            (
                "process_threads",
                "Threads of the process",
                stat.as_ref().map(|stat| stat.threads),
            ),
            ("process_open_fds", "Open file descriptors", open_files()),
            (
                "process_max_fds",
                "File descriptors that may be open",
                read("/proc/self/limits").and_then(|text| number_after(&text, "Max open files")),
            ),
            (
                "process_start_time_seconds",
                "When the process began, after the beginning of 1970",
                stat.as_ref().and_then(Stat::start),
            ),
        ];
        for (name, help, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

/// Returns when the process began, in seconds after the beginning of 1970.
pub(crate) fn start() -> Option<f64> {
    Stat::parse(&read("/proc/self/stat")?)?.start()
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name is in parentheses and may hold parentheses and spaces itself.
        let (_, behind_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = behind_name.split_whitespace().collect();
        // The manual counts from 1, and the first field here is its third.
        let field = |number: usize| -> Option<f64> { fields.get(number - 3)?.parse().ok() };
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / TICKS_PER_SECOND,
            threads: field(20)?,
            started_seconds: field(22)? / TICKS_PER_SECOND,
            virtual_bytes: field(23)?,
        })
    }

    fn start(&self) -> Option<f64> {
        let boot = number_after(&read("/proc/stat")?, "btime")?;
        Some(boot + self.started_seconds)
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Returns the number behind a word at the beginning of a line.
fn number_after(text: &str, word: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn open_files() -> Option<f64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    // The folder itself was open while it was read.
    u32::try_from(open.saturating_sub(1)).ok().map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (a b) c) S 1 7 7 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 3 0 1200 4096 1 2";
        let expected = Stat {
            cpu_seconds: 2.0,
            threads: 3.0,
            started_seconds: 12.0,
            virtual_bytes: 4096.0,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (a) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn numbers_are_found_behind_words() {
        let text = "Name:\ta\nVmRSS:\t   1234 kB\nMax open files            1024   4096   files\n";
        assert_eq!(number_after(text, "VmRSS:"), Some(1234.0));
        assert_eq!(number_after(text, "Max open files"), Some(1024.0));
        assert_eq!(
            number_after("Max open files  unlimited", "Max open files"),
            None
        );
    }
}
