/// Which feeds an update is limited to.
pub(crate) struct Selection<'a> {
    patterns: &'a [String],
}

impl<'a> Selection<'a> {
    pub(crate) fn new(patterns: &'a [String]) -> Self {
        Self { patterns }
    }

    /// Tells whether a feed is selected.
    pub(crate) fn has_feed(&self, feed: &str) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| matches(pattern, feed))
    }

    /// Tells whether all feeds of a family are selected by its name, whatever they are called.
    pub(crate) fn names_family(&self, family: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern == family)
    }

    /// Tells whether a feed of a family may be selected.
    pub(crate) fn has_family(&self, family: &str) -> bool {
        self.patterns.is_empty()
            || self.patterns.iter().any(|pattern| {
                let beginning = pattern.trim_end_matches('*');
                let first = beginning.split('/').next().unwrap_or_default();
                first == family || (pattern.ends_with('*') && family.starts_with(beginning))
            })
    }

    /// Returns the patterns that none of some feeds answers to.
    pub(crate) fn unmatched(&self, feeds: &[&str]) -> Vec<String> {
        self.patterns
            .iter()
            .filter(|pattern| !feeds.iter().any(|feed| matches(pattern, feed)))
            .cloned()
            .collect()
    }
}

fn matches(pattern: &str, feed: &str) -> bool {
    if let Some(beginning) = pattern.strip_suffix('*') {
        return feed.starts_with(beginning);
    }
    feed.strip_prefix(pattern)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_names_families_and_beginnings() {
        let cases = [
            ("debian", "debian", "debian", true),
            ("alpine", "alpine/v3.15", "alpine", true),
            ("alpine/v3.15", "alpine/v3.15", "alpine", true),
            ("alpine/v3.1", "alpine/v3.15", "alpine", false),
            ("alpine/v3.1*", "alpine/v3.15", "alpine", true),
            ("al*", "alpine/edge", "alpine", true),
            ("*", "debian", "debian", true),
            ("debia", "debian", "debian", false),
        ];
        for (pattern, feed, family, expected) in cases {
            let patterns = [pattern.to_owned()];
            let selection = Selection::new(&patterns);
            assert_eq!(selection.has_feed(feed), expected, "{pattern} {feed}");
            assert!(!expected || selection.has_family(family), "{pattern}");
            assert_eq!(selection.unmatched(&[feed]).is_empty(), expected);
        }
        let osv = ["osv/pypi".to_owned()];
        assert!(!Selection::new(&osv).has_family("alpine"));
        assert!(Selection::new(&[]).has_feed("anything"));
    }
}
