//! Checks: findings on images, and their repair, individually or as a bulk edit.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::sync::Arc;

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::query::{Condition, ImageQuery, Test};
use domain::review::BulkEditResult;
use domain::review::checks::{Check, CheckFinding};
use domain::review::repair::RepairExtent;

use super::Review;
use crate::Result;
use crate::blocking::off_workers;
use crate::clock::now_millis;
use crate::gallery::Gallery;

impl Review {
    /// Likely mistakes on `image` among the annotations of `layers`, in annotation order.
    pub fn findings(&self, image: ImageId, layers: &LayerScope) -> Result<Vec<CheckFinding>> {
        self.check_index.update_on(image)?;
        Ok(self.store.read_blocking(|view| view.findings_on(image, layers))?)
    }

    /// The changes that [`Self::repair`] would make.
    pub fn repair_extent(&self, check: Check, query: &ImageQuery) -> Result<RepairExtent> {
        let images = images_with_finding(&self.images, check, query)?;
        Ok(self.store.read_blocking(|view| view.repair_extent(check, &images, &query.layers_shown()))?)
    }

    /// Repairs the findings of a check in the layers of `query` on its images, as one bulk edit. With `spares_decided`,
    /// annotations that a person has accepted, edited or drawn are not changed.
    pub async fn repair(&self, check: Check, query: &ImageQuery, spares_decided: bool) -> Result<BulkEditResult> {
        let (gallery, asked) = (Arc::clone(&self.images), query.clone());
        let images = off_workers(move || images_with_finding(&gallery, check, &asked)).await?;
        let (now, layers) = (now_millis(), query.layers_shown());
        let changed = self.store.write(move |edit| edit.repair(check, &images, &layers, spares_decided, now)).await?;
        self.changes.record();
        Ok(changed)
    }
}

fn images_with_finding(gallery: &Gallery, check: Check, query: &ImageQuery) -> Result<Vec<ImageId>> {
    let conditions = [query.conditions.as_slice(), &[Condition::holds(Test::Check { check })]].concat();
    gallery.ids(&ImageQuery { conditions, ..query.clone() })
}
