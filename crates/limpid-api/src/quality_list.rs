/// Yields the elements of a list header with their weights (RFC 9110 sections 5.6.1 and 12.4.2),
/// in the order in which they stand.
///
/// Empty elements are passed over. A weight that is none, or beyond 0 to 1, is taken as 1, because
/// the client did name the element.
pub(crate) fn elements(line: &str) -> impl Iterator<Item = (&str, u16)> {
    line.split(',').filter_map(|element| {
        let (value, parameters) = element.split_once(';').unwrap_or((element, ""));
        let value = value.trim_matches([' ', '\t']);
        let quality = parameters
            .split(';')
            .find_map(weight)
            .unwrap_or(FULL_WEIGHT);
        (!value.is_empty()).then_some((value, quality))
    })
}

/// The weight of what is fully wanted, in thousandths.
const FULL_WEIGHT: u16 = 1000;

fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim_matches([' ', '\t']).eq_ignore_ascii_case("q") {
        return None;
    }
    thousandths(value.trim_matches([' ', '\t']))
}

/// Reads `0`, `0.5`, `1.000`: one digit, and three behind the point at most.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = match whole {
        "0" => 0,
        "1" => FULL_WEIGHT,
        _ => return None,
    };
    let fraction = format!("{fraction:0<3}").parse::<u16>().ok()?;
    Some(whole + fraction).filter(|weight| *weight <= FULL_WEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[(&str, u16)]) {
        assert_eq!(elements(line).collect::<Vec<_>>(), expected, "{line}");
    }

    #[test]
    fn elements_have_their_weights() {
        check(
            "gzip;q=0.5, zstd ,deflate; Q=0.25",
            &[("gzip", 500), ("zstd", 1000), ("deflate", 250)],
        );
        check(
            "text/html;level=1;q=0.7, */*;q=0",
            &[("text/html", 700), ("*/*", 0)],
        );
    }

    #[test]
    fn empty_elements_are_passed_over() {
        check("", &[]);
        check(" , ,a,,", &[("a", 1000)]);
        check(";q=1", &[]);
    }

    #[test]
    fn a_weight_that_is_none_is_a_full_one() {
        for weight in ["", "x", "2", "1.5", "-1", "0.0000", "1.001", "NaN", "0.+1"] {
            check(&format!("a;q={weight}"), &[("a", 1000)]);
        }
        check("a;q=0.000", &[("a", 0)]);
    }
}
