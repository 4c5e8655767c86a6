//! The data card of an export.

use std::collections::BTreeMap;

use domain::data_card::{
    CardAudit, CardCollection, CardGaps, CardImages, CardImport, CardLabel, CardRun, CardWritten, DATA_CARD_VERSION,
    DataCard, EstimatedShare,
};
use domain::export::ExportRequest;
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::money::PicoDollars;
use domain::numbers::count;
use domain::recipe::{Recipe, comparable};
use domain::split::SplitOutcome;

use super::source::ExportReading;
use super::survey::Survey;
use super::tables;
use crate::Result;
use crate::clock::rfc3339;

/// The JSON of a card beside or in a dataset.
pub const CARD_JSON: &str = datasets::DATA_CARD;
/// The same to be read.
pub const CARD_PAGE: &str = "README.md";

/// The card of `dataset`, which is called `name`, before anything is written.
pub fn data_card(
    dataset: &ExportReading<'_>,
    survey: &Survey,
    request: &ExportRequest,
    name: &str,
    split: Option<SplitOutcome>,
) -> Result<DataCard> {
    let view = dataset.view;
    let ids = &survey.images;
    let runs = tables::runs(dataset, Some(survey));
    let recipes = runs.iter().map(|&run| Ok(view.recipe_of_run(run)?)).collect::<Result<Vec<Recipe>>>()?;
    let labels = labels(dataset, survey, &recipes)?;
    let times = view.times_taken(ids)?;
    let day = |millis: Option<i64>| {
        let millis = u64::try_from(millis?).ok()?;
        Some(rfc3339(millis).chars().take("2026-01-01".len()).collect())
    };
    let (judged_right, judged) = survey.judged;
    let license = request.license.trim();
    Ok(DataCard {
        version: DATA_CARD_VERSION,
        name: name.to_owned(),
        created_at: dataset.info.created_at.clone(),
        created_by: format!("Fieldmark {}", env!("CARGO_PKG_VERSION")),
        license: (!license.is_empty()).then(|| license.to_owned()),
        format: request.format.clone(),
        written: CardWritten::default(),
        images: CardImages {
            count: count(ids.len()),
            empty: survey.empty,
            confirmed_empty: survey.confirmed_empty,
            taken_from: day(times.iter().map(|(_, millis)| *millis).min()),
            taken_to: day(times.iter().map(|(_, millis)| *millis).max()),
        },
        annotations: survey.annotations,
        collections: view
            .collections_of(ids)?
            .into_iter()
            .map(|(name, images)| CardCollection { name, images })
            .collect(),
        runs: card_runs(dataset, survey, &runs)?,
        imports: card_imports(dataset, survey, &runs)?,
        review: survey.review,
        precision: EstimatedShare::of(judged_right, judged),
        audits: audits(dataset, survey, &runs)?,
        gaps: CardGaps {
            failures: survey.failures(),
            unannotated_images: dataset.unannotated,
            missing_files: survey.missing,
            unused_labels: labels
                .iter()
                .filter(|label| label.annotations == 0)
                .map(|label| label.name.clone())
                .collect(),
            undecided_runs: survey.undecided_runs.iter().copied().collect(),
        },
        labels,
        split,
    })
}

fn labels(dataset: &ExportReading<'_>, survey: &Survey, recipes: &[Recipe]) -> Result<Vec<CardLabel>> {
    let mut definitions: BTreeMap<String, &str> = BTreeMap::new();
    for label in recipes.iter().flat_map(|recipe| &recipe.labels) {
        definitions.entry(comparable(&label.name)).or_insert(&label.definition);
    }
    let found: BTreeMap<String, (u32, u32)> =
        survey.labels.iter().map(|label| (comparable(&label.name), (label.images, label.annotations))).collect();
    let table = tables::labels(dataset, Some(survey))?;
    let cards = table.labels().iter().map(|label| {
        let spelling = comparable(&label.name);
        let (images, annotations) = found.get(&spelling).copied().unwrap_or_default();
        let definition = definitions.get(&spelling).copied().unwrap_or_default().to_owned();
        CardLabel { name: label.name.clone(), definition, images, annotations }
    });
    Ok(cards.collect())
}

fn card_runs(dataset: &ExportReading<'_>, survey: &Survey, layers: &[RunId]) -> Result<Vec<CardRun>> {
    let mut cards = Vec::new();
    for &run in layers {
        if dataset.view.role_of_layer(run)?.is_some() {
            continue;
        }
        let summary = dataset.view.run(run)?;
        cards.push(CardRun {
            run,
            cost_dollars: summary.reported_cost().map(PicoDollars::dollars),
            model: summary.model.0,
            model_name: summary.model_name,
            recipe: summary.recipe_name,
            started_at: rfc3339(summary.started_at),
            images: summary.done,
            annotations: survey.exported_runs.get(&run).copied().unwrap_or_default(),
        });
    }
    Ok(cards)
}

fn card_imports(dataset: &ExportReading<'_>, survey: &Survey, layers: &[RunId]) -> Result<Vec<CardImport>> {
    let mut cards = Vec::new();
    for &layer in layers {
        if dataset.view.role_of_layer(layer)?.is_none() {
            continue;
        }
        let import = dataset.view.imported_layer(layer)?;
        let annotations = survey.exported_runs.get(&layer).copied().unwrap_or_default();
        cards.push(CardImport {
            layer,
            name: import.name,
            format: import.format,
            imported_at: rfc3339(import.imported_at),
            role: import.role,
            annotations,
        });
    }
    Ok(cards)
}

/// The accepted audits of the layers, with samples on images of the export.
fn audits(dataset: &ExportReading<'_>, survey: &Survey, runs: &[RunId]) -> Result<Vec<CardAudit>> {
    let is_exported: std::collections::HashSet<ImageId> = survey.images.iter().copied().collect();
    let mut cards = Vec::new();
    for audit in dataset.view.audits()? {
        let (Some(accepted), Some(rate)) = (audit.accepted, audit.error_rate) else { continue };
        let is_of_layers = match &audit.layers {
            LayerScope::All => true,
            LayerScope::Runs { runs: audited } => audited.iter().any(|run| runs.contains(run)),
        };
        if is_of_layers && audit.sample.iter().any(|drawn| is_exported.contains(&drawn.image)) {
            cards.push(CardAudit {
                label: audit.label,
                threshold: audit.threshold.0,
                accepted,
                judged: rate.judged,
                wrong: rate.wrong,
                at_most: rate.at_most,
            });
        }
    }
    cards.reverse();
    Ok(cards)
}
