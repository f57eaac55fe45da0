use std::fmt;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use limpid_version::Scheme;

/// An ecosystem's own comparison.
pub(super) struct Tool {
    /// The scheme that it judges.
    pub(super) scheme: Scheme,
    /// The function that is asked.
    name: &'static str,
    /// What to install.
    pub(super) package: &'static str,
    program: Program,
    /// What the tool refuses must be refused.
    pub(super) strict: bool,
    /// The second version is the end of a range.
    pub(super) as_bound: bool,
    /// Versions to begin with, between blanks.
    pub(super) seeds: &'static str,
    /// Texts to insert, between blanks.
    pub(super) pieces: &'static str,
    /// Leaves out what the tool is known to order by no sense.
    pub(super) is_comparable: fn(&str) -> bool,
}

/// How a tool is run: a file of program text, and the command that takes its name.
struct Program {
    file: &'static str,
    text: &'static str,
    command: fn(&Path) -> Option<Command>,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.scheme, self.name)
    }
}

impl Tool {
    /// Has pairs compared and returns the answers, one a line; none if the tool is not installed.
    pub(super) fn ask(&self, pairs: &[(String, String)]) -> anyhow::Result<Option<String>> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let file = folder.path().join(self.program.file);
        fs::write(&file, self.program.text).context("cannot write the tool's program")?;
        let Some(mut command) = (self.program.command)(&file) else {
            return Ok(None);
        };
        let input = folder.path().join("pairs");
        let mut lines = String::new();
        for (left, right) in pairs {
            let _ = writeln!(lines, "{left}\t{right}");
        }
        fs::write(&input, lines).context("cannot write the pairs")?;
        let input = File::open(&input).context("cannot open the pairs")?;
        let output = command.stdin(input).stderr(Stdio::piped()).output();
        let Ok(output) = output else {
            return Ok(None);
        };
        let error = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() && error.contains("not installed") {
            return Ok(None);
        }
        ensure!(output.status.success(), "{self}: {error}");
        let answers = String::from_utf8(output.stdout).context("the answers are no text")?;
        Ok(Some(answers))
    }
}

