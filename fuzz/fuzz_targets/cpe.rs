//! CPE names of any shape: no panic, both forms say the same, and the relations are consistent.
#![no_main]

use limpid_types::{Cpe, Relation};

libfuzzer_sys::fuzz_target!(|texts: [&str; 2]| {
    let names: Vec<Cpe> = texts
        .iter()
        .filter_map(|text| Cpe::parse(text).ok())
        .collect();
    for name in &names {
        // Quotes and packed parts make a name longer than it was; only what is refused for its
        // length may be refused.
        for written in [name.to_string(), name.to_uri()] {
            if written.len() <= 1024 {
                assert_eq!(Cpe::parse(&written).as_ref(), Ok(name), "{written}");
            }
        }
        assert_eq!(name.compare(name), Relation::Equal);
        assert!(name.covers(name));
        assert!(Cpe::default().compare(name).is_superset_or_equal());
    }
    let [left, right] = names.as_slice() else {
        return;
    };
    let reverse = match left.compare(right) {
        Relation::Superset => Relation::Subset,
        Relation::Subset => Relation::Superset,
        relation => relation,
    };
    assert_eq!(right.compare(left), reverse);
    if left.compare(right).is_superset_or_equal() {
        assert!(left.covers(right));
    }
});
