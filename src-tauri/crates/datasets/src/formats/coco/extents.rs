//! The boxes and areas that a COCO dataset states beside its outlines. Evaluators use them: they may differ a little from
//! those of the outlines.

use std::fmt::{self, Formatter};

use domain::geometry::Rect;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{DatasetError, FileLocation, Result};
use crate::formats::fields::without_position;
use crate::input::Input;

/// What an annotation states; `None` where it states nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatedExtent {
    pub bounds: Option<Rect>,
    /// In square pixels.
    pub area: Option<f64>,
}

#[derive(Deserialize)]
struct FoundExtent {
    bbox: Option<[f64; 4]>,
    area: Option<f64>,
}

/// The extents of all annotations of a dataset, in their order.
pub fn read_coco_extents(input: &mut Input) -> Result<Vec<StatedExtent>> {
    let mut extents = Vec::new();
    serde_json::Deserializer::from_reader(input.file()?).deserialize_map(Parts(&mut extents)).map_err(|error| {
        if error.is_io() {
            return DatasetError::Io(error.into());
        }
        FileLocation { line: Some(error.line() as u64), ..FileLocation::default() }.malformed(without_position(&error))
    })?;
    Ok(extents)
}

struct Parts<'a>(&'a mut Vec<StatedExtent>);

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a COCO dataset")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = parts.next_key::<String>()? {
            if name == "annotations" {
                parts.next_value_seed(Annotations(self.0))?;
            } else {
                parts.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Annotations<'a>(&'a mut Vec<StatedExtent>);

impl<'de> DeserializeSeed<'de> for Annotations<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Annotations<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the list of annotations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while let Some(FoundExtent { bbox, area }) = items.next_element()? {
            let bounds = bbox.map(|[x, y, width, height]| Rect::new(x, y, x + width, y + height));
            self.0.push(StatedExtent { bounds, area });
        }
        Ok(())
    }
}
