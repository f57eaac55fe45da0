use std::io;

use crate::columns::{Cell, Columns, Title};
use crate::{Style, style};

/// A package of an image, as `limpid index --format table` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageRow {
    /// Package URL, or `name@version` where there is none.
    pub purl: String,
    /// The package of the distribution that it is a part of, or empty.
    pub owner: String,
    /// Where it was found: databases, or files.
    pub places: Vec<String>,
}

/// Writes the packages of an image as a table.
pub fn write_packages(
    out: &mut dyn io::Write,
    rows: &[PackageRow],
    style: Style,
) -> io::Result<()> {
    let mut text = String::new();
    if rows.is_empty() {
        text.push_str("no packages were found\n");
        return out.write_all(text.as_bytes());
    }
    let mut columns = Columns::new([
        Title::Text("PACKAGE"),
        Title::Text("PART OF"),
        Title::Text("FOUND IN"),
    ]);
    for row in rows {
        let place = match row.places.as_slice() {
            [] => "-".to_owned(),
            [place] => place.clone(),
            [place, more @ ..] => format!("{place} (+{} more)", more.len()),
        };
        let owner = if row.owner.is_empty() {
            "-"
        } else {
            &row.owner
        };
        columns.push([
            Cell::painted(&row.purl, style::title()),
            Cell::new(owner),
            Cell::new(&place),
        ]);
    }
    columns.render(&mut text, style);
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &[PackageRow]) -> String {
        let mut out = Vec::new();
        write_packages(&mut out, rows, Style::default()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_package_is_shown_with_its_owner_and_its_places() {
        let row = PackageRow {
            purl: "pkg:pypi/a@1\u{1b}[2J".into(),
            owner: "python3-a".into(),
            places: vec!["x".into(), "y".into(), "z".into()],
        };
        let text = written(&[row]);
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert!(words[0].starts_with("pkg:pypi/a@1"));
        assert_eq!(words[1..], ["python3-a", "x", "(+2", "more)"]);
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn an_image_without_packages_is_no_empty_table() {
        assert_eq!(written(&[]), "no packages were found\n");
    }
}
