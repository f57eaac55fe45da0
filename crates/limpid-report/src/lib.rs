//! Renders reports for people and for programs.
//!
//! [`write_report`] is the table for a terminal, [`write_json`] is every JSON form (limpid's own
//! report, Clair's two), [`write_packages`] lists what an image contains, [`write_feeds`] shows the
//! state of the vulnerability data. All are pure
//! functions of what they are given; none knows a clock, a terminal or a file.
//!
//! Names and versions come from images, texts from feeds, and both may be hostile. Whatever the
//! tables print goes through [`printable`], so no escape sequence reaches a terminal.
//!
//! The crate decides nothing: what a finding is and what was not checked stands in the report.

mod advice;
mod columns;
mod feeds;
mod format;
mod json;
mod packages;
mod printable;
mod style;
mod table;

pub use feeds::{FeedRow, write_feeds};
pub use format::{Format, UnknownFormat};
pub use json::write_json;
pub use packages::{PackageRow, write_packages};
pub use printable::printable;
pub use style::Style;
pub use table::write_report;
