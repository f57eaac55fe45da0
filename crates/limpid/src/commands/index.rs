use limpid_report::PackageRow;
use limpid_types::IndexReport;

use crate::cli::{Global, Index, IndexFormat};
use crate::commands::image;
use crate::installation::Installation;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(global: &Global, options: &Index) -> anyhow::Result<Outcome> {
    let installation = Installation::open(global)?;
    let (report, _) = image::index(&installation, &options.image, global.quiet).await?;
    let mut document = Vec::new();
    match options.format {
        IndexFormat::Json => limpid_report::write_json(&mut document, &report)?,
        IndexFormat::Table => {
            let style = output::style(options.output.is_some());
            limpid_report::write_packages(&mut document, &rows(&report), style)?;
        }
    }
    output::write(options.output.as_deref(), &document)?;
    Ok(Outcome::of_index(&report))
}

/// Lists the packages of an image, sorted.
fn rows(index: &IndexReport) -> Vec<PackageRow> {
    let mut rows: Vec<PackageRow> = index
        .packages
        .iter()
        .map(|(id, package)| {
            let language = index.limpid.languages.get(id);
            let owner = language.and_then(|language| language.owner.as_ref());
            let databases = index.environments.get(id).into_iter().flatten();
            PackageRow {
                purl: limpid_match::purl(index, id)
                    .unwrap_or_else(|| format!("{}@{}", package.name, package.version)),
                owner: owner.map_or_else(String::new, |owner| owner.package.clone()),
                places: match language {
                    Some(language) => language.paths.clone(),
                    None => databases.map(|it| it.package_db.clone()).collect(),
                },
            }
        })
        .collect();
    rows.sort_unstable();
    rows
}
