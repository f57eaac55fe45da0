//! The command line as Clair's users write it: flags with one dash, and the name `clair`.

use std::ffi::OsString;
use std::path::Path;

/// The flags of Clair's server, which Go's users write with one dash or two.
const FLAGS: [&str; 4] = ["conf", "mode", "cpuprofile", "memprofile"];

/// Returns the arguments as clap expects them.
///
/// A program that is called `clair` is `limpid serve`, and after `serve` Clair's flags may have a
/// single dash.
pub(crate) fn normalise(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut normal: Vec<OsString> = arguments.next().into_iter().collect();
    let is_clair = normal
        .first()
        .and_then(|program| Path::new(program).file_name())
        .is_some_and(|name| name == "clair");
    if is_clair {
        normal.push("serve".into());
    }
    let mut is_serving = is_clair;
    for argument in arguments {
        is_serving |= argument == "serve";
        normal.push(if is_serving {
            with_two_dashes(argument)
        } else {
            argument
        });
    }
    normal
}

fn with_two_dashes(argument: OsString) -> OsString {
    let Some(text) = argument.to_str() else {
        return argument;
    };
    let Some(flag) = text.strip_prefix('-') else {
        return argument;
    };
    let name = flag.split_once('=').map_or(flag, |(name, _)| name);
    if FLAGS.contains(&name) {
        format!("-{text}").into()
    } else {
        argument
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expected: &str) {
        let given = given.split(' ').map(OsString::from);
        let expected: Vec<OsString> = expected.split(' ').map(OsString::from).collect();
        assert_eq!(normalise(given), expected);
    }

    #[test]
    fn flags_of_clair_may_have_one_dash() {
        check(
            "limpid serve -conf a.yaml -mode=combo",
            "limpid serve --conf a.yaml --mode=combo",
        );
        check(
            "limpid serve --conf a.yaml -q",
            "limpid serve --conf a.yaml -q",
        );
    }

    #[test]
    fn a_program_that_is_called_clair_serves() {
        check(
            "/usr/bin/clair -conf c.yaml -mode indexer",
            "/usr/bin/clair serve --conf c.yaml --mode indexer",
        );
        check("clair -h", "clair serve -h");
    }

    #[test]
    fn other_commands_are_left_alone() {
        check("limpid scan -mode", "limpid scan -mode");
    }
}
