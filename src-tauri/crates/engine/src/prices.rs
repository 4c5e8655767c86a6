//! The prices and limits that are used: those of the catalogue for today, changed by the user or from a public table.

use std::sync::Arc;

use domain::catalogue::{ModelPrice, PriceList};
use domain::model::ModelId;
use domain::prices::{PriceChange, PriceComparison, PriceField, PriceSettings, are_old};
use domain::settings::Settings;
use domain::usage::Usage;
use providers::catalog::ModelSpec;
use providers::price::Terms;
use providers::price_tables::PriceTable;
use providers::provider::Provider;

use crate::clock::today;
use crate::provided::{self, prices_as_of};
use crate::settings::LibrarySettings;
use crate::{EngineError, Result};

/// Prices are per million tokens.
const MILLION: u64 = 1_000_000;

/// The prices of a library.
pub struct Prices {
    settings: Arc<LibrarySettings>,
}

impl Prices {
    pub(crate) fn new(settings: Arc<LibrarySettings>) -> Self {
        Self { settings }
    }

    /// The prices of paid models, without surcharges for long prompts.
    pub fn list(&self) -> Result<PriceList> {
        let settings = self.settings.in_force()?;
        let offered = provided::providers()
            .flat_map(|provider| provider.catalog().models.iter().map(move |model| (provider, model)));
        let priced = offered.map(|(provider, model)| (provider, in_force(model, &settings)));
        let models = priced
            .filter(|(_, model)| model.price.is_known && !model.price.is_free())
            .map(|(provider, model)| model_price(&model, provider, &settings));
        let as_of = prices_as_of();
        Ok(PriceList { as_of, is_old: are_old(as_of, today()), models: models.collect() })
    }

    /// Sets what `price` says of a model of a catalogue; what it leaves open stays as it was.
    pub fn set(&self, price: PriceSettings) -> Result<PriceList> {
        self.update(vec![PriceSettings { as_of: price.has_prices().then(today), ..price }])
    }

    /// The prices and limits of these models are those of the catalogue again; of all, if there are none.
    pub fn reset(&self, models: &[ModelId]) -> Result<PriceList> {
        for model in models {
            known(model)?;
        }
        self.settings.edit_prices(|prices| {
            prices.retain(|price| !models.is_empty() && models.iter().all(|model| model.0 != price.id));
        })?;
        self.list()
    }

    /// What importing a public price table would change.
    pub fn compare(&self, table: &str) -> Result<PriceComparison> {
        let settings = self.settings.in_force()?;
        let table = read(table)?;
        let mut comparison = PriceComparison {
            table: table.name.to_owned(),
            changes: Vec::new(),
            unchanged: Vec::new(),
            skipped: table.skipped,
            unknown: table.unknown,
        };
        for price in table.prices.values() {
            let model = ModelId(price.id.clone());
            let before = in_force(&known(&model)?, &settings);
            let after = before.with_user_prices(price).map_err(EngineError::Price)?;
            let changes = changes(&before, &after);
            if changes.is_empty() {
                comparison.unchanged.push(model);
            } else {
                comparison.changes.extend(changes);
            }
        }
        Ok(comparison)
    }

    /// Imports the prices and limits of `models` from a public price table. Other models stay as they are.
    ///
    /// # Errors
    /// If the table says nothing usable of one of them; nothing is changed then.
    pub fn import(&self, table: &str, models: &[ModelId]) -> Result<PriceList> {
        let table = read(table)?;
        let chosen = models.iter().map(|model| {
            known(model)?;
            let skipped = table.skipped.iter().find(|skipped| skipped.name == model.0);
            let reason = || skipped.map_or_else(|| "it is not listed".to_owned(), |skipped| skipped.reason.clone());
            let price = table.prices.get(&model.0).cloned();
            let price = price.ok_or_else(|| EngineError::Price(format!("{model} in {}: {}", table.name, reason())))?;
            Ok(PriceSettings { imported_from: Some(table.name.to_owned()), as_of: Some(today()), ..price })
        });
        self.update(chosen.collect::<Result<_>>()?)
    }

    fn update(&self, changed: Vec<PriceSettings>) -> Result<PriceList> {
        for price in &changed {
            let model = known(&ModelId(price.id.clone()))?;
            model.with_user_prices(price).map_err(EngineError::Price)?;
        }
        self.settings.edit_prices(|prices| {
            for price in changed {
                match prices.iter_mut().find(|set| set.id == price.id) {
                    Some(set) => *set = std::mem::take(set).updated_by(price),
                    None => prices.push(price),
                }
            }
        })?;
        self.list()
    }
}

/// A model of a catalogue, with the price of today and what the user has set. Settings that cannot be used are refused when
/// they are read.
pub fn in_force(model: &Arc<ModelSpec>, settings: &Settings) -> Arc<ModelSpec> {
    let model = model.on(today());
    match settings.price(&model.id).map(|set| model.with_user_prices(set)) {
        Some(Ok(own)) => Arc::new(own),
        Some(Err(_)) | None => model,
    }
}

