use reqwest::header::HeaderValue;

/// What a `Content-Range` header says (RFC 9110, section 14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentRange {
    /// The body is the bytes from `first` to `last`, of `total` if that is known.
    Part {
        first: u64,
        last: u64,
        total: Option<u64>,
    },
    /// There is no such part; all is `total` bytes.
    Unsatisfied { total: u64 },
}

impl ContentRange {
    /// Reads the value of a header, if it makes sense.
    pub(crate) fn of(value: &HeaderValue) -> Option<Self> {
        Self::parse(value.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, total) = rest.trim().split_once('/')?;
        let total = match total {
            "*" => None,
            digits => Some(number(digits)?),
        };
        if range == "*" {
            return total.map(|total| Self::Unsatisfied { total });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let is_sound = first <= last && total.is_none_or(|total| last < total);
        is_sound.then_some(Self::Part { first, last, total })
    }
}

/// Reads digits; unlike the standard library, no sign before them.
fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_read() {
        let part = |first, last, total| Some(ContentRange::Part { first, last, total });
        let cases = [
            ("bytes 5-9/10", part(5, 9, Some(10))),
            ("Bytes 0-0/*", part(0, 0, None)),
            ("bytes */10", Some(ContentRange::Unsatisfied { total: 10 })),
            ("bytes */*", None),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes +5-9/10", None),
            ("bytes 5-/10", None),
            ("bytes 5-9", None),
            ("items 5-9/10", None),
            ("bytes 5-18446744073709551616/*", None),
            ("bytes=5-9/10", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(ContentRange::parse(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(first: u64, more in 0_u64..1 << 40, after in 1_u64..1 << 40) {
            let last = first.saturating_add(more);
            let total = last.checked_add(after);
            let shown = total.map_or("*".to_owned(), |total| total.to_string());
            let text = format!("bytes {first}-{last}/{shown}");
            prop_assert_eq!(ContentRange::parse(&text), Some(ContentRange::Part { first, last, total }));
        }

        #[test]
        fn nothing_is_too_odd(text in "(bytes )?[-0-9*/+ ]{0,60}|.{0,40}") {
            if let Some(ContentRange::Part { first, last, total }) = ContentRange::parse(&text) {
                prop_assert!(first <= last && total.is_none_or(|total| last < total));
            }
        }
    }
}
