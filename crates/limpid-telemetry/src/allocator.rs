//! The allocator, which knows how much memory is in use and, when asked to, for what.

use tikv_jemalloc_ctl::{epoch, stats};

/// Memory of the whole process, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heap {
    pub(crate) allocated: usize,
    pub(crate) active: usize,
    pub(crate) resident: usize,
}

/// Asks jemalloc. It answers for what was allocated by it, and so with next to nothing where it is
/// not the allocator of the program.
pub(crate) fn heap() -> Option<Heap> {
    // Its numbers stay as they are until it is told to look again.
    epoch::advance().ok()?;
    Some(Heap {
        allocated: stats::allocated::read().ok()?,
        active: stats::active::read().ok()?,
        resident: stats::resident::read().ok()?,
    })
}

#[doc(hidden)]
pub use tikv_jemallocator::Jemalloc;

/// Makes jemalloc the allocator of a program, ready for heap profiles, which cost nothing until one
/// is asked for. To be called once, in the program's `main.rs`.
///
/// With `_RJEM_MALLOC_CONF=prof_active:true` in the environment it samples from the start, and a
/// profile has all that is in use rather than what was allocated while somebody watched.
#[macro_export]
macro_rules! install_allocator {
    () => {
        #[global_allocator]
        static ALLOCATOR: $crate::Jemalloc = $crate::Jemalloc;

        /// Read by jemalloc before `main`. A sample every 512 KiB is what its manual advises.
        ///
        /// Four arenas rather than four for each core of the machine, which a container does not
        /// have to itself, and a second rather than ten until memory is given back: together a
        /// fifth less memory, at no cost in time that could be measured.
        #[expect(
            unsafe_code,
            reason = "jemalloc finds its options by the symbol's name"
        )]
        #[unsafe(export_name = "_rjem_malloc_conf")]
        pub static ALLOCATOR_OPTIONS: &[u8; 116] =
            b"prof:true,prof_active:false,lg_prof_sample:19,background_thread:true,\
              narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0\0";
    };
}
