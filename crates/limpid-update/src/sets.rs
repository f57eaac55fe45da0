use limpid_feed::Family;

/// Clair's sets of updaters whose feeds limpid does not read yet.
const NOT_READ: [&str; 9] = [
    "aws",
    "clair.cvss",
    "oracle",
    "photon",
    "rhcc",
    "rhel",
    "rhel-vex",
    "suse",
    "ubuntu",
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
        if families.iter().any(|family| family.name() == set) {
            continue;
        }
        if NOT_READ.contains(&set.as_str()) {
            tracing::warn!(set, "the feeds of this set of updaters are not read yet");
        } else {
            tracing::warn!(set, "there is no such set of updaters");
        }
    }
    families
        .into_iter()
        .filter(|family| sets.iter().any(|set| set == family.name()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(sets: Option<&[&str]>) -> Vec<&'static str> {
        let families = limpid_feed::families(&limpid_feed::Settings::default());
        let sets: Option<Vec<String>> =
            sets.map(|sets| sets.iter().map(|&set| set.to_owned()).collect());
        let families = select_families(families, sets.as_deref());
        families.iter().map(|family| family.name()).collect()
    }

    #[test]
    fn sets_are_families() {
        assert_eq!(selected(None), ["alpine", "debian", "osv"]);
        assert!(selected(Some(&[])).is_empty());
        assert_eq!(selected(Some(&["osv", "alpine"])), ["alpine", "osv"]);
        assert_eq!(selected(Some(&["debian", "ubuntu", "x"])), ["debian"]);
    }
}
