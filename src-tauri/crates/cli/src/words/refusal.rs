//! Why something cannot be done, and what is asked before it is done all the same.

use domain::model::{Hindrance, Shortfall};
use domain::plan::ModelQuote;
use domain::run::PossiblyBilled;
use engine::EngineError;

use super::figures::{at_most, counted};

/// The engine's errors, where it leaves the words to others.
pub fn refusal(error: &EngineError) -> String {
    match error {
        EngineError::Hindered(reason) => hindrance(reason),
        EngineError::RecipeBeyondModel(shortfalls) => {
            format!("this model cannot do this: {}", shortfalls.iter().map(shortfall).collect::<Vec<_>>().join("; "))
        }
        EngineError::BudgetTooSmall { dearest } => {
            format!("the budget is below what a single request can cost, {}", at_most(*dearest))
        }
        EngineError::NoFigures(run) => {
            format!("run {run} has no figures of its own: no image was asked about and answered in it")
        }
        error => error.to_string(),
    }
}

/// What keeps a model from being used for a plan.
pub fn obstacles(quote: &ModelQuote) -> Vec<String> {
    let blocking = quote.shortfalls.iter().filter(|gap| gap.is_blocking()).map(shortfall);
    quote.hindrance.iter().map(hindrance).chain(blocking).collect()
}

pub fn hindrance(hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::LocalOnly => "everything is locked to this machine, in the settings".into(),
        Hindrance::Retired { on } => format!("the vendor stopped answering for it on {on}"),
        Hindrance::NoKey { host } => {
            format!(
                "there is no key for {host}: set ANTHROPIC_API_KEY, or enter one in the window's settings (a key that \
                 was given for another server is not sent there)"
            )
        }
        Hindrance::Unusable { detail } => detail.clone(),
    }
}

pub fn shortfall(shortfall: &Shortfall) -> String {
    match shortfall {
        Shortfall::UnknownLabels { labels } => {
            format!("it does not know these and will not look for them: {}", labels.join(", "))
        }
        Shortfall::NoKnownLabel => "it knows none of the labels".into(),
        Shortfall::Attributes { names, are_required: true } => {
            format!("it cannot fill attributes, and these are required: {}", names.join(", "))
        }
        Shortfall::Attributes { names, are_required: false } => {
            format!("it leaves these attributes empty: {}", names.join(", "))
        }
        Shortfall::TooManyOptionalAttributes { count, limit } => {
            format!("{count} attributes are optional, and it can be asked for {limit} at most")
        }
        Shortfall::Shapes { .. } => "it draws boxes only".into(),
    }
}

pub fn unsettled(unsettled: PossiblyBilled) -> String {
    let PossiblyBilled { count, at_most: bound } = unsettled;
    let was = if count == 1 { "was" } else { "were" };
    format!(
        "{} of this run {was} sent and nothing is known of the answer: they may have been billed, {} at most. Ask again?",
        counted(count, "request"),
        at_most(bound)
    )
}
