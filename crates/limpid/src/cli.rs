//! The command line: what can be asked, in clap's words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use limpid_config::{ByteSize, Mode};
use limpid_report::Format;
use limpid_types::Severity;

/// Finds known vulnerabilities in container images.
#[derive(Parser)]
#[command(name = "limpid", version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes of scan and match:
  0  everything was checked, and nothing reached --fail-on
  1  something reached --fail-on (another number with --exit-code)
  2  the command failed: bad input, bad arguments
  3  not everything could be checked, or a finding without a severity could reach --fail-on";

const SERVE_EXIT_CODES: &str = "\
Clair's flags may have one dash. A program that is called `clair` is `limpid serve`.

Exit codes:
  0  the service was asked to end, and did
  1  the configuration does not fit the mode, something the service needs is not there,
     or requests had to be cut off at the end
  2  bad arguments, or a configuration that cannot be read";

/// Options that every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// Folder for the store, the snapshots and temporary files [default: XDG data folder]
    #[arg(long, global = true, value_name = "DIR", env = "LIMPID_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Most memory for buffers, as 64MiB or 1GB [default: a quarter of the memory, at most 512MiB]
    #[arg(long, global = true, value_name = "SIZE", env = "LIMPID_MEMORY_BUDGET")]
    pub(crate) memory_budget: Option<ByteSize>,
    /// No progress bars and no hints
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows what limpid does, on a small image that it builds itself
    Demo,
    /// Reports the known vulnerabilities of an image
    #[command(after_help = EXIT_CODES)]
    Scan(Scan),
    /// Prints what an image contains, as an index report
    Index(Index),
    /// Reports the known vulnerabilities of a stored index report
    #[command(after_help = EXIT_CODES)]
    Match(Match),
    /// Fetches vulnerability data and activates it
    Update(Update),
    /// Lists the feeds: what data there is, how much, how old
    Feeds(Feeds),
    /// Runs the service: Clair's API, configuration and process
    #[command(after_help = SERVE_EXIT_CODES)]
    Serve(Serve),
    /// Prints a service's configuration as it takes effect, and what is odd about it
    CheckConfig(CheckConfig),
    /// Prints a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const IMAGE_HELP: &str = "\
docker-archive:FILE, oci:DIR[:TAG|@DIGEST], oci-archive:FILE, dir:PATH, layer:FILE (several, base \
first), or a path that is recognised by its content";

/// An image, wherever it is.
#[derive(Args)]
pub(crate) struct Image {
    // Not a doc comment: its brackets would be links.
    #[arg(required = true, value_name = "IMAGE", help = IMAGE_HELP)]
    pub(crate) references: Vec<String>,
    /// Platform to take from a multi-platform image, as linux/arm64 [default: this machine's]
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
}

#[derive(Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) image: Image,
    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Args)]
pub(crate) struct Index {
    #[command(flatten)]
    pub(crate) image: Image,
    /// Form of the list: json (Clair's index report), table (package URLs, owners, places)
    #[arg(
        long,
        short,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub(crate) format: IndexFormat,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The form in which the packages of an image are listed.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexFormat {
    #[default]
    Json,
    Table,
}

#[derive(Args)]
pub(crate) struct Match {
    /// Index report, limpid's or Clair's; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) index_report: PathBuf,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// How a report is made and judged.
#[derive(Args)]
pub(crate) struct Report {
    /// Form of the report: table, json (limpid's), clair (Clair's vulnerability report)
    #[arg(long, short, default_value = "table", value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// End with exit code 1 when a finding is at least this severe
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// The exit code for --fail-on; without --fail-on, for any finding
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) exit_code: Option<u8>,
    /// Leave out findings that no version fixes yet
    #[arg(long)]
    pub(crate) ignore_unfixed: bool,
    /// Leave out findings that are less severe
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) severity: Option<Severity>,
    /// Generation to judge by, as `limpid feeds generations` lists them [default: the active one]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) generation: Option<u64>,
    /// Days after which a feed that was not checked counts as stale
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    pub(crate) max_feed_age: u32,
}

impl Default for Report {
    /// What the command line gives when nothing is asked for.
    fn default() -> Self {
        Self {
            format: Format::Table,
            output: None,
            fail_on: None,
            exit_code: None,
            ignore_unfixed: false,
            severity: None,
            generation: None,
            max_feed_age: 7,
        }
    }
}

#[derive(Args)]
pub(crate) struct Update {
    /// Take every feed from MIRROR/HOST/PATH instead of its own address: a folder or an address
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) mirror: Option<String>,
    /// Only these feeds; a name ending in * takes all that begin so
    #[arg(long, value_name = "FEED")]
    pub(crate) only: Vec<String>,
    /// Work on the data of a service with this configuration, instead of the data folder
    #[arg(long, value_name = "FILE")]
    pub(crate) conf: Option<PathBuf>,
    /// Activate also what looks implausible: far fewer records than before, many bad ones
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct Serve {
    /// Configuration, in Clair's format: .yaml or .json
    #[arg(long, value_name = "FILE", env = "CLAIR_CONF")]
    pub(crate) conf: Option<PathBuf>,
    /// Which parts run: combo, indexer, matcher, notifier
    #[arg(long, value_name = "MODE", env = "CLAIR_MODE")]
    pub(crate) mode: Option<String>,
    /// Write a CPU profile of the first minute, in pprof's format
    #[arg(long, value_name = "FILE")]
    pub(crate) cpuprofile: Option<PathBuf>,
    /// Write a profile of what a minute allocates and keeps, in pprof's format; after the CPU's
    #[arg(long, value_name = "FILE")]
    pub(crate) memprofile: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CheckConfig {
    /// Configurations; their drop-in folders are read too
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Form of the output
    #[arg(long, short, value_enum, default_value_t = ConfigForm::Yaml)]
    pub(crate) output: ConfigForm,
    /// Check also whether a service could start in this mode
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
}

/// In which form a configuration is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigForm {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

#[derive(Args)]
pub(crate) struct Feeds {
    #[command(subcommand)]
    pub(crate) command: Option<FeedsCommand>,
    /// Work on the data of a service with this configuration, instead of the data folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) conf: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum FeedsCommand {
    /// Goes back to an earlier generation of vulnerability data
    Rollback {
        /// Generation to go back to [default: the one before]
        #[arg(long, value_name = "NUMBER")]
        to: Option<u64>,
    },
    /// Lists the generations that can be gone back to
    Generations,
    /// Writes an index of jars: which Maven package a file is, by its SHA-1
    #[command(after_help = "The index is used when updaters.config.jar-index says where it is.")]
    BuildJarIndex {
        /// File to write, packed by zstd
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        /// Folders of jars, such as Maven repositories, single jars, and indexes to take over
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}
