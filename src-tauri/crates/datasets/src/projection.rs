//! The projection of a dataset to a format: everything that the format cannot hold is removed before writing, and
//! counted.

use std::cell::RefCell;

use domain::annotation::{AttributeValue, Origin};
use domain::dataset::{Feature, Loss, LossKind};
use domain::geometry::PixelSize;
use domain::recipe::ShapeKind;
use domain::shape::Shape;

use crate::attributes::{CROWD, SEVERAL_SEPARATOR, untyped};
use crate::error::Result;
use crate::format::{DatasetSource, Images};
use crate::key_points::{Poses, own_attributes, poses};
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo};
use crate::outline;

/// How much of a dataset is in a format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Images that did not fail.
    pub images: u32,
    pub failed_images: u32,
    /// Of `images`, those without annotations, including before the format removed any.
    pub empty_images: u32,
    pub annotations: u32,
    /// Images without any existing file.
    pub missing: u32,
    /// In the order of [`Feature::ALL`].
    pub losses: Vec<Loss>,
}

/// A source without the features that a format cannot hold. [`crate::Format::read`] returns exactly its images.
pub struct Projection<'a> {
    source: &'a dyn DatasetSource,
    holds: &'static [Feature],
    /// Of the last complete pass.
    tally: RefCell<Tally>,
}

impl<'a> Projection<'a> {
    /// `holds` lists the features that the format can hold.
    #[must_use]
    pub fn new(source: &'a dyn DatasetSource, holds: &'static [Feature]) -> Self {
        Self { source, holds, tally: RefCell::default() }
    }

    /// The counts of the last complete pass over the images.
    #[must_use]
    pub fn written(&self) -> Written {
        self.tally.borrow().written(self.holds)
    }
}

impl DatasetSource for Projection<'_> {
    fn info(&self) -> &DatasetInfo {
        self.source.info()
    }

    fn images(&self) -> Images<'_> {
        let projector = Projector { holds: self.holds, info: self.source.info(), tally: Tally::default() };
        Box::new(Projected { images: self.source.images(), projector, result: &self.tally })
    }
}

/// One pass over the images.
struct Projected<'a> {
    images: Images<'a>,
    projector: Projector<'a>,
    result: &'a RefCell<Tally>,
}

impl Iterator for Projected<'_> {
    type Item = Result<DatasetImage>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.images.next() {
                None => {
                    self.result.replace(self.projector.tally.clone());
                    return None;
                }
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(image)) => match self.projector.project(image).transpose() {
                    None => {}
                    Some(projected) => return Some(projected),
                },
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Tally {
    written: Written,
    lost: [u32; Feature::ALL.len()],
}

impl Tally {
    fn lose(&mut self, feature: Feature) {
        self.lost[feature as usize] += 1;
    }

    fn written(&self, holds: &[Feature]) -> Written {
        let losses = Feature::ALL.into_iter().zip(self.lost).filter(|&(_, count)| count > 0).map(|(feature, count)| {
            let is_simplified = other_shapes(feature).iter().any(|other| holds.contains(other));
            Loss { feature, kind: if is_simplified { LossKind::Simplified } else { feature.loss() }, count }
        });
        Written { losses: losses.collect(), ..self.written.clone() }
    }
}

/// What a shape can become in a format that does not hold it.
const fn other_shapes(feature: Feature) -> &'static [Feature] {
    match feature {
        Feature::Boxes => &[Feature::BoxOutlines],
        Feature::Polygons => &[Feature::PolygonBounds, Feature::PolygonRectangles],
        _ => &[],
    }
}

struct Projector<'a> {
    holds: &'static [Feature],
    info: &'a DatasetInfo,
    tally: Tally,
}

