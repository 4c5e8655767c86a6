//! Reads a COCO dataset item by item. Its parts may be in any order: parts that cannot be passed on yet are skipped,
//! and the file is read again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Formatter};
use std::marker::PhantomData;

use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{CocoCategory, CocoImage, CocoInfo, PREFIX, RESERVED};
use crate::error::{DatasetError, FileLocation, Result};
use crate::format::{Sink, SkippedPart, UNKNOWN_FIELD};
use crate::formats::fields::{CAPTION, OriginName, attribute_from_json, is_blank, without_position};
use crate::formats::json::LocatedValue;
use crate::input::Input;
use crate::key_points::KeyPoint;
use crate::mask::{HOLES, Mask, Outlines};
use crate::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetRun, LabelTable, StoredImage};

pub fn read(input: &mut Input, sink: &mut dyn Sink) -> Result<()> {
    let mut progress = Progress::default();
    loop {
        let mut json = serde_json::Deserializer::from_reader(input.file()?);
        let mut reader = Reader { progress: &mut progress, sink, failure: None, field: None };
        let read = json.deserialize_map(&mut reader).and_then(|()| json.end());
        let (failure, field) = (reader.failure.take(), reader.field.take());
        if let Some(failure) = failure {
            return Err(failure);
        }
        read.map_err(|error| malformed(error, field))?;
        if !progress.is_begun {
            progress.begin(sink)?;
        }
        match (progress.images, progress.annotations) {
            (ListState::Unknown, _) => {
                return Err(FileLocation::field("images").malformed("this list is missing"));
            }
            (ListState::Read, ListState::Unknown | ListState::Read) => return Ok(()),
            _ => {}
        }
    }
}

fn malformed(error: serde_json::Error, field: Option<String>) -> DatasetError {
    if error.is_io() {
        return DatasetError::Io(error.into());
    }
    FileLocation { line: Some(error.line() as u64), field, ..FileLocation::default() }
        .malformed(without_position(&error))
}

/// State of a list in the file.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum ListState {
    /// Not found yet.
    #[default]
    Unknown,
    /// Skipped for now.
    Waiting,
    Read,
}

/// What has been read and passed to the sink.
#[derive(Default)]
struct Progress {
    info: Option<DatasetInfo>,
    labels: Option<LabelTable>,
    is_begun: bool,
    images: ListState,
    annotations: ListState,
    image_ids: HashSet<u64>,
    label_names: HashMap<u64, String>,
    /// Names of key points by category.
    key_points: HashMap<u64, Vec<String>>,
    /// The last group of each image that has any.
    groups: HashMap<u64, u64>,
}

impl ListState {
    fn passed_over(self) -> Self {
        if self == Self::Read { Self::Read } else { Self::Waiting }
    }
}

impl Progress {
    fn next_group(&mut self, image: u64) -> u64 {
        let group = self.groups.entry(image).or_default();
        *group += 1;
        *group
    }

    fn begin(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let labels = self.labels.take().unwrap_or_default();
        self.label_names = labels.labels().iter().map(|label| (label.id, label.name.clone())).collect();
        self.is_begun = true;
        sink.begin(DatasetInfo { labels, ..self.info.take().unwrap_or_default() })
    }
}

