//! Layers in SQL. What is shown is `domain::layers`' rule; these say it of rows, for questions about too many annotations
//! to read each.

use domain::annotation::Annotation;
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;

use crate::{Result, View};

pub(super) trait Layers {
    /// The runs to ask about one by one; `None`: all together.
    fn runs(&self) -> Option<&[RunId]>;

    /// Narrows a condition on proposals of `annotations`.
    fn and_proposal_is_shown(&self) -> String;

    /// Narrows a condition on annotations that are not rejected.
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
        let Some(runs) = self.runs() else { return " AND (status <> 'proposed' OR NOT is_superseded)".into() };
        let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
        format!(" AND (status <> 'proposed' OR run_id IS NULL OR run_id IN ({}))", ids.join(", "))
    }
}

impl View<'_> {
    /// The annotations on `image` that `layers` show, in the order in which they were made.
    pub fn shown_on(&self, image: ImageId, layers: &LayerScope) -> Result<Vec<Annotation>> {
        let mut annotations = self.annotations_of(image)?;
        annotations.retain(|annotation| layers.shows(annotation));
        Ok(annotations)
    }
}
