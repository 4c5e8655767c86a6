//! Reads a list in a JSON file item by item, so that the file is not held in memory as a whole.

use std::fmt::{self, Formatter};
use std::io::Read;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{path_of, without_position};
use crate::error::{DatasetError, FileLocation, Result};

/// Passes each item of a list or object on to `each`, with its index or name. `list` names the field that holds it; `None`
/// if the file itself is the list. False if there is no such field.
///
/// # Errors
///
/// Those of `each`, and of malformed JSON in `file`, with the line.
pub fn each_item<T: DeserializeOwned>(
    reader: impl Read,
    file: &str,
    list: Option<&str>,
    mut each: impl FnMut(&str, T) -> Result<()>,
) -> Result<bool> {
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut pass =
        Pass { list, each: &mut each, failure: None, field: None, is_found: list.is_none(), kind: PhantomData };
    let read = match list {
        None => (Items { pass: &mut pass, name: "" }).deserialize(&mut json),
        Some(_) => (Fields { pass: &mut pass }).deserialize(&mut json),
    };
    if let Some(failure) = pass.failure {
        return Err(failure);
    }
    let (is_found, field) = (pass.is_found, pass.field);
    read.and_then(|()| json.end()).map_err(|error| {
        if error.is_io() {
            return DatasetError::Io(error.into());
        }
        let line = Some(error.line() as u64);
        FileLocation { file: file.to_owned(), line, field }.malformed(without_position(&error))
    })?;
    Ok(is_found)
}

struct Pass<'a, T> {
    list: Option<&'a str>,
    each: &'a mut dyn FnMut(&str, T) -> Result<()>,
    /// Why it ended, if not by a syntax error.
    failure: Option<DatasetError>,
    /// The value with the syntax error.
    field: Option<String>,
    is_found: bool,
    kind: PhantomData<T>,
}

impl<T> Pass<'_, T> {
    fn take<E: serde::de::Error>(&mut self, key: &str, item: T) -> std::result::Result<(), E> {
        (self.each)(key, item).map_err(|error| {
            self.failure = Some(error);
            E::custom("ended")
        })
    }
}

/// The object with the list.
struct Fields<'p, 'a, T> {
    pass: &'p mut Pass<'a, T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Fields<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Fields<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", self.pass.list.unwrap_or_default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if Some(name.as_str()) == self.pass.list {
                self.pass.is_found = true;
                fields.next_value_seed(Items { pass: self.pass, name: &name })?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list itself.
struct Items<'p, 'a, 'n, T> {
    pass: &'p mut Pass<'a, T>,
    name: &'n str,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Items<'_, '_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Items<'_, '_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.name.is_empty() { "a list of images" } else { "a list" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        for index in 0.. {
            let key = index.to_string();
            let seed = LocatedValue::new(format!("{}[{key}]", self.name), &mut self.pass.field);
            let Some(item) = items.next_element_seed(seed)? else { break };
            self.pass.take::<A::Error>(&key, item)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while let Some(key) = items.next_key::<String>()? {
            let seed = LocatedValue::new(format!("{}[{key:?}]", self.name), &mut self.pass.field);
            let item = items.next_value_seed(seed)?;
            self.pass.take::<A::Error>(&key, item)?;
        }
        Ok(())
    }
}

/// A value whose position is recorded if it is malformed.
pub struct LocatedValue<'a, T> {
    place: String,
    field: &'a mut Option<String>,
    kind: PhantomData<T>,
}

impl<'a, T> LocatedValue<'a, T> {
    pub fn new(place: String, field: &'a mut Option<String>) -> Self {
        Self { place, field, kind: PhantomData }
    }
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for LocatedValue<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<T, D::Error> {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            *self.field = Some(match path_of(&error) {
                Some(path) => format!("{}.{path}", self.place),
                None => self.place,
            });
            error.into_inner()
        })
    }
}
