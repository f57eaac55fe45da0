//! What the registry wrote, read again.
//!
//! The registry writes `OpenMetrics` and nothing else; it shows what is in it in no other way. Read
//! back, its text can be written in Prometheus's older format, which has other rules for names, and
//! be sent to a collector.

/// Counters that Clair has under names without `_total`, which `OpenMetrics` demands of counters.
/// There they are metrics of unknown type, because the names are what dashboards look for.
const COUNTERS_WITHOUT_TOTAL: [&str; 4] = [
    "claircore_indexer_scanned_manifests",
    "pgxpool_acquire_count",
    "pgxpool_canceled_acquire_count",
    "pgxpool_empty_acquire",
];

/// All metrics at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exposition {
    pub(crate) families: Vec<MetricFamily>,
}

/// The samples of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MetricFamily {
    /// The name without suffixes.
    pub(crate) name: String,
    /// What it means.
    pub(crate) help: String,
    pub(crate) kind: Kind,
    pub(crate) samples: Vec<Sample>,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    /// A counter of which name and samples have no `_total`.
    CounterWithoutTotal,
    Gauge,
    Histogram,
    Unknown,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// The name with its suffix.
    pub(crate) name: String,
    /// The labels as they are written between braces, or empty.
    pub(crate) labels: String,
    /// The number as it is written.
    pub(crate) value: String,
}

impl Exposition {
    /// Reads the registry's text. Exemplars and units are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut families: Vec<MetricFamily> = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap_or((rest, ""));
                families.push(MetricFamily {
                    name: name.to_owned(),
                    help: help.to_owned(),
                    kind: Kind::Unknown,
                    samples: Vec::new(),
                });
            } else if let Some(family) = families.last_mut() {
                if let Some(rest) = line.strip_prefix("# TYPE ") {
                    let kind = rest.rsplit(' ').next().unwrap_or_default();
                    family.kind = Kind::of(&family.name, kind);
                } else if !line.starts_with('#') {
                    family.samples.extend(Sample::parse(line, family.kind));
                }
            }
        }
        Self { families }
    }
}

impl Kind {
    fn of(name: &str, word: &str) -> Self {
        match word {
            "counter" if COUNTERS_WITHOUT_TOTAL.contains(&name) => Self::CounterWithoutTotal,
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            _ => Self::Unknown,
        }
    }
}

impl Sample {
    fn parse(line: &str, kind: Kind) -> Option<Self> {
        let name_end = line.find(['{', ' '])?;
        let (name, rest) = line.split_at(name_end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => rest.split_at(end_of_labels(rest)?),
            None => ("", rest),
        };
        let value = rest.trim_start_matches('}').split_whitespace().next()?;
        let name = match kind {
            Kind::CounterWithoutTotal => name.strip_suffix("_total").unwrap_or(name),
            _ => name,
        };
        Some(Self {
            name: name.to_owned(),
            labels: labels.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Returns the labels by name, in their order.
    pub(crate) fn labels(&self) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        let mut rest = self.labels.as_str();
        while let Some((name, quoted)) = rest.split_once("=\"") {
            let mut value = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next() {
                    Some((place, '"')) => break place,
                    Some((_, '\\')) => match characters.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, other)) => value.push(other),
                        None => break quoted.len(),
                    },
                    Some((_, other)) => value.push(other),
                    None => break quoted.len(),
                }
            };
            labels.push((name.trim_start_matches(',').to_owned(), value));
            rest = quoted.get(end + 1..).unwrap_or_default();
        }
        labels
    }
}

/// Finds the brace that no quotes are around.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().find_map(|(place, character)| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '}' if !is_quoted => return Some(place),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_labels_that_hold_anything() {
        let text = "# HELP a_things Things.\n# TYPE a_things counter\n\
            a_things_total{x=\"}, \\\"y\\\\\",z=\"\\n\"} 7 # {id=\"1\"} 1\na_things_total 8\n# EOF\n";
        let families = Exposition::parse(text).families;
        assert_eq!(families.len(), 1);
        assert_eq!(families[0].kind, Kind::Counter);
        assert_eq!(families[0].help, "Things.");
        let [first, second] = families[0].samples.as_slice() else {
            panic!("{families:?}");
        };
        assert_eq!(first.name, "a_things_total");
        assert_eq!(first.value, "7");
        assert_eq!(
            first.labels(),
            [
                ("x".to_owned(), "}, \"y\\".to_owned()),
                ("z".to_owned(), "\n".to_owned())
            ]
        );
        assert_eq!((second.labels().len(), second.value.as_str()), (0, "8"));
    }

    #[test]
    fn what_is_not_a_sample_is_left_out() {
        let text = "a 1\n# HELP a\n# TYPE a gauge\n\na{b=\"c\na\n";
        let families = Exposition::parse(text).families;
        assert_eq!(families.len(), 1);
        assert!(families[0].samples.is_empty());
    }
}
