//! Test datasets and comparisons.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

pub mod toy;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use datasets::model::{
    DatasetAnnotation, DatasetAttribute, DatasetFailure, DatasetImage, DatasetInfo, DatasetRun, DatasetSplit,
    LabelTable, StoredImage,
};
use datasets::{Dataset, DatasetSource, FORMATS, Format, FormatOptions, Input, Output, Result, Written};
use domain::annotation::{AttributeValue, Origin, RejectReason, ReviewState, Status};
use domain::dataset::Feature;
use domain::export::AnnotationSelection;
use domain::geometry::{Orientation, PixelSize, Point, Rect};
use domain::ids::RunId;
use domain::recipe::ShapeKind;
use domain::run_state::FailureKind;
use domain::shape::Shape;

/// Those of the registry, and the toys.
pub fn every_format() -> Vec<&'static dyn Format> {
    FORMATS.iter().copied().chain([&toy::FOLDER as &dyn Format, &toy::ARCHIVE]).collect()
}

pub fn defaults(format: &dyn Format) -> FormatOptions {
    FormatOptions::new(format.descriptor(), []).unwrap()
}

/// A format with its options.
pub struct Variant {
    pub format: &'static dyn Format,
    pub options: FormatOptions,
    /// Such as `yolo-obb`.
    pub name: String,
}

/// Every format at its defaults, and once with every other value of every option.
pub fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for format in every_format() {
        let descriptor = format.descriptor();
        variants.push(Variant { format, options: defaults(format), name: descriptor.id.to_owned() });
        for option in descriptor.options {
            for value in &option.values[1..] {
                let options = FormatOptions::new(descriptor, [(option.name, *value)]).unwrap();
                variants.push(Variant { format, options, name: format!("{}-{value}", descriptor.id) });
            }
        }
    }
    variants
}

impl Variant {
    pub fn holds(&self, feature: Feature) -> bool {
        self.format.holds(&self.options).contains(&feature)
    }

    /// `images` as a dataset that the variant can write: YOLO for poses refuses one without key points.
    pub fn dataset(&self, mut images: Vec<DatasetImage>) -> Dataset {
        if self.name == "yolo-pose" {
            let group = Some(77);
            let object = DatasetAnnotation { group, ..annotation("cup") };
            let name = ("keypoint".to_owned(), AttributeValue::Text("handle".into()));
            let point = Shape::Point { at: Point::new(20.0, 30.0) };
            let point = DatasetAnnotation { group, attributes: [name].into(), ..DatasetAnnotation::new("cup", point) };
            images.push(DatasetImage { annotations: vec![object, point], ..image(1000, "posed.jpg") });
        }
        dataset(images)
    }

    pub fn is_readable(&self) -> bool {
        self.format.descriptor().is_readable
    }

    /// Writes `dataset` to `path`.
    pub fn write(&self, dataset: &dyn DatasetSource, path: &Path) -> Result<Written> {
        let mut out = Output::begin(self.format.descriptor().package, path)?;
        let written = datasets::write(self.format, dataset, &self.options, &mut out)?;
        out.finish()?;
        Ok(written)
    }

    pub fn read(&self, path: &Path) -> Result<Dataset> {
        let mut read = Dataset::default();
        self.format.read(&mut Input::open(self.format.descriptor().package, path)?, &self.options, &mut read)?;
        Ok(read)
    }
}

