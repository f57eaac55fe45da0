use std::fs::File;

use limpid_http::{Document, Fetched, Fetcher, Request};
use tokio::task::JoinSet;
use url::Url;

use crate::error::in_one_line;
use crate::feed_run::Job;
use crate::workshop::Workshop;

/// How many members are fetched at the same time. They wait in files to be read one by one.
pub(crate) const MEMBERS_AT_ONCE: usize = 8;

/// Bytes that a member may have: it is held in memory while it is read. The largest of Red Hat's
/// documents has 18 MB.
const MEMBER_BYTES: u64 = 64 << 20;

/// A member that was asked for.
pub(crate) struct FetchedMember {
    pub(crate) member: String,
    /// Its content, or why there is none.
    pub(crate) content: Result<File, String>,
}

/// Fetches a document that has to be there.
pub(crate) async fn fetch_document(
    fetcher: &Fetcher,
    address: &str,
    max_bytes: u64,
) -> Result<Document, String> {
    let url: Url = address
        .parse()
        .map_err(|error| format!("invalid address of a document, {error}: {address}"))?;
    match fetcher.fetch(Request::new(&url).at_most(max_bytes)).await {
        Ok(Fetched::Document(document)) => Ok(document),
        Ok(Fetched::NotFound) => Err(format!("the source does not have the document: {address}")),
        Ok(Fetched::Unchanged) => Err(format!(
            "the document is unchanged, though nothing was known of it: {address}"
        )),
        Err(error) => Err(in_one_line(&error)),
    }
}

/// Fetches some members at the same time. Returns them in their order.
pub(crate) async fn fetch_members(
    workshop: &Workshop,
    job: &Job,
    members: &[String],
    fetched_bytes: &mut u64,
) -> Vec<FetchedMember> {
    let left = job.options.feed_bytes.saturating_sub(*fetched_bytes);
    let max_bytes = MEMBER_BYTES.min(left / MEMBERS_AT_ONCE as u64);
    let mut tasks = JoinSet::new();
    for (place, member) in members.iter().enumerate() {
        let collection = job.feed.collection();
        let address = collection.map(|collection| collection.address(member));
        let fetcher = workshop.fetcher.clone();
        tasks.spawn(async move {
            let address = address.unwrap_or_default();
            (place, fetch_document(&fetcher, &address, max_bytes).await)
        });
    }
    let mut fetched: Vec<_> = members.iter().map(|member| broken_off(member)).collect();
    while let Some(done) = tasks.join_next().await {
        let Ok((place, document)) = done else {
            continue;
        };
        if let Ok(document) = &document {
            *fetched_bytes += document.bytes;
        }
        if let Some(member) = fetched.get_mut(place) {
            member.content = document.map(|document| document.file);
        }
    }
    fetched
}

fn broken_off(member: &str) -> FetchedMember {
    FetchedMember {
        member: member.to_owned(),
        content: Err("it was broken off".to_owned()),
    }
}

/// Returns members as ones that were not asked for.
pub(crate) fn left_alone(members: &[String]) -> Vec<FetchedMember> {
    let reason = "not asked for, because those before it could not be fetched";
    let left_alone = |member: &String| FetchedMember {
        member: member.clone(),
        content: Err(reason.to_owned()),
    };
    members.iter().map(left_alone).collect()
}
