/// More than one in so many records that cannot be read, and the format has probably changed.
const READABLE_PER_BAD: u64 = 20;

/// Says what is not plausible about the result of a run, compared with what is served.
///
/// A source that loses all its records is not believed. One that never had any is: some releases
/// have an empty document, and whatever is judged by it is reported as not checked.
pub(crate) fn objection(records: u64, quarantined: u64, served: Option<u64>) -> Option<String> {
    let seen = records.saturating_add(quarantined);
    if quarantined.saturating_mul(READABLE_PER_BAD) > seen {
        return Some(format!("{quarantined} of {seen} records could not be read"));
    }
    let served = served?;
    if records == 0 && served > 0 {
        return Some(format!("no records, where there were {served}"));
    }
    if records.saturating_mul(2) < served {
        return Some(format!("only {records} records, where there were {served}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_compared_with_what_is_served() {
        let cases = [
            (1000, 0, None, ""),
            (0, 0, None, ""),
            (0, 0, Some(0), ""),
            (500, 0, Some(1000), ""),
            (5000, 0, Some(1000), ""),
            (95, 5, Some(100), ""),
            (
                499,
                0,
                Some(1000),
                "only 499 records, where there were 1000",
            ),
            (0, 0, Some(1), "no records, where there were 1"),
            (94, 6, None, "6 of 100 records could not be read"),
            (0, 1, None, "1 of 1 records could not be read"),
        ];
        for (records, quarantined, served, expected) in cases {
            let found = objection(records, quarantined, served).unwrap_or_default();
            assert_eq!(found, expected);
        }
    }
}
