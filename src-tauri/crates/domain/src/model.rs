//! Models, their capabilities, and what they do not support of a recipe.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarDate;
use crate::recipe::{Recipe, ShapeKind};

/// A model's name at its endpoint, such as `nanodet-g-416`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(transparent))]
pub struct ModelId(pub String);

impl std::fmt::Display for ModelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The labels that a model supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Vocabulary {
    /// Anything that can be described in text.
    Open,
    /// Only these names.
    Closed { names: Vec<String> },
}

/// Where pixels are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Destination {
    /// Nothing leaves this machine.
    ThisMachine,
    Host {
        /// With its port if unusual.
        name: String,
        /// Whether the server is on this machine; it may forward what it receives.
        is_on_this_machine: bool,
    },
}

impl Destination {
    /// The server that images are sent to, with its port if unusual; `None` for this machine.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::ThisMachine => None,
            Self::Host { name, .. } => Some(name),
        }
    }

    /// Whether images are sent to another machine.
    #[must_use]
    pub const fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Host { is_on_this_machine: false, .. })
    }
}

/// Why a model is unavailable, regardless of the recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Unavailable {
    /// The user has locked everything to this machine.
    LocalOnly,
    /// There is no key for the server.
    NoKey {
        host: String,
        /// The environment variable that may hold it.
        variable: Option<String>,
    },
    /// The address or the environment is unusable.
    Unusable { detail: String },
}

/// A model in a plan.
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
    /// Whether it is shown the recipe's examples, and what was found before to check it.
    pub takes_examples: bool,
    /// Maximum number of optional attributes; `None` for any number.
    pub optional_attributes_limit: Option<u32>,
    /// The announced day of retirement.
    pub retires: Option<CalendarDate>,
    /// Whether that day has come: the vendor refuses requests. It can be chosen all the same, and is never a default.
    #[serde(default)]
    pub is_retired: bool,
    /// What the vendor names instead of a model that retires.
    pub successor: Option<ModelId>,
}

/// Something in a recipe that a model does not support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum UnsupportedCapability {
    /// Labels outside of the model's vocabulary, which are skipped.
    UnknownLabels { labels: Vec<String> },
    /// No label of the recipe is in the model's vocabulary.
    NoKnownLabel,
    /// Attributes that stay empty.
    Attributes { names: Vec<String>, are_required: bool },
    /// More optional attributes than the model supports, counted for each shape.
    TooManyOptionalAttributes { count: u32, limit: u32 },
    /// None of the recipe's shapes is supported.
    Shapes { shapes: Vec<ShapeKind> },
    /// Some of the recipe's shapes, which are not asked for.
    SomeShapes { shapes: Vec<ShapeKind> },
    /// Examples, which are not sent.
    Examples { count: u32 },
    /// Examples whose photos cannot be used, each with its number and the reason.
    ExamplePhotos { details: Vec<String> },
    /// The second request that checks what was found, which is not sent.
    Check,
    /// Batches: an image of this recipe may take several requests, which are sent live only.
    Batches,
}

impl UnsupportedCapability {
    /// Whether a run would be pointless, so that it is not offered.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        match self {
            Self::NoKnownLabel
            | Self::TooManyOptionalAttributes { .. }
            | Self::Shapes { .. }
            | Self::ExamplePhotos { .. } => true,
            Self::UnknownLabels { .. }
            | Self::SomeShapes { .. }
            | Self::Examples { .. }
            | Self::Check
            | Self::Batches => false,
            Self::Attributes { are_required, .. } => *are_required,
        }
    }
}

