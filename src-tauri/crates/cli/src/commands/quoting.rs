//! Quotes for `annotate` and `estimate`.

use domain::ids::{ImageId, RecipeId};
use domain::model::ModelId;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, Quote};
use engine::Library;

use crate::arguments::Annotate;
use crate::error::CommandError;

/// Quotes these images for the given options.
pub fn quote(
    library: &Library,
    arguments: &Annotate,
    recipe: RecipeId,
    images: &[ImageId],
    pilot: Option<u32>,
) -> Result<Quote, CommandError> {
    let selection = ImageSelection::Images { ids: images.to_vec() };
    Ok(library.planning.quote(&PlanRequest {
        propagates_to_similar: arguments.similar,
        ignores_saved_answers: arguments.fresh,
        options: arguments.options(images.len()),
        pilot,
        budget: arguments.session.budget,
        ..PlanRequest::of(selection, recipe)
    })?)
}

/// The row of the chosen model. Nothing is spent without a choice: the default is the model that is free of charge.
pub fn chosen_model<'a>(
    library: &Library,
    quote: &'a Quote,
    asked: Option<ModelId>,
) -> Result<&'a ModelQuote, CommandError> {
    let asked = match asked {
        Some(asked) => Some(asked),
        None => library.connections.model_by_environment()?,
    };
    let found = match &asked {
        Some(asked) => quote.models.iter().find(|quoted| quoted.model.id == *asked),
        None => quote.models.first(),
    };
    found.ok_or_else(|| unknown_model(quote, asked.map(|model| model.0).unwrap_or_default()))
}

pub fn unknown_model(quote: &Quote, asked: String) -> CommandError {
    let known: Vec<&str> = quote.models.iter().map(|quoted| quoted.model.id.0.as_str()).collect();
    CommandError::UnknownModel { asked, known: known.join(", ") }
}
