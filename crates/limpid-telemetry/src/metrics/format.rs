//! The two texts that Prometheus reads.

use std::fmt::Write as _;

use super::exposition::{Kind, MetricFamily};

/// The content type of `OpenMetrics`.
pub(super) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The content type of Prometheus's older format.
pub(super) const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Tells whether somebody names `OpenMetrics` and prefers it to plain text.
pub(super) fn prefers_openmetrics(accept: &str) -> bool {
    let weight_of = |wanted: &str| {
        accept
            .split(',')
            .filter(|range| {
                let kind = range.split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case(wanted)
            })
            .map(weight)
            .fold(0.0, f32::max)
    };
    let openmetrics = weight_of("application/openmetrics-text");
    openmetrics > 0.0 && openmetrics >= weight_of("text/plain")
}

fn weight(range: &str) -> f32 {
    range
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("q="))
        .map_or(1.0, |weight| weight.parse().unwrap_or(0.0))
}

/// Writes `OpenMetrics` 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
pub(super) fn openmetrics(families: &[MetricFamily]) -> String {
    let mut text = write(families, |family| match family.kind {
        Kind::Counter => (family.name.clone(), "counter"),
        Kind::Gauge => (family.name.clone(), "gauge"),
        Kind::Histogram => (family.name.clone(), "histogram"),
        Kind::CounterWithoutTotal | Kind::Unknown => (family.name.clone(), "unknown"),
    });
    text.push_str("# EOF\n");
    text
}

/// Writes version 0.0.4, in which a counter has one name everywhere
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
pub(super) fn prometheus(families: &[MetricFamily]) -> String {
    write(families, |family| match family.kind {
        Kind::Counter => (format!("{}_total", family.name), "counter"),
        Kind::CounterWithoutTotal => (family.name.clone(), "counter"),
        Kind::Gauge => (family.name.clone(), "gauge"),
        Kind::Histogram => (family.name.clone(), "histogram"),
        Kind::Unknown => (family.name.clone(), "untyped"),
    })
}

fn write(
    families: &[MetricFamily],
    name_and_type: impl Fn(&MetricFamily) -> (String, &'static str),
) -> String {
    let mut text = String::new();
    for family in families {
        let (name, kind) = name_and_type(family);
        // Writing to a text does not fail.
        let _ = writeln!(text, "# HELP {name} {}", family.help);
        let _ = writeln!(text, "# TYPE {name} {kind}");
        for sample in &family.samples {
            text.push_str(&sample.name);
            if !sample.labels.is_empty() {
                let _ = write!(text, "{{{}}}", sample.labels);
            }
            let _ = writeln!(text, " {}", sample.value);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_for_those_who_prefer_it() {
        for (accept, expected) in [
            ("", false),
            ("*/*", false),
            ("text/plain", false),
            ("application/openmetrics-text", true),
            (
                "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3",
                true,
            ),
            (
                "application/openmetrics-text; q=0.2, text/plain; q=0.9",
                false,
            ),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=x", false),
        ] {
            assert_eq!(prefers_openmetrics(accept), expected, "{accept}");
        }
    }
}
