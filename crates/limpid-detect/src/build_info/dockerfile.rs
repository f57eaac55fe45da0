//! The labels in a Dockerfile, which older Red Hat images have in themselves.
//!
//! Only what labels depend on is understood: `LABEL`, and the variables of `ARG` and `ENV` in it.
//! Comments, continued lines and the `escape` directive follow the Dockerfile reference of Docker.
//! Labels of a stage count until a stage begins that is not built on an earlier one.
//!
//! | form | example |
//! |---|---|
//! | assignments | `LABEL name="ubi8" "release"="4"` |
//! | one label | `LABEL install /usr/bin/docker run \$IMAGE` |

use std::collections::{BTreeMap, BTreeSet};

use limpid_types::ContainerIdentity;

use super::expansion::{Expansion, words};
use crate::lines::Lines;

/// Longest instruction that is kept whole, in bytes.
const LONGEST_INSTRUCTION: usize = 256 << 10;
/// How much text expansion may make of one file, in bytes: variables can double with each line.
const MOST_TEXT: usize = 4 << 20;
/// How many problems of one file are told.
const MOST_PROBLEMS: usize = 20;

/// The labels of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    labels: BTreeMap<String, String>,
    problems: Vec<(u64, String)>,
}

impl Labels {
    /// Iterates over the labels by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns what could not be understood, with the offset of each instruction in bytes.
    pub fn problems(&self) -> &[(u64, String)] {
        &self.problems
    }

    /// Returns the image that the labels name; version and release are those in the file's name.
    pub(super) fn identity(&self, path: &str) -> Option<ContainerIdentity> {
        let label = |name: &str| self.labels.get(name).cloned().unwrap_or_default();
        let (name, component) = (label("name"), label("com.redhat.component"));
        if name.is_empty() && component.is_empty() {
            return None;
        }
        let (rest, release) = path.rsplit_once('-')?;
        let (_, version) = rest.rsplit_once('-')?;
        Some(ContainerIdentity {
            path: path.to_owned(),
            name,
            component,
            version: format!("{version}-{release}"),
            architecture: label("architecture"),
            ..ContainerIdentity::default()
        })
    }

    fn problem(&mut self, offset: u64, detail: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push((offset, detail.into()));
        }
    }
}

