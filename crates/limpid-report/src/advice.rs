use limpid_types::GapReason;

/// Names the reason of a gap for people.
pub(crate) fn title(reason: GapReason) -> &'static str {
    match reason {
        GapReason::NoData => "no vulnerability data",
        GapReason::NoDistribution => "no distribution",
        GapReason::NoFeed => "distribution not supported",
        GapReason::FeedMissing => "feed missing",
        GapReason::FeedEmpty => "release not in the feed",
        GapReason::FeedStale => "old data",
        GapReason::EndOfLife => "end of life",
        GapReason::RepositoryUnknown => "repository not known",
        GapReason::RepositoriesAssumed => "repositories not named",
        GapReason::ThirdParty => "not the distribution's package",
        GapReason::UnreadableDatabase => "package database unreadable",
        GapReason::LayerProblem => "layer not read whole",
        GapReason::UnknownVersion => "version not comparable",
        GapReason::NoPackages => "no packages",
        GapReason::TooManyFindings => "too many findings",
    }
}

/// Says what can be done about a gap.
pub(crate) fn remedy(reason: GapReason) -> &'static str {
    match reason {
        GapReason::NoData | GapReason::FeedMissing => {
            "run `limpid update` to load vulnerability data"
        }
        GapReason::NoDistribution => "check that the image has a complete etc/os-release",
        GapReason::NoFeed => "check these packages with another tool",
        GapReason::FeedEmpty => {
            "run `limpid update`; a release that stays missing has to be checked by other means"
        }
        GapReason::FeedStale => "run `limpid update`, and see `limpid feeds` if it stays old",
        GapReason::EndOfLife => "move the image to a supported release",
        GapReason::RepositoryUnknown => {
            "run `limpid update` to load the table of repositories, or check these packages by hand"
        }
        GapReason::RepositoriesAssumed => {
            "keep the content manifests or the history of dnf in the image"
        }
        GapReason::ThirdParty => "check these packages by the advisories of who built them",
        GapReason::UnreadableDatabase | GapReason::LayerProblem => {
            "rebuild or pull the image again; the JSON report lists every problem"
        }
        GapReason::UnknownVersion => "look at these packages by hand",
        GapReason::NoPackages => {
            "an image without a package manager's database cannot be checked by packages"
        }
        GapReason::TooManyFindings => "the image is not usual: look at its package database",
    }
}
