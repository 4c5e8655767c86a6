//! Layers in SQL. The rule is in `domain::layers`; these conditions express it for queries over too many annotations to
//! load.

use domain::annotation::Annotation;
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;

use crate::{Result, View};

pub(super) trait Layers {
    /// The runs to query one by one; `None` for all together.
    fn runs(&self) -> Option<&[RunId]>;

    /// SQL condition on proposals of `annotations`.
    fn and_proposal_is_shown(&self) -> String;

    /// SQL condition on annotations that are not rejected.
    fn and_is_shown(&self) -> String;
}

impl Layers for LayerScope {
    fn runs(&self) -> Option<&[RunId]> {
        match self {
            Self::All => None,
            Self::Runs { runs } => Some(runs),
        }
    }

    fn and_proposal_is_shown(&self) -> String {
        let Some(runs) = self.runs() else { return " AND NOT is_superseded".into() };
        let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
        format!(" AND run_id IN ({})", ids.join(", "))
    }

    fn and_is_shown(&self) -> String {
        let Some(runs) = self.runs() else {
            return " AND status <> 'ground_truth' AND (status <> 'proposed' OR NOT is_superseded)".into();
        };
        let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
        format!(" AND (status NOT IN ('proposed', 'ground_truth') OR run_id IS NULL OR run_id IN ({}))", ids.join(", "))
    }
}

impl View<'_> {
    /// The annotations on `image` in `layers`, in creation order.
    pub fn shown_on(&self, image: ImageId, layers: &LayerScope) -> Result<Vec<Annotation>> {
        let mut annotations = self.annotations_of(image)?;
        annotations.retain(|annotation| layers.shows(annotation));
        Ok(annotations)
    }
}
