//! The promises of the store traits, as tests that every store runs.
//!
//! A store implements [`Harness`] in its tests and calls
//! [`conformance_suite!`](crate::conformance_suite); a place for blobs implements [`BlobHarness`]
//! and calls [`blob_conformance_suite!`](crate::blob_conformance_suite).

pub mod blobs;
pub mod generations;
pub mod index;
pub mod jobs;
pub mod leases;
pub mod manifests;
pub mod packages;
pub mod retention;
pub mod runs;
mod samples;

use std::sync::Arc;

use async_trait::async_trait;

use crate::Store;

pub use blobs::BlobHarness;

/// An empty database for one test.
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// Makes an empty database.
    async fn create() -> Self;

    /// Opens the database. Each call gives a store that shares nothing with the others but the
    /// database, as another process would have it.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes one test for each promise of [`Store`](crate::Store); the argument is a type that
/// implements [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! conformance_suite {
    ($harness:ty) => {
        $crate::conformance_tests! { $harness;
            index:
                a_layer_comes_back_as_it_was_saved,
                large_and_empty_layers_come_back_whole,
                the_first_record_of_a_layer_stays,
                detector_sets_are_apart,
                known_layers_are_those_that_were_saved,
                writers_wait_for_each_other;
            manifests:
                a_manifest_comes_back_after_reopening,
                layers_keep_their_order_and_repetitions,
                a_manifest_needs_the_evidence_of_its_layers,
                a_later_record_of_a_manifest_replaces_the_first,
                deleting_a_manifest_keeps_layers_that_others_have,
                many_manifests_are_deleted_at_once,
                a_deleted_layer_can_be_saved_again,
                unused_layers_are_removed_when_they_are_old,
                layers_that_a_manifest_lost_are_unused,
                evidence_of_a_former_detector_set_is_unused,
                saving_and_deleting_at_once_leaves_no_manifest_without_evidence,
                saving_and_sweeping_at_once_leaves_no_manifest_without_evidence;
            packages:
                manifests_are_found_by_the_names_of_their_packages,
                manifests_with_packages_come_in_pages,
                names_of_deleted_layers_find_nothing;
            jobs:
                a_submitted_job_waits_after_reopening,
                a_waiting_job_gets_the_new_request_and_the_greater_urgency,
                a_running_job_is_left_alone,
                jobs_are_claimed_by_urgency_and_age,
                a_job_is_not_claimed_before_its_time,
                concurrent_callers_claim_each_job_once,
                an_expired_claim_passes_on_with_a_higher_token,
                a_renewed_claim_lives_longer_and_shows_progress,
                a_failed_job_begins_anew_when_it_is_submitted,
                a_recorded_failure_is_a_failed_job,
                saving_a_manifest_forgets_its_failure_only,
                deleting_a_manifest_deletes_its_job,
                the_backlog_is_what_waits,
                old_failed_jobs_are_removed;
            generations:
                there_is_no_generation_at_first,
                an_activated_generation_is_served_after_reopening,
                activation_needs_the_right_expectation,
                one_of_many_concurrent_activations_wins,
                activation_needs_the_lease_that_it_names,
                rolling_back_moves_the_pointer_only,
                numbers_are_not_used_again_after_a_roll_back,
                rolling_back_needs_somewhere_to_go;
            retention:
                the_newest_and_the_current_generation_are_kept,
                a_pin_keeps_a_generation_until_it_expires,
                a_pin_is_taken_away,
                the_last_build_of_a_feed_is_kept,
                retiring_needs_the_lease_that_it_names,
                a_snapshot_is_forgotten_with_its_generations,
                a_snapshot_in_use_is_not_forgotten,
                a_forgotten_snapshot_stays_the_last_build;
            runs:
                a_run_comes_back_as_it_was_recorded,
                an_unchanged_run_moves_the_checked_time,
                consecutive_unchanged_runs_are_one,
                a_failed_run_keeps_the_last_build,
                a_held_build_is_remembered_with_its_reason,
                the_log_of_a_feed_is_bounded,
                a_run_under_a_lost_lease_is_not_recorded;
            leases:
                a_lease_has_one_owner,
                one_of_many_concurrent_requests_is_granted,
                an_expired_lease_passes_on_with_a_higher_token,
                a_renewed_lease_lives_longer,
                a_lost_lease_is_neither_renewed_nor_released,
                a_released_lease_is_free_and_its_token_is_spent,
                tokens_rise_however_leases_end,
                leases_that_expired_long_ago_are_removed,
                a_released_lease_permits_nothing;
        }
    };
}

/// Makes one test for each promise of [`BlobStore`](crate::BlobStore); the argument is a type that
/// implements [`BlobHarness`](crate::conformance::BlobHarness).
#[macro_export]
macro_rules! blob_conformance_suite {
    ($harness:ty) => {
        $crate::conformance_tests! { $harness;
            blobs:
                a_blob_comes_back_as_it_was_put,
                a_blob_is_put_once_however_often_it_is_asked,
                an_unknown_blob_leaves_no_file,
                a_missing_file_is_not_put,
                blobs_are_listed_and_removed,
                a_damaged_blob_is_not_given_out;
        }
    };
}

/// Makes a test of each function of some modules of the suite.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($harness:ty; $($module:ident: $($name:ident),+;)+) => {
        $(
            mod $module {
                use super::*;

                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        $crate::conformance::$module::$name::<$harness>().await;
                    }
                )+
            }
        )+
    };
}
