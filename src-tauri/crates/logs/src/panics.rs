//! Panics in the log: where, and how it came there.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic;

/// Frames of a backtrace that are logged.
const MAX_FRAMES: usize = 40;

/// Logs every panic of this process, then does what was done before.
pub fn log_them() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        thread_local!(static IS_LOGGING: Cell<bool> = const { Cell::new(false) });
        if !IS_LOGGING.replace(true) {
            let thread = std::thread::current();
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("no message");
            let backtrace = frames(&Backtrace::force_capture().to_string());
            tracing::error!(
                target: "panic", thread = thread.name().unwrap_or("unnamed"), location, message, backtrace,
                "a part of the program has panicked"
            );
            IS_LOGGING.set(false);
        }
        before(info);
    }));
}

/// The functions of a backtrace, innermost first, without the machinery of panics.
fn frames(backtrace: &str) -> String {
    let functions = backtrace.lines().filter_map(|line| {
        let (number, function) = line.trim().split_once(": ")?;
        number.parse::<u32>().ok().map(|_| function)
    });
    let is_machinery = |name: &&str| {
        ["std::", "core::", "logs::panics", "rust_begin_unwind", "__rust", "<alloc::boxed"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let of_interest: Vec<&str> = functions.filter(|name| !is_machinery(name)).take(MAX_FRAMES).collect();
    of_interest.join(" < ")
}
