//! What a configuration may say, and what becomes of it.

mod checks;
mod drop_ins;
mod faults;
mod files;
mod folder;
mod lints;
mod sections;
mod shown;