/// The files at `path`, by relative name.
pub fn files_at(path: &Path) -> BTreeMap<String, Vec<u8>> {
    if path.is_file() {
        return [(String::new(), fs::read(path).unwrap())].into();
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().path();
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        files.extend(files_at(&entry).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
    }
    files
}

/// Images with coordinates rounded to a millionth of a pixel: `x + width` is not exact, and JSON readers may be off in
/// the last digit.
pub fn rounded(images: &[DatasetImage]) -> Vec<DatasetImage> {
    let round = |value: f64| (value * 1e6).round() / 1e6 + 0.0;
    let point = |point: &Point| Point::new(round(point.x), round(point.y));
    let mut images = images.to_vec();
    for image in &mut images {
        if let Some(cost) = image.failure.as_mut().and_then(|failure| failure.cost_dollars.as_mut()) {
            *cost = round(*cost);
        }
        for annotation in &mut image.annotations {
            annotation.shape = match &annotation.shape {
                Shape::Box { rect } => {
                    Shape::Box { rect: Rect::new(round(rect.x1), round(rect.y1), round(rect.x2), round(rect.y2)) }
                }
                Shape::Point { at } => Shape::Point { at: point(at) },
                Shape::Polygon { points } => Shape::Polygon { points: points.iter().map(point).collect() },
                Shape::ImageTag | Shape::Caption { .. } => annotation.shape.clone(),
            };
        }
    }
    images
}

pub const RUN: RunId = RunId(2);

/// A dataset of these images, with complete tables.
pub fn dataset(images: Vec<DatasetImage>) -> Dataset {
    let annotations = || images.iter().flat_map(|image| &image.annotations);
    let mut attributes: Vec<DatasetAttribute> = Vec::new();
    for name in annotations().flat_map(|annotation| annotation.attributes.keys()) {
        if attributes.iter().all(|known| known.name != *name) {
            attributes.push(DatasetAttribute { name: name.clone(), kind: None });
        }
    }
    let labels = ["not found".to_owned()].into_iter().chain(annotations().map(|annotation| annotation.label.clone()));
    let info = DatasetInfo {
        description: "Run 2: Things by Built-in detector".into(),
        created_at: "2026-04-05T06:07:08.009Z".into(),
        run: Some(DatasetRun { id: RUN, model: "nanodet-g-416".into(), recipe: "Things".into() }),
        selection: Some(AnnotationSelection { is_reviewed_only: false, includes_rejected: true }),
        labels: LabelTable::numbered(labels),
        attributes,
    };
    Dataset::new(info, images)
}

/// Difficult external names.
pub const ODD_NAMES: [&str; 8] = [
    "=1+1.jpg",
    "@SUM(A1),\"x\".jpg",
    "day 1/caf\u{e9} \u{1f63a}.jpg",
    "line\nbreak\r\n\ttab.jpg",
    "\u{202e}gpj.exe\u{0}\u{1b}[31m.jpg",
    "/other disk/a.jpg",
    "-0.5.jpg",
    "<&amp;'>.jpg",
];

pub fn shape(kind: ShapeKind) -> Shape {
    match kind {
        ShapeKind::Box => Shape::Box { rect: Rect::new(10.25, 20.0, 200.1, 250.7) },
        ShapeKind::Point => Shape::Point { at: Point::new(0.0, 80.5) },
        ShapeKind::Polygon => Shape::Polygon {
            points: [(30.0, 40.0), (90.5, 40.0), (60.0, 100.3)].map(|(x, y)| Point::new(x, y)).to_vec(),
        },
        ShapeKind::ImageTag => Shape::ImageTag,
        ShapeKind::Caption => Shape::Caption { text: "=a \"cat\",\nat rest".into() },
    }
}

pub const SHAPES: [(ShapeKind, Feature); 5] = [
    (ShapeKind::Box, Feature::Boxes),
    (ShapeKind::Polygon, Feature::Polygons),
    (ShapeKind::Point, Feature::Points),
    (ShapeKind::ImageTag, Feature::ImageTags),
    (ShapeKind::Caption, Feature::Captions),
];

/// A dataset with all features, and difficult names.
pub fn everything() -> Dataset {
    let mut id = 0;
    let mut annotation = |label: &str, kind| {
        id += 1;
        DatasetAnnotation {
            id: Some(id + 100),
            confidence: Some(0.83),
            origin: Some(Origin::Run { run: RUN }),
            status: Some(Status::Proposed),
            ..DatasetAnnotation::new(label, shape(kind))
        }
    };
    let text = |text: &str| AttributeValue::Text(text.into());
    let all_shapes: Vec<_> = SHAPES.iter().zip(["cup", "Cup", "=bell", "in, \"door\"", "caption"]).collect();
    let shapes = all_shapes.iter().map(|((kind, _), label)| annotation(label, *kind)).collect();
    let attributes = [
        ("colour".to_owned(), text("@grey\nand white")),
        ("status".to_owned(), text("asleep")),
        ("=count".to_owned(), AttributeValue::Number(-4)),
        ("whole".to_owned(), AttributeValue::YesNo(true)),
        ("code".to_owned(), text("007")),
        ("looks like a number".to_owned(), text("7")),
        ("nothing".to_owned(), text("")),
    ];
    let asked = DatasetAnnotation {
        attributes: attributes.into(),
        status: Some(Status::Rejected),
        reject_reason: Some(RejectReason::WrongLabel),
        propagated_from: Some(1),
        group: Some(5),
        is_crowd: true,
        ..annotation("zebra", ShapeKind::Box)
    };
    let of_person = DatasetAnnotation {
        confidence: None,
        origin: Some(Origin::Person),
        status: Some(Status::Accepted),
        ..annotation("cup", ShapeKind::Box)
    };
    let of_other_run =
        DatasetAnnotation { origin: Some(Origin::Run { run: RunId(1) }), ..annotation("cup", ShapeKind::Box) };
    let mut images: Vec<DatasetImage> = ODD_NAMES.into_iter().zip(1..).map(|(name, id)| image(id, name)).collect();
    images[0].annotations = shapes;
    images[1].annotations = vec![asked, of_person, of_other_run];
    images[1].propagated_from = Some(1);
    images[2].review = Some(ReviewState::ConfirmedEmpty);
    images[2].split = Some(DatasetSplit::Validation);
    images[3].is_missing = true;
    images[3].other_files = vec!["copies/=1.jpg".into(), "b.jpg".into()];
    images[4].stored = Some(StoredImage { size: PixelSize::new(451, 300), orientation: Orientation::NeedsClockwise90 });
    images[7].failure = Some(DatasetFailure {
        kind: FailureKind::FileMissing,
        message: "=gone, \"really\"".into(),
        requests: Some(3),
        cost_dollars: Some(0.25),
    });
    dataset(images)
}

/// A box with this label.
pub fn annotation(label: &str) -> DatasetAnnotation {
    DatasetAnnotation::new(label, shape(ShapeKind::Box))
}

pub fn image(id: u64, file_name: &str) -> DatasetImage {
    let size = PixelSize::new(300, 451);
    DatasetImage {
        id,
        file_name: file_name.into(),
        size: Some(size),
        stored: Some(StoredImage { size, orientation: Orientation::Upright }),
        hash: Some("00ff".into()),
        review: Some(ReviewState::Unreviewed),
        ..DatasetImage::default()
    }
}
