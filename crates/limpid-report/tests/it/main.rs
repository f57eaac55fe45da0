//! What reports look like.

mod json;
mod table;