/// The model of a catalogue.
fn known(model: &ModelId) -> Result<Arc<ModelSpec>> {
    let mut models = provided::providers().filter_map(|provider| provider.catalog().find(&model.0));
    models.next().map(|spec| spec.on(today())).ok_or_else(|| EngineError::UnknownModel(model.clone()))
}

fn read(table: &str) -> Result<PriceTable> {
    let is_known = |id: &str| known(&ModelId(id.to_owned())).is_ok();
    PriceTable::parse(table, is_known, today()).map_err(|error| EngineError::Price(error.to_string()))
}

fn model_price(model: &ModelSpec, provider: &dyn Provider, settings: &Settings) -> ModelPrice {
    let has_batches = provider.descriptor().capabilities.batches;
    let of_million = |usage: Usage, terms| model.price.cost(usage, terms).times(MILLION);
    let input = Usage { input_tokens: 1, ..Usage::default() };
    let output = Usage { output_tokens: 1, ..Usage::default() };
    let set = settings.price(&model.id);
    let priced_on = set.and_then(PriceSettings::priced_on);
    let since = priced_on.or(provider.catalog().prices_as_of).unwrap_or_else(prices_as_of);
    let tokens = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
    ModelPrice {
        id: ModelId(model.id.clone()),
        name: model.name.clone(),
        provider: provider.descriptor().name.to_owned(),
        input: of_million(input, Terms::LIST),
        output: of_million(output, Terms::LIST),
        cached_input: of_million(Usage { cache_read_tokens: 1, ..Usage::default() }, Terms::LIST),
        cache_write_5m: of_million(Usage { cache_write_5m_tokens: 1, ..Usage::default() }, Terms::LIST),
        cache_write_1h: of_million(Usage { cache_write_1h_tokens: 1, ..Usage::default() }, Terms::LIST),
        batch_input: has_batches.then(|| of_million(input, Terms::BATCH)),
        batch_output: has_batches.then(|| of_million(output, Terms::BATCH)),
        batch_percent: has_batches.then_some(model.price.batch_percent),
        context_tokens: tokens(model.context_tokens),
        max_output_tokens: tokens(model.max_output_tokens),
        coordinates: model.coordinates,
        source: set.map(PriceSettings::source).unwrap_or_default(),
        as_of: priced_on,
        is_changed: set.is_some(),
        since,
        is_old: are_old(since, today()),
        retires: model.retires,
        is_retired: model.is_retired(today()),
        successor: model.successor.clone().map(ModelId),
    }
}