/// One pass over the file.
struct Reader<'a> {
    progress: &'a mut Progress,
    sink: &'a mut dyn Sink,
    /// Why it ended, if not by a syntax error.
    failure: Option<DatasetError>,
    /// The value with the syntax error.
    field: Option<String>,
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a COCO dataset, which is an object with images, annotations and categories")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = parts.next_key::<String>()? {
            match name.as_str() {
                "info" if !self.progress.is_begun => {
                    let info = parts.next_value_seed(LocatedValue::new("info".to_owned(), &mut self.field))?;
                    self.progress.info = Some(read_info(info));
                }
                "categories" if !self.progress.is_begun => {
                    let (mut labels, mut key_points) = (LabelTable::default(), HashMap::new());
                    parts.next_value_seed(ItemList::new(
                        self,
                        "categories",
                        |_, _, category: CocoCategory<'static>| {
                            labels.add(category.id, category.name.into_owned());
                            key_points.insert(category.id, category.keypoints);
                            Ok(())
                        },
                    ))?;
                    (self.progress.labels, self.progress.key_points) = (Some(labels), key_points);
                }
                "images" => {
                    let is_ready = self.progress.info.is_some() && self.progress.labels.is_some();
                    if !self.progress.is_begun && is_ready {
                        let begun = self.progress.begin(self.sink);
                        self.checked(begun)?;
                    }
                    if self.progress.is_begun && self.progress.images != ListState::Read {
                        parts.next_value_seed(ItemList::new(self, "images", Reader::image))?;
                        self.progress.images = ListState::Read;
                    } else {
                        self.progress.images = self.progress.images.passed_over();
                        parts.next_value::<IgnoredAny>()?;
                    }
                }
                "annotations" => {
                    let is_ready = self.progress.images == ListState::Read;
                    if is_ready && self.progress.annotations != ListState::Read {
                        parts.next_value_seed(ItemList::new(self, "annotations", Reader::annotation))?;
                        self.progress.annotations = ListState::Read;
                    } else {
                        self.progress.annotations = self.progress.annotations.passed_over();
                        parts.next_value::<IgnoredAny>()?;
                    }
                }
                _ => {
                    parts.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Stores an error that is not a syntax error, and ends reading.
    fn checked<T, E: serde::de::Error>(&mut self, result: Result<T>) -> std::result::Result<T, E> {
        result.map_err(|error| {
            self.failure = Some(error);
            E::custom("ended")
        })
    }

    fn image(&mut self, place: &str, image: CocoImage<'static>) -> Result<()> {
        if !self.progress.image_ids.insert(image.id) {
            return Err(
                FileLocation::field(format!("{place}.id")).malformed(format!("image {} is listed twice", image.id))
            );
        }
        let mut read = DatasetImage {
            id: image.id,
            file_name: image.file_name.into_owned(),
            size: Some(PixelSize::new(image.width, image.height)),
            ..DatasetImage::default()
        };
        if let Some(extra) = image.fieldmark {
            read.stored = extra.stored_width.zip(extra.stored_height).map(|(width, height)| StoredImage {
                size: PixelSize::new(width, height),
                orientation: extra.orientation.unwrap_or_default(),
            });
            read.hash = extra.hash.map(Into::into);
            read.review = extra.review;
            read.propagated_from = extra.propagated_from;
            read.is_missing = extra.missing;
            read.other_files = extra.other_paths.into_owned();
        }
        self.sink.image(read)
    }

    fn annotation(&mut self, place: &str, found: FoundAnnotation) -> Result<()> {
        let field = |name: &str| FileLocation::field(format!("{place}.{name}"));
        let image = found.image_id;
        if !self.progress.image_ids.contains(&image) {
            return Err(field("image_id").malformed(format!("there is no image {image}")));
        }
        for (name, _) in found.unread.iter().filter(|(_, value)| !is_blank(value)) {
            self.sink.skipped(SkippedPart { place: format!("{place}.{name}"), reason: UNKNOWN_FIELD });
        }
        let Some(category) = found.category_id else {
            let text = found.caption.ok_or_else(|| field("category_id").malformed("this field is missing"))?;
            let caption = DatasetAnnotation::new(CAPTION, Shape::Caption { text });
            return self.sink.annotation(image, DatasetAnnotation { id: found.id, ..caption });
        };
        let label = self.progress.label_names.get(&category);
        let label = label.ok_or_else(|| field("category_id").malformed(format!("there is no category {category}")))?;
        let rect = found.bbox.map(|[x, y, width, height]| Rect::new(x, y, x + width, y + height));
        let mut shapes = Vec::new();
        match found.segmentation.unwrap_or_default() {
            Segmentation::Rings(rings) => {
                for ring in rings {
                    if ring.len() % 2 == 1 {
                        return Err(field("segmentation").malformed("a polygon has an odd number of coordinates"));
                    }
                    // Fewer than three corners have no area; some programs write boxes like this.
                    if ring.len() >= 6 {
                        let points = ring.chunks_exact(2).map(|point| Point::new(point[0], point[1])).collect();
                        shapes.push(Shape::Polygon { points });
                    }
                }
            }
            Segmentation::Mask(mask) => {
                let is_crowd = found.iscrowd.is_some_and(|value| value != 0);
                let (rings, problem) = match mask.outlines().filter(|_| !is_crowd) {
                    Some(Outlines { rings, holes: 0 }) => (rings, None),
                    Some(Outlines { rings, .. }) => (rings, Some(HOLES)),
                    // Evaluators take a crowd as one region.
                    None if is_crowd => (Vec::new(), Some("the mask of a crowd is not supported; its box is read")),
                    None => (Vec::new(), Some("the run-length mask is malformed; the box is read")),
                };
                shapes.extend(rings.into_iter().map(|points| Shape::Polygon { points }));
                if let Some(reason) = problem {
                    self.sink.skipped(SkippedPart { place: format!("{place}.segmentation"), reason });
                }
            }
        }
        let names = self.progress.key_points.get(&category).map(Vec::as_slice).unwrap_or_default();
        let key_points = KeyPoint::read(found.keypoints.as_deref().unwrap_or_default(), names)
            .ok_or_else(|| field("keypoints").malformed("a key point has x, y and its visibility"))?;
        if shapes.is_empty() && (rect.is_some() || key_points.is_empty()) {
            let rect = rect.ok_or_else(|| field("bbox").malformed("neither a box nor a polygon is given"))?;
            shapes.push(Shape::Box { rect });
        }
        let is_group = shapes.len() + key_points.len() > 1;
        let label = label.clone();
        let group = if is_group { Some(self.progress.next_group(image)) } else { None };
        let mut annotation = DatasetAnnotation {
            id: found.id,
            confidence: found.score,
            is_crowd: found.iscrowd.is_some_and(|value| value != 0),
            group,
            ..DatasetAnnotation::new(label, Shape::ImageTag)
        };
        read_attributes(&mut annotation, found.attributes.unwrap_or_default())
            .map_err(|(name, problem)| field(&format!("attributes.{name}")).malformed(problem))?;
        for shape in shapes {
            self.sink.annotation(image, DatasetAnnotation { shape, ..annotation.clone() })?;
        }
        for point in key_points {
            self.sink.annotation(image, point.annotation(&annotation))?;
        }
        Ok(())
    }
}