impl Projector<'_> {
    /// Removes `value` if the format does not hold `feature`.
    fn take_out<T>(&mut self, feature: Feature, value: &mut Option<T>) {
        if value.is_some() && !self.holds_or_lost(feature) {
            *value = None;
        }
    }

    /// Whether the format holds `feature`; otherwise counts the loss.
    fn holds_or_lost(&mut self, feature: Feature) -> bool {
        let holds = self.holds.contains(&feature);
        if !holds {
            self.tally.lose(feature);
        }
        holds
    }

    /// `None` if the image is dropped.
    fn project(&mut self, mut image: DatasetImage) -> Result<Option<DatasetImage>> {
        if image.failure.is_some() && !self.holds_or_lost(Feature::FailedImages) {
            return Ok(None);
        }
        let is_empty = image.annotations.is_empty();
        let annotations = std::mem::take(&mut image.annotations);
        image.annotations = if self.holds.contains(&Feature::KeyPoints) {
            self.project_poses(poses(annotations), image.size)?
        } else {
            let mut kept = Vec::with_capacity(annotations.len());
            for annotation in annotations {
                kept.extend(self.project_annotation(annotation, image.size)?);
            }
            kept
        };
        if image.annotations.is_empty() && !self.holds_or_lost(Feature::EmptyImages) {
            return Ok(None);
        }
        if let Some(failure) = &mut image.failure {
            if (failure.requests.is_some() || failure.cost_dollars.is_some())
                && !self.holds_or_lost(Feature::FailureCosts)
            {
                (failure.requests, failure.cost_dollars) = (None, None);
            }
            self.tally.written.failed_images += 1;
        } else {
            self.tally.written.images += 1;
            self.tally.written.empty_images += u32::from(is_empty);
        }
        self.tally.written.annotations += u32::try_from(image.annotations.len()).unwrap_or(u32::MAX);
        self.tally.written.missing += u32::from(image.is_missing);
        self.take_out(Feature::StoredSizes, &mut image.stored);
        self.take_out(Feature::Hashes, &mut image.hash);
        self.take_out(Feature::ReviewStates, &mut image.review);
        self.take_out(Feature::ImageOrigins, &mut image.propagated_from);
        self.take_out(Feature::Splits, &mut image.split);
        if image.is_missing && !self.holds_or_lost(Feature::MissingFiles) {
            image.is_missing = false;
        }
        if !image.other_files.is_empty() && !self.holds_or_lost(Feature::OtherFiles) {
            image.other_files.clear();
        }
        Ok(Some(image))
    }

    /// Each object, followed by its key points, which have its data. The objects with key points are numbered as groups.
    fn project_poses(&mut self, poses: Poses, size: Option<PixelSize>) -> Result<Vec<DatasetAnnotation>> {
        poses.left.iter().for_each(|_| self.tally.lose(Feature::Points));
        for (place, point) in &poses.placed {
            self.lose_data_of(point, &poses.objects[*place].object);
        }
        let (mut kept, mut groups) = (Vec::new(), 0);
        for mut posed in poses.objects {
            if posed.points.is_empty() {
                kept.extend(self.project_annotation(posed.object, size)?);
                continue;
            }
            posed.object.group = None;
            let Some(object) = self.project_annotation(posed.object, size)? else { continue };
            groups += 1;
            let object = DatasetAnnotation { group: Some(groups), ..object };
            let points: Vec<_> = posed.points.into_iter().map(|point| point.annotation(&object)).collect();
            kept.push(object);
            kept.extend(points);
        }
        Ok(kept)
    }

    /// Counts what a key point says and its object does not.
    fn lose_data_of(&mut self, point: &DatasetAnnotation, object: &DatasetAnnotation) {
        let is_said = |(name, value): (&String, &AttributeValue)| object.attributes.get(name) == Some(value);
        for (feature, is_lost) in [
            (Feature::Attributes, !own_attributes(point).all(is_said)),
            (Feature::Confidences, point.confidence.is_some() && point.confidence != object.confidence),
            (Feature::Decisions, point.status.is_some() && point.status != object.status),
            (Feature::Origins, point.origin.is_some() && point.origin != object.origin),
            (Feature::AnnotationIds, point.id.is_some() && point.id != object.id),
        ] {
            if is_lost {
                self.tally.lose(feature);
            }
        }
    }

    /// `None` if the annotation is dropped.
    fn project_annotation(
        &mut self,
        mut annotation: DatasetAnnotation,
        size: Option<PixelSize>,
    ) -> Result<Option<DatasetAnnotation>> {
        if !self.project_shape(&mut annotation.shape, size) {
            return Ok(None);
        }
        let is_scored = annotation.confidence.is_some()
            && self.info.run.as_ref().is_none_or(|run| annotation.origin == Some(Origin::Run { run: run.id }));
        if !is_scored && !self.holds_or_lost(Feature::UnscoredAnnotations) {
            return Ok(None);
        }
        if self.holds.contains(&Feature::LabelTable) {
            let spelled = &self.info.labels.find(&annotation.label)?.name;
            if *spelled != annotation.label {
                annotation.label.clone_from(spelled);
            }
        }
        if self.holds.contains(&Feature::Crowds)
            && annotation.attributes.get(CROWD) == Some(&AttributeValue::YesNo(true))
        {
            annotation.attributes.remove(CROWD);
            annotation.is_crowd = true;
        }
        if !annotation.attributes.is_empty() && !self.holds_or_lost(Feature::Attributes) {
            annotation.attributes.clear();
        }
        if !self.holds.contains(&Feature::AttributeTypes) {
            self.read_types(&mut annotation);
        }
        self.take_out(Feature::Confidences, &mut annotation.confidence);
        if (annotation.status.is_some() || annotation.reject_reason.is_some())
            && !self.holds_or_lost(Feature::Decisions)
        {
            (annotation.status, annotation.reject_reason) = (None, None);
        }
        if (annotation.origin.is_some() || annotation.propagated_from.is_some())
            && !self.holds_or_lost(Feature::Origins)
        {
            (annotation.origin, annotation.propagated_from) = (None, None);
        }
        self.take_out(Feature::AnnotationIds, &mut annotation.id);
        self.take_out(Feature::Groups, &mut annotation.group);
        if annotation.is_crowd && !self.holds_or_lost(Feature::Crowds) {
            annotation.is_crowd = false;
        }
        Ok(Some(annotation))
    }

    /// False if the format does not hold the shape in any form.
    fn project_shape(&mut self, shape: &mut Shape, size: Option<PixelSize>) -> bool {
        let feature = match shape.kind() {
            ShapeKind::Box => Feature::Boxes,
            ShapeKind::Polygon => Feature::Polygons,
            ShapeKind::Point => Feature::Points,
            ShapeKind::ImageTag => Feature::ImageTags,
            ShapeKind::Caption => Feature::Captions,
        };
        if self.holds_or_lost(feature) {
            return true;
        }
        let other = other_shapes(feature).iter().find(|other| self.holds.contains(other));
        let becomes = match (other, &*shape) {
            (Some(Feature::PolygonRectangles), Shape::Polygon { points }) => outline::smallest_rectangle(points, size),
            (Some(Feature::PolygonBounds), _) => shape.bounds().map(|rect| Shape::Box { rect }),
            (Some(_), Shape::Box { rect }) => Some(Shape::Polygon { points: outline::corners(*rect).to_vec() }),
            _ => None,
        };
        becomes.is_some_and(|becomes| {
            *shape = becomes;
            true
        })
    }

    /// Gives attributes the types that a reader infers from their text.
    fn read_types(&mut self, annotation: &mut DatasetAnnotation) {
        let before = annotation.attributes.clone();
        annotation.attributes.retain(|_, value| match value {
            AttributeValue::Text(text) if text.is_empty() => false,
            AttributeValue::Text(text) => {
                *value = untyped(text);
                true
            }
            AttributeValue::Several(values) if values.iter().all(String::is_empty) => false,
            AttributeValue::Several(values) => {
                *value = untyped(&values.join(SEVERAL_SEPARATOR));
                true
            }
            AttributeValue::YesNo(_) | AttributeValue::Number(_) => true,
        });
        if annotation.attributes != before {
            self.tally.lose(Feature::AttributeTypes);
        }
    }
}
