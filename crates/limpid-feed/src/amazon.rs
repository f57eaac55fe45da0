//! Amazon Linux: one feed per repository of a release, one updateinfo document per architecture.
//!
//! | release | repositories | list of mirrors |
//! |---|---|---|
//! | `AL1` (2018.03) | `updates`, `main` | `2018.03/REPOSITORY/ARCH/mirror.list` |
//! | `AL2` | `core` | `2/core/latest/ARCH/mirror.list` |
//! | | a topic of the extras, `livepatch` being one | `2/extras/TOPIC/latest/ARCH/mirror.list` |
//! | `AL2022` | `core` | `al2022/core/mirrors/latest/ARCH/mirror.list` |
//! | `AL2023` | `core`, `kernel-livepatch`, `nvidia` | `al2023/REPOSITORY/mirrors/latest/ARCH/mirror.list` |
//!
//! A list of mirrors has the address of a repository in each line. The topics of the extras are in
//! `2/extras-catalog.json`: `{"topics": [{"n": "nginx1"}]}`.
//!
//! Topics have packages of the same names as the core and as each other (`kernel` of `kernel-5.4`
//! and of `kernel-5.10`), whose versions say nothing about each other. So an advisory names its
//! repository: `core`, `extras-TOPIC`, `livepatch`, `nvidia`. And so each repository is a feed: one
//! that is in trouble keeps what it had, and costs nobody else anything.

mod discovery;

use serde::Deserialize;

use crate::{Family, Feed, FeedError, Limits, Probe, Settings};
use discovery::Discovery;

/// Where Amazon's repositories are.
///
/// A mirror has them all below one address. The lists of mirrors name Amazon's own hosts; where an
/// address is set, their paths count and their hosts do not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmazonSettings {
    /// Address of the folder with `2018.03`, `2`, `al2022` and `al2023`; none means Amazon's own.
    pub url: Option<String>,
}

/// The family of all releases of Amazon Linux.
pub(crate) struct Amazon {
    mirror: Option<String>,
    limits: Limits,
}

impl Amazon {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mirror = settings.aws.url.as_deref();
        Self {
            mirror: mirror.map(|url| url.trim_end_matches('/').to_owned()),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Amazon {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut discovery = Discovery::new(probe, self.mirror.as_deref(), &self.limits);
        discovery.look_everywhere();
        discovery.finish()
    }
}
