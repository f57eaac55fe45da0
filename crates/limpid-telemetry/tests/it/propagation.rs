use std::io;

use limpid_telemetry::{
    Sampling, Telemetry, TelemetrySettings, TraceSettings, continue_trace, trace_headers,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

/// Returns what goes out of a span into which some headers came.
fn through(sampling: Sampling, headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let settings = TelemetrySettings {
        traces: TraceSettings {
            destination: None,
            sampling,
        },
        ..TelemetrySettings::default()
    };
    let (_telemetry, dispatch) = Telemetry::new(&settings, io::sink()).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        let span = tracing::info_span!("request");
        continue_trace(&span, headers.iter().copied());
        span.in_scope(|| {
            let inner = tracing::info_span!("call");
            inner.in_scope(|| trace_headers(&inner))
        })
    })
}

/// Takes a `traceparent` apart: version, trace, span, flags.
fn parts(headers: &[(String, String)]) -> [String; 4] {
    let (name, value) = &headers[0];
    assert_eq!(name, "traceparent");
    let parts: Vec<String> = value.split('-').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

#[test]
fn a_trace_goes_on_with_a_span_of_its_own() {
    for flags in ["00", "01"] {
        let parent = format!("00-{TRACE}-{SPAN}-{flags}");
        let sent = through(
            Sampling::Never,
            &[
                ("accept", "*/*"),
                ("TraceParent", &parent),
                ("tracestate", "rojo=00f067aa0ba902b7"),
                ("tracestate", "congo=t61rcWkgMzE"),
            ],
        );
        let [version, trace, span, sampled] = parts(&sent);
        assert_eq!((version.as_str(), trace.as_str()), ("00", TRACE));
        assert_ne!(span, SPAN);
        assert_eq!(sampled, flags);
        assert_eq!(
            sent[1],
            (
                "tracestate".to_owned(),
                "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE".to_owned()
            )
        );
    }
}

#[test]
fn what_is_not_a_parent_begins_a_new_trace() {
    let two = format!("00-{TRACE}-{SPAN}-01");
    for headers in [
        vec![],
        vec![("traceparent", "")],
        vec![("traceparent", "00-0af7651916cd43dd8448eb211c80319c")],
        vec![(
            "traceparent",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )],
        vec![(
            "traceparent",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        )],
        vec![(
            "traceparent",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        )],
        vec![("traceparent", "\u{e9}")],
        vec![("traceparent", two.as_str()), ("traceparent", two.as_str())],
    ] {
        let [_, trace, _, flags] = parts(&through(Sampling::Never, &headers));
        assert_ne!(trace, TRACE, "{headers:?}");
        assert_eq!(flags, "00", "{headers:?}");
    }
}

#[test]
fn sampling_decides_for_traces_that_begin_here() {
    for (sampling, flags) in [
        (Sampling::Never, "00"),
        (Sampling::Share(0.0), "00"),
        (Sampling::Share(1.0), "01"),
        (Sampling::Always, "01"),
    ] {
        assert_eq!(parts(&through(sampling, &[]))[3], flags, "{sampling:?}");
    }
}

#[test]
fn only_always_overrules_a_decision_from_outside() {
    let unsampled = format!("00-{TRACE}-{SPAN}-00");
    for (sampling, flags) in [(Sampling::Share(1.0), "00"), (Sampling::Always, "01")] {
        let sent = through(sampling, &[("traceparent", &unsampled)]);
        assert_eq!(parts(&sent)[3], flags, "{sampling:?}");
    }
}

#[test]
fn without_telemetry_nothing_is_sent() {
    let span = tracing::Span::none();
    continue_trace(&span, [("traceparent", "00-1-2-3")]);
    assert!(trace_headers(&span).is_empty());
}
