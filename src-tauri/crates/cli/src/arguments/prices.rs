//! `prices`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use domain::coordinates::BoxCoordinates;
use domain::money::PicoDollars;
use domain::prices::PriceSettings;

use super::numbers::price;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark prices\n  \
    fieldmark prices set claude-haiku-5-5 --input 0.12 --output 0.6\n  \
    fieldmark prices import model_prices_and_context_window.json\n  \
    fieldmark prices import data.json --model gpt-4o,gpt-4o-mini\n  \
    fieldmark prices reset gpt-4o\n\n\
    Prices are dollars per million tokens. docs/settings.md describes [[prices]] in settings.toml.")]
pub struct PricesArguments {
    #[command(subcommand)]
    pub command: Option<PricesCommand>,
}

#[derive(Subcommand)]
pub enum PricesCommand {
    /// List the prices of the models
    List,
    /// Set prices, limits or coordinates of a model
    Set(SetPrice),
    /// Use the built-in prices and limits of models again
    Reset {
        /// Models, by id
        #[arg(required_unless_present = "all", value_name = "MODEL")]
        models: Vec<String>,
        /// Of all models
        #[arg(long, conflicts_with = "models")]
        all: bool,
    },
    /// Compare with a public price table, and import the models that --model names
    Import {
        /// The table, as JSON
        file: PathBuf,
        /// Model to import, by id, or several; without any, nothing is changed
        #[arg(long = "model", value_delimiter = ',', value_name = "A,B,...")]
        models: Vec<String>,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Args)]
// The group that is derived would include the model.
#[group(skip)]
#[command(group = ArgGroup::new("values").required(true).multiple(true).args(["input", "output", "cache_write", "cache_write_1h", "cache_read", "batch_percent", "context_tokens", "max_output_tokens", "coordinates"]))]
pub struct SetPrice {
    /// Model, by id
    model: String,
    /// Price of input
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    input: Option<PicoDollars>,
    /// Price of output
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    output: Option<PicoDollars>,
    /// Price of input written to the cache for five minutes
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    cache_write: Option<PicoDollars>,
    /// Price of input written to the cache for an hour
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    cache_write_1h: Option<PicoDollars>,
    /// Price of input read from the cache
    #[arg(long, value_parser = price, value_name = "DOLLARS")]
    cache_read: Option<PicoDollars>,
    /// Price of a request in a batch, in percent of a live one
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=100), value_name = "PERCENT")]
    batch_percent: Option<u16>,
    /// Prompt and answer together, in tokens
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "TOKENS")]
    context_tokens: Option<u32>,
    /// Longest answer, in tokens
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "TOKENS")]
    max_output_tokens: Option<u32>,
    /// How it writes boxes: `pixel_xyxy`, `server_pixel_xyxy`, `norm1000_xyxy`, `norm1000_yxyx`, `norm1_xyxy` or `norm1_xywh`
    #[arg(long, value_name = "SYSTEM")]
    coordinates: Option<BoxCoordinates>,
}

impl SetPrice {
    pub fn price(&self) -> PriceSettings {
        PriceSettings {
            input: self.input,
            output: self.output,
            cache_write_5m: self.cache_write,
            cache_write_1h: self.cache_write_1h,
            cache_read: self.cache_read,
            batch_percent: self.batch_percent,
            context_tokens: self.context_tokens,
            max_output_tokens: self.max_output_tokens,
            coordinates: self.coordinates,
            ..PriceSettings::new(&self.model)
        }
    }
}
