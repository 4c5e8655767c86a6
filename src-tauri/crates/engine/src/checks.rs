//! Likely mistakes: found when somebody asks for them, and repaired many at a time.

use domain::checks::{Check, Mistake, Swept};
use domain::ids::ImageId;
use domain::query::{Condition, ImageOrder, ImageQuery, Test};

use crate::Result;
use crate::clock::now_millis;
use crate::library::Library;

/// Images looked through in one change of the library, so that no other waits long.
const SLICE: u32 = 500;

impl Library {
    /// Likely mistakes on `image`, in the order of its marks.
    pub fn mistakes(&self, image: ImageId) -> Result<Vec<Mistake>> {
        // Whoever looks at one image does not wait for all others.
        if !self.store.read(|view| view.is_checked(image))? {
            self.store.write_derived_blocking(move |edit| edit.look_through_these(&[image]))?;
        }
        Ok(self.store.read(|view| view.mistakes_on(image))?)
    }

    /// Repairs every mistake of a kind on the images of `query`, as one step.
    pub async fn repair(&self, check: Check, query: &ImageQuery) -> Result<Swept> {
        let conditions = [query.conditions.as_slice(), &[Condition::holds(Test::Check { check })]].concat();
        let images = self.image_ids(&ImageQuery { conditions, ..query.clone() })?;
        let now = now_millis();
        let swept = self.store.write(move |edit| edit.repair(check, &images, now)).await?;
        self.note_change();
        Ok(swept)
    }

    /// Whether what `query` asks for follows from looking through marks.
    pub(crate) fn asks_for_mistakes(query: &ImageQuery) -> bool {
        query.order == ImageOrder::Doubt
            || query.conditions.iter().any(|condition| matches!(condition.test, Test::Check { .. }))
    }

    /// Looks through what has changed since that was last done; blocks.
    pub(crate) fn look_through_marks(&self) -> Result<()> {
        if self.store.read(|view| view.has_unchecked())? {
            while self.store.write_derived_blocking(|edit| edit.look_through(SLICE))? {}
        }
        Ok(())
    }
}
