//! Compares generated versions with the ecosystems' own tools.
//!
//! Versions are made from seeds by mutation, the same on every run. A tool reads pairs of them, one
//! a line with a tab between, and answers `<`, `=`, `>`, or `!` where it refuses one of them. What a
//! tool takes must be taken here and ordered alike. What it refuses must be refused if the tool is
//! named as strict; else it may be ordered, since readers here are lenient where that is harmless.

mod generator;
mod tools;

use std::cmp::Ordering;
use std::io::{self, Write};

use anyhow::Context;
use limpid_version::{Range, Scheme};

use tools::{TOOLS, Tool};

/// How many pairs a tool compares.
const PAIRS: usize = 100_000;

/// How many disagreements are printed.
const SHOWN: usize = 20;

/// Asks every tool of a scheme, or of all; tells whether none that is installed disagrees.
pub(super) fn run(scheme: Option<&str>, seeds: &[String]) -> anyhow::Result<bool> {
    if let Some(name) = scheme {
        name.parse::<Scheme>()?;
    }
    let mut out = io::stdout().lock();
    let mut all_agree = true;
    let wanted = |tool: &&Tool| scheme.is_none_or(|name| tool.scheme.name() == name);
    for tool in TOOLS.iter().filter(wanted) {
        let pairs = generator::pairs(tool, seeds, PAIRS);
        match tool.ask(&pairs)? {
            None => writeln!(out, "{tool}: not installed: {}", tool.package)?,
            Some(answers) => all_agree &= report(&mut out, tool, &pairs, &answers)?,
        }
    }
    writeln!(
        out,
        "nuget, hackage, pub: no tool is asked; their tables alone are checked"
    )?;
    Ok(all_agree)
}

fn report(
    out: &mut impl Write,
    tool: &Tool,
    pairs: &[(String, String)],
    answers: &str,
) -> anyhow::Result<bool> {
    let mut answers = answers.lines();
    let (mut alike, mut refused, mut lenient, mut differing) = (0, 0, 0, 0);
    for (left, right) in pairs {
        let answer = answers.next().context("the tool gave too few answers")?;
        let own = own_answer(tool, left, right);
        match (answer, own) {
            ("!", "!") => refused += 1,
            ("!", _) if !tool.strict => lenient += 1,
            (answer, own) if answer == own => alike += 1,
            _ => {
                differing += 1;
                if differing <= SHOWN {
                    writeln!(out, "{tool}: {left} {answer} {right}, here {own}")?;
                }
            }
        }
    }
    writeln!(
        out,
        "{tool}: {alike} pairs ordered alike, {refused} refused by both, \
         {lenient} refused by the tool alone, {differing} different"
    )?;
    Ok(differing == 0)
}

fn own_answer(tool: &Tool, left: &str, right: &str) -> &'static str {
    let order = if tool.as_bound {
        order_by_ranges(tool.scheme, left, right)
    } else {
        tool.scheme.compare(left, right).ok()
    };
    match order {
        None => "!",
        Some(Ordering::Less) => "<",
        Some(Ordering::Equal) => "=",
        Some(Ordering::Greater) => ">",
    }
}

/// Orders a version against the end of a range, as ranges do.
fn order_by_ranges(scheme: Scheme, version: &str, bound: &str) -> Option<Ordering> {
    if Range::below(bound).contains(scheme, version).ok()? {
        return Some(Ordering::Less);
    }
    scheme.compare_bound(version, bound).ok()
}
