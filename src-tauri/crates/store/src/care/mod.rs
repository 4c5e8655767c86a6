//! Care for the file of a library: copies of it, checks, recounting, saving what a damaged file still holds, and putting
//! another one in its place.

pub mod checking;
pub mod copying;
mod derived;
pub mod locking;
pub mod moving;
pub mod repairing;
pub mod replacing;
mod salvaging;
pub mod unfinished;
