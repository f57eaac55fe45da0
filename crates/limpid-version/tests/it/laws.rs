use std::cmp::Ordering;

use limpid_version::{Nevra, Scheme};
use proptest::prelude::*;

use crate::order;

/// Texts dense in the characters that mean something to a scheme, and short enough to meet often.
fn version_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "([01]:)?[012ab.~^_+-]{1,6}",
        "[0-2]{1,2}([.][0-2]{0,2}){0,2}[ab]?(_(rc|p|pre|x)[01]?){0,2}(~[0a]{0,2})?(-r?[01]?)?",
        "[012](-[0-2a~^.]{0,2}){0,2}",
        "v?[01](!1)?[.][0-2](-?(a|b|rc|alpha|pre|x)[.-]?[0-2]{0,2}){0,2}([.-]?(post|dev|p)[01]?){0,2}([+][a0.]{1,3})?",
        "[!-~é]{1,5}",
    ]
}

fn scheme() -> impl Strategy<Value = Scheme> {
    proptest::sample::select(Scheme::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_total_and_keys_agree(
        scheme in scheme(),
        texts in proptest::collection::vec(version_text(), 3),
    ) {
        let texts: Vec<&str> =
            texts.iter().map(String::as_str).filter(|text| scheme.compare(text, text).is_ok()).collect();
        for text in &texts {
            prop_assert_eq!(order(scheme, text, text), Ordering::Equal);
        }
        if let [a, b, c] = texts[..] && scheme.is_transitive() {
            let (ab, bc, ac) = (order(scheme, a, b), order(scheme, b, c), order(scheme, a, c));
            if ab == bc || bc == Ordering::Equal {
                prop_assert_eq!(ac, ab, "{:?} {:?} {:?}", a, b, c);
            } else if ab == Ordering::Equal {
                prop_assert_eq!(ac, bc, "{:?} {:?} {:?}", a, b, c);
            }
        }
    }

    #[test]
    fn any_text_is_compared_or_refused(scheme in scheme(), left in ".*", right in ".*") {
        let compared = scheme.compare(&left, &right);
        let keys = scheme.sort_key(&left).and_then(|left| Ok((left, scheme.sort_key(&right)?)));
        prop_assert_eq!(compared.is_ok(), keys.is_ok());
        if let (Ok(compared), Ok((Some(left), Some(right)))) = (compared, keys) {
            prop_assert_eq!(left.cmp(&right), compared);
        }
    }

    #[test]
    fn no_key_is_the_beginning_of_another(scheme in scheme(), left in version_text(), right in version_text()) {
        if let (Ok(Some(left)), Ok(Some(right))) = (scheme.sort_key(&left), scheme.sort_key(&right)) {
            prop_assert!(left == right || !left.as_bytes().starts_with(right.as_bytes()));
        }
    }

    #[test]
    fn a_package_name_that_is_read_orders_like_itself(text in ".*|[a-z0-9.:-]{1,12}([.]x86_64)?([.]rpm)?") {
        if let Ok(nevra) = Nevra::parse(&text) {
            prop_assert_eq!(nevra.compare(&nevra), Ordering::Equal);
            prop_assert!(nevra.evr.release.is_some());
        }
    }
}
