//! `models`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use domain::coordinates::BoxCoordinates;
use domain::money::PicoDollars;
use domain::settings::{AnswerForm, ModelSettings};

use super::numbers::price;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark models\n  \
    fieldmark models --json\n  \
    fieldmark models set qwen3-vl:8b --coordinates norm1000_xyxy --longest-edge 1280\n  \
    fieldmark models remove qwen3-vl:8b\n\n\
    Models of a server of your own are [[providers.models]] in settings.toml. Prices and coordinates of the others are set by \
    `fieldmark prices set`.")]
pub struct ModelsArguments {
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,
}

#[derive(Subcommand)]
pub enum ModelsCommand {
    /// List the models and whether they are available
    List,
    /// Describe a model of a server of your own; what is not named stays as it is
    Set(Box<SetModel>),
    /// Remove the description of a model
    Remove {
        /// Model, as the server names it
        model: String,
    },
}

#[derive(Args)]
// The group that is derived would include the model.
#[group(skip)]
#[command(group = ArgGroup::new("facts").required(true).multiple(true).args(["name", "coordinates", "images", "answers", "longest_edge", "context_tokens", "max_output_tokens", "input", "output"]))]
pub struct SetModel {
    /// Model, as the server names it
    pub model: String,
    /// Name for display
    #[arg(long)]
    name: Option<String>,
    /// How it writes boxes: `pixel_xyxy`, `server_pixel_xyxy`, `norm1000_xyxy`, `norm1000_yxyx`, `norm1_xyxy` or `norm1_xywh`
    #[arg(long, value_name = "SYSTEM")]
    coordinates: Option<BoxCoordinates>,
    /// Whether it looks at images; others are not offered
    #[arg(long, value_name = "YES_OR_NO")]
    images: Option<YesOrNo>,
    /// How its server is asked for JSON first
    #[arg(long, value_name = "FORM")]
    answers: Option<FormName>,
    /// Longest edge of sent images, in pixels
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=16_384), value_name = "PIXELS")]
    longest_edge: Option<u32>,
    /// Prompt and answer together, in tokens
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000_000), value_name = "TOKENS")]
    context_tokens: Option<u32>,
    /// Longest answer, in tokens
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000_000), value_name = "TOKENS")]
    max_output_tokens: Option<u32>,
    /// Price of a million tokens of input
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    input: Option<PicoDollars>,
    /// Price of a million tokens of output
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    output: Option<PicoDollars>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesOrNo {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum FormName {
    JsonSchema,
    JsonObject,
    Prompt,
}

impl SetModel {
    /// `model` with what is named here.
    pub fn change(&self, model: ModelSettings) -> ModelSettings {
        let form = |form| match form {
            FormName::JsonSchema => AnswerForm::JsonSchema,
            FormName::JsonObject => AnswerForm::JsonObject,
            FormName::Prompt => AnswerForm::Prompt,
        };
        ModelSettings {
            id: model.id,
            name: self.name.clone().or(model.name),
            coordinates: self.coordinates.or(model.coordinates),
            takes_images: self.images.map(|images| images == YesOrNo::Yes).or(model.takes_images),
            answer_form: self.answers.map(form).or(model.answer_form),
            longest_edge: self.longest_edge.or(model.longest_edge),
            context_tokens: self.context_tokens.or(model.context_tokens),
            max_output_tokens: self.max_output_tokens.or(model.max_output_tokens),
            input_per_million: self.input.or(model.input_per_million),
            output_per_million: self.output.or(model.output_per_million),
        }
    }
}
