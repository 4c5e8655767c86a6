//! The tables of labels and attributes of an export.

use datasets::model::{DatasetAttribute, LabelTable};
use domain::dataset::{Feature, FormatDescriptor};
use domain::ids::RunId;

use super::source::ExportReading;
use super::survey::Survey;
use crate::Result;

/// Reads the tables that `format` has.
pub fn read(dataset: &mut ExportReading<'_>, format: &FormatDescriptor, survey: Option<&Survey>) -> Result<()> {
    if format.holds(Feature::LabelTable) {
        dataset.info.labels = labels(dataset, survey)?;
    }
    if format.holds(Feature::AttributeTable) {
        dataset.info.attributes = attributes(dataset, survey)?;
    }
    Ok(())
}

/// The labels of the recipes in their order, found or not, then the labels that people have added, by name.
pub fn labels(dataset: &ExportReading<'_>, survey: Option<&Survey>) -> Result<LabelTable> {
    let mut names = Vec::new();
    for run in runs(dataset, survey) {
        names.extend(dataset.view.recipe_of_run(run)?.labels.into_iter().map(|label| label.name));
    }
    match (&dataset.selected.run, survey) {
        (Some(run), _) => names.extend(dataset.view.labels_in_answers(run.id)?),
        (None, Some(survey)) => names.extend(survey.labels.iter().map(|label| label.name.clone())),
        (None, None) => {}
    }
    Ok(LabelTable::numbered(names))
}

fn attributes(dataset: &ExportReading<'_>, survey: Option<&Survey>) -> Result<Vec<DatasetAttribute>> {
    let mut attributes: Vec<DatasetAttribute> = Vec::new();
    let mut add = |name, kind| {
        // An attribute of the image may be called like one of annotations.
        if attributes.iter().all(|known| known.name != name) {
            attributes.push(DatasetAttribute { name, kind });
        }
    };
    for run in runs(dataset, survey) {
        for attribute in dataset.view.recipe_of_run(run)?.attributes {
            add(attribute.name, Some(attribute.kind));
        }
    }
    let names = match (&dataset.selected.run, survey) {
        (Some(run), _) => dataset.view.attributes_in_answers(run.id)?,
        (None, Some(survey)) => survey.attributes.iter().cloned().collect(),
        (None, None) => Vec::new(),
    };
    for name in names {
        add(name, None);
    }
    Ok(attributes)
}

/// The runs and imports whose recipes are those of the dataset, oldest first.
pub fn runs(dataset: &ExportReading<'_>, survey: Option<&Survey>) -> Vec<RunId> {
    match (&dataset.selected.run, survey) {
        (Some(run), _) => vec![run.id],
        (None, Some(survey)) => survey.exported_runs.keys().copied().collect(),
        (None, None) => Vec::new(),
    }
}
