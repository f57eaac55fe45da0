//! Erlang and Elixir: lock files, and the applications of a release.
//!
//! | file | entries |
//! |---|---|
//! | `mix.lock` | `"cowboy": {:hex, :cowboy, "2.10.0", "HASH", [BUILDERS], [DEPENDENCIES], "hexpm", "HASH"},` |
//! | `rebar.lock` | `{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.10.0">>},0},` |
//! | `NAME-VERSION/ebin/NAME.app` | `{application, cowboy, [{vsn, "2.10.0"}, …]}.` |
//!
//! Entries of other sorts are git repositories and paths. A package of a private organisation or
//! another registry says so in the seventh place of a mix entry, and is passed over; `hexpm` is the
//! public one. Neither lock tells development dependencies from others. Dependencies bring lists of
//! their own below `deps` and `_build`, which are not read.
//!
//! An image rarely has the lock, but a release has a directory for each application. Nothing in it
//! says that the application came from the registry, so the record is [`Confidence::Derived`].
//! What comes with Erlang/OTP or Elixir itself is no package ([`APPLICATIONS_OF_OTP`]).
//! See "mix deps" in the documentation of Mix, "Dependencies" in that of rebar3, and `app(4)`.

use limpid_types::{Confidence, DatabaseKind, Ecosystem, PackageRecord};

use super::document::{Document, Form, MOST_BYTES};
use super::{File, Format, Found, Path};

/// What is read of Erlang and Elixir.
pub(super) const FORMATS: &[Format] = &[
    Format {
        kind: DatabaseKind::LockFile,
        matches: is_lock,
        starts: None,
        most_bytes: MOST_BYTES,
        read: read_lock,
    },
    Format {
        kind: DatabaseKind::LanguagePackage,
        matches: is_application,
        starts: None,
        most_bytes: MOST_BYTES,
        read: read_application,
    },
];

/// The applications of Erlang/OTP and of Elixir, of all their releases since 2013.
const APPLICATIONS_OF_OTP: [&str; 64] = [
    "asn1",
    "appmon",
    "common_test",
    "compiler",
    "cosEvent",
    "cosEventDomain",
    "cosFileTransfer",
    "cosNotification",
    "cosProperty",
    "cosTime",
    "cosTransactions",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eex",
    "eldap",
    "elixir",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ex_unit",
    "ftp",
    "gs",
    "hipe",
    "ic",
    "iex",
    "inets",
    "inviso",
    "jinterface",
    "kernel",
    "logger",
    "megaco",
    "mix",
    "mnesia",
    "nteventlog",
    "observer",
    "odbc",
    "orber",
    "os_mon",
    "ose",
    "otp_mibs",
    "parsetools",
    "percept",
    "pman",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "test_server",
    "tftp",
    "toolbar",
    "tools",
    "tv",
    "typer",
    "webtool",
];

fn is_lock(path: &Path<'_>) -> bool {
    let is_dependency = ["deps", "_build"].iter().any(|directory| {
        let mut directories = path.directory.split('/');
        directories.any(|part| part == *directory)
    });
    matches!(path.name, "mix.lock" | "rebar.lock") && !is_dependency
}

fn is_application(path: &Path<'_>) -> bool {
    let directory = path.directory.strip_suffix("/ebin");
    let name = path.name.strip_suffix(".app");
    let Some((directory, name)) = directory.zip(name) else {
        return false;
    };
    let directory = directory.rsplit('/').next().unwrap_or(directory);
    let version = directory
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('-'));
    version.is_some() && !APPLICATIONS_OF_OTP.contains(&name)
}

fn read_lock(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Text, found) else {
        return;
    };
    for tuple in tuples(document.text(), &["hex", "pkg"]) {
        let [_, name, version, .., registry] = tuple;
        let is_public = matches!(registry, "" | "hexpm");
        if is_public && !found.listed(Ecosystem::Hex, name, version) {
            return;
        }
    }
}