/// The tools. Those of `NuGet`, Cabal and pub are in no Debian package of a size worth its while.
pub(super) const TOOLS: [Tool; 9] = [
    Tool {
        scheme: Scheme::Pep440,
        name: "packaging.version",
        package: "python3-packaging",
        program: Program {
            file: "compare.py",
            text: include_str!("tools/compare.py"),
            command: |file| Some(run("python3", file)),
        },
        strict: true,
        as_bound: false,
        seeds: "1.0 1.0.0a1 1.0.dev456 1.0a2.dev456 1.0.post456.dev34 1!2.0 v1.0-1 1.0+abc.5 1.0-alpha_2 \
                2.0.0rc1.post2.dev3+local-7.x 1.0.0.0 0.0 1.0c3 1.0preview4 1.0rev2 2004d 1.0.0.RELEASE",
        pieces: ". - _ + ! 0 1 00 10 a b c rc alpha beta pre preview post rev r dev v RC Dev .post -1 .0 +a x",
        is_comparable: |_| true,
    },
    Tool {
        scheme: Scheme::Maven,
        name: "ComparableVersion of Maven 3.8.5",
        package: "org.apache.maven:maven-artifact:3.8.5 with mvn dependency:get, and libcommons-lang3-java",
        program: Program {
            file: "Compare.java",
            text: include_str!("tools/Compare.java"),
            command: run_java,
        },
        strict: false,
        as_bound: false,
        seeds: "1 1.0 1.0-alpha-1 1-SNAPSHOT 2.0.1-xyz 1.0.0.RC1 1-sp 1a1 1-m3 1.2.3.Final 1.0-20190126.230843-1 \
                2.9.0-1 1.0.0-foo.0.0 6.1H.5-beta 1-1.foo-bar1baz-.1 31.1-jre 9.4.0.v20161208 2.0.jre7 1_2",
        pieces: ". - 0 1 00 10 a b m rc cr sp ga final release snapshot x alpha SNAPSHOT .0 -1 _ RC1 foo",
        is_comparable: no_list_of_a_list,
    },
    Tool {
        scheme: Scheme::Npm,
        name: "node-semver, loose",
        package: "node-semver",
        program: Program {
            file: "compare.js",
            text: include_str!("tools/compare.js"),
            command: |file| {
                let mut command = run("node", file);
                command.env("NODE_PATH", "/usr/share/nodejs");
                Some(command)
            },
        },
        strict: false,
        as_bound: false,
        seeds: SEMVER_SEEDS,
        pieces: ". - + 0 1 00 10 a b rc alpha beta v = -1 .0 +b x A Z -rc. .x",
        is_comparable: has_three_numbers,
    },
    Tool {
        scheme: Scheme::Semver,
        name: "node-semver, loose",
        package: "node-semver",
        program: Program {
            file: "compare.js",
            text: include_str!("tools/compare.js"),
            command: |file| {
                let mut command = run("node", file);
                command.env("NODE_PATH", "/usr/share/nodejs");
                Some(command)
            },
        },
        strict: false,
        as_bound: false,
        seeds: SEMVER_SEEDS,
        pieces: ". - + 0 1 10 a b rc alpha -1 .0 +b x A Z -rc. .x",
        is_comparable: has_three_numbers,
    },
    Tool {
        scheme: Scheme::Gem,
        name: "Gem::Version",
        package: "ruby",
        program: Program {
            file: "compare.rb",
            text: include_str!("tools/compare.rb"),
            command: |file| Some(run("ruby", file)),
        },
        strict: true,
        as_bound: false,
        seeds: "1 1.0 1.0.a 1.0.rc10 1.0.a.10 1.0.0-1 1.2.b1-2.x 3.0.0.pre 0.0.beta1.0 1.0.0.0.a.0.0 1-alpha 1.0.0_beta",
        pieces: ". - _ 0 1 00 10 a b rc pre A Z .0 .a -1 .rc2 ..",
        is_comparable: no_glued_letters,
    },
    Tool {
        scheme: Scheme::Go,
        name: "golang.org/x/mod/semver and go/version",
        package: "golang-golang-x-mod-dev and Go 1.22 or later",
        program: Program {
            file: "compare.go",
            text: include_str!("tools/compare.go.txt"),
            command: |file| {
                let mut command = Command::new("go");
                command.arg("run").arg(file);
                command
                    .env("GO111MODULE", "off")
                    .env("GOTOOLCHAIN", "local")
                    .env("GOPATH", "/usr/share/gocode");
                Some(command)
            },
        },
        strict: false,
        as_bound: false,
        seeds: "v1.0.0 v0.0.0-20210101000000-abcdef123456 v1.2.4-0.20210101000000-abcdef123456 \
                v2.0.0+incompatible v1.2.3-pre.0.20200101000000-123456abcdef v1.2 v1 v1.0.0-rc.10 \
                go1.21.0 go1.21rc2 go1.21rc10 go1.20.3 go1.22beta1 go1.22.1-vendor",
        pieces: ". - + 0 1 10 a rc beta .0 -1 -rc. rc2 .5",
        is_comparable: |text| {
            // Without a patch number go/version has the language, below all of its releases.
            let release = text.split('-').next().unwrap_or(text);
            let is_whole = release.contains("rc") || release.matches('.').count() > 1;
            !text.starts_with("go") || is_whole
        },
    },
    Tool {
        scheme: Scheme::Composer,
        name: "version_compare",
        package: "php-cli",
        program: Program {
            file: "compare.php",
            text: include_str!("tools/compare.php"),
            command: |file| Some(run("php", file)),
        },
        strict: false,
        as_bound: false,
        seeds: COMPOSER_SEEDS,
        pieces: ". - _ + 0 1 10 a b RC rc p pl dev alpha beta x .0 -1 BETA patch stable",
        is_comparable: is_canonical_for_php,
    },
    Tool {
        scheme: Scheme::Composer,
        name: "Composer\\Semver, of normalized versions",
        package: "php-composer-semver",
        program: Program {
            file: "normalized.php",
            text: include_str!("tools/normalized.php"),
            command: |file| Some(run("php", file)),
        },
        strict: false,
        as_bound: true,
        seeds: COMPOSER_SEEDS,
        pieces: ". - _ + 0 1 10 a b RC rc p pl dev alpha beta .0 -1 BETA patch stable",
        is_comparable: is_normal_for_composer,
    },
    Tool {
        scheme: Scheme::Cran,
        name: "numeric_version",
        package: "r-base-core",
        program: Program {
            file: "compare.R",
            text: include_str!("tools/compare.R"),
            command: |file| Some(run("Rscript", file)),
        },
        strict: true,
        as_bound: false,
        seeds: "1.0 0.1-2 1.0.0.0 2019.1 0.01 1 10.2-1.3",
        pieces: ". - 0 1 10 a .0 -1 00",
        is_comparable: |_| true,
    },
];

