//! Layers: every annotation belongs to the run that proposed it, the import that brought it or the person who drew it. Every view defines which
//! layers it shows, counts, accepts, compares and exports.

use serde::{Deserialize, Serialize};

use crate::annotation::{Annotation, Origin, ReviewState, Status};
use crate::ids::RunId;

/// The layers of a view. What people drew, accepted or edited is theirs, and is always included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LayerScope {
    /// All layers but ground truth. Of several runs of the same model and recipe, only the newest one's undecided proposals on an image.
    #[default]
    All,
    /// The layers of these runs and imports; if empty, only people's annotations.
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
            (Self::All, Origin::Run { .. }) => match annotation.status {
                Status::Proposed => !annotation.is_superseded,
                Status::GroundTruth => false,
                _ => true,
            },
            (Self::Runs { runs }, Origin::Run { run }) => runs.contains(&run),
        }
    }

    /// Whether any shown one of `annotations` is undecided.
    #[must_use]
    pub fn has_proposal(&self, annotations: &[Annotation]) -> bool {
        annotations.iter().any(|annotation| annotation.status == Status::Proposed && self.shows(annotation))
    }

    /// The review state of an image in a view. `stated` is what a person stated, in whichever layers. An undecided
    /// shown proposal makes the image unreviewed.
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
