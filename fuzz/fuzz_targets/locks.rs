//! Lists of packages that are read as a whole: lock files of Rust, .NET, Conan, Erlang, Dart, Swift,
//! Julia and Haskell.
#![no_main]

const PATHS: [&str; 15] = [
    "app/Cargo.lock",
    "app/app.deps.json",
    "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.0/Microsoft.NETCore.App.deps.json",
    "app/packages.lock.json",
    "app/packages.config",
    "app/conan.lock",
    "app/mix.lock",
    "app/rebar.lock",
    "app/lib/a-1.0/ebin/a.app",
    "app/pubspec.lock",
    "app/Package.resolved",
    "app/Manifest.toml",
    "app/cabal.project.freeze",
    "app/stack.yaml.lock",
    "app/Manifest-v1.11.toml",
];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&first, content)) = input.split_first() else {
        return;
    };
    let path = PATHS[usize::from(first) % PATHS.len()];
    let (packages, _) = limpid_detect::language::read_file(path, content).expect("a known path");
    for package in packages {
        assert!(!package.name.is_empty() && !package.version.is_empty());
    }
});
