//! Names that sources give to their images, and the ones that people ask for.

/// Keeps those items of which a name is the wanted one.
///
/// A name is also wanted by its end, from a `/` or a `:` on: `alpine:3.20` and `3.20` both mean
/// `docker.io/library/alpine:3.20`. Whole names come first, so that a full name never means two.
pub(crate) fn select<T>(items: Vec<T>, wanted: &str, names: impl Fn(&T) -> Vec<&str>) -> Vec<T> {
    let is = |item: &T, fits: &dyn Fn(&str) -> bool| names(item).into_iter().any(fits);
    let whole = |name: &str| name == wanted;
    let end = |name: &str| {
        name.strip_suffix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', ':']))
    };
    let fits: &dyn Fn(&str) -> bool = if items.iter().any(|item| is(item, &whole)) {
        &whole
    } else {
        &end
    };
    items.into_iter().filter(|item| is(item, fits)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&'static str], wanted: &str, expected: &[&str]) {
        let found = select(names.to_vec(), wanted, |name| vec![*name]);
        assert_eq!(found, expected, "{wanted}");
    }

    #[test]
    fn a_whole_name_wins_over_an_end() {
        let names = ["3.20", "docker.io/library/alpine:3.20", "alpine:13.20"];
        check(&names, "3.20", &["3.20"]);
        check(&names, "alpine:3.20", &["docker.io/library/alpine:3.20"]);
        check(&names, "pine:3.20", &[]);
    }

    #[test]
    fn an_end_may_fit_several() {
        check(
            &["a:latest", "b:latest"],
            "latest",
            &["a:latest", "b:latest"],
        );
    }
}
