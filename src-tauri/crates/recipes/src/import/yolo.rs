//! `data.yaml` of a YOLO dataset: `names` as a list, or as a map from class numbers. Where its images are is not part of a
//! recipe. Source: Ultralytics' documentation of dataset YAML files.

use domain::recipe::{ImportRemarkKind, ImportedRecipe, RecipeSource};
use saphyr::{Yaml, YamlLoader};
use saphyr_parser::{Event, Marker, Parser};

use super::draft::Draft;
use crate::error::{FileProblem, LineAndColumn, RecipeFileError, Result};

/// Keys about the dataset, and `nc`, the number of names.
const OF_THE_DATASET: [&str; 10] =
    ["path", "train", "val", "test", "minival", "nc", "names", "download", "channels", "roboflow"];

pub fn read(name: String, text: &str) -> Result<ImportedRecipe> {
    let document = load(text)?;
    let Some(entries) = document.as_mapping() else { return Err(RecipeFileError::NoLabels) };
    let mut draft = Draft::new(name);
    for (key, value) in entries {
        match scalar(key).as_deref() {
            Some("names") => names(value, &mut draft),
            Some(key) if OF_THE_DATASET.contains(&key) => {}
            Some("kpt_shape") => draft.remark("", ImportRemarkKind::ShapeNotImported { shape: "keypoints".into() }),
            Some(key) => draft.setting_not_imported("", key),
            None => {}
        }
    }
    draft.finish(RecipeSource::Yolo)
}

fn names(value: &Yaml<'_>, draft: &mut Draft) {
    let mut names: Vec<(Option<u64>, Option<String>)> = match value {
        Yaml::Sequence(list) => list.iter().map(|name| (None, scalar(name))).collect(),
        Yaml::Mapping(map) => {
            map.iter().map(|(class, name)| (scalar(class).and_then(|class| class.parse().ok()), scalar(name))).collect()
        }
        other => vec![(None, scalar(other))],
    };
    // Stable, so that names without numbers keep their order.
    names.sort_by_key(|(class, _)| *class);
    for (index, (class, name)) in names.into_iter().enumerate() {
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            draft.label(&name);
        } else {
            let entry = format!("class {}", class.unwrap_or(index as u64));
            draft.remark("", ImportRemarkKind::EntryNotImported { entry });
        }
    }
}

/// Deeper nesting would overflow the stack of the loader. A `data.yaml` has two levels.
const MAX_DEPTH: usize = 32;

fn malformed(marker: &Marker, message: &str) -> RecipeFileError {
    let place = LineAndColumn { line: marker.line(), column: marker.col() + 1 };
    RecipeFileError::Malformed(vec![FileProblem { place: Some(place), message: message.to_owned() }])
}

/// Refuses files that are nested too deeply. Malformed ones are left to the loader.
fn check_depth(text: &str) -> Result<()> {
    let mut depth = 0_usize;
    for (event, span) in Parser::new_from_str(text).map_while(std::result::Result::ok) {
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(malformed(&span.start, "the file is nested too deeply"));
        }
    }
    Ok(())
}

/// Scalars as they are written: a class may be called `no` or `007`.
fn load(text: &str) -> Result<Yaml<'_>> {
    check_depth(text)?;
    let mut loader = YamlLoader::default();
    loader.early_parse(false);
    let parsed = Parser::new_from_str(text).load(&mut loader, false);
    if let Some(error) = parsed.err().as_ref().or(loader.error()) {
        return Err(malformed(error.marker(), error.info()));
    }
    loader.into_documents().into_iter().next().ok_or(RecipeFileError::NoLabels)
}

fn scalar(value: &Yaml<'_>) -> Option<String> {
    match value {
        Yaml::Representation(text, _, _) => Some(text.to_string()),
        Yaml::Tagged(_, value) => scalar(value),
        _ => None,
    }
}