fn read_application(file: &File<'_>, found: &mut Found<'_>) {
    let Some(document) = Document::of(file, Form::Text, found) else {
        return;
    };
    let version = tuples(document.text(), &["vsn"]).next();
    let version = version.map_or("", |[_, version, ..]| version);
    let name = file.path.name.strip_suffix(".app").unwrap_or_default();
    if version.is_empty() {
        return found.unreadable("has no version");
    }
    found.package(PackageRecord {
        name: Ecosystem::Hex.normalize(name).into_owned(),
        version: version.to_owned(),
        ecosystem: Some(Ecosystem::Hex),
        confidence: Confidence::Derived,
        ..PackageRecord::default()
    });
}

/// How many elements of a tuple are looked at.
const ELEMENTS: usize = 7;

/// Iterates over the tuples of a term of Erlang or Elixir that begin with one of these atoms: their
/// first elements, empty where one is no text and no atom. Tuples within them are not seen.
fn tuples<'a>(
    text: &'a str,
    atoms: &'a [&'a str],
) -> impl Iterator<Item = [&'a str; ELEMENTS]> + 'a {
    let mut tokens = Tokens { rest: text };
    let mut depth = 0_usize;
    let mut tuple: Option<Tuple<'a>> = None;
    std::iter::from_fn(move || {
        loop {
            match tokens.next()? {
                Token::Open => {
                    depth = depth.saturating_add(1);
                    if tuple.as_ref().is_none_or(|tuple| !tuple.is_one_of(atoms)) {
                        tuple = Some(Tuple::at(depth));
                    }
                }
                Token::Close => {
                    let ended = tuple.take_if(|tuple| tuple.depth == depth);
                    depth = depth.saturating_sub(1);
                    if let Some(tuple) = ended.filter(|tuple| tuple.is_one_of(atoms)) {
                        return Some(tuple.elements);
                    }
                }
                Token::Comma => {
                    if let Some(tuple) = tuple.as_mut().filter(|tuple| tuple.depth == depth) {
                        tuple.next = tuple.next.saturating_add(1);
                    }
                }
                Token::Text(text) => {
                    if let Some(tuple) = tuple.as_mut().filter(|tuple| tuple.depth == depth)
                        && let Some(element) = tuple.elements.get_mut(tuple.next)
                    {
                        *element = text;
                    }
                }
            }
        }
    })
}

/// A tuple, list or map that has begun.
struct Tuple<'a> {
    depth: usize,
    next: usize,
    elements: [&'a str; ELEMENTS],
}

impl Tuple<'_> {
    fn at(depth: usize) -> Self {
        Self {
            depth,
            next: 0,
            elements: [""; ELEMENTS],
        }
    }

    fn is_one_of(&self, atoms: &[&str]) -> bool {
        self.next > 0
            && self
                .elements
                .first()
                .is_some_and(|first| atoms.contains(first))
    }
}

/// A part of a term.
enum Token<'a> {
    Open,
    Close,
    Comma,
    /// A string, binary or atom.
    Text(&'a str),
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-');
        loop {
            // The signs of binaries, atoms, keys and maps add nothing.
            let start = self
                .rest
                .find(|c| is_of_word(c) || "{}[],\"'%#".contains(c))?;
            let rest = self.rest.get(start..)?;
            let first = rest.chars().next()?;
            let after = rest.get(first.len_utf8()..)?;
            let (token, rest) = match first {
                '{' | '[' => (Token::Open, after),
                '}' | ']' => (Token::Close, after),
                ',' => (Token::Comma, after),
                '"' | '\'' => {
                    let (text, rest) = quoted(after, first)?;
                    (Token::Text(text), rest)
                }
                // A map of Elixir; any other is a comment of Erlang.
                '%' if after.starts_with('{') => (Token::Open, after.get(1..)?),
                '%' | '#' => {
                    self.rest = after.split_once('\n')?.1;
                    continue;
                }
                _ => {
                    let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
                    let (word, rest) = rest.split_at(end);
                    (Token::Text(word), rest)
                }
            };
            self.rest = rest;
            return Some(token);
        }
    }
}

