use std::hash::{BuildHasher as _, RandomState};
use std::process;

/// Makes a name that no other process and no other call makes: two containers can have the same
/// process id, so it has a random part.
pub(crate) fn unique_name() -> String {
    // The standard library seeds every such state with random keys.
    let random = RandomState::new().hash_one(process::id());
    format!("{}-{random:016x}", process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_differ() {
        assert_ne!(unique_name(), unique_name());
    }
}
