use limpid_version::{Scheme, UnknownScheme, VersionError};

use crate::{assert_equal, assert_refused};

#[test]
fn every_scheme_is_found_by_its_name() {
    for &scheme in Scheme::ALL {
        assert_eq!(scheme.name().parse(), Ok(scheme));
        assert_eq!(scheme.to_string(), scheme.name());
    }
    assert_eq!(Scheme::from_name("apk"), Some(Scheme::Apk));
}

#[test]
fn names_are_exact() {
    for name in ["", "RPM", " rpm", "deb"] {
        let error = name.parse::<Scheme>().unwrap_err();
        assert_eq!(error, UnknownScheme(name.to_owned()));
    }
    let error = "deb".parse::<Scheme>().unwrap_err();
    assert_eq!(error.to_string(), r#"unknown version scheme: "deb""#);
}

#[test]
fn an_error_names_the_scheme_and_the_text() {
    let error = Scheme::Dpkg.compare("1.0", "x:1").unwrap_err();
    assert_eq!(
        error,
        VersionError {
            scheme: Scheme::Dpkg,
            version: "x:1".to_owned(),
            cause: "epoch is not a number",
        }
    );
    assert_eq!(
        error.to_string(),
        r#"invalid dpkg version, epoch is not a number: "x:1""#
    );
}

#[test]
fn every_scheme_ignores_blanks_around_and_refuses_them_inside() {
    for &scheme in Scheme::ALL {
        assert_equal(scheme, &["1.2", " 1.2", "1.2\n", "\t1.2  "]);
        for version in ["1 2", "1\t2", "1\u{0}", "1\u{7f}2", "1\u{1b}[0m"] {
            assert_refused(scheme, version, "blank or control character inside");
        }
        for version in ["", " ", "\n"] {
            assert_refused(scheme, version, "empty");
        }
    }
}

#[test]
fn numbers_of_any_length_are_ordered_by_value() {
    let long = "9".repeat(300);
    let longer = format!("1{}", "0".repeat(300));
    for &scheme in Scheme::ALL {
        crate::assert_ascending(
            scheme,
            &[
                "9",
                "18446744073709551615",
                "18446744073709551616",
                &long,
                &longer,
            ],
        );
        let padded = format!("{}7", "0".repeat(300));
        assert_equal(scheme, &["7", "07", &padded]);
    }
}
