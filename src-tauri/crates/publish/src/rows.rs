//! The rows that are published. Field names are the columns of `schema/0001.sql`, which documents them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::SyncPosition;

/// Rows as objects of columns.
type JsonRows = Vec<Map<String, Value>>;

/// A version of a recipe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecipeRow {
    pub library: String,
    pub id: u64,
    pub name: String,
    pub version: u32,
    pub is_current: bool,
    pub body: Value,
}

/// A run or an imported layer. Money is in US dollars as decimal text, which keeps every digit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerRow {
    pub library: String,
    pub id: u64,
    pub kind: String,
    pub name: String,
    /// RFC 3339.
    pub started_at: String,
    pub model: Option<String>,
    pub recipe_name: Option<String>,
    pub mode: Option<String>,
    pub state: Option<String>,
    pub images: u32,
    pub done: Option<u32>,
    pub failed: Option<u32>,
    pub annotations: u32,
    pub expected_dollars: Option<String>,
    pub bound_dollars: Option<String>,
    pub paid_dollars: Option<String>,
    pub possibly_billed_dollars: Option<String>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageRow {
    pub library: String,
    pub id: u64,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub hash: String,
    pub name: String,
    pub path: Option<String>,
    pub collections: Vec<String>,
    pub byte_len: u64,
    pub format: String,
    /// In pixels, orientation applied.
    pub width: u32,
    pub height: u32,
    /// As in EXIF, 1 to 8.
    pub orientation: u32,
    /// RFC 3339 without a time zone.
    pub captured_at: Option<String>,
    pub review: String,
}

/// An annotation. Coordinates are pixels of the upright image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnotationRow {
    pub library: String,
    pub id: u64,
    pub image_id: u64,
    /// `None` if a person drew it.
    pub layer_id: Option<u64>,
    pub label: String,
    pub kind: String,
    pub x: Option<f64>,
    pub y: Option<f64>,
    pub width: Option<f64>,
    pub height: Option<f64>,
    /// A JSON object, as is `attributes`.
    pub shape: Value,
    pub confidence: Option<f64>,
    pub attributes: Value,
    pub status: String,
    pub reject_reason: Option<String>,
    pub propagated_from: Option<u64>,
    pub is_superseded: bool,
}

/// What a run made of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerRow {
    pub library: String,
    pub run_id: u64,
    pub image_id: u64,
    pub state: String,
    pub failure: Option<String>,
    pub took_millis: Option<f64>,
    pub requests: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub paid_dollars: String,
    pub possibly_billed_dollars: String,
    pub is_propagated: bool,
}

/// Images with all that belongs to them, and the position that they reach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowBatch {
    /// The id of the library.
    pub library: String,
    /// Its name, for people.
    pub name: String,
    /// Where the database is, and where it is with this batch.
    pub after: SyncPosition,
    pub position: SyncPosition,
    pub recipes: Vec<RecipeRow>,
    /// Those of `annotations` and `answers` must be in this batch or an earlier one.
    pub layers: Vec<LayerRow>,
    pub images: Vec<ImageRow>,
    /// All annotations of `images`: others that the database has of them are deleted.
    pub annotations: Vec<AnnotationRow>,
    /// All answers about `images`.
    pub answers: Vec<AnswerRow>,
    /// Images that have left the library.
    pub removed: Vec<u64>,
    /// With the last batch of a publication: others that the database has are deleted.
    pub all: Option<AllRows>,
}

/// Ids of everything that a library has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AllRows {
    pub recipes: Vec<u64>,
    pub layers: Vec<u64>,
    /// `None` if the database is known to have no others.
    pub images: Option<Vec<u64>>,
}

impl RowBatch {
    /// What `fieldmark.merge_batch` reads.
    pub(crate) fn header(&self) -> Value {
        json!({
            "library": self.library,
            "name": self.name,
            "token": self.position.token,
            "epoch": self.position.epoch,
            "image": self.position.image,
            "is_exact": self.position.is_exact,
            "after": self.after,
            "removed": self.removed,
            "all_recipes": self.all.as_ref().map(|all| &all.recipes),
            "all_layers": self.all.as_ref().map(|all| &all.layers),
            "all_images": self.all.as_ref().map(|all| &all.images),
        })
    }

    /// Its rows by table, as JSON objects of columns.
    pub(crate) fn tables(&self) -> serde_json::Result<[(&'static str, JsonRows); 5]> {
        Ok([
            ("recipes", objects(&self.recipes)?),
            ("layers", objects(&self.layers)?),
            ("images", objects(&self.images)?),
            ("annotations", objects(&self.annotations)?),
            ("answers", objects(&self.answers)?),
        ])
    }
}

fn objects<T: Serialize>(rows: &[T]) -> serde_json::Result<JsonRows> {
    rows.iter()
        .map(|row| match without_nul(serde_json::to_value(row)?) {
            Value::Object(columns) => Ok(columns),
            _ => Err(serde::ser::Error::custom("a row is an object")),
        })
        .collect()
}

/// PostgreSQL has no character U+0000: U+FFFD stands for it.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "\u{fffd}")),
        Value::Array(values) => Value::Array(values.into_iter().map(without_nul).collect()),
        Value::Object(fields) => {
            let named = fields.into_iter().map(|(name, value)| match without_nul(Value::String(name)) {
                Value::String(name) => (name, without_nul(value)),
                other => (String::new(), other),
            });
            Value::Object(named.collect())
        }
        other => other,
    }
}
