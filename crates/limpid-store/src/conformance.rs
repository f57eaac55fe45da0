//! The promises of the store traits, as tests that every store runs.
//!
//! A store implements [`Harness`] in its tests and calls [`conformance_suite!`](crate::conformance_suite).

pub mod generations;
pub mod index;
pub mod leases;
pub mod retention;
pub mod runs;
mod samples;

use std::sync::Arc;

use async_trait::async_trait;

use crate::Store;

/// An empty database for one test.
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// Makes an empty database.
    async fn create() -> Self;

    /// Opens the database. Each call gives a store that shares nothing with the others but the
    /// database, as another process would have it.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes one test for each promise; the argument is a type that implements
/// [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! conformance_suite {
    ($harness:ty) => {
        $crate::conformance_suite! { @ $harness;
            index:
                a_layer_comes_back_as_it_was_saved,
                the_first_record_of_a_layer_stays,
                detector_sets_are_apart,
                known_layers_are_those_that_were_saved,
                an_index_report_comes_back_after_reopening,
                a_later_report_with_the_same_key_replaces_the_first,
                layers_keep_their_order_and_repetitions,
                deleting_a_manifest_keeps_layers_that_others_have,
                a_deleted_layer_can_be_saved_again,
                writers_wait_for_each_other;
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
                retiring_needs_the_lease_that_it_names;
            runs:
                a_run_comes_back_as_it_was_recorded,
                an_unchanged_run_moves_the_checked_time,
                consecutive_unchanged_runs_are_one,
                a_failed_run_keeps_the_last_build,
                a_held_build_is_remembered_with_its_reason,
                the_log_of_a_feed_is_bounded;
            leases:
                a_lease_has_one_owner,
                one_of_many_concurrent_requests_is_granted,
                an_expired_lease_passes_on_with_a_higher_token,
                a_renewed_lease_lives_longer,
                a_lost_lease_is_neither_renewed_nor_released,
                a_released_lease_is_free_and_its_token_is_spent;
        }
    };
    (@ $harness:ty; $($module:ident: $($name:ident),+;)+) => {
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
