//! From the severities of the sources to limpid's scale.
//!
//! | the source says | Negligible | Low | Medium | High | Critical |
//! |---|---|---|---|---|---|
//! | a word, in any case | `negligible` | `low` | `medium`, `moderate` | `high`, `important` | `critical` |
//! | a CVSS score | 0.0 | below 4 | below 7 | below 9 | 9 and more |
//!
//! A word is the judgement of whoever publishes the advisory and wins over a score, which others
//! have often computed for another product; databases of programming languages make their words of
//! scores, so that these win there. Everything else is Unknown.

use cvss::Cvss;
use limpid_types::{Rating, Severity};

use crate::text::name_fault;

/// Rates by the word and the CVSS vector of a source, each of which may be empty.
///
/// The text is the vector, or else the word: the vector says more.
pub(crate) fn rate(word: &str, vector: &str) -> Rating {
    let is_usable = |text: &&str| name_fault(text).is_none();
    let word = Some(word).filter(is_usable).unwrap_or_default();
    let vector = Some(vector).filter(is_usable).unwrap_or_default();
    let severity = match of_word(word) {
        Severity::Unknown => score(vector).map_or(Severity::Unknown, of_score),
        severity => severity,
    };
    let text = if vector.is_empty() { word } else { vector };
    Rating {
        text: text.to_owned(),
        severity,
    }
}

/// Rates by the CVSS vector of a source, and by its word where the vector has no score. The text is
/// the same as that of [`rate`].
pub(crate) fn rate_by_score(vector: &str, word: &str) -> Rating {
    let score = score(vector).filter(|_| name_fault(vector).is_none());
    score.map_or_else(
        || rate(word, vector),
        |score| Rating {
            text: vector.to_owned(),
            severity: of_score(score),
        },
    )
}

/// Puts a word on the scale.
pub(crate) fn of_word(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "moderate" => Severity::Medium,
        "important" => Severity::High,
        word => word.parse().unwrap_or_default(),
    }
}

/// Puts a CVSS score on the scale.
///
/// These are the qualitative ratings of CVSS 3 and 4, "None" being Negligible. Scores of version 2
/// are put on the same scale, so that one score has one severity.
pub(crate) fn of_score(score: f64) -> Severity {
    match score {
        score if score.is_nan() => Severity::Unknown,
        score if score <= 0.0 => Severity::Negligible,
        score if score < 4.0 => Severity::Low,
        score if score < 7.0 => Severity::Medium,
        score if score < 9.0 => Severity::High,
        _ => Severity::Critical,
    }
}

/// Returns the base score of a CVSS vector of version 2.0, 3.0, 3.1 or 4.0; none when it is no
/// vector or lacks a metric.
pub(crate) fn score(vector: &str) -> Option<f64> {
    if !is_complete(vector) {
        return None;
    }
    vector.parse().ok().map(|cvss: Cvss| cvss.score())
}

/// Tells whether a vector has all metrics of its version that must be there. Without one of them
/// the score would be that of something harmless.
fn is_complete(vector: &str) -> bool {
    let metrics: &[&str] = match vector.split('/').next() {
        Some("CVSS:4.0") => &[
            "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
        ],
        Some("CVSS:3.0" | "CVSS:3.1") => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
        _ => &["AV", "AC", "Au", "C", "I", "A"],
    };
    let has = |metric: &&str| {
        let mut parts = vector.split('/').filter_map(|part| part.split_once(':'));
        parts.any(|(name, _)| name == *metric)
    };
    metrics.iter().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_cvss_is_scored() {
        for (vector, expected) in [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
            ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
            (
                "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                7.3,
            ),
        ] {
            let found = score(vector).unwrap();
            assert!((found - expected).abs() < 0.05, "{vector}: {found}");
        }
    }

    #[test]
    fn what_is_no_vector_has_no_score() {
        for text in [
            "",
            "7.5",
            "CVSS:3.1",
            "CVSS:3.1/x",
            "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N",
            "AV:N/AC:L/Au:N/C:N/I:N",
            "CVSS:9.9/AV:N",
            "AV:N",
            "/",
        ] {
            assert_eq!(score(text), None, "{text}");
        }
    }

    #[test]
    fn scores_are_cut_at_the_ratings_of_cvss() {
        let severities: Vec<Severity> = [0.0, 0.1, 3.9, 4.0, 6.9, 7.0, 8.9, 9.0, 10.0, f64::NAN]
            .into_iter()
            .map(of_score)
            .collect();
        assert_eq!(
            severities,
            [
                Severity::Negligible,
                Severity::Low,
                Severity::Low,
                Severity::Medium,
                Severity::Medium,
                Severity::High,
                Severity::High,
                Severity::Critical,
                Severity::Critical,
                Severity::Unknown,
            ]
        );
    }

    #[test]
    fn a_word_wins_over_a_score_and_the_vector_is_the_text() {
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let rated = |word, vector| {
            let rating = rate(word, vector);
            (rating.text, rating.severity)
        };
        assert_eq!(rated("Low", vector), (vector.into(), Severity::Low));
        assert_eq!(rated("", vector), (vector.into(), Severity::Critical));
        assert_eq!(
            rated("untriaged", vector),
            (vector.into(), Severity::Critical)
        );
        assert_eq!(rated("Important", ""), ("Important".into(), Severity::High));
        assert_eq!(rated("gh", "x/y"), ("x/y".into(), Severity::Unknown));
        assert_eq!(rated("", ""), (String::new(), Severity::Unknown));
    }

    #[test]
    fn a_score_wins_over_a_word_where_it_should() {
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let rated = |vector, word| {
            let rating = rate_by_score(vector, word);
            (rating.text, rating.severity)
        };
        assert_eq!(rated(vector, "LOW"), (vector.into(), Severity::Critical));
        assert_eq!(rated("x/y", "LOW"), ("x/y".into(), Severity::Low));
        assert_eq!(rated("", "HIGH"), ("HIGH".into(), Severity::High));
    }
}
