//! What Python, Node, Ruby, PHP and R leave in an image: installed packages and locks.
#![no_main]

const PATHS: [&str; 22] = [
    "a-1.dist-info/METADATA",
    "opt/conda/conda-meta/a-1-0.json",
    "app/Pipfile.lock",
    "app/poetry.lock",
    "app/uv.lock",
    "app/pdm.lock",
    "app/pylock.toml",
    "app/requirements.txt",
    "app/node_modules/a/package.json",
    "app/package-lock.json",
    "app/yarn.lock",
    "app/pnpm-lock.yaml",
    "app/bun.lock",
    "usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec",
    "usr/lib/ruby/gems/3.1.0/specifications/a.gemspec",
    "app/Gemfile.lock",
    "app/vendor/composer/installed.json",
    "app/composer.lock",
    "usr/share/php/.registry/a.reg",
    "usr/lib/R/site-library/a/DESCRIPTION",
    "app/renv.lock",
    "app/npm-shrinkwrap.json",
];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&first, content)) = input.split_first() else {
        return;
    };
    let path = PATHS[usize::from(first) % PATHS.len()];
    let (packages, _) = limpid_detect::language::read_file(path, content).expect("a known path");
    for package in packages {
        assert!(!package.name.is_empty() && !package.version.is_empty());
        assert!(package.ecosystem.is_some());
    }
});
