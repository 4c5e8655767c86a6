//! The annotations of one side of an evaluation, in memory: boxes in a compact form.

use std::collections::HashMap;

use domain::annotation::Status;
use domain::dataset_import::matching::{FoundImage, MatchIndex, MatchedImage};
use domain::dataset_import::sizing::{ImageFromFile, SizeFit};
use domain::evaluation::CocoBox;
use domain::evaluation::evaluate::WholeImage;
use domain::evaluation::report::{EvaluatedSource, NotEvaluatedReason, UnmeasuredReason};
use domain::geometry::{PixelSize, Point, Rect};
use domain::ids::{ImageId, RunId};
use domain::money::PicoDollars;
use domain::numbers::decimal;
use domain::recipe::comparable;
use domain::shape::Shape;

/// The labels of all sides, numbered from 0. Spellings of one label share a number; the first one is shown.
#[derive(Default)]
pub struct SideLabels {
    pub names: Vec<String>,
    /// By spelling.
    known: HashMap<String, u32>,
    by_comparable: HashMap<String, u32>,
}

impl SideLabels {
    pub fn number(&mut self, label: &str) -> u32 {
        if let Some(&number) = self.known.get(label) {
            return number;
        }
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let number = *self.by_comparable.entry(comparable(label)).or_insert(next);
        if number == next {
            self.names.push(label.to_owned());
        }
        self.known.insert(label.to_owned(), number);
        number
    }
}

/// A box, or the bounds of a polygon.
pub struct SideObject {
    pub label: u32,
    pub bounds: CocoBox,
    /// Of the outline if there is one.
    pub area: f64,
    pub score: Option<f64>,
    pub is_crowd: bool,
}

impl SideObject {
    /// Adds another part of the same object.
    pub fn extend(&mut self, shape: &Shape) {
        let (Some(bounds), Some(area)) = (shape.bounds(), shape.area()) else { return };
        let CocoBox { x, y, width, height } = self.bounds;
        let (left, top) = (x.min(bounds.x1), y.min(bounds.y1));
        self.bounds = CocoBox {
            x: left,
            y: top,
            width: (x + width).max(bounds.x2) - left,
            height: (y + height).max(bounds.y2) - top,
        };
        self.area += area;
    }

    /// Moves it into the image that it is compared on.
    pub fn moved_by(&mut self, map: ImageFromFile) {
        if map.fit == SizeFit::Upright {
            return;
        }
        let CocoBox { x, y, width, height } = self.bounds;
        let [one, other] = [Point::new(x, y), Point::new(x + width, y + height)].map(|corner| map.point(corner));
        self.bounds = Rect::new(one.x, one.y, other.x, other.y).ordered().into();
        self.area *= map.area_factor();
    }
}

/// What a side has on an image.
#[derive(Default)]
pub struct SideImage {
    /// In the library; between files alone, the place in the ground truth. `None`: not on the other sides.
    pub id: Option<ImageId>,
    pub objects: Vec<SideObject>,
    pub whole: WholeImage,
    pub points: u32,
    /// Whether its answer could not be used.
    pub is_unusable: bool,
    /// Objects that a person approved among the proposals of a run.
    pub approved: Vec<RunId>,
}

impl SideImage {
    /// Adds an annotation; `label` is its number.
    pub fn add(&mut self, label: u32, name: &str, shape: &Shape, confidence: Option<f32>, is_crowd: bool) {
        match shape {
            Shape::Point { .. } => self.points += 1,
            Shape::ImageTag => self.whole.tags.push(name.to_owned()),
            Shape::Caption { text } => {
                self.whole.caption.get_or_insert_with(|| text.clone());
            }
            Shape::Box { .. } | Shape::Polygon { .. } => {
                if let (Some(bounds), Some(area)) = (shape.bounds(), shape.area()) {
                    let score = confidence.map(decimal);
                    self.objects.push(SideObject { label, bounds: bounds.into(), area, score, is_crowd });
                }
            }
        }
    }
}

/// One side.
pub struct LoadedSide {
    pub source: EvaluatedSource,
    pub images: Vec<SideImage>,
    /// Of each image of a file.
    pub names: Vec<String>,
    /// Numbers of the labels that it lists or has.
    pub labels: Vec<u32>,
    pub not_evaluated: Vec<(NotEvaluatedReason, u32)>,
    /// Whether a person or a dataset vouches for it.
    pub is_ground_truth: bool,
    /// Whether its images are those of the truth, in the same order.
    pub is_of_truth: bool,
    /// What the answer of each image cost, and how long it took, in seconds.
    pub costs: Result<Vec<PicoDollars>, UnmeasuredReason>,
    pub seconds: Result<Vec<f64>, UnmeasuredReason>,
}

impl LoadedSide {
    pub fn new(source: EvaluatedSource) -> Self {
        Self {
            source,
            images: Vec::new(),
            names: Vec::new(),
            labels: Vec::new(),
            not_evaluated: Vec::new(),
            is_ground_truth: true,
            is_of_truth: false,
            costs: Err(UnmeasuredReason::NotARun),
            seconds: Err(UnmeasuredReason::NotARun),
        }
    }

    pub fn skip(&mut self, reason: NotEvaluatedReason, images: u32) {
        if images == 0 {
            return;
        }
        match self.not_evaluated.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += images,
            None => self.not_evaluated.push((reason, images)),
        }
    }

    pub const fn is_file(&self) -> bool {
        matches!(self.source, EvaluatedSource::File { .. })
    }

    /// Names the images of a file as `found` in `index`, and moves what is on them into those images. `sizes` are those of the
    /// pixels that the file uses. Returns how each image was moved.
    pub fn place(
        &mut self,
        found: &[FoundImage],
        index: &MatchIndex,
        sizes: &[Option<PixelSize>],
    ) -> Vec<Option<ImageFromFile>> {
        let (mut ambiguous, mut of_other_size) = (0, 0);
        let mut maps = vec![None; self.images.len()];
        for (place, ((image, found), size)) in self.images.iter_mut().zip(found).zip(sizes).enumerate() {
            let matched = match found {
                FoundImage::Matched(MatchedImage { image, .. }) => index.image(*image),
                FoundImage::Ambiguous(_) => {
                    ambiguous += 1;
                    None
                }
                FoundImage::Unmatched => None,
            };
            let Some(known) = matched else { continue };
            let map = known.size.map(|upright| ImageFromFile::new(*size, upright, known.orientation));
            if map == Some(None) {
                of_other_size += 1;
                continue;
            }
            image.id = Some(known.id);
            maps[place] = map.flatten();
            if let Some(map) = maps[place] {
                image.objects.iter_mut().for_each(|object| object.moved_by(map));
            }
        }
        self.skip(NotEvaluatedReason::Ambiguous, ambiguous);
        self.skip(NotEvaluatedReason::OtherSize, of_other_size);
        maps
    }

    pub fn has_label(&self, labels: usize) -> Vec<bool> {
        let mut has = vec![false; labels];
        let used = self.images.iter().flat_map(|image| &image.objects).map(|object| object.label);
        for label in used.chain(self.labels.iter().copied()) {
            has[label as usize] = true;
        }
        has
    }
}

/// Whether an annotation of a dataset is a model's, that no person has approved.
pub fn is_prediction(confidence: Option<f32>, status: Option<Status>) -> bool {
    confidence.is_some() && !status.is_some_and(Status::is_approved)
}
