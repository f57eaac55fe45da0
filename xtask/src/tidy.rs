//! The house rules that a compiler does not check.
//!
//! Each rule stands here with its reason; `ARCHITECTURE.md` lists them as invariants.

mod floors;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::say;

/// Checks the whole project and prints what is not tidy.
pub(crate) fn run() -> Result<bool> {
    let faults = faults(&root()?)?;
    for fault in &faults {
        say(fault);
    }
    say(&format!("tidy: {} faults", faults.len()));
    Ok(faults.is_empty())
}

fn faults(root: &Path) -> Result<Vec<String>> {
    let mut faults = floors::faults(root)?;
    faults.extend(sources::faults(root)?);
    Ok(faults)
}

/// Returns the folder that holds the workspace.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here
        .parent()
        .context("xtask stands in no workspace")?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_tidy() {
        let faults = faults(&root().unwrap()).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