/// The values of a model that differ.
#[expect(clippy::cast_precision_loss, reason = "prices and limits, far below 2^52")]
fn changes(before: &ModelSpec, after: &ModelSpec) -> Vec<PriceChange> {
    let values = |model: &ModelSpec| {
        let rates = model.price.rates;
        let dollars = |rate: u64| rate as f64 / MILLION as f64;
        [
            (PriceField::Input, dollars(rates.input)),
            (PriceField::Output, dollars(rates.output)),
            (PriceField::CacheWrite5m, dollars(rates.cache_write_5m)),
            (PriceField::CacheWrite1h, dollars(rates.cache_write_1h)),
            (PriceField::CacheRead, dollars(rates.cache_read)),
            (PriceField::BatchPercent, f64::from(model.price.batch_percent)),
            (PriceField::ContextTokens, model.context_tokens as f64),
            (PriceField::MaxOutputTokens, model.max_output_tokens as f64),
        ]
    };
    let model = ModelId(before.id.clone());
    let pairs = values(before).into_iter().zip(values(after));
    let changed = pairs.filter(|((_, before), (_, after))| before.to_bits() != after.to_bits());
    changed.map(|((field, before), (_, after))| PriceChange { model: model.clone(), field, before, after }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::coordinates::BoxCoordinates;
    use domain::money::PicoDollars;
    use domain::prices::PriceSource;

    use super::*;
    use crate::Library;

    const HAIKU: &str = "claude-haiku-5-5";

    fn dollars(amount: f64) -> Option<PicoDollars> {
        PicoDollars::from_dollars(amount)
    }

    fn price_of(list: &PriceList, model: &str) -> ModelPrice {
        list.models.iter().find(|price| price.id.0 == model).unwrap().clone()
    }

    #[test]
    fn the_list_says_what_a_million_tokens_cost() {
        let folder = tempfile::tempdir().unwrap();
        let list = Library::alone_in(folder.path()).prices.list().unwrap();
        let sonnet = price_of(&list, "claude-sonnet-5-5");
        assert_eq!((Some(sonnet.input), Some(sonnet.output)), (dollars(2.0), dollars(10.0)));
        assert_eq!((sonnet.batch_input, sonnet.batch_output), (dollars(1.0), dollars(5.0)));
        assert_eq!((Some(sonnet.cached_input), sonnet.source), (dollars(0.1), PriceSource::Catalogue));
    }

    #[test]
    fn a_price_is_set_and_reset_and_the_file_keeps_its_comments() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let file = library.settings.path();
        fs::write(&file, "# mine\ntheme = \"light\" # bright\n").unwrap();
        let before = library.prices.list().unwrap();
        let set = PriceSettings { input: dollars(0.2), output: dollars(0.9), ..PriceSettings::new(HAIKU) };
        let list = library.prices.set(set).unwrap();
        let haiku = price_of(&list, HAIKU);
        assert_eq!(
            (Some(haiku.input), Some(haiku.output), haiku.source),
            (dollars(0.2), dollars(0.9), PriceSource::User)
        );
        assert!(haiku.as_of.is_some());
        assert_eq!(haiku.cached_input, price_of(&before, HAIKU).cached_input);
        // What is entered later leaves the rest alone.
        let set = PriceSettings { output: dollars(1.0), ..PriceSettings::new(HAIKU) };
        let haiku = price_of(&library.prices.set(set).unwrap(), HAIKU);
        assert_eq!((Some(haiku.input), Some(haiku.output)), (dollars(0.2), dollars(1.0)));
        let written = fs::read_to_string(&file).unwrap();
        assert!(
            written.starts_with("# mine\ntheme = \"light\" # bright\n") && written.contains("[[prices]]"),
            "{written}"
        );

        // How boxes are written is no price.
        let opus = "claude-opus-5-5";
        let set = PriceSettings { coordinates: Some(BoxCoordinates::default()), ..PriceSettings::new(opus) };
        let calibrated = price_of(&library.prices.set(set).unwrap(), opus);
        assert_eq!(calibrated, ModelPrice { is_changed: true, ..price_of(&before, opus) });
        library.prices.reset(&[ModelId(opus.into())]).unwrap();

        let known = library.connections.current().unwrap().known(&ModelId(HAIKU.into())).unwrap();
        assert_eq!(known.spec.price.rates.input, 200_000);
        assert!(known.spec.price.cliff.is_some());
        assert_eq!(library.prices.reset(&[ModelId(HAIKU.into())]).unwrap(), before);
        assert!(!fs::read_to_string(&file).unwrap().contains("[[prices]]"));
    }

    #[test]
    fn an_import_changes_the_chosen_models_alone() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let table = r#"{"claude-haiku-5-5": {"litellm_provider": "anthropic", "input_cost_per_token": 2e-07, "output_cost_per_token": 5e-07},
            "claude-sonnet-5-5": {"litellm_provider": "anthropic", "input_cost_per_token": 9e-06, "output_cost_per_token": 9e-06},
            "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
            "gpt-4o-mini": {"litellm_provider": "openai", "input_cost_per_token": "1"}, "other": {"litellm_provider": "x"}}"#;
        let comparison = library.prices.compare(table).unwrap();
        assert_eq!(comparison.changes.len(), 3, "{comparison:?}");
        let first = &comparison.changes[0];
        assert_eq!((first.model.0.as_str(), first.field), (HAIKU, PriceField::Input));
        assert!((first.before - 0.1).abs() < 1e-12 && (first.after - 0.2).abs() < 1e-12);
        assert_eq!(comparison.unchanged, [ModelId("gpt-4o".into())]);
        assert_eq!((comparison.skipped.len(), comparison.unknown), (1, 1));
        let before = library.prices.list().unwrap();
        assert!(before.models.iter().all(|price| price.source == PriceSource::Catalogue), "nothing was changed yet");

        let after = library.prices.import(table, &[ModelId(HAIKU.into())]).unwrap();
        assert_eq!(price_of(&after, HAIKU).source, PriceSource::Imported { table: "LiteLLM".into() });
        assert_eq!(price_of(&after, "claude-sonnet-5-5"), price_of(&before, "claude-sonnet-5-5"));
        for (model, reason) in [("gpt-4o-mini", "input_cost_per_token"), ("claude-opus-5-5", "not listed")] {
            let error = library.prices.import(table, &[ModelId(model.into())]).unwrap_err().to_string();
            assert!(error.contains(model) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_price_that_cannot_be_used_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let set = |price| library.prices.set(price).unwrap_err().to_string();
        assert!(set(PriceSettings { batch_percent: Some(0), ..PriceSettings::new(HAIKU) }).contains("batch_percent"));
        assert!(set(PriceSettings::new("no-model")).contains("no-model"));
        fs::write(library.settings.path(), "[[prices]]\nid = \"claude-haiku-5-5\"\nbatch_percent = 0\n").unwrap();
        assert!(library.prices.list().unwrap_err().to_string().contains("batch_percent"));
    }
}
