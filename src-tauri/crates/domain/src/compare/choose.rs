//! Choosing a side of a comparison: what the user has chosen, and what a choice changes on the image. The sides never
//! change; only the annotations on the image do.

use serde::{Deserialize, Serialize};

use super::{Agreement, ComparedAnnotation, ComparedPair, Side};
use crate::annotation::{Annotation, Origin, RejectReason, Status};
use crate::ids::{AnnotationId, ImageId};
use crate::review::{AnnotationChange, AnnotationContent, Step, Verdict};

/// The sides of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Sides {
    pub first: Side,
    pub second: Side,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideName {
    First,
    Second,
}

/// Whose annotations of a pair are kept; choosing a side that has none means removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Choice {
    First,
    Second,
    Both,
    Neither,
}

/// A pair, and what is chosen of it on the image today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ChosenPair {
    #[serde(flatten)]
    pub pair: ComparedPair,
    /// `None` while it is undecided.
    pub choice: Option<Choice>,
    /// Whether both can be kept. An annotation that is on both sides has only one label.
    pub can_keep_both: bool,
    /// Whether both sides agree and their annotation is still a proposal.
    pub is_agreement_open: bool,
}

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum SideChoice {
    /// For the pair at this index.
    Pair { index: u32, choice: Choice },
    /// Everything that both sides agree on is accepted.
    Agreed,
}

/// A choice of the user on an image. `pairs` are those shown to the user: the comparison itself may have changed since,
/// because people's decisions are a side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SideDecision {
    pub image: ImageId,
    pub sides: Sides,
    pub pairs: Vec<ComparedPair>,
    pub choice: SideChoice,
}

/// The result of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SideDecided {
    /// `None` if nothing had to change.
    pub step: Option<Step>,
    /// In the order of the decision, with the ids of annotations that were added.
    pub pairs: Vec<ChosenPair>,
}

/// A change for one side of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct SideChange {
    /// Of the pair.
    pub index: usize,
    pub of: SideName,
    pub change: AnnotationChange,
}

const SIDE_NAMES: [SideName; 2] = [SideName::First, SideName::Second];

/// The state on the image of a side's annotation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Approved,
    Open,
    LeftOut,
    Absent,
}

/// The pairs with what is chosen on an image that has the annotations `today`.
#[must_use]
pub fn chosen(pairs: &[ComparedPair], sides: Sides, today: &[Annotation]) -> Vec<ChosenPair> {
    let chosen = pairs.iter().map(|pair| ChosenPair {
        choice: pair.choice(sides, today),
        can_keep_both: pair.can_keep_both(),
        is_agreement_open: !pair.accept_agreed(today).is_empty(),
        pair: pair.clone(),
    });
    chosen.collect()
}

/// The changes that a choice needs; none if it holds already.
#[must_use]
pub fn changes(pairs: &[ComparedPair], sides: Sides, today: &[Annotation], choice: SideChoice) -> Vec<SideChange> {
    let of_pair = |index: usize, changes: Vec<(SideName, AnnotationChange)>| {
        changes.into_iter().map(move |(of, change)| SideChange { index, of, change })
    };
    match choice {
        SideChoice::Pair { index, choice } => {
            let index = index as usize;
            let changes = pairs.get(index).map(|pair| pair.choose(sides, today, choice)).unwrap_or_default();
            of_pair(index, changes).collect()
        }
        SideChoice::Agreed => {
            let each = pairs.iter().enumerate();
            each.flat_map(|(index, pair)| of_pair(index, pair.accept_agreed(today))).collect()
        }
    }
}

