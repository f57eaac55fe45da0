use std::path::{Path, PathBuf};

use anyhow::Context as _;
use limpid_config::Mode;
use limpid_telemetry::{LONGEST_PROFILE, Resources};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::outcome::Outcome;
use crate::output;
use crate::service::{self, Plan};

/// Runs the service until it is told to end.
///
/// What is wrong with the flags or the configuration's text ends with 2, what is wrong with its
/// sense or goes wrong later with 1, as in Clair.
pub(crate) fn run(global: &cli::Global, options: &cli::Serve) -> anyhow::Result<Outcome> {
    let conf = options
        .conf
        .as_deref()
        .context("a configuration is required, as --conf or in CLAIR_CONF")?;
    let mode: Mode = options
        .mode
        .as_deref()
        .context("a mode is required, as --mode or in CLAIR_MODE")?
        .parse()?;
    let environment = service::environment();
    let loaded = limpid_config::load(conf)?;
    let mut lints = loaded.lints;
    let checked = loaded.config.check(mode, &environment);
    let checked = checked
        .map_err(anyhow::Error::new)
        .and_then(|lints| service::check(&loaded.config, mode).map(|()| lints));
    match checked {
        Ok(further) => lints.extend(further),
        Err(error) => return Ok(failed(&error)),
    }
    lints.retain(|lint| lint.concerns(mode));
    let resources = Resources::detect();
    let background = background_threads().context("cannot start")?;
    let plan = Plan {
        background: Some(background.handle().clone()),
        config: loaded.config,
        mode,
        lints,
        environment,
        data_dir: global.data_dir.clone(),
        memory_budget: global.memory_budget.map(|size| size.0),
        resources,
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(plan.resources.worker_threads())
        .enable_all()
        .build()
        .context("cannot start")?;
    let result = runtime.block_on(async {
        let stop = service::first_signal()?;
        let profiles = Profiles {
            cpu: options.cpuprofile.clone(),
            heap: options.memprofile.clone(),
        };
        let profiling = tokio::spawn(profiles.write(stop.clone()));
        service::run(plan, stop).await?;
        profiling.await.context("the profiles were not finished")?
    });
    // A reader that was given up on must not keep the process from ending.
    runtime.shutdown_background();
    background.shutdown_background();
    match result {
        Ok(()) => Ok(Outcome::Good),
        Err(error) => Ok(failed(&error)),
    }
}

/// Makes threads for work that nobody waits for: building feeds, and making reports before they are
/// asked for. Only blocking work is done there.
fn background_threads() -> std::io::Result<Runtime> {
    let lower_priority = || {
        // Ten of nineteen steps: about a tenth of a processor when there is other work, and all of
        // it when there is none. On Linux this is the priority of the thread alone. Where it is
        // refused, the work is done as well.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(10);
    };
    Builder::new_current_thread()
        .thread_name("background")
        .on_thread_start(lower_priority)
        .build()
}

/// Where profiles of the run go.
struct Profiles {
    cpu: Option<PathBuf>,
    heap: Option<PathBuf>,
}

impl Profiles {
    /// Writes the profiles that are wanted, one after the other. For those that the service is too
    /// short for there is a warning.
    async fn write(self, stop: CancellationToken) -> anyhow::Result<()> {
        let writing = async {
            if let Some(path) = &self.cpu {
                let profile = limpid_telemetry::cpu_profile(LONGEST_PROFILE).await?;
                write_profile(path, &profile)?;
            }
            if let Some(path) = &self.heap {
                let profile = limpid_telemetry::heap_profile(LONGEST_PROFILE).await?;
                write_profile(path, &profile)?;
            }
            Ok(())
        };
        tokio::select! {
            written = writing => written,
            () = stop.cancelled() => {
                output::warn("the service ended before its profiles were there");
                Ok(())
            }
        }
    }
}

fn write_profile(path: &Path, profile: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, profile)
        .with_context(|| format!("cannot write the profile: {}", path.display()))
}

fn failed(error: &anyhow::Error) -> Outcome {
    output::error(error);
    Outcome::Found(1)
}
