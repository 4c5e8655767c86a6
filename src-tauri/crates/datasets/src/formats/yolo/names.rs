//! `data.yaml`: the class names, and the shape of key points.

use std::fmt::Write as _;

use saphyr::{Yaml, YamlLoader};
use saphyr_parser::{Event, Parser};

use crate::error::{FileLocation, Result};
use crate::model::LabelTable;

/// A YAML scalar in double quotes. Characters that YAML does not print are escaped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted + "\""
}

/// What a `data.yaml` says.
#[derive(Default)]
pub struct DataYaml {
    pub labels: LabelTable,
    pub task: Option<String>,
    /// Number of key points, and of values for each.
    pub key_points: Option<(usize, usize)>,
    /// Names of key points, the same for all classes.
    pub key_point_names: Vec<String>,
}

/// Deeper nesting would overflow the stack of the loader. A `data.yaml` has two levels.
const MAX_DEPTH: usize = 32;

impl DataYaml {
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let malformed = |line: usize, problem: &str| FileLocation::file(file).at(line as u64).malformed(problem);
        let mut depth = 0_usize;
        for (event, span) in Parser::new_from_str(text).map_while(std::result::Result::ok) {
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(malformed(span.start.line(), "the file is nested too deeply"));
            }
        }
        let mut loader = YamlLoader::default();
        // Scalars as they are written: a class may be called `no` or `007`.
        loader.early_parse(false);
        let parsed = Parser::new_from_str(text).load(&mut loader, false);
        if let Some(error) = parsed.err().as_ref().or(loader.error()) {
            return Err(malformed(error.marker().line(), error.info()));
        }
        let document = loader.into_documents().into_iter().next();
        let mut read = Self::default();
        for (key, value) in document.iter().filter_map(Yaml::as_mapping).flatten() {
            match scalar(key).as_deref() {
                Some("names") => read.labels = names(value),
                Some("task") => read.task = scalar(value),
                Some("kpt_shape") => {
                    let numbers = value.as_sequence().into_iter().flatten().filter_map(scalar);
                    let numbers: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
                    read.key_points = numbers.first().copied().zip(numbers.get(1).copied());
                }
                Some("kpt_names") => read.key_point_names = key_point_names(value),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// A list of names, or names by class number.
fn names(value: &Yaml<'_>) -> LabelTable {
    let mut names: Vec<(usize, String)> = match value {
        Yaml::Sequence(list) => list.iter().map(|name| scalar(name).unwrap_or_default()).enumerate().collect(),
        Yaml::Mapping(map) => {
            let named = map.iter().map(|(class, name)| Some((scalar(class)?.parse().ok()?, scalar(name)?)));
            named.flatten().collect()
        }
        _ => Vec::new(),
    };
    names.sort_by_key(|(class, _)| *class);
    let mut labels = LabelTable::default();
    for (class, name) in names {
        // The largest number cannot be a class.
        labels.add((class as u64).saturating_add(1), name);
    }
    labels
}

/// The longest of the lists of all classes.
fn key_point_names(value: &Yaml<'_>) -> Vec<String> {
    let list = |value: &Yaml<'_>| -> Vec<String> {
        value.as_sequence().into_iter().flatten().map(|name| scalar(name).unwrap_or_default()).collect()
    };
    match value {
        Yaml::Mapping(classes) => classes.values().map(list).max_by_key(Vec::len).unwrap_or_default(),
        value => list(value),
    }
}

fn scalar(value: &Yaml<'_>) -> Option<String> {
    match value {
        Yaml::Representation(text, _, _) => Some(text.to_string()),
        Yaml::Tagged(_, value) => scalar(value),
        _ => None,
    }
}
