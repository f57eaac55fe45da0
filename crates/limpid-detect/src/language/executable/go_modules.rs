//! The modules that a Go binary was built from, as its linker writes them down.
//!
//! Lines of fields with tabs between them:
//!
//! | line | meaning |
//! |---|---|
//! | `path` PACKAGE | the package that was built |
//! | `mod` PATH VERSION SUM | the main module; the version is often `(devel)` |
//! | `dep` PATH VERSION SUM | a module that it needs |
//! | `=>` PATH VERSION SUM | what stands in for the module of the line before |
//! | `build` KEY`=`VALUE | how it was built, since Go 1.18 |
//!
//! What becomes of them:
//!
//! * The standard library is the module `stdlib`, with the release of Go without `go`, up to the
//!   first blank; the rest are experiments and vendors. In the program `go` itself it is also the
//!   module `toolchain`.
//! * A module that another stands in for is the other one. A directory that stands in for it has no
//!   version: the module is listed as what it replaces, derived.
//! * A main module without a version has the one that its builder gave it with `-ldflags -X`, else
//!   a pseudo-version of the commit that it was built from, else it stays `(devel)`, which nothing
//!   can judge. The first two are derived.

use limpid_types::{Confidence, Ecosystem, PackageRecord};

use super::super::Found;

/// The version of a main module that was not fetched as a module.
const DEVELOPMENT: &str = "(devel)";

/// The package of the program `go`, which comes with the rest of the tools.
const GO_TOOL: &str = "cmd/go";

/// Adds the packages of a binary: of the release of Go that built it, and of its modules.
pub(super) fn read(release: &str, modules: &str, found: &mut Found<'_>) {
    let text = BuildText::parse(modules);
    if let Some(release) = text_of_release(release) {
        found.package(module("stdlib", release, ""));
        if text.package == GO_TOOL {
            found.package(module("toolchain", release, ""));
        }
    }
    if let Some(main) = &text.main {
        found.package(main_module(main, &text));
    }
    for requirement in &text.requirements {
        if !found.package(requirement.record()) {
            break;
        }
    }
}

/// Returns the release without `go`, and without what comes after it; none when obfuscation took it
/// away. What is built between two releases has no number that could be judged, and keeps its text.
fn text_of_release(release: &str) -> Option<&str> {
    if release.starts_with("devel ") {
        return Some(release);
    }
    let release = release.strip_prefix("go")?;
    release.split(' ').next()
}

#[derive(Default)]
struct BuildText<'a> {
    package: &'a str,
    main: Option<Requirement<'a>>,
    requirements: Vec<Requirement<'a>>,
    linker_flags: &'a str,
    revision: &'a str,
    time: &'a str,
}

struct Requirement<'a> {
    module: Module<'a>,
    replacement: Option<Module<'a>>,
}

#[derive(Clone, Copy)]
struct Module<'a> {
    path: &'a str,
    version: &'a str,
    sum: &'a str,
}

impl<'a> BuildText<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parsed = Self::default();
        let mut after_main = false;
        for line in text.lines() {
            let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
            match kind {
                "path" => parsed.package = rest,
                "mod" => {
                    parsed.main = Some(Requirement::parse(rest));
                    after_main = true;
                }
                "dep" => {
                    parsed.requirements.push(Requirement::parse(rest));
                    after_main = false;
                }
                "=>" => {
                    let replaced = match &mut parsed.main {
                        Some(main) if after_main => Some(main),
                        _ => parsed.requirements.last_mut(),
                    };
                    if let Some(replaced) = replaced {
                        replaced.replacement = Some(Module::parse(rest));
                    }
                }
                "build" => parsed.set(rest),
                _ => {}
            }
        }
        parsed
    }

    fn set(&mut self, setting: &'a str) {
        match setting.split_once('=') {
            Some(("-ldflags", value)) => self.linker_flags = value,
            Some(("vcs.revision", value)) => self.revision = value,
            Some(("vcs.time", value)) => self.time = value,
            _ => {}
        }
    }
}

impl<'a> Requirement<'a> {
    fn parse(fields: &'a str) -> Self {
        Self {
            module: Module::parse(fields),
            replacement: None,
        }
    }

    fn has_version(&self) -> bool {
        self.module.has_version() || self.replacement.is_some_and(|other| other.has_version())
    }

    fn record(&self) -> PackageRecord {
        match self.replacement {
            Some(other) if other.has_version() => other.record(),
            // A directory has none.
            Some(_) => PackageRecord {
                confidence: Confidence::Derived,
                ..self.module.record()
            },
            None => self.module.record(),
        }
    }
}

impl<'a> Module<'a> {
    fn parse(fields: &'a str) -> Self {
        let mut fields = fields.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        Self {
            path: next(),
            version: next(),
            sum: next(),
        }
    }

    fn has_version(&self) -> bool {
        !matches!(self.version, "" | DEVELOPMENT)
    }

    fn record(&self) -> PackageRecord {
        module(self.path, self.version, self.sum)
    }
}

fn module(path: &str, version: &str, sum: &str) -> PackageRecord {
    PackageRecord {
        name: Ecosystem::Go.normalize(path).into_owned(),
        version: version.to_owned(),
        build_id: sum.to_owned(),
        ecosystem: Some(Ecosystem::Go),
        ..PackageRecord::default()
    }
}

fn main_module(main: &Requirement<'_>, text: &BuildText<'_>) -> PackageRecord {
    let record = main.record();
    if main.has_version() {
        return record;
    }
    let version = linked_version(text.linker_flags, main.module.path)
        .or_else(|| pseudo_version(text.revision, text.time));
    let Some(version) = version else {
        return PackageRecord {
            version: DEVELOPMENT.to_owned(),
            ..record
        };
    };
    PackageRecord {
        version,
        confidence: Confidence::Derived,
        ..record
    }
}

/// Returns the version that the flags `-X PACKAGE.VARIABLE=VALUE` of the linker give to a variable
/// for it, in the package `main` or in one of the module; none when they give several.
fn linked_version(flags: &str, module: &str) -> Option<String> {
    let mut versions = flags
        .split([' ', '"', '\'', '\\'])
        .filter_map(|word| word.strip_prefix("-X=").unwrap_or(word).split_once('='))
        .filter(|(variable, _)| is_for_version(variable, module))
        .filter_map(|(_, value)| semantic_version(value));
    let first = versions.next()?;
    versions.all(|other| other == first).then_some(first)
}

fn is_for_version(variable: &str, module: &str) -> bool {
    let Some((package, name)) = variable.rsplit_once('.') else {
        return false;
    };
    let is_own = package == "main"
        || package
            .strip_prefix(module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let name = name.to_ascii_lowercase();
    is_own
        && matches!(
            name.as_str(),
            "version" | "buildversion" | "gitversion" | "appversion" | "ver"
        )
}

/// Returns a version of three numbers and perhaps a suffix, with a `v` before it.
fn semantic_version(value: &str) -> Option<String> {
    let value = value.strip_prefix('v').unwrap_or(value);
    let core = value.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_core = core.split('.').count() == 3 && core.split('.').all(is_number);
    is_core.then(|| format!("v{value}"))
}

/// Returns the pseudo-version of a commit without a tag before it, of which revision and time are
/// known. See "Pseudo-versions" in Go's modules reference.
fn pseudo_version(revision: &str, time: &str) -> Option<String> {
    let revision = revision.get(..12)?;
    let time: String = time.chars().filter(char::is_ascii_digit).collect();
    let is_hex = revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && time.len() == 14).then(|| format!("v0.0.0-{time}-{revision}"))
}
