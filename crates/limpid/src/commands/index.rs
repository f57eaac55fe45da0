use crate::cli::{Global, Index};
use crate::commands::image;
use crate::installation::Installation;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(global: &Global, options: &Index) -> anyhow::Result<Outcome> {
    let installation = Installation::open(global)?;
    let (report, _) = image::index(&installation, &options.image, global.quiet).await?;
    let mut document = Vec::new();
    limpid_report::write_json(&mut document, &report)?;
    output::write(options.output.as_deref(), &document)?;
    Ok(Outcome::of_index(&report))
}
