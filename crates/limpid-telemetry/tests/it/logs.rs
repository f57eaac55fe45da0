use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use limpid_telemetry::{
    LogFormat, LogLevel, LogSettings, Sampling, Telemetry, TelemetrySettings, TraceSettings,
    continue_trace,
};
use serde_json::Value;

/// Long enough for any machine; nothing waits for it in vain.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Default)]
pub(crate) struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the lines that some code logs.
fn logged(logs: LogSettings, code: impl FnOnce()) -> Vec<String> {
    let output = Output::default();
    let settings = TelemetrySettings {
        service: "clairv4/combo".to_owned(),
        logs,
        traces: TraceSettings {
            destination: None,
            sampling: Sampling::Never,
        },
    };
    let (telemetry, dispatch) = Telemetry::new(&settings, output.clone()).unwrap();
    tracing::dispatcher::with_default(&dispatch, code);
    assert!(telemetry.logs().flush(PATIENCE));
    assert_eq!(telemetry.logs().dropped(), 0);
    let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    text.split_inclusive('\n')
        .map(|line| line.strip_suffix('\n').unwrap().to_owned())
        .collect()
}

/// Returns a line of JSON with its time replaced, after a look at it.
fn timeless(line: &str) -> String {
    let object: Value = serde_json::from_str(line).unwrap();
    let time = object["time"].as_str().unwrap();
    let parsed: jiff::Timestamp = time.parse().unwrap();
    assert!(parsed.as_second() > 1_700_000_000);
    assert_eq!(time.len(), "2026-01-01T00:00:00.123456789Z".len(), "{time}");
    line.replace(time, "TIME")
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such file")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {}

#[test]
fn a_line_is_one_json_object_in_clair_s_shape() {
    let lines = logged(LogSettings::default(), || {
        tracing::info!(
            target: "limpid_api::server",
            remote_addr = "10.0.0.1:1234",
            status = 201,
            written = 17_u64,
            duration = 0.25,
            is_cached = true,
            "handled HTTP request"
        );
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(
        timeless(&lines[0]),
        r#"{"level":"INFO","source":"limpid_api::server","time":"TIME","msg":"handled HTTP request","remote_addr":"10.0.0.1:1234","status":201,"written":17,"duration":0.25,"is_cached":true}"#
    );
}

#[test]
fn fields_of_spans_come_first_and_inner_ones_win() {
    let lines = logged(LogSettings::default(), || {
        let request = tracing::info_span!("request", request_id = "abc", manifest = "outer");
        let _request = request.enter();
        let layer = tracing::info_span!(
            "layer",
            manifest = "inner",
            layer = tracing::field::Empty,
            otel.kind = "internal"
        );
        layer.record("layer", "sha256:1");
        let _layer = layer.enter();
        tracing::warn!(target: "limpid_index", attempt = 2, layer = "sha256:2", "again");
    });
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["level"], "WARN");
    let rest = timeless(&lines[0]);
    // Both spans belong to a trace of their own, which nobody collects.
    let (_, fields) = rest.split_once(r#""SpanID":""#).unwrap();
    let (_, fields) = fields.split_once(',').unwrap();
    assert_eq!(
        fields,
        r#""request_id":"abc","manifest":"inner","layer":"sha256:2","attempt":2}"#
    );
}

#[test]
fn errors_are_under_reason_with_their_causes() {
    let lines = logged(LogSettings::default(), || {
        let error = Outer(Inner);
        tracing::error!(error = &error as &dyn Error, "first");
        tracing::error!(%error, "second");
        tracing::error!(reason = "third", level = "x", time = 1, "third");
    });
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["reason"], "cannot read: no such file");
    assert_eq!(lines[1]["reason"], "cannot read");
    assert_eq!(lines[2]["reason"], "third");
    assert_eq!(lines[2]["level"], "ERROR");
    assert_eq!(lines[2]["field.level"], "x");
}

#[test]
fn line_breaks_and_control_characters_make_no_lines() {
    let hostile = "a\nb\r\u{1b}[2J\u{7f}\u{85}\u{2028}\"\\";
    for format in [LogFormat::Json, LogFormat::Prose { colors: false }] {
        let settings = LogSettings {
            format,
            ..LogSettings::default()
        };
        let lines = logged(settings, || tracing::info!(hostile, "{hostile}"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        match format {
            LogFormat::Json => {
                let line: Value = serde_json::from_str(&lines[0]).unwrap();
                assert_eq!(line["msg"], hostile);
                assert_eq!(line["hostile"], hostile);
                assert!(!lines[0].contains('\u{1b}'));
            }
            LogFormat::Prose { .. } => {
                assert!(!lines[0].chars().any(char::is_control), "{:?}", lines[0]);
            }
        }
    }
}

#[test]
fn prose_has_the_same_facts_and_colors_only_when_asked_for() {
    let settings = |colors| LogSettings {
        level: LogLevel::Debug,
        format: LogFormat::Prose { colors },
        ..LogSettings::default()
    };
    let say = || tracing::debug!(target: "limpid", path = "/a b", count = 3, plain = "x", "done");
    let plain = logged(settings(false), say);
    let (_, behind_time) = plain[0].split_once("Z ").unwrap();
    assert_eq!(
        behind_time,
        r#"DEBUG limpid done path="/a b" count=3 plain=x"#
    );
    let colored = logged(settings(true), say);
    assert!(
        colored[0].contains("\u{1b}[34mDEBUG\u{1b}[0m"),
        "{colored:?}"
    );
}

#[test]
fn levels_keep_what_is_below_them_out() {
    let say = || {
        tracing::trace!(target: "limpid_index", "0");
        tracing::debug!(target: "limpid_index", "1");
        tracing::info!(target: "limpid_index", "2");
        tracing::warn!(target: "limpid_index", "3");
        tracing::error!(target: "limpid_index", "4");
        tracing::debug!(target: "hyper::proto", "5");
    };
    for (level, expected) in [
        (LogLevel::Debug, vec!["1", "2", "3", "4"]),
        (LogLevel::Info, vec!["2", "3", "4"]),
        (LogLevel::Warn, vec!["3", "4"]),
        (LogLevel::Error, vec!["4"]),
        (LogLevel::Silent, vec![]),
    ] {
        let settings = LogSettings {
            level,
            ..LogSettings::default()
        };
        let messages: Vec<String> = logged(settings, say)
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["msg"].to_string())
            .collect();
        let expected: Vec<String> = expected.iter().map(|text| format!("\"{text}\"")).collect();
        assert_eq!(messages, expected, "{level:?}");
    }
}

#[test]
fn a_line_in_a_trace_names_it() {
    let lines = logged(LogSettings::default(), || {
        let span = tracing::info_span!("request");
        continue_trace(
            &span,
            [(
                "Traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )],
        );
        span.in_scope(|| tracing::info!("inside"));
        tracing::info!("outside");
    });
    let inside: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(inside["TraceID"], "0af7651916cd43dd8448eb211c80319c");
    let span = inside["SpanID"].as_str().unwrap();
    assert_eq!(span.len(), 16);
    assert_ne!(span, "b7ad6b7169203331");
    assert!(!lines[1].contains("TraceID"));
}

#[test]
fn a_long_text_is_cut() {
    let lines = logged(LogSettings::default(), || {
        tracing::info!(text = "a".repeat(1 << 20), "{}", "b".repeat(1 << 20));
    });
    assert!(lines[0].len() < 20_000, "{}", lines[0].len());
}

/// An output whose reader takes one write for each permit.
struct Stuck {
    entered: Sender<usize>,
    permits: Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.entered.send(bytes.len());
        self.permits.recv().map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_does_not_read_costs_lines_and_not_time() {
    let (entered, writes) = mpsc::channel();
    let (allow, permits) = mpsc::channel();
    let settings = TelemetrySettings {
        logs: LogSettings {
            queue_bytes: 1000,
            ..LogSettings::default()
        },
        ..TelemetrySettings::default()
    };
    let (telemetry, dispatch) = Telemetry::new(&settings, Stuck { entered, permits }).unwrap();
    let logs = telemetry.logs();
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!("first");
        // The writer has the first line and waits with it; from now on lines wait behind it.
        let length = writes.recv_timeout(PATIENCE).unwrap();
        let fitting = 1000 / length;
        for _ in 0..100 {
            tracing::info!("other");
        }
        assert_eq!(logs.dropped(), 100 - fitting as u64);
        assert!(!logs.flush(Duration::from_millis(1)));
        allow.send(()).unwrap();
        allow.send(()).unwrap();
        assert_eq!(writes.recv_timeout(PATIENCE).unwrap(), fitting * length);
        assert!(logs.flush(PATIENCE));
        // There is room again.
        tracing::info!("third");
        assert_eq!(logs.dropped(), 100 - fitting as u64);
    });
    // The reader goes away, and what it did not read is counted too.
    drop(allow);
    assert!(logs.flush(PATIENCE));
    assert_eq!(logs.dropped(), 100 - 1000 / writes_length(&writes) + 1);
}

fn writes_length(writes: &Receiver<usize>) -> u64 {
    writes.recv_timeout(PATIENCE).unwrap() as u64
}
