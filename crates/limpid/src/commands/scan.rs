use crate::cli::{Global, Scan};
use crate::commands::{image, report};
use crate::installation::Installation;
use crate::outcome::Outcome;

pub(crate) async fn run(global: &Global, options: &Scan) -> anyhow::Result<Outcome> {
    let installation = Installation::open(global)?;
    let (index, stores) = image::index(&installation, &options.image, global.quiet).await?;
    report::make(
        &installation,
        stores.data.as_deref(),
        &index,
        &options.report,
    )
    .await
}
