//! Finds what a misspelt key was meant to be.

/// Returns the name nearest to a key, if one is near enough to be meant.
pub(crate) fn nearest<'a>(key: &str, names: &[&'a str]) -> Option<&'a str> {
    // Keys come from input: longer ones resemble nothing, and need not be compared.
    const LONGEST_KEY: usize = 64;
    if key.len() > LONGEST_KEY {
        return None;
    }
    let key = key.to_ascii_lowercase().replace('-', "_");
    names
        .iter()
        .map(|name| (distance(&key, name), *name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

/// Counts the insertions, removals and replacements of bytes that lead from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to.bytes()) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (from, to, edits) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("airgap", "airgap", 0),
        ] {
            assert_eq!(distance(from, to), edits, "{from} {to}");
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["connstring", "airgap", "migrations"];
        assert_eq!(nearest("conn-string", &names), Some("connstring"));
        assert_eq!(nearest("Airgapp", &names), Some("airgap"));
        assert_eq!(nearest("listen", &names), None);
        assert_eq!(nearest(&"a".repeat(1000), &names), None);
    }
}
