//! Rows of the library as the database holds them.

use std::collections::HashSet;

use domain::annotation::{Annotation, Origin};
use domain::dataset_import::ImportedLayer;
use domain::geometry::Rect;
use domain::ids::ImageId;
use domain::money::PicoDollars;
use domain::numbers::decimal;
use domain::recipe::SavedRecipe;
use domain::run::RunSummary;
use domain::shape::Shape;
use prepare::ContentHash;
use publish::{AnnotationRow, AnswerRow, ImageRow, LayerRow, PublishError, RecipeRow, RowBatch};
use serde::Serialize;
use serde_json::Value;
use store::{PublishedAnswer, PublishedImage, name_of};

use crate::Result;
use crate::clock::{rfc3339, without_zone};

/// A version of a recipe, and whether it is the current one.
pub fn recipe_row(library: &str, (saved, is_current): &(SavedRecipe, bool)) -> Result<RecipeRow> {
    Ok(RecipeRow {
        library: library.to_owned(),
        id: saved.id.0.into(),
        name: saved.recipe.name.clone(),
        version: saved.version,
        is_current: *is_current,
        body: json(&saved.recipe)?,
    })
}

pub fn run_row(library: &str, run: &RunSummary) -> Result<LayerRow> {
    Ok(LayerRow {
        library: library.to_owned(),
        id: run.id.0.into(),
        kind: "run".into(),
        name: run.model_name.clone(),
        started_at: rfc3339(run.started_at),
        model: Some(run.model.0.clone()),
        recipe_name: Some(run.recipe_name.clone()),
        mode: Some(name_of(&run.mode)?),
        state: Some(run.state.name().into()),
        images: run.total,
        done: Some(run.done),
        failed: Some(run.failed),
        annotations: run.annotation_count,
        expected_dollars: run.quoted.map(|quoted| quoted.expected.exact()),
        bound_dollars: run.quoted.map(|quoted| quoted.at_most.exact()),
        paid_dollars: run.reported_cost().map(PicoDollars::exact),
        possibly_billed_dollars: Some(run.possibly_billed.at_most.exact()),
    })
}

pub fn import_row(library: &str, import: &ImportedLayer) -> Result<LayerRow> {
    Ok(LayerRow {
        library: library.to_owned(),
        id: import.id.0.into(),
        kind: name_of(&import.role)?,
        name: import.name.clone(),
        started_at: rfc3339(import.imported_at),
        model: None,
        recipe_name: None,
        mode: None,
        state: None,
        images: import.image_count,
        done: None,
        failed: None,
        annotations: import.annotation_count,
        expected_dollars: None,
        bound_dollars: None,
        paid_dollars: None,
        possibly_billed_dollars: None,
    })
}

/// Adds images with their annotations and answers to `batch`.
pub fn image_rows(
    batch: &mut RowBatch,
    layers: &HashSet<u64>,
    images: &[PublishedImage],
    annotations: &[Vec<Annotation>],
    answers: &[PublishedAnswer],
) -> Result<()> {
    let library = batch.library.clone();
    for (image, annotations) in images.iter().zip(annotations) {
        batch.images.push(image_row(&library, image));
        for annotation in annotations {
            let row = annotation_row(&library, image.id, annotation)?;
            batch.annotations.extend(Some(row).filter(|row| row.layer_id.is_none_or(|layer| layers.contains(&layer))));
        }
    }
    let answers = answers.iter().filter(|answer| layers.contains(&answer.run.0.into()));
    batch.answers.extend(answers.map(|answer| answer_row(&library, answer)));
    Ok(())
}

fn image_row(library: &str, image: &PublishedImage) -> ImageRow {
    ImageRow {
        library: library.to_owned(),
        id: image.id.0.into(),
        hash: ContentHash::from_bytes(image.hash).to_string(),
        name: image.name.clone(),
        path: image.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
        collections: image.collections.clone(),
        byte_len: image.byte_len,
        format: image.format.clone(),
        width: image.width,
        height: image.height,
        orientation: image.orientation,
        captured_at: image.captured_at.map(without_zone),
        review: image.review.clone(),
    }
}

fn annotation_row(library: &str, image: ImageId, annotation: &Annotation) -> Result<AnnotationRow> {
    let bounds: Option<Rect> = annotation.shape.bounds();
    let shape: &Shape = &annotation.shape;
    Ok(AnnotationRow {
        library: library.to_owned(),
        id: annotation.id.0.into(),
        image_id: image.0.into(),
        layer_id: match annotation.origin {
            Origin::Run { run } => Some(run.0.into()),
            Origin::Person => None,
        },
        label: annotation.label.clone(),
        kind: name_of(&shape.kind())?,
        x: bounds.map(|bounds| bounds.x1),
        y: bounds.map(|bounds| bounds.y1),
        width: bounds.map(|bounds| bounds.x2 - bounds.x1),
        height: bounds.map(|bounds| bounds.y2 - bounds.y1),
        shape: json(shape)?,
        confidence: annotation.confidence.map(decimal),
        attributes: json(&annotation.attributes)?,
        status: name_of(&annotation.status)?,
        reject_reason: annotation.reject_reason.as_ref().map(name_of).transpose()?,
        propagated_from: annotation.propagated_from.map(|from| from.0.into()),
        is_superseded: annotation.is_superseded,
    })
}

fn answer_row(library: &str, answer: &PublishedAnswer) -> AnswerRow {
    AnswerRow {
        library: library.to_owned(),
        run_id: answer.run.0.into(),
        image_id: answer.image.0.into(),
        state: answer.state.clone(),
        failure: answer.failure.clone(),
        took_millis: answer.took_millis,
        requests: answer.requests,
        input_tokens: answer.input_tokens,
        output_tokens: answer.output_tokens,
        paid_dollars: answer.paid.exact(),
        possibly_billed_dollars: answer.possibly_billed.exact(),
        is_propagated: answer.is_propagated,
    }
}

fn json<T: Serialize>(value: &T) -> Result<Value> {
    Ok(serde_json::to_value(value).map_err(PublishError::from)?)
}