/// Links the annotations that `changes` added to their sides. `ids` are those of the changed annotations, in order.
pub fn link(pairs: &mut [ComparedPair], changes: &[SideChange], ids: &[AnnotationId]) {
    for (SideChange { index, of, change }, id) in changes.iter().zip(ids) {
        let is_added = matches!(change, AnnotationChange::Add { .. } | AnnotationChange::Adopt { .. });
        let annotation = pairs.get_mut(*index).and_then(|pair| match of {
            SideName::First => pair.first.as_mut(),
            SideName::Second => pair.second.as_mut(),
        });
        if let (true, Some(annotation)) = (is_added, annotation) {
            annotation.annotation = Some(*id);
        }
    }
}

impl Sides {
    const fn side(self, of: SideName) -> Side {
        match of {
            SideName::First => self.first,
            SideName::Second => self.second,
        }
    }
}

impl Choice {
    const fn keeps(self, of: SideName) -> bool {
        matches!((self, of), (Self::Both, _) | (Self::First, SideName::First) | (Self::Second, SideName::Second))
    }
}

impl ComparedPair {
    const fn side(&self, of: SideName) -> Option<&ComparedAnnotation> {
        match of {
            SideName::First => self.first.as_ref(),
            SideName::Second => self.second.as_ref(),
        }
    }

    fn on_image<'a>(&self, of: SideName, today: &'a [Annotation]) -> Option<&'a Annotation> {
        let id = self.side(of)?.annotation?;
        today.iter().find(|annotation| annotation.id == id)
    }

    /// A run's annotation that a person edited belongs to both sides if the other side is people's decisions.
    fn is_one_annotation(&self) -> bool {
        let id = |of| self.side(of).and_then(|annotation| annotation.annotation);
        id(SideName::First).is_some() && id(SideName::First) == id(SideName::Second)
    }

    fn can_keep_both(&self) -> bool {
        self.first.is_some() && self.second.is_some() && !self.is_one_annotation()
    }

    fn standing(&self, of: SideName, sides: Sides, today: &[Annotation]) -> Standing {
        match self.on_image(of, today).map(|annotation| annotation.status) {
            Some(status) if status.is_approved() => Standing::Approved,
            Some(Status::Proposed) => Standing::Open,
            Some(_) => Standing::LeftOut,
            None => {
                // A removed annotation of a person leaves nothing; a run's that is missing was never decided.
                let was_there = self.side(of).is_some_and(|annotation| annotation.annotation.is_some());
                if was_there && sides.side(of) == Side::Decided { Standing::LeftOut } else { Standing::Absent }
            }
        }
    }

    fn choice(&self, sides: Sides, today: &[Annotation]) -> Option<Choice> {
        if self.is_one_annotation() {
            return self.choice_of_one(today);
        }
        match SIDE_NAMES.map(|of| self.standing(of, sides, today)) {
            [Standing::Open, _] | [_, Standing::Open] | [Standing::Absent, Standing::Absent] => None,
            [Standing::Approved, Standing::Approved] => Some(Choice::Both),
            [Standing::Approved, _] => Some(Choice::First),
            [_, Standing::Approved] => Some(Choice::Second),
            [_, _] => Some(Choice::Neither),
        }
    }

    fn choice_of_one(&self, today: &[Annotation]) -> Option<Choice> {
        let Some(annotation) = self.on_image(SideName::First, today) else { return Some(Choice::Neither) };
        match annotation.status {
            Status::Rejected => Some(Choice::Neither),
            Status::Proposed => None,
            _ if self.agreement == Agreement::Agreed => Some(Choice::Both),
            _ if self.first.as_ref().is_some_and(|first| first.label == annotation.label) => Some(Choice::First),
            _ => Some(Choice::Second),
        }
    }

    fn choose(&self, sides: Sides, today: &[Annotation], choice: Choice) -> Vec<(SideName, AnnotationChange)> {
        if choice == Choice::Both && !self.can_keep_both() {
            return Vec::new();
        }
        if self.is_one_annotation() {
            return self.choose_of_one(today, choice).into_iter().collect();
        }
        let reason = self.reason_against(choice);
        let changes = SIDE_NAMES.into_iter().filter_map(|of| {
            let annotation = self.side(of)?;
            let on_image = self.on_image(of, today);
            let change =
                if choice.keeps(of) { keep(sides.side(of), annotation, on_image) } else { leave_out(on_image, reason) };
            Some((of, change?))
        });
        changes.collect()
    }

    fn choose_of_one(&self, today: &[Annotation], choice: Choice) -> Option<(SideName, AnnotationChange)> {
        let on_image = self.on_image(SideName::First, today);
        let of = match choice {
            Choice::First => SideName::First,
            Choice::Second => SideName::Second,
            Choice::Both | Choice::Neither => return Some((SideName::First, leave_out(on_image, None)?)),
        };
        let (annotation, on_image) = (self.side(of)?, on_image?);
        let holds = on_image.status.is_approved() && on_image.label == annotation.label;
        let change = AnnotationChange::Change { id: on_image.id, content: content_of(annotation) };
        (!holds).then_some((of, change))
    }

    /// Accepts what both sides have. If both have a proposal on the image, one is accepted and the other is rejected as its
    /// duplicate. A person's decisions stay.
    fn accept_agreed(&self, today: &[Annotation]) -> Vec<(SideName, AnnotationChange)> {
        if self.agreement != Agreement::Agreed || self.is_one_annotation() {
            return Vec::new();
        }
        let on_image = SIDE_NAMES.map(|of| self.on_image(of, today));
        if on_image.iter().flatten().any(|annotation| annotation.status == Status::Rejected) {
            return Vec::new();
        }
        let [first, second] = on_image;
        let takes_second = first.is_none() || second.is_some_and(|annotation| annotation.status.is_approved());
        let taken = if takes_second { SideName::Second } else { SideName::First };
        let proposals = SIDE_NAMES.into_iter().zip(on_image).filter_map(|(of, annotation)| {
            let annotation = annotation.filter(|annotation| annotation.status == Status::Proposed)?;
            let verdict =
                if of == taken { Verdict::Accept } else { Verdict::Reject { reason: Some(RejectReason::Duplicate) } };
            Some((of, AnnotationChange::Decide { id: annotation.id, verdict }))
        });
        proposals.collect()
    }

    /// Choosing neither of two labels does not say that nothing is there.
    fn reason_against(&self, choice: Choice) -> Option<RejectReason> {
        match self.agreement {
            Agreement::OnlyFirst | Agreement::OnlySecond => Some(RejectReason::NotThere),
            _ if choice == Choice::Neither => None,
            Agreement::Agreed => Some(RejectReason::Duplicate),
            Agreement::Relabelled => Some(RejectReason::WrongLabel),
        }
    }
}

