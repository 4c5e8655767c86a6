//! The user's decisions and edits.

use domain::ids::ImageId;
use domain::layers::LayerScope;
use domain::review::{Decision, ImageEdit, Step};

use crate::router::operations;

operations! {
    write decide(api, decision: Decision, layers: Option<LayerScope>) -> Step {
        Ok(api.library.review.decide(decision, &layers.unwrap_or_default()).await?)
    }

    write edit_annotations(api, edit: ImageEdit, layers: Option<LayerScope>) -> Step {
        Ok(api.library.review.edit(edit, &layers.unwrap_or_default()).await?)
    }

    write undo_latest(api, layers: Option<LayerScope>) -> Option<Step> {
        Ok(api.library.review.undo_latest(&layers.unwrap_or_default()).await?)
    }

    write undo_on(api, image: ImageId, layers: Option<LayerScope>) -> Option<Step> {
        Ok(api.library.review.undo_on(image, &layers.unwrap_or_default()).await?)
    }

    write redo_latest(api, layers: Option<LayerScope>) -> Option<Step> {
        Ok(api.library.review.redo_latest(&layers.unwrap_or_default()).await?)
    }

    write redo_on(api, image: ImageId, layers: Option<LayerScope>) -> Option<Step> {
        Ok(api.library.review.redo_on(image, &layers.unwrap_or_default()).await?)
    }
}
