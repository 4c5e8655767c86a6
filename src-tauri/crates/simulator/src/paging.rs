//! Pages of a list, as in the vendor's catalogue and list of batches: a cursor is the id of the object before or after
//! the page, and the page starts next to it.

use serde_json::{Value, json};

use crate::error::ErrorResponse;

/// The requested page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor<'a> {
    after_id: Option<&'a str>,
    before_id: Option<&'a str>,
    limit: usize,
}

impl<'a> Cursor<'a> {
    /// The page that Anthropic's parameters ask for.
    pub(crate) fn of(query: &'a str) -> Result<Self, ErrorResponse> {
        let limit = limit(query, 1000)?;
        Ok(Self { after_id: parameter(query, "after_id"), before_id: parameter(query, "before_id"), limit })
    }

    /// The page that OpenAI's parameters ask for, of at most `most` objects.
    pub(crate) fn after(query: &'a str, most: usize) -> Result<Self, ErrorResponse> {
        Ok(Self { after_id: parameter(query, "after"), before_id: None, limit: limit(query, most)? })
    }

    /// The page of `objects`, each of which has an `id`.
    pub(crate) fn page(self, objects: &[Value]) -> Value {
        let position = |id: &str| objects.iter().position(|object| object["id"] == id);
        let (shown, has_more) = if let Some(end) = self.before_id.and_then(position) {
            let start = end.saturating_sub(self.limit);
            (&objects[start..end], start > 0)
        } else {
            let start = self.after_id.and_then(position).map_or(0, |index| index + 1);
            let end = objects.len().min(start + self.limit);
            (&objects[start..end], end < objects.len())
        };
        json!({
            "data": shown,
            "has_more": has_more,
            "first_id": shown.first().map(|object| &object["id"]),
            "last_id": shown.last().map(|object| &object["id"]),
        })
    }
}

/// The value of a parameter.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn limit(query: &str, most: usize) -> Result<usize, ErrorResponse> {
    match parameter(query, "limit").map(str::parse::<usize>) {
        None => Ok(20),
        Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(ErrorResponse::invalid(format!("limit: Input should be between 1 and {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_next_to_their_cursor() {
        let objects: Vec<Value> = (0..5).map(|id| json!({"id": format!("o{id}")})).collect();
        let page = |query: &str| {
            let page = Cursor::of(query).unwrap().page(&objects);
            (page["first_id"].clone(), page["last_id"].clone(), page["has_more"].clone())
        };
        assert_eq!(page("limit=2"), (json!("o0"), json!("o1"), json!(true)));
        assert_eq!(page("limit=3&after_id=o1"), (json!("o2"), json!("o4"), json!(false)));
        assert_eq!(page("before_id=o3&limit=2"), (json!("o1"), json!("o2"), json!(true)));
        assert_eq!(page("after_id=o4"), (Value::Null, Value::Null, json!(false)));
        assert!(Cursor::of("limit=0").is_err());
    }
}