fn keep(side: Side, annotation: &ComparedAnnotation, on_image: Option<&Annotation>) -> Option<AnnotationChange> {
    if let Some(on_image) = on_image {
        let accept = AnnotationChange::Decide { id: on_image.id, verdict: Verdict::Accept };
        return (!on_image.status.is_approved()).then_some(accept);
    }
    let content = content_of(annotation);
    Some(match side {
        Side::Run { run } => AnnotationChange::Adopt { run, content, confidence: annotation.confidence },
        Side::Decided => AnnotationChange::Add { content },
    })
}

fn leave_out(on_image: Option<&Annotation>, reason: Option<RejectReason>) -> Option<AnnotationChange> {
    let annotation = on_image.filter(|annotation| annotation.status != Status::Rejected)?;
    Some(match annotation.origin {
        Origin::Person => AnnotationChange::Remove { id: annotation.id },
        Origin::Run { .. } => AnnotationChange::Decide { id: annotation.id, verdict: Verdict::Reject { reason } },
    })
}

fn content_of(annotation: &ComparedAnnotation) -> AnnotationContent {
    AnnotationContent {
        label: annotation.label.clone(),
        shape: annotation.shape.clone(),
        attributes: annotation.attributes.clone(),
    }
}

#[cfg(test)]
mod tests;