const SEMVER_SEEDS: &str = "1.0.0 1.0.0-alpha 1.0.0-alpha.1 1.2.3-rc.10 1.2.3-4-foo 1.2.3+build 1.2.3-a.b.c.10.d.5 v1.2.3 \
     =1.2.3 1.2.3beta1 1.2.3-01 0.0.0 1.2.3-R2 1.2 1";

const COMPOSER_SEEDS: &str = "1.0 1.0.0 1.0.0.0 v1.2.3 1.0.0-beta2 1.0.0-alpha.1 1.0.0RC1 1.0-dev 1.0pl1 1.0.0-p2 2.3.4-patch1 \
     1.2.3+build 1.0.0-stable 1.25.0-b.2.1 2012.1.2 1.0-BETA";

fn run(program: &str, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(file);
    command
}

fn run_java(file: &Path) -> Option<Command> {
    const JAR: &str =
        ".m2/repository/org/apache/maven/maven-artifact/3.8.5/maven-artifact-3.8.5.jar";
    let jar = PathBuf::from(std::env::var_os("HOME")?).join(JAR);
    let library = Path::new("/usr/share/java/commons-lang3.jar");
    if !jar.is_file() || !library.is_file() {
        return None;
    }
    let mut command = Command::new("java");
    let class_path = format!("{}:{}", jar.display(), library.display());
    command.args(["-cp", &class_path]).arg(file);
    Some(command)
}

/// Maven has a list in a list where its own documentation has one list: `1-0-1`, `1-ga-1`.
fn no_list_of_a_list(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut lists: Vec<Vec<&str>> = Vec::new();
    for part in text.split('-') {
        lists.push(Vec::new());
        for item in part.split('.') {
            let mut rest = item;
            loop {
                let is_digit = rest.starts_with(|c: char| c.is_ascii_digit());
                let end = rest.find(|c: char| c.is_ascii_digit() != is_digit);
                let (word, more) = rest.split_at(end.unwrap_or(rest.len()));
                if let Some(list) = lists.last_mut() {
                    list.push(word);
                }
                if more.is_empty() {
                    break;
                }
                lists.push(Vec::new());
                rest = more;
            }
        }
    }
    let is_nothing = |word: &&str| {
        word.bytes().all(|byte| byte == b'0') || matches!(*word, "ga" | "final" | "release")
    };
    let inner = lists.get(1..).unwrap_or_default();
    !inner.iter().any(|list| list.iter().all(&is_nothing))
}

/// Letters on the first number are taken here, as OSV's records hold them.
fn no_glued_letters(text: &str) -> bool {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    after.len() == text.len() || !after.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// With more numbers node-semver takes the last digit of the third for a pre-release: in
/// `0.0.010.0Z`, which is `0.0.1-0.0Z` to it.
fn has_three_numbers(text: &str) -> bool {
    let text = text.trim_start_matches(['v', '=']);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = text.split_at(end.unwrap_or(text.len())).0;
    numbers.matches('.').count() == 2 && !numbers.ends_with('.')
}

/// PHP finds no version equal to itself that ends with a separator, its numbers have an end, and a
/// number sign equals numbers that differ.
fn is_canonical_for_php(text: &str) -> bool {
    /// Digits of the numbers that PHP tells from each other.
    const DIGITS: usize = 18;
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && !text.contains('#')
        && numbers.all(|number| number.len() <= DIGITS)
}

/// Composer knows the word `stable` only at the end, and takes it for a branch elsewhere.
fn is_normal_for_composer(text: &str) -> bool {
    let is_last = text
        .find("stable")
        .is_none_or(|place| place + 6 == text.len());
    is_canonical_for_php(text) && is_last
}
