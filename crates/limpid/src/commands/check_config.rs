use std::fmt::Write as _;

use anyhow::Context as _;
use limpid_config::{Config, Environment, Lint, Mode};

use crate::cli;
use crate::outcome::Outcome;
use crate::{output, service};

/// Prints configurations as they take effect, and what is odd about them.
pub(crate) fn run(options: &cli::CheckConfig) -> anyhow::Result<Outcome> {
    let environment = service::environment();
    let mut document = String::new();
    let mut outcome = Outcome::Good;
    for path in &options.files {
        let loaded = limpid_config::load(path)?;
        if options.files.len() > 1 {
            writeln!(document, "# {}", path.display())?;
        }
        document.push_str(&shown(&loaded.config, options.output)?);
        let mut lints = loaded.lints;
        match options.mode {
            Some(mode) => check(&loaded.config, mode, &environment, &mut lints, &mut outcome),
            None => lints.dedup(),
        }
        for lint in lints
            .iter()
            .filter(|lint| options.mode.is_none_or(|mode| lint.concerns(mode)))
        {
            output::warn(&lint.to_string());
        }
    }
    output::write(None, document.as_bytes())?;
    Ok(outcome)
}

/// Adds what a mode has to say about a configuration.
fn check(
    config: &Config,
    mode: Mode,
    environment: &Environment,
    lints: &mut Vec<Lint>,
    outcome: &mut Outcome,
) {
    match config.check(mode, environment) {
        Ok(further) => lints.extend(further),
        Err(unfit) => {
            output::warn(&unfit.to_string());
            *outcome = Outcome::Found(1);
        }
    }
}

fn shown(config: &Config, form: cli::ConfigForm) -> anyhow::Result<String> {
    let text = match form {
        cli::ConfigForm::Json => serde_json::to_string_pretty(config).context("as JSON")? + "\n",
        cli::ConfigForm::Yaml => serde_saphyr::to_string(config).context("as YAML")?,
    };
    Ok(text)
}
