//! Models and what they can do; what a recipe asks of a model that cannot do it.

use serde::{Deserialize, Serialize};

use crate::recipe::{Recipe, ShapeKind};

/// The name a model goes by on its route, such as `nanodet-g-416`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct ModelId(pub String);

impl std::fmt::Display for ModelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Which labels a model can find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Vocabulary {
    /// Whatever can be said in words.
    Open,
    /// These names and no others.
    Closed { names: Vec<String> },
}

/// Where the pixels go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Destination {
    /// Nothing leaves this machine.
    ThisMachine,
    Host {
        name: String,
    },
}

/// A model as a plan offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Model {
    pub id: ModelId,
    pub name: String,
    pub destination: Destination,
    pub vocabulary: Vocabulary,
    pub shapes: Vec<ShapeKind>,
    /// Whether it fills a recipe's attributes.
    pub fills_attributes: bool,
}

/// Something that a recipe asks and a model does not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Shortfall {
    /// These labels are outside the model's vocabulary: they will not be looked for.
    UnknownLabels { labels: Vec<String> },
    /// Not one label of the recipe is in the model's vocabulary.
    NoKnownLabel,
    /// These attributes stay empty.
    Attributes { names: Vec<String>, are_required: bool },
    /// None of the recipe's shapes can be drawn.
    Shapes { shapes: Vec<ShapeKind> },
}

impl Shortfall {
    /// Whether the run would be pointless, so that it is not offered.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        match self {
            Self::NoKnownLabel | Self::Shapes { .. } => true,
            Self::UnknownLabels { .. } => false,
            Self::Attributes { are_required, .. } => *are_required,
        }
    }
}

impl Model {
    /// What `recipe` asks that this model does not do, the gravest first.
    #[must_use]
    pub fn shortfalls(&self, recipe: &Recipe) -> Vec<Shortfall> {
        let mut shortfalls = Vec::new();
        if !recipe.shapes.iter().any(|shape| self.shapes.contains(shape)) {
            shortfalls.push(Shortfall::Shapes { shapes: recipe.shapes.clone() });
        }
        if let Vocabulary::Closed { names } = &self.vocabulary {
            let unknown: Vec<String> = recipe
                .labels
                .iter()
                .filter(|label| !names.iter().any(|name| label.answers_to(name)))
                .map(|label| label.name.clone())
                .collect();
            if unknown.len() == recipe.labels.len() {
                shortfalls.push(Shortfall::NoKnownLabel);
            } else if !unknown.is_empty() {
                shortfalls.push(Shortfall::UnknownLabels { labels: unknown });
            }
        }
        if !self.fills_attributes && !recipe.attributes.is_empty() {
            shortfalls.push(Shortfall::Attributes {
                names: recipe.attributes.iter().map(|attribute| attribute.name.clone()).collect(),
                are_required: recipe.attributes.iter().any(|attribute| attribute.is_required),
            });
        }
        shortfalls.sort_by_key(|shortfall| !shortfall.is_blocking());
        shortfalls
    }

    #[must_use]
    pub fn can_run(&self, recipe: &Recipe) -> bool {
        !self.shortfalls(recipe).iter().any(Shortfall::is_blocking)
    }
}
