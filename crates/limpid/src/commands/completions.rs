use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn run(shell: Shell) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "limpid", &mut script);
    output::write(None, &script)?;
    Ok(Outcome::Good)
}
