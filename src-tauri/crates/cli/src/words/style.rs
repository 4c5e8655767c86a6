//! Colours, sparingly: for what must not be overlooked, and for headings. [`anstream`] leaves them out where they do not
//! belong, so that no text here asks.

use anstyle::{AnsiColor, Style};

pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const GOOD: Style = AnsiColor::Green.on_default();
pub const HEADING: Style = Style::new().bold();
