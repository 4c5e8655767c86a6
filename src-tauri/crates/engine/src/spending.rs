//! What was spent this month over all runs of the library, and the user's cap on it.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

mod report;

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use domain::money::PicoDollars;
use domain::month::{MonthLimit, MonthSpending};
use store::Store;

use crate::Result;
use crate::clock::this_month;
use crate::settings::LibrarySettings;
use crate::sync::lock;
use crate::workers::Workers;

pub use report::write_spend_csv;

/// Whether the month has room for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MonthRoom {
    Now,
    /// Requests in flight may turn out cheaper than what is reserved for them.
    Later,
    /// No request ends soon.
    None,
}

/// The version of the settings, and their cap.
type Known = (Option<(SystemTime, u64)>, Option<PicoDollars>);

/// The spending of the current month, and of all time.
pub struct MonthlySpending {
    store: Arc<Store>,
    settings: Arc<LibrarySettings>,
    /// Read again when the settings change, because it is asked before every request.
    known: Mutex<Option<Known>>,
}

impl MonthlySpending {
    pub(crate) fn new(store: Arc<Store>, settings: Arc<LibrarySettings>) -> Self {
        Self { store, settings, known: Mutex::default() }
    }

    /// This month's spending, and its cap.
    pub fn this_month(&self) -> Result<MonthSpending> {
        let month = this_month();
        let (spent, reserved) = self.store.read_blocking(|view| view.spent_in(month))?;
        Ok(MonthSpending::new(month, spent, reserved, self.settings.in_force()?.budget.monthly))
    }

    /// Sets the cap; `None` for no limit.
    pub fn set_cap(&self, cap: Option<PicoDollars>) -> Result<MonthSpending> {
        let before = self.settings.stated()?;
        let mut after = before.clone();
        after.budget.monthly = cap;
        self.settings.change(&before, &after)?;
        self.this_month()
    }

    /// The room for a request that may cost `at_most`.
    pub(crate) async fn room(&self, workers: &Arc<Workers>, at_most: PicoDollars) -> Result<MonthRoom> {
        let Some(limit) = self.limit().filter(|_| at_most > PicoDollars::ZERO) else { return Ok(MonthRoom::Now) };
        let has_room = || self.store.read(move |view| view.has_month_room(Some(&limit), at_most));
        if has_room().await? {
            return Ok(MonthRoom::Now);
        }
        workers.forget_dead().await?;
        let is_any_in_flight = self.store.read(|view| view.is_any_in_flight()).await?;
        // Again, because a request may have ended since and made room.
        Ok(match (has_room().await?, is_any_in_flight) {
            (true, _) => MonthRoom::Now,
            (false, true) => MonthRoom::Later,
            (false, false) => MonthRoom::None,
        })
    }

    /// The cap of the current month; `None` without one. While the settings cannot be read, the last known one holds.
    pub(crate) fn limit(&self) -> Option<MonthLimit> {
        let version = self.settings.version();
        let mut known = lock(&self.known);
        let is_known = known.as_ref().is_some_and(|(read, _)| *read == version);
        if !is_known {
            match self.settings.in_force() {
                Ok(settings) => *known = Some((version, settings.budget.monthly)),
                Err(error) => tracing::warn!(%error, "the monthly cap cannot be read"),
            }
        }
        let cap = known.as_ref().and_then(|(_, cap)| *cap)?;
        Some(MonthLimit { month: this_month(), cap })
    }
}
