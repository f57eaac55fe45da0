//! Where reports go: standard output, or a file that appears only when it is whole.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use limpid_report::Style;

/// Writes a finished document to standard output or to a file.
pub(crate) fn write(to: Option<&Path>, document: &[u8]) -> anyhow::Result<()> {
    let Some(path) = to else {
        let mut stdout = io::stdout().lock();
        return stdout
            .write_all(document)
            .and_then(|()| stdout.flush())
            .context("cannot write to standard output");
    };
    // Devices and pipes cannot be replaced by a renamed file.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, document).with_context(|| cannot_write(path));
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut file =
        tempfile::NamedTempFile::new_in(directory).with_context(|| cannot_write(path))?;
    file.write_all(document)
        .with_context(|| cannot_write(path))?;
    file.persist(path).with_context(|| cannot_write(path))?;
    Ok(())
}

/// Says on standard error what does not end the command.
#[expect(
    clippy::print_stderr,
    reason = "this is where the program speaks to its user"
)]
pub(crate) fn warn(text: &str) {
    eprintln!("warning: {}", limpid_report::printable(text));
}

/// Says on standard error what a command failed of, in one line.
#[expect(
    clippy::print_stderr,
    reason = "this is where the program speaks to its user"
)]
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {}", limpid_report::printable(&format!("{error:#}")));
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write: {}", path.display())
}

/// Returns how tables look on standard output: colours and width only on a terminal, no colours
/// where `NO_COLOR` is set or the terminal is dumb.
pub(crate) fn style(to_file: bool) -> Style {
    let is_terminal = !to_file && io::stdout().is_terminal();
    let choice = anstream::AutoStream::choice(&io::stdout());
    Style {
        colour: is_terminal && choice != anstream::ColorChoice::Never,
        width: is_terminal.then(terminal_width).flatten(),
    }
}

fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}