fn read_info(info: CocoInfo<'static>) -> DatasetInfo {
    let mut read = DatasetInfo {
        description: info.description.into_owned(),
        created_at: info.date_created.into_owned(),
        ..DatasetInfo::default()
    };
    if let Some(extra) = info.fieldmark {
        read.run = extra.run.map(|id| DatasetRun {
            id,
            model: extra.model.unwrap_or_default().into_owned(),
            recipe: extra.recipe.unwrap_or_default().into_owned(),
        });
        read.selection = extra.annotations;
    }
    read
}

#[derive(Deserialize)]
struct FoundAnnotation {
    id: Option<u64>,
    image_id: u64,
    /// Captions have none.
    category_id: Option<u64>,
    bbox: Option<[f64; 4]>,
    segmentation: Option<Segmentation>,
    /// x, y and visibility in turn: 0 for absent, 1 for hidden, 2 for visible.
    keypoints: Option<Vec<f64>>,
    caption: Option<String>,
    iscrowd: Option<u8>,
    score: Option<f32>,
    attributes: Option<Map<String, Value>>,
    #[expect(dead_code, reason = "the shape says the same")]
    area: Option<IgnoredAny>,
    #[expect(dead_code, reason = "the key points say the same")]
    num_keypoints: Option<IgnoredAny>,
    #[serde(flatten)]
    unread: BTreeMap<String, Value>,
}

