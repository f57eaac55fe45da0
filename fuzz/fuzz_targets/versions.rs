//! Orders any three texts in every scheme: the order has to be total, and keys have to agree.

#![no_main]

use std::cmp::Ordering;

use limpid_version::{ApkVersion, Evr, Nevra, Scheme};

libfuzzer_sys::fuzz_target!(|texts: [&str; 3]| {
    for &scheme in Scheme::ALL {
        let [a, b, c] = texts;
        let (Some(ab), Some(bc), Some(ac)) = (
            order(scheme, a, b),
            order(scheme, b, c),
            order(scheme, a, c),
        ) else {
            continue;
        };
        if !scheme.is_transitive() {
            continue;
        }
        // Equality and order carry over from the two steps to the whole.
        if ab == bc || bc == Ordering::Equal {
            assert_eq!(ac, ab, "{scheme}: {texts:?}");
        } else if ab == Ordering::Equal {
            assert_eq!(ac, bc, "{scheme}: {texts:?}");
        }
    }
    for text in texts {
        let _ = Nevra::parse(text).map(|nevra| assert!(nevra.compare(&nevra).is_eq()));
        let _ = Evr::parse(text).map(|evr| assert!(evr.compare_bound(&evr).is_eq()));
        let _ = ApkVersion::parse(text).map(|version| version.is_well_formed());
    }
});

/// Compares both ways round and by the keys; none if a text is refused.
fn order(scheme: Scheme, left: &str, right: &str) -> Option<Ordering> {
    let order = scheme.compare(left, right).ok()?;
    assert_eq!(scheme.compare(right, left), Ok(order.reverse()));
    assert_eq!(scheme.compare(left, left), Ok(Ordering::Equal));
    let keys = (scheme.sort_key(left), scheme.sort_key(right));
    if let (Ok(Some(left)), Ok(Some(right))) = keys {
        assert_eq!(left.as_bytes().cmp(right.as_bytes()), order);
    }
    Some(order)
}
