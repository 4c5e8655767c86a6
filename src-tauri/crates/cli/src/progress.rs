//! Progress, on standard error. On a terminal it is a bar. Elsewhere it is a plain line every half minute: short commands
//! leave nothing in a log (as with git, cargo and pip), and the log of a long run shows that it is alive (as with build
//! servers and terraform).

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::dataset_import::DatasetImportProgress;
use domain::import::ImportProgress;
use domain::publication::PublicationProgress;
use domain::run::RunProgress;
use domain::text::visible;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::messages;
use crate::output::notes;

/// The interval between two lines without a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

pub enum Bar {
    Terminal(ProgressBar),
    Lines {
        /// When the last line was written, or the work began.
        written_at: Mutex<Instant>,
    },
}

impl Bar {
    pub fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { written_at: Mutex::new(Instant::now()) };
        }
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self::Terminal(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style))
    }

    pub fn show_import(&self, progress: &ImportProgress) {
        let message = if progress.is_scanned { "read" } else { "read, still looking" };
        self.show(progress.added + progress.known + progress.skipped, progress.found, message);
    }

    pub fn show_dataset_import(&self, progress: &DatasetImportProgress) {
        // The file does not say in advance how much it holds.
        let message = if progress.is_adding { "annotations read, adding the layer" } else { "annotations read" };
        self.show(progress.annotations, progress.annotations, message);
    }

    pub fn show_run(&self, progress: &RunProgress) {
        self.show(progress.done + progress.failed, progress.total, &messages::progress(progress));
    }

    pub fn show_publication(&self, progress: PublicationProgress) {
        self.show(progress.images, progress.of, "images published");
    }

    fn show(&self, finished: u32, total: u32, message: &str) {
        if total == 0 {
            // A bar of zero items looks finished.
            return;
        }
        match self {
            Self::Terminal(bar) => {
                bar.set_length(total.into());
                bar.set_position(finished.into());
                bar.set_message(visible(message).into_owned());
            }
            Self::Lines { written_at } => {
                let Ok(mut written_at) = written_at.lock() else { return };
                if written_at.elapsed() >= LINE_INTERVAL {
                    *written_at = Instant::now();
                    let _ = writeln!(notes(), "{finished} of {total} {message}");
                }
            }
        }
    }

    /// Prints a line above the bar.
    pub fn say(&self, line: &str) {
        let say = || {
            let _ = writeln!(notes(), "{line}");
        };
        match self {
            Self::Terminal(bar) => bar.suspend(say),
            Self::Lines { .. } => say(),
        }
    }

    pub fn clear(&self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}