/// The outline of an annotation.
enum Segmentation {
    /// Coordinates of polygon corners, alternating x and y.
    Rings(Vec<Vec<f64>>),
    Mask(Mask),
}

impl Default for Segmentation {
    fn default() -> Self {
        Self::Rings(Vec::new())
    }
}

impl<'de> Deserialize<'de> for Segmentation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct KindVisitor;

        impl<'de> Visitor<'de> for KindVisitor {
            type Value = Segmentation;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a list of polygons or a run-length mask")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Segmentation, A::Error> {
                let mut rings = Vec::new();
                while let Some(ring) = items.next_element()? {
                    rings.push(ring);
                }
                Ok(Segmentation::Rings(rings))
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> std::result::Result<Segmentation, A::Error> {
                Mask::deserialize(MapAccessDeserializer::new(fields)).map(Segmentation::Mask)
            }
        }

        deserializer.deserialize_any(KindVisitor)
    }
}

/// Reads attributes of another program or of this one, which include provenance. The error names the attribute.
fn read_attributes(
    annotation: &mut DatasetAnnotation,
    mut found: Map<String, Value>,
) -> std::result::Result<(), (String, String)> {
    let is_own = RESERVED.iter().all(|name| found.contains_key(*name));
    if is_own {
        annotation.id = known(&mut found, "annotation")?;
        annotation.confidence = known(&mut found, "confidence")?;
        annotation.status = known(&mut found, "status")?;
        annotation.reject_reason = known(&mut found, "reject_reason")?;
        let origin: Option<OriginName> = known(&mut found, "origin")?;
        annotation.origin = OriginName::origin(origin, known(&mut found, "run")?);
        annotation.propagated_from = known(&mut found, "propagated_from")?;
    }
    for (name, value) in found {
        let Some(value) = attribute_from_json(value) else { continue };
        let of_recipe =
            name.strip_prefix(PREFIX).filter(|rest| is_own && RESERVED.contains(rest)).map(ToOwned::to_owned);
        annotation.attributes.insert(of_recipe.unwrap_or(name), value);
    }
    Ok(())
}

fn known<T: DeserializeOwned>(
    found: &mut Map<String, Value>,
    name: &str,
) -> std::result::Result<Option<T>, (String, String)> {
    let value = found.remove(name).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| (name.to_owned(), error.to_string()))
}

/// The items of a list, one by one.
struct ItemList<'r, 'a, T, F> {
    reader: &'r mut Reader<'a>,
    name: &'static str,
    each: F,
    kind: PhantomData<T>,
}

impl<'r, 'a, T, F: FnMut(&mut Reader<'a>, &str, T) -> Result<()>> ItemList<'r, 'a, T, F> {
    fn new(reader: &'r mut Reader<'a>, name: &'static str, each: F) -> Self {
        Self { reader, name, each, kind: PhantomData }
    }
}

impl<'de, 'a, T: DeserializeOwned, F: FnMut(&mut Reader<'a>, &str, T) -> Result<()>> DeserializeSeed<'de>
    for ItemList<'_, 'a, T, F>
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, 'a, T: DeserializeOwned, F: FnMut(&mut Reader<'a>, &str, T) -> Result<()>> Visitor<'de>
    for ItemList<'_, 'a, T, F>
{
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the list of {}", self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> std::result::Result<(), A::Error> {
        for index in 0.. {
            let place = format!("{}[{index}]", self.name);
            let seed = LocatedValue::new(place.clone(), &mut self.reader.field);
            let Some(item) = items.next_element_seed(seed)? else { break };
            let taken = (self.each)(self.reader, &place, item);
            self.reader.checked::<_, A::Error>(taken)?;
        }
        Ok(())
    }
}