impl Model {
    /// What this model does not support of `recipe`, most severe first.
    #[must_use]
    pub fn unsupported_capabilities(&self, recipe: &Recipe) -> Vec<UnsupportedCapability> {
        let mut unsupported_capabilities = Vec::new();
        let asks_of_image_alone = recipe.asks_of_image_alone();
        let shapes: Vec<ShapeKind> =
            recipe.shapes.iter().copied().filter(|shape| !self.shapes.contains(shape)).collect();
        if shapes.len() == recipe.shapes.len() && !asks_of_image_alone {
            unsupported_capabilities.push(UnsupportedCapability::Shapes { shapes });
        } else if !shapes.is_empty() {
            unsupported_capabilities.push(UnsupportedCapability::SomeShapes { shapes });
        }
        if let Vocabulary::Closed { names } = &self.vocabulary {
            let unknown: Vec<String> = recipe
                .labels
                .iter()
                .filter(|label| !names.iter().any(|name| label.answers_to(name)))
                .map(|label| label.name.clone())
                .collect();
            if unknown.len() == recipe.labels.len() && !asks_of_image_alone {
                unsupported_capabilities.push(UnsupportedCapability::NoKnownLabel);
            } else if !unknown.is_empty() {
                unsupported_capabilities.push(UnsupportedCapability::UnknownLabels { labels: unknown });
            }
        }
        if !self.fills_attributes && !recipe.attributes.is_empty() {
            unsupported_capabilities.push(UnsupportedCapability::Attributes {
                names: recipe.attributes.iter().map(|attribute| attribute.name.clone()).collect(),
                are_required: asks_of_image_alone || recipe.attributes.iter().any(|attribute| attribute.is_required),
            });
        }
        if let Some(limit) = self.optional_attributes_limit {
            let count = u32::try_from(recipe.optional_attribute_count()).unwrap_or(u32::MAX);
            if count > limit {
                unsupported_capabilities.push(UnsupportedCapability::TooManyOptionalAttributes { count, limit });
            }
        }
        if !recipe.examples.is_empty() && !self.takes_examples {
            let count = u32::try_from(recipe.examples.len()).unwrap_or(u32::MAX);
            unsupported_capabilities.push(UnsupportedCapability::Examples { count });
        }
        if recipe.check && !self.takes_examples {
            unsupported_capabilities.push(UnsupportedCapability::Check);
        }
        unsupported_capabilities.sort_by_key(|unsupported| !unsupported.is_blocking());
        unsupported_capabilities
    }

    #[must_use]
    pub fn can_run(&self, recipe: &Recipe) -> bool {
        !self.unsupported_capabilities(recipe).iter().any(UnsupportedCapability::is_blocking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Attribute, AttributeKind, AttributeSubject, RecipeExample};

    fn model(vocabulary: Vocabulary, fills_attributes: bool) -> Model {
        Model {
            id: ModelId("m".into()),
            name: "M".into(),
            destination: Destination::ThisMachine,
            vocabulary,
            shapes: vec![ShapeKind::Box],
            fills_attributes,
            takes_examples: false,
            optional_attributes_limit: None,
            retires: None,
            is_retired: false,
            successor: None,
        }
    }

    #[test]
    fn what_is_not_asked_for_or_not_sent_is_named() {
        let (any, closed) =
            (model(Vocabulary::Open, true), model(Vocabulary::Closed { names: vec!["cat".into()] }, false));
        let mut recipe = Recipe::find_these("cat").unwrap();
        assert_eq!(any.unsupported_capabilities(&recipe), []);
        recipe.shapes.push(ShapeKind::Caption);
        recipe.examples = vec![RecipeExample::default(); 2];
        let told = any.unsupported_capabilities(&recipe);
        let some_shapes = UnsupportedCapability::SomeShapes { shapes: vec![ShapeKind::Caption] };
        assert_eq!(told, [some_shapes, UnsupportedCapability::Examples { count: 2 }]);
        assert!(any.can_run(&recipe) && closed.can_run(&recipe));
    }

    #[test]
    fn attributes_of_the_image_alone_need_a_model_that_fills_attributes() {
        let (any, closed) =
            (model(Vocabulary::Open, true), model(Vocabulary::Closed { names: vec!["cat".into()] }, false));
        let sharp = Attribute {
            name: "sharp".into(),
            definition: String::new(),
            kind: AttributeKind::YesNo,
            is_required: false,
            of: AttributeSubject::Image,
        };
        let recipe = Recipe { attributes: vec![sharp], ..Recipe::default() };
        assert_eq!(any.unsupported_capabilities(&recipe), []);
        let missing = UnsupportedCapability::Attributes { names: vec!["sharp".into()], are_required: true };
        assert_eq!(closed.unsupported_capabilities(&recipe), [missing]);
        assert!(!closed.can_run(&recipe));
    }
}