/// Reads the labels of a Dockerfile; an instruction that cannot be understood costs only itself.
pub fn parse(dockerfile: &[u8]) -> Labels {
    let mut instructions = Instructions::new(dockerfile);
    let mut state = State {
        text_left: MOST_TEXT,
        ..State::default()
    };
    let mut labels = Labels::default();
    while let Some((offset, instruction)) = instructions.next() {
        let instruction = instruction.trim();
        let (keyword, arguments) = instruction
            .split_once([' ', '\t'])
            .unwrap_or((instruction, ""));
        let escape = instructions.escape;
        let result = match keyword.to_ascii_uppercase().as_str() {
            "FROM" => {
                state.begin_stage(arguments, &mut labels);
                Ok(())
            }
            "LABEL" => state.label(arguments, escape, &mut labels.labels),
            "ENV" => state.environment(arguments, escape),
            "ARG" => state.argument(arguments, escape),
            "RUN" | "COPY" | "ADD" => {
                instructions.pass_over_heredocs(arguments);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(why) = result {
            labels.problem(offset, format!("{keyword}: {why}"));
        }
    }
    labels
}

/// What earlier instructions have set.
#[derive(Default)]
struct State {
    variables: BTreeMap<String, String>,
    stages: BTreeSet<String>,
    text_left: usize,
}

impl State {
    /// `FROM IMAGE [AS NAME]`
    fn begin_stage(&mut self, arguments: &str, labels: &mut Labels) {
        let mut parts = arguments
            .split_ascii_whitespace()
            .filter(|part| !part.starts_with("--"));
        let base = parts.next().unwrap_or_default().to_lowercase();
        if !self.stages.contains(&base) {
            labels.labels.clear();
        }
        if let (Some(_), Some(name)) = (parts.next(), parts.next()) {
            self.stages.insert(name.to_lowercase());
        }
    }

    fn label(
        &mut self,
        arguments: &str,
        escape: char,
        labels: &mut BTreeMap<String, String>,
    ) -> Result<(), String> {
        // All labels of an instruction see the variables as they were before it.
        for assignment in assignments(arguments, escape) {
            let (name, value) = assignment?;
            let name = self.expand(name, escape)?;
            let value = self.expand(value, escape)?;
            labels.insert(name, value);
        }
        Ok(())
    }

    fn environment(&mut self, arguments: &str, escape: char) -> Result<(), String> {
        let mut set = Vec::new();
        for assignment in assignments(arguments, escape) {
            let (name, value) = assignment?;
            set.push((name.to_owned(), self.expand(value, escape)?));
        }
        self.variables.extend(set);
        Ok(())
    }

    fn argument(&mut self, arguments: &str, escape: char) -> Result<(), String> {
        for word in words(arguments, escape) {
            if let Some((name, value)) = word.split_once('=') {
                let value = self.expand(value, escape)?;
                self.variables.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }

    fn expand(&mut self, raw: &str, escape: char) -> Result<String, String> {
        Expansion {
            escape,
            variables: &self.variables,
            text_left: &mut self.text_left,
        }
        .expand(raw)
        .map_err(str::to_owned)
    }
}

type Assignment<'a> = Result<(&'a str, &'a str), String>;

/// Splits `NAME=VALUE NAME=VALUE …`, or `NAME VALUE` when the first word assigns nothing.
fn assignments(arguments: &str, escape: char) -> Vec<Assignment<'_>> {
    let arguments = arguments.trim();
    let all = words(arguments, escape);
    match all.first() {
        None => Vec::new(),
        Some(first) if !first.contains('=') => {
            let value = arguments.get(first.len()..).unwrap_or_default();
            vec![Ok((first, value.trim_start()))]
        }
        Some(_) => all
            .into_iter()
            .map(|word| {
                word.split_once('=').ok_or_else(|| {
                    let shown: String = word.chars().take(40).collect();
                    format!("not an assignment: {shown:?}")
                })
            })
            .collect(),
    }
}

/// Joins continued lines to instructions.
struct Instructions<'a> {
    lines: Lines<&'a [u8]>,
    escape: char,
    /// A parser directive may still come: nothing but directives was seen so far.
    is_start: bool,
}

impl<'a> Instructions<'a> {
    fn new(dockerfile: &'a [u8]) -> Self {
        Self {
            lines: Lines::new(dockerfile),
            escape: '\\',
            is_start: true,
        }
    }

    /// Returns the next instruction and where it begins. Reading from memory cannot fail.
    fn next(&mut self) -> Option<(u64, String)> {
        let mut instruction = String::new();
        let mut begin = None;
        while self.lines.advance().unwrap_or(false) {
            let line = String::from_utf8_lossy(self.lines.line());
            let trimmed = line.trim_start();
            if let Some(comment) = trimmed.strip_prefix('#') {
                if self.is_start {
                    self.is_start = directive(comment, &mut self.escape);
                }
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            self.is_start = false;
            let begin = *begin.get_or_insert(self.lines.offset());
            let continued = line.trim_end().strip_suffix(self.escape);
            let part = continued.unwrap_or(&line);
            let part = if instruction.is_empty() {
                part.trim_start()
            } else {
                part
            };
            if instruction.len() + part.len() <= LONGEST_INSTRUCTION {
                instruction.push_str(part);
            }
            if continued.is_none() {
                return Some((begin, instruction));
            }
        }
        Some((begin?, instruction))
    }

    /// Passes over the documents that stand below a command: `RUN <<END`, up to a line `END`.
    fn pass_over_heredocs(&mut self, arguments: &str) {
        for word in arguments.split_ascii_whitespace() {
            let Some(end) = word.strip_prefix("<<") else {
                continue;
            };
            let end = end.trim_start_matches('-').trim_matches(['"', '\'']);
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if end.is_empty() || !end.chars().all(is_name) {
                continue;
            }
            while self.lines.advance().unwrap_or(false) {
                if self.lines.line().trim_ascii() == end.as_bytes() {
                    break;
                }
            }
        }
    }
}

/// Reads a parser directive, `escape=CHARACTER` or another; false when it is a plain comment.
fn directive(comment: &str, escape: &mut char) -> bool {
    let Some((name, value)) = comment.split_once('=') else {
        return false;
    };
    let name = name.trim();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic()) {
        return false;
    }
    if name.eq_ignore_ascii_case("escape")
        && let Some(character @ ('\\' | '`')) = value.trim().chars().next()
    {
        *escape = character;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dockerfile: &str, expected: &[(&str, &str)]) {
        let labels = parse(dockerfile.as_bytes());
        assert_eq!(labels.iter().collect::<Vec<_>>(), expected, "{dockerfile}");
    }

    #[test]
    fn both_forms_of_labels_are_read() {
        check(
            "FROM scratch\nLABEL \"release\"=\"4\" b='c d' e=f\\ g\nlabel run  /bin/x \\$A  \"b\"\n",
            &[
                ("b", "c d"),
                ("e", "f g"),
                ("release", "4"),
                ("run", "/bin/x $A  b"),
            ],
        );
    }

    #[test]
    fn lines_are_continued_over_comments_and_empty_lines() {
        check(
            "# x\nLABEL \\\n\t# between\n\n a=\"b \\\nc\" \\  \n d=e\n# end\nLABEL f=g \\",
            &[("a", "b c"), ("d", "e"), ("f", "g")],
        );
    }

    #[test]
    fn the_escape_character_can_be_chosen_at_the_top_only() {
        check(
            "# syntax=docker/dockerfile:1\n# escape=`\nLABEL a=b `\n c=d\\e\n",
            &[("a", "b"), ("c", "d\\e")],
        );
        check(
            "# comment\n# escape=`\nLABEL a=b` c=d\n",
            &[("a", "b`"), ("c", "d")],
        );
    }

    #[test]
    fn variables_of_env_and_arg_are_put_in() {
        check(
            "ARG v=1\nENV a=\"b c\" w=${v}\nENV old one two\nLABEL x=\"$a-${w}\" y='$a' z=$old u=$none\n",
            &[("u", ""), ("x", "b c-1"), ("y", "$a"), ("z", "one two")],
        );
    }

    #[test]
    fn an_instruction_sees_the_variables_before_it() {
        check("ENV a=1\nENV a=2 b=$a\nLABEL b=$b\n", &[("b", "1")]);
    }

    #[test]
    fn labels_of_an_earlier_stage_do_not_count_unless_the_last_is_built_on_it() {
        check(
            "FROM a AS build\nLABEL x=1\nFROM b\nLABEL y=2\n",
            &[("y", "2")],
        );
        check(
            "FROM a AS build\nLABEL x=1\nFROM build\nLABEL y=2\n",
            &[("x", "1"), ("y", "2")],
        );
    }

    #[test]
    fn a_document_below_a_command_is_no_instruction() {
        check("RUN <<END sh\nLABEL a=b\nEND\nLABEL c=d\n", &[("c", "d")]);
    }

    #[test]
    fn a_bad_instruction_is_a_problem_and_costs_only_itself() {
        let labels = parse(b"LABEL A=B \\\n C=D # no\nLABEL E=${F\nLABEL G=H\n");
        let found: Vec<_> = labels.iter().collect();
        assert_eq!(found, [("A", "B"), ("C", "D"), ("G", "H")]);
        assert_eq!(
            labels.problems(),
            [
                (0, "LABEL: not an assignment: \"#\"".to_owned()),
                (22, "LABEL: a brace that is not closed".to_owned())
            ]
        );
    }

    #[test]
    fn variables_that_double_with_each_line_end_at_the_limit() {
        let mut dockerfile = String::from("ENV A=0123456789\n");
        dockerfile.push_str(&"ENV A=$A$A\n".repeat(1000));
        dockerfile.push_str("LABEL a=$A\n");
        let labels = parse(dockerfile.as_bytes());
        let total: usize = labels.iter().map(|(_, value)| value.len()).sum();
        assert!(total <= MOST_TEXT && !labels.problems().is_empty());
        assert!(labels.problems().len() <= MOST_PROBLEMS);
    }

    #[test]
    fn version_and_release_are_the_last_parts_of_the_file_name() {
        let labels = parse(b"LABEL name=rhdh/hub com.redhat.component=hub-container");
        let path = "root/buildinfo/Dockerfile-rhdh-rhdh-hub-rhel9-1.3-100";
        let identity = labels.identity(path).unwrap();
        assert_eq!(identity.version, "1.3-100");
        assert_eq!(identity.component, "hub-container");
        assert_eq!(parse(b"LABEL a=b").identity(path), None);
    }
}
