use limpid_feed::Family;

/// Names that Clair gives or gave to its sets of updaters, whether or not limpid reads their feeds.
const CLAIRS_SETS: [&str; 12] = [
    "alpine",
    "aws",
    "clair.cvss",
    "debian",
    "oracle",
    "osv",
    "photon",
    "rhcc",
    "rhel",
    "rhel-vex",
    "suse",
    "ubuntu",
];

/// Families that a set selects besides the one of its name: those that took its place, and those
/// that the other's advisories cannot be used without.
const ALSO_SELECTED: [(&str, &str); 5] = [
    ("rhcc", "rhel-mapping"),
    ("rhcc", "rhel-vex"),
    ("rhel", "rhel-mapping"),
    ("rhel", "rhel-vex"),
    ("rhel-vex", "rhel-mapping"),
];

/// Returns the families that Clair's key `updaters.sets` selects: all without it, none when it is
/// empty. Names that select nothing are logged, because vulnerabilities are missed without anybody
/// noticing otherwise.
pub fn select_families(
    families: Vec<Box<dyn Family>>,
    sets: Option<&[String]>,
) -> Vec<Box<dyn Family>> {
    let Some(sets) = sets else {
        return families;
    };
    for set in sets {
        if families.iter().any(|family| selects(set, family.name())) {
            continue;
        }
        if CLAIRS_SETS.contains(&set.as_str()) {
            tracing::warn!(set, "the feeds of this set of updaters are not read yet");
        } else {
            tracing::warn!(set, "there is no such set of updaters");
        }
    }
    families
        .into_iter()
        .filter(|family| sets.iter().any(|set| selects(set, family.name())))
        .collect()
}

fn selects(set: &str, family: &str) -> bool {
    set == family || ALSO_SELECTED.contains(&(set, family))
}

#[cfg(test)]
mod tests {
    use limpid_feed::{Feed, FeedError, Probe};

    use super::*;

    struct Named(&'static str);

    impl Family for Named {
        fn name(&self) -> &'static str {
            self.0
        }

        fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
            Ok(Vec::new())
        }
    }

    fn selected(sets: Option<&[&str]>) -> Vec<&'static str> {
        let names = ["alpine", "debian", "osv", "rhel-mapping", "rhel-vex"];
        let families = names.map(|name| Box::new(Named(name)) as Box<dyn Family>);
        let sets: Option<Vec<String>> =
            sets.map(|sets| sets.iter().map(|&set| set.to_owned()).collect());
        let families = select_families(families.into(), sets.as_deref());
        families.iter().map(|family| family.name()).collect()
    }

    #[test]
    fn sets_are_families() {
        assert_eq!(selected(None).len(), 5);
        assert!(selected(Some(&[])).is_empty());
        assert_eq!(selected(Some(&["osv", "alpine"])), ["alpine", "osv"]);
        assert_eq!(selected(Some(&["debian", "clair.cvss", "x"])), ["debian"]);
    }

    #[test]
    fn red_hats_sets_select_all_that_its_advisories_need() {
        for set in ["rhel", "rhcc", "rhel-vex"] {
            assert_eq!(
                selected(Some(&[set])),
                ["rhel-mapping", "rhel-vex"],
                "{set}"
            );
        }
        assert_eq!(selected(Some(&["rhel-mapping"])), ["rhel-mapping"]);
    }
}