/// Splits text at the quote that ends it.
fn quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    let (text, rest) = text.split_at(end);
    Some((text, rest.get(quote.len_utf8()..)?))
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{packages, problems};
    use super::super::read_file;
    use super::*;

    #[test]
    fn hex_packages_of_the_public_registry_in_a_lock_of_mix_are_listed() {
        let lock = r#"%{
  "cowboy": {:hex, :cowboy, "2.10.0", "ff9f", [:make, :rebar3], [{:cowlib, "2.12.1", [hex: :cowlib, repo: "hexpm", optional: false]}, {:ranch, "1.8.0", [hex: :ranch, repo: "hexpm", optional: false]}], "hexpm", "3afd"},
  "old": {:hex, :old, "1.0.0"},
  "older": {:hex, :older, "0.1.0", "ff", [:mix], []},
  "renamed": {:hex, :other_name, "1.1.0", "ff", [:mix], [], "hexpm", "00"},
  "secret": {:hex, :secret, "1.0.0", "ff", [:mix], [], "hexpm:acme", "00"},
  "oauth": {:git, "https://example.com/oauth.git", "bd19", [tag: "1.0"]},
}
"#;
        assert_eq!(
            packages("app/mix.lock", lock),
            [
                "cowboy 2.10.0",
                "old 1.0.0",
                "older 0.1.0",
                "other_name 1.1.0"
            ]
        );
        assert_eq!(problems("app/mix.lock", lock), 0);
    }

    #[test]
    fn packages_in_a_lock_of_rebar_are_listed_under_the_name_of_the_registry() {
        let lock = r#"{"1.2.0",
[{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.13.0">>},0},
 {<<"jiffy">>,
  {git,"https://example.com/jiffy.git",
       {ref,"a7db"}},
  0},
 {<<"pgo">>,
  {pkg,<<"pgo_fork">>,
       <<"0.20.0">>,<<"HASH">>},
  1}]}.
[
{pkg_hash,[
 {<<"cowboy">>, <<"3DAF">>}]}
].
"#;
        assert_eq!(
            packages("app/rebar.lock", lock),
            ["cowboy 2.13.0", "pgo_fork 0.20.0"]
        );
    }

    #[test]
    fn locks_of_dependencies_say_nothing_about_the_image() {
        for path in ["app/deps/a/mix.lock", "app/_build/default/lib/a/rebar.lock"] {
            assert_eq!(read_file(path, b"%{}"), None, "{path}");
        }
    }

    #[test]
    fn applications_of_a_release_are_packages_with_less_certainty() {
        let app = r#"%% Don't edit.
            {application,phoenix,
             [{modules,['Elixir.Phoenix']},
              {applications,[kernel,stdlib]},
              {description,"Peace of \"mind\", {vsn}"},
              {vsn,"1.7.10"}]}."#;
        let path = "app/lib/phoenix-1.7.10/ebin/phoenix.app";
        let (found, problems) = read_file(path, app.as_bytes()).unwrap();
        assert!(problems.is_empty());
        assert_eq!(
            (found[0].name.as_str(), found[0].version.as_str()),
            ("phoenix", "1.7.10")
        );
        assert_eq!(found[0].confidence, Confidence::Derived);
    }

    #[test]
    fn applications_of_otp_and_other_files_are_no_packages() {
        for path in [
            "usr/lib/erlang/lib/ssl-11.1/ebin/ssl.app",
            "app/lib/elixir-1.15.7/ebin/elixir.app",
            "app/lib/a/ebin/a.app",
            "app/lib/a-1.0/ebin/b.app",
            "app/lib/a-1.0/a.app",
        ] {
            assert_eq!(read_file(path, b""), None, "{path}");
        }
    }

    #[test]
    fn odd_terms_are_read_without_a_panic() {
        for text in [
            "{",
            "}}}}",
            "{:hex",
            "{:hex,,",
            "\"",
            "{pkg,<<\"",
            "%{é: {:hex, :é, 'ü'}}",
        ] {
            let _ = packages("mix.lock", text);
        }
        let deep = "{".repeat(100_000) + &"}".repeat(100_000);
        assert!(packages("mix.lock", &deep).is_empty());
    }

    #[test]
    fn the_list_of_applications_has_each_once() {
        let mut names = APPLICATIONS_OF_OTP;
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
