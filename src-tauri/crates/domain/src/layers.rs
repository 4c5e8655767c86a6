//! Layers: every annotation belongs to the run that proposed it or to the person who drew it. Every view says which layers
//! it shows, and counts, accepts, compares and exports exactly those.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Origin, ReviewState, Status};
use crate::ids::RunId;

/// The layers that a view shows. What people drew, accepted or edited is theirs, and is shown with any of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LayerScope {
    /// Every layer. Of several runs of the same model and recipe, undecided proposals on an image are those of the newest.
    #[default]
    All,
    /// Those of these runs; of none: only people's work.
    Runs { runs: Vec<RunId> },
}

impl LayerScope {
    #[must_use]
    pub fn of_run(run: RunId) -> Self {
        Self::Runs { runs: vec![run] }
    }

    #[must_use]
    pub fn shows(&self, annotation: &Annotation) -> bool {
        match (self, annotation.origin) {
            _ if annotation.status.is_approved() => true,
            (_, Origin::Person) => true,
            (Self::All, Origin::Run { .. }) => !annotation.is_superseded || annotation.status != Status::Proposed,
            (Self::Runs { runs }, Origin::Run { run }) => runs.contains(&run),
        }
    }

    /// Whether any of `annotations` that is shown still waits for a decision.
    #[must_use]
    pub fn has_proposal(&self, annotations: &[Annotation]) -> bool {
        annotations.iter().any(|annotation| annotation.status == Status::Proposed && self.shows(annotation))
    }

    /// The review state of an image in a view: `stated` is what a person said about it, in whichever layers. While a shown
    /// proposal is undecided, the image is unreviewed.
    #[must_use]
    pub fn review_state(&self, stated: ReviewState, annotations: &[Annotation]) -> ReviewState {
        if self.has_proposal(annotations) { ReviewState::Unreviewed } else { stated }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::annotation::Shape;
    use crate::ids::AnnotationId;

    fn annotation(origin: Origin, status: Status) -> Annotation {
        Annotation {
            id: AnnotationId(1),
            origin,
            propagated_from: None,
            label: "cat".into(),
            color: 1,
            shape: Shape::ImageTag,
            confidence: None,
            attributes: BTreeMap::new(),
            status,
            reject_reason: None,
            is_superseded: false,
        }
    }

    #[test]
    fn a_run_is_shown_with_the_work_of_people_and_without_other_runs() {
        const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
        let shown = |layers: &LayerScope, origin| STATUSES.map(|status| layers.shows(&annotation(origin, status)));
        let (own, other) = (Origin::Run { run: RunId(5) }, Origin::Run { run: RunId(2) });
        let five = LayerScope::of_run(RunId(5));
        assert_eq!(shown(&five, own), [true; 4]);
        assert_eq!(shown(&five, Origin::Person), [true; 4]);
        assert_eq!(shown(&five, other), [false, true, true, false], "what a person approved is theirs");
        assert_eq!(shown(&LayerScope::All, other), [true; 4]);
        assert_eq!(shown(&LayerScope::Runs { runs: Vec::new() }, own), [false, true, true, false]);
    }

    #[test]
    fn a_superseded_proposal_is_shown_in_the_layer_of_its_run_alone() {
        let superseded =
            |status| Annotation { is_superseded: true, ..annotation(Origin::Run { run: RunId(2) }, status) };
        let proposed = superseded(Status::Proposed);
        assert!(!LayerScope::All.shows(&proposed) && LayerScope::of_run(RunId(2)).shows(&proposed));
        assert!(
            [Status::Accepted, Status::Edited, Status::Rejected]
                .iter()
                .all(|&each| LayerScope::All.shows(&superseded(each)))
        );
    }

    #[test]
    fn an_image_is_unreviewed_while_a_shown_proposal_is_open() {
        let open = [annotation(Origin::Run { run: RunId(2) }, Status::Proposed)];
        let state = |layers: &LayerScope| layers.review_state(ReviewState::Reviewed, &open);
        assert_eq!(state(&LayerScope::of_run(RunId(5))), ReviewState::Reviewed);
        assert_eq!(state(&LayerScope::of_run(RunId(2))), ReviewState::Unreviewed);
        assert_eq!(state(&LayerScope::All), ReviewState::Unreviewed);
    }
}
