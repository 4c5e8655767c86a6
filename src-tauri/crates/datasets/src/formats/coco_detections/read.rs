//! Reads the list of detections that belongs to a dataset, whose ids it uses.

use std::fmt::{self, Formatter};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use domain::geometry::Rect;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::error::{DatasetError, FileLocation, Result};
use crate::formats::fields::without_position;

/// A scored box, with the ids of its image and label in the dataset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadDetection {
    pub image: u64,
    pub category: u64,
    pub rect: Rect,
    pub score: f64,
}

#[derive(Deserialize)]
struct FoundDetection {
    image_id: u64,
    category_id: u64,
    bbox: [f64; 4],
    score: f64,
}

/// Whether the file begins like a list of detections.
#[must_use]
pub fn is_list_of_detections(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = files::open(path).and_then(|(file, _)| file.take(4096).read_to_end(&mut start));
    let text = String::from_utf8_lossy(&start);
    let Some(first) = text.trim_start().strip_prefix('[').filter(|_| read.is_ok()) else { return false };
    let item = first.split('}').next().unwrap_or_default();
    ["\"image_id\"", "\"category_id\"", "\"score\""].iter().all(|key| item.contains(key))
}

/// Calls `each` for the detections in the file, in order.
pub fn read_detections(path: &Path, mut each: impl FnMut(ReadDetection) -> Result<()>) -> Result<()> {
    let file: BufReader<File> = BufReader::with_capacity(1 << 16, files::open(path)?.0);
    let mut json = serde_json::Deserializer::from_reader(file);
    let mut failure = None;
    let list = List { each: &mut each, failure: &mut failure };
    let read = json.deserialize_seq(list).and_then(|()| json.end());
    if let Some(failure) = failure {
        return Err(failure);
    }
    read.map_err(|error| {
        if error.is_io() {
            return DatasetError::Io(error.into());
        }
        FileLocation { line: Some(error.line() as u64), ..FileLocation::default() }.malformed(without_position(&error))
    })
}

struct List<'a, F> {
    each: &'a mut F,
    failure: &'a mut Option<DatasetError>,
}

impl<'de, F: FnMut(ReadDetection) -> Result<()>> Visitor<'de> for List<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a list of detections")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while let Some(found) = items.next_element::<FoundDetection>()? {
            let [x, y, width, height] = found.bbox;
            let read = ReadDetection {
                image: found.image_id,
                category: found.category_id,
                rect: Rect::new(x, y, x + width, y + height),
                score: found.score,
            };
            if let Err(error) = (self.each)(read) {
                *self.failure = Some(error);
                return Err(serde::de::Error::custom("ended"));
            }
        }
        Ok(())
    }
}
