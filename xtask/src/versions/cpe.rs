//! Tables of CPE names, as JSON arrays or as lines.
//!
//! | name of the file begins with | entry |
//! |---|---|
//! | `bind` | `wfn` must be written as `bound` |
//! | `unbind` | `bound` must be read as `wfn`, or refused where `error` is true |
//! | `match` | `source.cpe` against `target.cpe` must give `relations`, by attribute |
//! | `validate` | a line: value of an attribute, tab, `ok` or `error` |
//!
//! In `wfn` a value is `{"value": text}`, `"ANY"` or `"NA"`; null and absence are any value.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use limpid_types::{Cpe, CpeAttribute, CpeValue, Relation};
use serde_json::Value;

/// Names of the attributes in the tables, in their order.
const NAMES: [&str; 11] = [
    "part",
    "vendor",
    "product",
    "version",
    "update",
    "edition",
    "language",
    "sw_edition",
    "target_sw",
    "target_hw",
    "other",
];

/// Checks a table and returns how many entries passed, and what is wrong with the others.
pub(super) fn check(file: &Path, text: &str) -> anyhow::Result<(usize, Vec<String>)> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let results: Vec<(String, anyhow::Result<()>)> = if name.starts_with("validate") {
        text.lines()
            .map(|line| (line.to_owned(), check_validity(line)))
            .collect()
    } else {
        let check = match () {
            () if name.starts_with("bind") => check_binding,
            () if name.starts_with("unbind") => check_unbinding,
            () if name.starts_with("match") => check_relations,
            () => bail!("unknown table of CPE names: {name}"),
        };
        let entries: Vec<Value> = serde_json::from_str(text)?;
        let checked = entries
            .iter()
            .map(|entry| (entry.to_string(), check(entry)));
        checked.collect()
    };
    let total = results.len();
    let failures: Vec<String> = results
        .into_iter()
        .filter_map(|(entry, result)| Some(format!("{entry}: {:#}", result.err()?)))
        .collect();
    Ok((total - failures.len(), failures))
}

fn check_binding(entry: &Value) -> anyhow::Result<()> {
    let bound = text(entry, "bound")?;
    let written = well_formed(&entry["wfn"])?.to_string();
    ensure!(written == bound, "written as {written}");
    Ok(())
}

fn check_unbinding(entry: &Value) -> anyhow::Result<()> {
    let read = Cpe::parse(text(entry, "bound")?);
    if entry["error"] == true {
        ensure!(read.is_err(), "not refused");
        return Ok(());
    }
    let read = read?;
    ensure!(read == well_formed(&entry["wfn"])?, "read as {read:?}");
    ensure!(Cpe::parse(&read.to_string())? == read, "formatted string");
    ensure!(Cpe::parse(&read.to_uri())? == read, "URI");
    Ok(())
}

fn check_relations(entry: &Value) -> anyhow::Result<()> {
    let source = Cpe::parse(text(&entry["source"], "cpe")?)?;
    let target = Cpe::parse(text(&entry["target"], "cpe")?)?;
    for (attribute, name) in CpeAttribute::ALL.into_iter().zip(NAMES) {
        let relation = match source.compare_attribute(&target, attribute) {
            Relation::Equal => "equal",
            Relation::Superset => "superset",
            Relation::Subset => "subset",
            Relation::Disjoint => "disjoint",
            Relation::Undefined => "undefined",
        };
        ensure!(
            text(&entry["relations"], name)? == relation,
            "{name} computed {relation}"
        );
    }
    Ok(())
}

fn check_validity(line: &str) -> anyhow::Result<()> {
    let (value, expected) = line.split_once('\t').context("unknown form of line")?;
    let is_valid = CpeValue::parse(value).is_ok();
    ensure!(is_valid == (expected == "ok"), "computed valid: {is_valid}");
    Ok(())
}

fn well_formed(members: &Value) -> anyhow::Result<Cpe> {
    let mut values: [CpeValue; 11] = Default::default();
    for (value, name) in values.iter_mut().zip(NAMES) {
        *value = match &members[name] {
            Value::Null => CpeValue::Any,
            Value::String(word) if word == "ANY" => CpeValue::Any,
            Value::String(word) if word == "NA" => CpeValue::NotApplicable,
            member => CpeValue::parse(text(member, "value")?)?,
        };
    }
    Ok(Cpe::new(values)?)
}

fn text<'a>(value: &'a Value, member: &str) -> anyhow::Result<&'a str> {
    value[member]
        .as_str()
        .with_context(|| format!("no text {member}"))
}
