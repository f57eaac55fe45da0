//! Where time goes.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use pprof::{ProfilerGuard, ProfilerGuardBuilder, Report, Symbol};
use prost::Message as _;

use super::proto::{Function, Line, Location, Profile, Sample, ValueType};
use super::{ProfileError, on_a_thread, take_turn};

/// Samples a second of each processor's time. Not 100, so that it does not keep step with timers.
const FREQUENCY: i32 = 99;

/// Code that a signal must not look into, because it may hold the locks that unwinding takes.
const NOT_SAMPLED: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

/// Samples for some time where the process spends its processor time, and returns the profile as
/// gzipped protocol buffers, which `go tool pprof` reads. Nothing is sampled at other times.
///
/// # Errors
///
/// When another profile is being made, the time is longer than [`super::LONGEST_PROFILE`], or the
/// profiler fails.
pub async fn cpu_profile(duration: Duration) -> Result<Vec<u8>, ProfileError> {
    let _turn = take_turn(duration)?;
    let sampling = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY)
        .blocklist(&NOT_SAMPLED)
        .build()
        .map_err(ProfileError::failed)?;
    tokio::time::sleep(duration).await;
    on_a_thread(move || finish(&sampling, duration)).await
}

fn finish(sampling: &ProfilerGuard<'_>, duration: Duration) -> Result<Vec<u8>, ProfileError> {
    let report = sampling.report().build().map_err(ProfileError::failed)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(&profile(&report, duration).encode_to_vec())
        .and_then(|()| encoder.finish())
        .map_err(ProfileError::failed)
}

fn profile(report: &Report, duration: Duration) -> Profile {
    let period = 1_000_000_000 / i64::from(FREQUENCY);
    let mut builder = Builder::default();
    // The format wants the empty text first.
    builder.text("");
    let (samples, count) = (builder.text("samples"), builder.text("count"));
    let (cpu, unit) = (builder.text("cpu"), builder.text("nanoseconds"));
    for (stack, hits) in &report.data {
        let hits = i64::try_from(*hits).unwrap_or(i64::MAX);
        let location_id = stack
            .frames
            .iter()
            .map(|frame| builder.location(frame))
            .collect();
        builder.profile.sample.push(Sample {
            location_id,
            value: vec![hits, hits.saturating_mul(period)],
        });
    }
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(duration);
    Profile {
        sample_type: vec![
            ValueType {
                kind: samples,
                unit: count,
            },
            ValueType { kind: cpu, unit },
        ],
        string_table: builder.texts_in_order(),
        time_nanos: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        duration_nanos: i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX),
        period_type: Some(ValueType { kind: cpu, unit }),
        period,
        ..builder.profile
    }
}

/// Gives numbers to what comes more than once.
#[derive(Default)]
struct Builder {
    profile: Profile,
    texts: HashMap<String, i64>,
    functions: HashMap<(i64, i64), u64>,
    locations: HashMap<Vec<(u64, i64)>, u64>,
}

impl Builder {
    fn text(&mut self, text: &str) -> i64 {
        if let Some(number) = self.texts.get(text) {
            return *number;
        }
        let number = i64::try_from(self.texts.len()).unwrap_or(i64::MAX);
        self.texts.insert(text.to_owned(), number);
        number
    }

    fn texts_in_order(&mut self) -> Vec<String> {
        let mut texts: Vec<_> = std::mem::take(&mut self.texts).into_iter().collect();
        texts.sort_unstable_by_key(|(_, number)| *number);
        texts.into_iter().map(|(text, _)| text).collect()
    }

    fn function(&mut self, symbol: &Symbol) -> u64 {
        let name = self.text(&symbol.name());
        let filename = self.text(&symbol.filename());
        let next = self.functions.len() as u64 + 1;
        let id = *self.functions.entry((name, filename)).or_insert(next);
        if id == next {
            let system_name = self.text(&symbol.sys_name());
            self.profile.function.push(Function {
                id,
                name,
                system_name,
                filename,
            });
        }
        id
    }

    /// A frame has several symbols when functions were inlined, the innermost first.
    fn location(&mut self, frame: &[Symbol]) -> u64 {
        let lines: Vec<_> = frame
            .iter()
            .map(|symbol| (self.function(symbol), i64::from(symbol.lineno())))
            .collect();
        let next = self.locations.len() as u64 + 1;
        let id = *self.locations.entry(lines.clone()).or_insert(next);
        if id == next {
            let line = lines
                .into_iter()
                .map(|(function_id, line)| Line { function_id, line })
                .collect();
            self.profile.location.push(Location { id, line });
        }
        id
    }
}
