//! CVE ids in text that people have written.

/// Finds the ids in a text, in its order.
pub(crate) fn ids(text: &str) -> impl Iterator<Item = String> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    text.match_indices("CVE-").filter_map(move |(start, mark)| {
        let rest = text.get(start + mark.len()..)?;
        let (year, rest) = rest.split_at_checked(digits(rest))?;
        let rest = rest.strip_prefix('-')?;
        let (number, _) = rest.split_at_checked(digits(rest))?;
        let is_id = year.len() == 4 && (4..=19).contains(&number.len());
        is_id.then(|| format!("CVE-{year}-{number}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_whatever_is_around_them() {
        let found = |text| ids(text).collect::<Vec<_>>();
        assert_eq!(
            found("CVE-2025-26794 & CWE-122 in Exim, CVE-2024-1234567: x"),
            ["CVE-2025-26794", "CVE-2024-1234567"]
        );
        assert_eq!(found("[CVE-2020-0001]"), ["CVE-2020-0001"]);
        for text in [
            "",
            "CVE-",
            "CVE-2020",
            "CVE-2020-",
            "CVE-2020-1",
            "CVE-20-0001",
            "CVE-é",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
