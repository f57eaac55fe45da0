use std::io;

use serde::Serialize;

use crate::columns::{Cell, Columns, Title};
use crate::{Style, style};

/// The state of one feed, as `limpid feeds` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedRow {
    /// Name of the feed.
    pub feed: String,
    /// Records in the snapshot that serves; none without a snapshot.
    pub records: Option<u64>,
    /// Records that were put aside because they do not parse.
    pub quarantined: u64,
    /// When the feed was last known to be current, RFC 3339 in UTC, or empty.
    pub checked: String,
    /// How long ago that was, in seconds.
    pub age_seconds: Option<u64>,
    /// The state in a word or a sentence: `current`, `stale`, `held back: records halved`.
    pub state: String,
    /// Whether somebody has to look at it.
    pub needs_attention: bool,
    /// Digest of the snapshot that serves, or empty.
    pub snapshot: String,
}

/// Writes the state of the feeds as a table.
pub fn write_feeds(out: &mut dyn io::Write, rows: &[FeedRow], style: Style) -> io::Result<()> {
    let mut text = String::new();
    if rows.is_empty() {
        text.push_str("no feeds: run `limpid update` to load vulnerability data\n");
        return out.write_all(text.as_bytes());
    }
    let mut columns = Columns::new([
        Title::Text("FEED"),
        Title::Number("RECORDS"),
        Title::Number("QUARANTINED"),
        Title::Text("CHECKED"),
        Title::Text("STATE"),
        Title::Text("SNAPSHOT"),
    ]);
    for row in rows {
        let records = row
            .records
            .map_or_else(|| "-".into(), |count| count.to_string());
        let paint = if row.needs_attention {
            style::warning()
        } else {
            style::good()
        };
        columns.push([
            Cell::new(&row.feed),
            Cell::new(&records),
            Cell::new(&row.quarantined.to_string()),
            Cell::new(&age(row.age_seconds)),
            Cell::painted(&row.state, paint),
            Cell::new(short_digest(&row.snapshot)),
        ]);
    }
    columns.render(&mut text, style);
    out.write_all(text.as_bytes())
}

/// Returns the first twelve hex digits of a digest, or a dash.
pub(crate) fn short_digest(digest: &str) -> &str {
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    match hex.char_indices().nth(12) {
        _ if hex.is_empty() => "-",
        Some((end, _)) => hex.get(..end).unwrap_or(hex),
        None => hex,
    }
}

fn age(seconds: Option<u64>) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        None => "never".into(),
        Some(seconds @ ..MINUTE) => format!("{seconds} s ago"),
        Some(seconds @ ..HOUR) => format!("{} min ago", seconds / MINUTE),
        Some(seconds) if seconds < 2 * DAY => format!("{} h ago", seconds / HOUR),
        Some(seconds) => format!("{} days ago", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_shown_in_columns() {
        let rows = [
            FeedRow {
                feed: "alpine".into(),
                records: Some(12_028),
                age_seconds: Some(5_400),
                state: "current".into(),
                snapshot: format!("sha256:{}", "ab".repeat(32)),
                ..FeedRow::default()
            },
            FeedRow {
                feed: "debian".into(),
                quarantined: 3,
                state: "no snapshot".into(),
                needs_attention: true,
                ..FeedRow::default()
            },
        ];
        let mut out = Vec::new();
        write_feeds(&mut out, &rows, Style::default()).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        FEED    RECORDS  QUARANTINED  CHECKED  STATE        SNAPSHOT
        alpine    12028            0  1 h ago  current      abababababab
        debian        -            3  never    no snapshot  -
        ");
    }

    #[test]
    fn without_feeds_the_way_to_get_them_is_named() {
        let mut out = Vec::new();
        write_feeds(&mut out, &[], Style::default()).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("limpid update"));
    }

    #[test]
    fn ages_are_given_in_the_largest_unit_that_says_something() {
        let cases = [
            (None, "never"),
            (Some(59), "59 s ago"),
            (Some(3_599), "59 min ago"),
            (Some(47 * 3_600), "47 h ago"),
            (Some(8 * 86_400), "8 days ago"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(age(seconds), expected);
        }
    }
}
