//! Care for the file of a library: copies of it, checks, recounting, and saving what a damaged file still holds.

pub mod checking;
pub mod copying;
mod derived;
pub mod moving;
pub mod repairing;
mod salvaging;
