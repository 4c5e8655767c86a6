//! What people read and type: links and commands of the pages, manual pages, completions in real shells.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod completions;
mod guide;
mod links;
mod manual;
mod pages;
