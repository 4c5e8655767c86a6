//! Quotes for `annotate` and `estimate`.

use domain::ids::{ImageId, RecipeId};
use domain::model::ModelId;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, Quote};
use engine::{EngineError, Library};

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
    let similar = similar(&asked, quote.models.iter().map(|quoted| &*quoted.model.id.0));
    CommandError::UnknownModel { asked, similar }
}

/// Adds a similar model to the error of an unknown one.
pub fn with_similar_model(library: &Library, error: EngineError) -> CommandError {
    let EngineError::UnknownModel(ModelId(asked)) = error else { return error.into() };
    match library.planning.models() {
        Ok(models) => {
            let similar = similar(&asked, models.iter().map(|offered| &*offered.model.id.0));
            CommandError::UnknownModel { asked, similar }
        }
        Err(error) => error.into(),
    }
}

/// Less alike is probably not meant.
const LEAST_SIMILARITY: f64 = 0.8;

/// The one of the ids that is most like what the user asked for.
fn similar<'a>(asked: &str, ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let asked = asked.to_lowercase();
    let near = ids.map(|id| (strsim::jaro_winkler(&asked, &id.to_lowercase()), id));
    let near = near.filter(|(likeness, _)| *likeness >= LEAST_SIMILARITY);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, id)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_model_is_recognised_and_another_word_is_not() {
        let meant = |asked: &str| similar(asked, ["claude-sonnet-5-5", "claude-haiku-5-5", "gpt-6-luna"].into_iter());
        assert_eq!(meant("claude-sonet-5-5").as_deref(), Some("claude-sonnet-5-5"));
        assert_eq!(meant("Claude-Haiku").as_deref(), Some("claude-haiku-5-5"));
        assert_eq!(meant("llava:7b"), None);
    }
}
